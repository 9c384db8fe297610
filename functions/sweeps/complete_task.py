"""POST /internal/v1/tasks/{taskId}/complete: take the result of one task."""

from muster.edge.endpoint import Call, endpoint
from muster.sweeps.models import CompleteTask, TaskCompleted


@endpoint("POST", "/internal/v1/tasks/{taskId}/complete")
def complete_task(call: Call, task_id: str, body: CompleteTask) -> TaskCompleted:
    return call.sweeps.complete_task(call.organization, task_id, body)
