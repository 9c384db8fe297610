"""GET /api/v1/spots: list the spots, living or not."""

from muster.edge.endpoint import Call, endpoint
from muster.edge.parameters import Cursor, Limit
from muster.sweeps.models import SpotList


@endpoint("GET", "/api/v1/spots")
def list_spots(call: Call, limit: Limit = 100, next: Cursor | None = None) -> SpotList:
    return call.sweeps.list_spots(call.organization, limit=limit, next=next)
