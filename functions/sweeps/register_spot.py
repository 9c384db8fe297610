"""POST /internal/v1/hello: register a spot and tell it how often to beat."""

from muster.edge.endpoint import Call, endpoint
from muster.sweeps.models import Hello, SpotRegistered


@endpoint("POST", "/internal/v1/hello")
def register_spot(call: Call, body: Hello) -> SpotRegistered:
    return call.sweeps.register_spot(call.organization, body)
