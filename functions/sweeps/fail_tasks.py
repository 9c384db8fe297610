"""POST /internal/v1/tasks/fail: take the failures of many tasks, each judged on its own."""

from muster.edge.endpoint import Call, endpoint
from muster.sweeps.models import FailTasks, TasksSettled


@endpoint("POST", "/internal/v1/tasks/fail")
def fail_tasks(call: Call, body: FailTasks) -> TasksSettled:
    return call.sweeps.fail_tasks(call.organization, body)
