"""POST /internal/v1/tasks/{taskId}/fail: take the failure of one task, and say whether it will run again."""

from muster.edge.endpoint import Call, endpoint
from muster.sweeps.models import FailTask, TaskFailed


@endpoint("POST", "/internal/v1/tasks/{taskId}/fail")
def fail_task(call: Call, task_id: str, body: FailTask) -> TaskFailed:
    return call.sweeps.fail_task(call.organization, task_id, body)
