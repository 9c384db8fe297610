"""POST /api/v1/jobs/{jobId}/cancel: hand out no more of a job's tasks."""

from muster.edge.endpoint import Call, endpoint
from muster.sweeps.models import JobCancelled


@endpoint("POST", "/api/v1/jobs/{jobId}/cancel")
def cancel_job(call: Call, job_id: str) -> JobCancelled:
    return call.sweeps.cancel_job(call.organization, job_id)
