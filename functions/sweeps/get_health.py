"""GET /api/v1/health: say whether the table answers, and how much there is to do."""

from muster.edge.endpoint import PUBLIC, Call, endpoint
from muster.sweeps.models import Health


@endpoint("GET", "/api/v1/health", admits=PUBLIC)
def get_health(call: Call) -> Health:
    return call.sweeps.get_health(call.organization)
