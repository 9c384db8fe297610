"""POST /api/v1/jobs/{jobId}/deliveries/{deliveryId}/redeliver: deliver a report once more, with all attempts anew."""

from muster.edge.endpoint import Call, endpoint
from muster.sweeps.models import ReportRedelivered


@endpoint("POST", "/api/v1/jobs/{jobId}/deliveries/{deliveryId}/redeliver", status=202)
def redeliver_report(call: Call, job_id: str, delivery_id: str) -> ReportRedelivered:
    return call.sweeps.redeliver_report(call.organization, job_id, delivery_id)
