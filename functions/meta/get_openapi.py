"""GET /openapi.json: tell programs what every route takes and answers."""

from pathlib import Path
from typing import Annotated

from muster.edge.answers import Media
from muster.edge.endpoint import ANYBODY, Call, Document, endpoint


@endpoint("GET", "/openapi.json", admits=ANYBODY)
def get_openapi(_call: Call) -> Annotated[Document, Media("application/json")]:
    return Document("application/json", Path(__file__).with_name("openapi.json").read_text(encoding="utf-8"))
