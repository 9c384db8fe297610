"""Results as text for other programs: lines of JSON, or a table.

Both carry numbers exactly, and neither holds the number of all results: a page ends where its rows end.
"""

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from muster.sweeps import exact_json
from muster.sweeps.models import ResultList, ResultView

Format = Literal["json", "ndjson", "csv"]

CONTENT_TYPES: Mapping[str, str] = {"ndjson": "application/x-ndjson", "csv": "text/csv; charset=utf-8"}

REPORT_TYPES: Mapping[str, str] = {
    "json": "application/json",
    "txt": "text/plain; charset=utf-8",
    "csv": CONTENT_TYPES["csv"],
}

_FIRST = ("taskId", "index", "attempt", "algorithm")
_LAST = ("fopt", "iter", "runtimeMs", "spotId", "finishedAt", "resultJson")


def render(page: ResultList, format: Literal["ndjson", "csv"]) -> str:
    """One page as text, each line ended; a table begins with a line of names on every page."""
    return results_as_ndjson(page.results) if format == "ndjson" else _table(_rows(page.results))


def results_as_ndjson(results: Iterable[ResultView]) -> str:
    """One line per result, each ended, so that the texts of consecutive pages can be put one behind the other."""
    return "".join(exact_json.dumps(row) + "\n" for row in _rows(results))


def _rows(results: Iterable[ResultView]) -> list[dict[str, Any]]:
    return [result.model_dump(by_alias=True, exclude_none=True) for result in results]


def _table(rows: list[dict[str, Any]]) -> str:
    """Columns: what names the task, the job's axes in order (or the payload of an explicit task), what came of it."""
    axes = list(dict.fromkeys(name for row in rows for name in _inputs(row)))
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow((*_FIRST, *axes, *_LAST))
    for row in rows:
        inputs = _inputs(row)
        cells = [*map(row.get, _FIRST), *map(inputs.get, axes), *map(row.get, _LAST)]
        table.writerow([_cell(value) for value in cells])
    return text.getvalue()


def _inputs(row: dict[str, Any]) -> dict[str, Any]:
    parameters = dict(row.get("parameters") or {})
    if "iterations" in row and "iterations" not in parameters:
        parameters = {"iterations": row["iterations"], **parameters}
    return parameters if "payload" not in row else {**parameters, "payload": exact_json.dumps(row["payload"])}


def _cell(value: Any) -> str:
    """Text as it is, everything else as JSON writes it."""
    if value is None:
        return ""
    return value if isinstance(value, str) else exact_json.dumps(value)
