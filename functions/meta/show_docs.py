"""GET /docs: show people what every route takes and answers, on a page that can try them."""

from typing import Annotated

from muster.edge.answers import Media
from muster.edge.docs_page import CONTENT_TYPE, docs_page
from muster.edge.endpoint import ANYBODY, Call, Document, endpoint


@endpoint("GET", "/docs", admits=ANYBODY)
def show_docs(_call: Call) -> Annotated[Document, Media(CONTENT_TYPE)]:
    return docs_page()
