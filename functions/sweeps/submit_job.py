"""POST /api/v1/jobs: submit a sweep as one job, at the same cost whatever its size."""

from muster.edge.endpoint import Call, endpoint
from muster.edge.parameters import IdempotencyKey
from muster.sweeps.models import JobSubmitted, SubmitJob


@endpoint("POST", "/api/v1/jobs", status=201, creates="jobId", limited=True)
def submit_job(call: Call, body: SubmitJob, idempotency_key: IdempotencyKey | None = None) -> JobSubmitted:
    return call.sweeps.submit_job(call.organization, body, idempotency_key)
