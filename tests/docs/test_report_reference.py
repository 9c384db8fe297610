"""docs/reports.md names every field of a report, and every column of its table; its limits are those of the code."""

import inspect

import pytest
from pydantic.alias_generators import to_camel

from muster.sweeps.models import Response
from muster.sweeps.report import Summary, as_csv, composing, document
from muster.sweeps.report.buckets import RELATIVE_ERROR
from muster.sweeps.report.failures import LONGEST_REASON, MOST_REASONS
from muster.sweeps.report.groups import MOST_BINS
from muster.sweeps.report.sketch import MOST_BUCKETS
from muster.sweeps.report.summary import EXACT_TASKS
from muster.sweeps.report.text import MOST_LOGGED_GROUPS, WIDTH
from tests.docs.documents import document as read
from tests.sweeps_report.jobs import SWEEP, report, space

TEXT = read("docs/reports.md").text
MODELS = [
    model
    for _, model in inspect.getmembers(document, inspect.isclass)
    if issubclass(model, Response) and model.__module__ == document.__name__ and model is not document.Report
]


@pytest.mark.parametrize("model", [document.Report, *MODELS], ids=lambda model: model.__name__)
def test_every_field_is_named(model: type[Response]) -> None:
    fields = map(to_camel, model.model_fields)
    assert [field for field in fields if f"`{field}`" not in TEXT and f'"{field}"' not in TEXT] == []


def test_every_column_of_the_table_is_named() -> None:
    columns = as_csv(report(Summary(space(SWEEP)))).splitlines()[0].split(",")
    assert [column for column in columns if f"`{column}`" not in TEXT] == []


@pytest.mark.parametrize(
    "limit",
    [
        f"up to {composing.MOST_LISTED_REASONS} `reasons`",
        f"more than {MOST_BINS} values",
        f"at most {LONGEST_REASON} characters",
        f"more than {MOST_REASONS:,} different reasons",
        f"Up to {EXACT_TASKS:,} tasks",
        f"{100 * RELATIVE_ERROR} % at most",
        f"{MOST_BUCKETS:,} per metric",
        f"longer than {composing.LONGEST_LABEL} bytes",
        f"longer than {composing.LONGEST_BEST_PAYLOAD:,} bytes, {composing.LONGEST_ALGORITHM_PAYLOAD:,}",
        f"at most {WIDTH} columns",
        f"first {MOST_LOGGED_GROUPS} groups",
    ],
)
def test_limits_are_those_of_the_code(limit: str) -> None:
    assert limit in TEXT.replace("\n  ", " ").replace("\n", " ")
