"""GET /api/v1/jobs/{jobId}/tasks: list a job's tasks in index order: who has them, and why they failed."""

from muster.edge.endpoint import Call, endpoint
from muster.edge.parameters import Cursor, Limit
from muster.sweeps.models import TaskList, TaskStatus


@endpoint("GET", "/api/v1/jobs/{jobId}/tasks")
def list_tasks(
    call: Call, job_id: str, status: TaskStatus | None = None, limit: Limit = 100, next: Cursor | None = None
) -> TaskList:
    return call.sweeps.list_tasks(call.organization, job_id, status=status, limit=limit, next=next)
