"""POST /internal/v1/tasks/renew: give a spot more time for the tasks that it still holds."""

from muster.edge.endpoint import Call, endpoint
from muster.sweeps.models import HeldTasks, TasksSettled


@endpoint("POST", "/internal/v1/tasks/renew")
def renew_tasks(call: Call, body: HeldTasks) -> TasksSettled:
    return call.sweeps.renew_tasks(call.organization, body)
