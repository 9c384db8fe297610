"""A report as a table: a row for each metric of each group, by RFC 4180."""

import csv
import io
from collections.abc import Iterator
from typing import Any

from muster.sweeps import exact_json
from muster.sweeps.report.document import Group, Report, Statistics

_GROUP = ("group", "name", "first", "last")
_FIGURES = ("best", "q1", "median", "q3", "mean", "worst")
_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def as_csv(report: Report) -> str:
    """Lines end with CRLF. Numbers are exact; a text that a spreadsheet would run has an apostrophe before it.

    Whoever submits a job chooses its texts, somebody else opens its report; results by themselves, which programs read,
    carry texts as they are.
    """
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow((*_GROUP, "metric", "count", *_FIGURES))
    for labels, group in _groups(report):
        for metric, count, statistics in (
            ("fopt", group.with_fopt, group.fopt),
            ("runtimeMs", group.count, group.runtime_ms),
        ):
            table.writerow([*map(_cell, labels), metric, count, *_numbers(statistics)])
    return text.getvalue()


def _groups(report: Report) -> Iterator[tuple[tuple[Any, ...], Group]]:
    yield ("all", None, None, None), report.overall
    for group in report.algorithms or []:
        yield ("algorithm", group.algorithm, None, None), group
    for axis in report.axes or []:
        for of_axis in axis.groups:
            single = of_axis.value is not None
            ends = (of_axis.value, of_axis.value) if single else (of_axis.first, of_axis.last)
            yield ("axis", axis.axis, *ends), of_axis


def _numbers(statistics: Statistics | None) -> list[str]:
    return ["" if statistics is None else repr(getattr(statistics, name)) for name in _FIGURES]


def _cell(value: Any) -> str:
    """Text guarded, everything else as JSON writes it."""
    if value is None:
        return ""
    if not isinstance(value, str):
        return exact_json.dumps(value)
    return f"'{value}" if value.startswith(_STARTS_A_FORMULA) else value
