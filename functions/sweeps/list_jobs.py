"""GET /api/v1/jobs: list jobs, the newest first."""

from muster.edge.endpoint import Call, endpoint
from muster.edge.parameters import Cursor, Limit
from muster.sweeps.models import JobList, Status


@endpoint("GET", "/api/v1/jobs")
def list_jobs(
    call: Call, status: Status | None = None, name: str | None = None, limit: Limit = 100, next: Cursor | None = None
) -> JobList:
    return call.sweeps.list_jobs(call.organization, status=status, name=name, limit=limit, next=next)
