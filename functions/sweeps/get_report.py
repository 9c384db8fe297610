"""GET /api/v1/jobs/{jobId}/report: the report of an ended job, for programs or for people; 202 until it is made."""

from typing import Annotated, Literal

from muster.edge.answers import Media
from muster.edge.endpoint import Call, Document, endpoint
from muster.sweeps.formats import REPORT_TYPES
from muster.sweeps.models import ReportPending


@endpoint("GET", "/api/v1/jobs/{jobId}/report", statuses={ReportPending: 202})
def get_report(
    call: Call, job_id: str, format: Literal["json", "txt", "csv"] = "json"
) -> Annotated[Document, Media(*REPORT_TYPES.values())] | ReportPending:
    report = call.sweeps.get_report(call.organization, job_id, format)
    return report if isinstance(report, ReportPending) else Document(REPORT_TYPES[format], report.decode())
