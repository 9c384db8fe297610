"""The page at /docs stands alone: it may run its own scripts, and needs nothing from elsewhere."""

import base64
import hashlib
import json
from html.parser import HTMLParser

from functions.meta.show_docs import show_docs
from local.functions import MAX_PAYLOAD_BYTES
from tests.edge.conftest import event


class Page(HTMLParser):
    """Its scripts, and every address that it would load."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.scripts: list[str] = []
        self.addresses: list[str] = []
        self._in_script = False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href")]
        self._in_script = tag == "script"
        self.scripts += [""] if self._in_script else []

    def handle_endtag(self, tag: str) -> None:
        self._in_script = False

    def handle_data(self, data: str) -> None:
        if self._in_script:
            self.scripts[-1] += data


ANSWER = show_docs(event(), None)
PAGE = Page(ANSWER["body"])


def test_it_is_a_page_that_fits_into_what_lambda_returns() -> None:
    assert (ANSWER["statusCode"], ANSWER["headers"]["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert len(json.dumps(ANSWER)) < MAX_PAYLOAD_BYTES


def test_it_may_run_its_own_scripts_and_no_others() -> None:
    digests = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in PAGE.scripts]
    policy = dict(part.split(" ", 1) for part in ANSWER["headers"]["Content-Security-Policy"].split("; "))

    assert len(digests) == 2
    assert policy["script-src"].split() == [f"'sha256-{digest}'" for digest in digests]
    assert (policy["default-src"], policy["connect-src"]) == ("'none'", "'self'")


def test_it_loads_nothing_from_elsewhere_and_the_document_from_beside_itself() -> None:
    assert [address for address in PAGE.addresses if not address.startswith("data:")] == []
    assert 'url: "openapi.json"' in PAGE.scripts[-1]
