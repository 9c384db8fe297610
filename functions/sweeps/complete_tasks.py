"""POST /internal/v1/tasks/complete: take the results of many tasks, each judged on its own."""

from muster.edge.endpoint import Call, endpoint
from muster.sweeps.models import CompleteTasks, TasksSettled


@endpoint("POST", "/internal/v1/tasks/complete")
def complete_tasks(call: Call, body: CompleteTasks) -> TasksSettled:
    return call.sweeps.complete_tasks(call.organization, body)
