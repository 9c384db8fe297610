"""POST /api/v1/keys: make a key, and tell its text this once."""

from muster.access.models import CreateKey, KeyCreated
from muster.edge.endpoint import ADMINS, Call, endpoint
from muster.edge.parameters import IdempotencyKey


@endpoint("POST", "/api/v1/keys", status=201, admits=ADMINS, creates="id")
def create_key(call: Call, body: CreateKey, idempotency_key: IdempotencyKey | None = None) -> KeyCreated:
    return call.access.create_key(call.organization_named(body.organization), body, idempotency_key)
