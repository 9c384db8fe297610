"""GET /api/v1/trail: list who did what on a day, the newest first."""

from muster.access.models import ActionList, Day
from muster.edge.endpoint import ADMINS, Call, endpoint
from muster.edge.parameters import Cursor, Limit, Organization


@endpoint("GET", "/api/v1/trail", admits=ADMINS)
def list_actions(
    call: Call,
    organization: Organization | None = None,
    day: Day | None = None,
    limit: Limit = 100,
    next: Cursor | None = None,
) -> ActionList:
    return call.access.list_actions(call.organization_named(organization), day=day, limit=limit, next=next)
