"""POST /internal/v1/tasks/release: take back tasks that a spot did not start, without spending an attempt."""

from muster.edge.endpoint import Call, endpoint
from muster.sweeps.models import HeldTasks, TasksSettled


@endpoint("POST", "/internal/v1/tasks/release")
def release_tasks(call: Call, body: HeldTasks) -> TasksSettled:
    return call.sweeps.release_tasks(call.organization, body)
