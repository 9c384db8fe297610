"""The page at /docs: Swagger UI over /openapi.json, in one file that asks nobody else for anything.

Its parts are those that Powertools brings along. The page may run the scripts that are in it and no others, and may
talk to the API that it came from alone; the document is found beside the page, whatever stage both are below.
"""

import base64
import hashlib
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from muster.edge.answers import Document

CONTENT_TYPE = "text/html; charset=utf-8"

_ASSETS = "aws_lambda_powertools/event_handler/openapi/swagger_ui"
_START = 'SwaggerUIBundle({url: "openapi.json", dom_id: "#api", deepLinking: true, tryItOutEnabled: true})'
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Muster: the API</title>
<link rel="icon" href="data:,">
<style>{style}</style>
</head>
<body>
<div id="api"></div>
<script>{bundle}</script>
<script>{start}</script>
</body>
</html>
"""


@cache
def docs_page() -> Document:
    """The page, put together once per process."""
    # Found without importing Powertools, which would cost a cold start more than the page does.
    package = find_spec("aws_lambda_powertools")
    if package is None or not package.origin:
        raise ModuleNotFoundError("aws_lambda_powertools")
    assets = Path(package.origin).parents[1] / _ASSETS
    style, bundle = (
        (assets / name).read_text(encoding="utf-8") for name in ("swagger-ui.min.css", "swagger-ui-bundle.min.js")
    )
    scripts = " ".join(_digest(script) for script in (bundle, _START))
    policy = (
        f"default-src 'none'; script-src {scripts}; style-src 'unsafe-inline'; img-src data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    page = _PAGE.format(style=style, bundle=bundle, start=_START)
    return Document(CONTENT_TYPE, page, {"Content-Security-Policy": policy, "Cache-Control": "max-age=3600"})


def _digest(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
