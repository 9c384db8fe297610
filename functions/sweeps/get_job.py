"""GET /api/v1/jobs/{jobId}: show one job and how far it is."""

from muster.edge.endpoint import Call, endpoint
from muster.sweeps.models import JobView


@endpoint("GET", "/api/v1/jobs/{jobId}")
def get_job(call: Call, job_id: str) -> JobView:
    return call.sweeps.get_job(call.organization, job_id)
