"""POST /api/v1/jobs/{jobId}/retry: run the failed tasks of an ended job again, as a new job."""

from muster.edge.endpoint import Call, endpoint
from muster.edge.parameters import IdempotencyKey
from muster.sweeps.models import JobSubmitted


@endpoint("POST", "/api/v1/jobs/{jobId}/retry", status=201, creates="jobId", limited=True)
def retry_job(call: Call, job_id: str, idempotency_key: IdempotencyKey | None = None) -> JobSubmitted:
    return call.sweeps.retry_job(call.organization, job_id, idempotency_key)
