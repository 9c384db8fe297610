"""Results as one text document, from the pages that the server renders."""

import csv
import io
from collections.abc import Callable, Iterator
from typing import Literal

import httpx

TextFormat = Literal["ndjson", "csv"]
NEXT_HEADER = "X-Muster-Next"
_PAGE_ROWS = 1000

Fetch = Callable[[int, str | None], httpx.Response]
"""One page: how many rows at most, and `next` of the page before."""


def text_pages(fetch: Fetch, format: TextFormat, rows: int | None) -> Iterator[str]:
    """The pages of a document of so many rows at most (None: all); joined they are the document."""
    next: str | None = None
    left = rows
    while left is None or left > 0:
        answer = fetch(_PAGE_ROWS if left is None else min(left, _PAGE_ROWS), next)
        if left is not None:
            left -= _rows(answer.text, format)
        # Every page of a table begins with the names of its columns; the document needs them once.
        yield answer.text if next is None or format == "ndjson" else answer.text.partition("\n")[2]
        next = answer.headers.get(NEXT_HEADER)
        if not next:
            return


def _rows(page: str, format: TextFormat) -> int:
    if format == "ndjson":
        return page.count("\n")
    return sum(1 for _ in csv.reader(io.StringIO(page))) - 1
