"""POST /internal/v1/hello: register a spot and tell it how often to beat."""

from muster.edge.endpoint import Call, endpoint
from muster.edge.parameters import IdempotencyKey
from muster.sweeps.models import Hello, SpotRegistered


@endpoint("POST", "/internal/v1/hello")
def register_spot(call: Call, body: Hello, idempotency_key: IdempotencyKey | None = None) -> SpotRegistered:
    return call.sweeps.register_spot(call.organization, body, idempotency_key)
