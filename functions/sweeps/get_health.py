"""GET /api/v1/health: say whether the table answers, and how much there is to do."""

from muster.edge.endpoint import Call, endpoint
from muster.sweeps.models import Health


@endpoint("GET", "/api/v1/health", public=True)
def get_health(call: Call) -> Health:
    return call.sweeps.get_health(call.organization)
