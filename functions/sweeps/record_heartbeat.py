"""POST /internal/v1/heartbeat: keep a spot UP, and name the tasks that it holds in vain."""

from muster.edge.endpoint import Call, endpoint
from muster.sweeps.models import Heartbeat, HeartbeatRecorded


@endpoint("POST", "/internal/v1/heartbeat")
def record_heartbeat(call: Call, body: Heartbeat) -> HeartbeatRecorded:
    return call.sweeps.record_heartbeat(call.organization, body)
