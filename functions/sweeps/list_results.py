"""GET /api/v1/jobs/{jobId}/results: the results so far in index order, as JSON, as lines of JSON or as a table."""

from typing import Annotated

from muster.edge.answers import Media
from muster.edge.endpoint import Call, Document, endpoint
from muster.edge.parameters import Cursor, ManyLimit
from muster.sweeps.formats import CONTENT_TYPES, Format, render
from muster.sweeps.models import ResultList

_FOLLOWING = {"X-Muster-Next": "`next` of a page of text, if there are more."}


@endpoint("GET", "/api/v1/jobs/{jobId}/results")
def list_results(
    call: Call, job_id: str, format: Format = "json", limit: ManyLimit = 1000, next: Cursor | None = None
) -> ResultList | Annotated[Document, Media(*CONTENT_TYPES.values(), headers=_FOLLOWING)]:
    page = call.sweeps.list_results(call.organization, job_id, limit=limit, next=next)
    if format == "json":
        return page
    following = {"X-Muster-Next": page.next} if page.next else {}
    return Document(CONTENT_TYPES[format], render(page, format), following)
