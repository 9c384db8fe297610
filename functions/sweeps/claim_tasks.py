"""POST /internal/v1/tasks/claim: hand tasks to a spot, or tell it how long to wait."""

from muster.edge.endpoint import Call, endpoint
from muster.sweeps.models import ClaimTasks, TasksClaimed


@endpoint("POST", "/internal/v1/tasks/claim")
def claim_tasks(call: Call, body: ClaimTasks) -> TasksClaimed:
    return call.sweeps.claim_tasks(call.organization, body)
