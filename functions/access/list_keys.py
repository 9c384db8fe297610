"""GET /api/v1/keys: list an organization's keys, their secrets left out."""

from muster.access.models import KeyList
from muster.edge.endpoint import ADMINS, Call, endpoint
from muster.edge.parameters import Cursor, Limit, Organization


@endpoint("GET", "/api/v1/keys", admits=ADMINS)
def list_keys(
    call: Call, organization: Organization | None = None, limit: Limit = 100, next: Cursor | None = None
) -> KeyList:
    return call.access.list_keys(call.organization_named(organization), limit=limit, next=next)
