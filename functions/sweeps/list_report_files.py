"""GET /api/v1/jobs/{jobId}/report/files: what was saved of a job, all results included, with links made just now."""

from muster.edge.endpoint import Call, endpoint
from muster.sweeps.models import ReportFiles, ReportPending


@endpoint("GET", "/api/v1/jobs/{jobId}/report/files", statuses={ReportPending: 202})
def list_report_files(call: Call, job_id: str) -> ReportFiles | ReportPending:
    return call.sweeps.list_report_files(call.organization, job_id)
