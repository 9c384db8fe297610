"""POST /api/v1/tasks/{taskId}/reset: take a stuck task from its spot and make it claimable again."""

from muster.edge.endpoint import Call, endpoint
from muster.sweeps.models import TaskReset


@endpoint("POST", "/api/v1/tasks/{taskId}/reset")
def reset_task(call: Call, task_id: str) -> TaskReset:
    return call.sweeps.reset_task(call.organization, task_id)
