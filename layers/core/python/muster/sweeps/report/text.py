"""A report for people: text of at most 120 columns, and the lines of the log when nothing is saved or sent."""

from collections.abc import Iterable, Iterator
from textwrap import wrap
from typing import Any

from muster.sweeps import exact_json
from muster.sweeps.report.document import AxisGroup, BestTask, Group, Report, Statistics

WIDTH = 120
MOST_LOGGED_GROUPS = 200
_LABEL, _COUNT, _NUMBER = 25, 11, 14
_PAYLOAD_LINES = 3
_BRIEF = ("best", "mean", "median", "worst")
_FIGURES = ("best", "q1", "median", "q3", "mean", "worst")


def as_text(report: Report) -> str:
    """Blocks with aligned columns; long labels are cut, numbers shown to six digits."""
    blocks = [
        _head(report),
        _figures("All tasks", [("all", report.overall)]),
        *([_figures("By algorithm", _algorithms(report))] if report.algorithms else []),
        *(_figures(f"By {axis}", groups) for axis, groups in _axes(report)),
        _best(report),
        _failures(report),
    ]
    return "\n\n".join("\n".join(line[:WIDTH].rstrip() for line in block) for block in blocks) + "\n"


def breakdown_lines(report: Report) -> list[str]:
    """What the log says of a report that goes nowhere else; of many groups, the first."""
    job, groups = report.job, _groups(report)
    lines = [
        f"[Aggregator] Job {job.id}: {job.status}, {job.completed_tasks} of {job.total_tasks} completed, "
        f"{job.failed_tasks} failed, {job.cancelled_tasks} cancelled"
    ]
    for number, (label, group) in enumerate(groups[:MOST_LOGGED_GROUPS], 1):
        lines.append(f"[Aggregator] Group {number}/{len(groups)}: {label}")
        lines.append(f"[Aggregator]   → Count: {group.count}{_brief(group.fopt)}")
        lines += [f"[Aggregator]   → Runtime in ms{_brief(group.runtime_ms)}"] if group.runtime_ms else []
    if len(groups) > MOST_LOGGED_GROUPS:
        lines.append(f"[Aggregator] {len(groups) - MOST_LOGGED_GROUPS} more groups")
    for task in report.best_tasks[:1]:
        lines.append(f"[Aggregator] Best: {_task(task)} {_payload(task)}".rstrip())
    lines += [f"[Aggregator] Failed: {line}" for line in _reasons(report)]
    return lines


def _brief(statistics: Statistics | None) -> str:
    return "".join(f", {name.capitalize()}: {getattr(statistics, name):.6g}" for name in _BRIEF) if statistics else ""


def _groups(report: Report) -> list[tuple[str, Group]]:
    return [
        ("all tasks", report.overall),
        *((f"alg {label}", group) for label, group in _algorithms(report)),
        *((f"{axis} {label}", group) for axis, groups in _axes(report) for label, group in groups),
    ]


def _algorithms(report: Report) -> Iterator[tuple[str, Group]]:
    return ((_printable(group.algorithm), group) for group in report.algorithms or [])


def _axes(report: Report) -> Iterator[tuple[str, list[tuple[str, Group]]]]:
    for axis in report.axes or []:
        yield axis.axis, [(_label(group), group) for group in axis.groups]


def _label(group: AxisGroup) -> str:
    if group.value is not None:
        return _printable(group.value)
    return f"{_printable(group.first)} to {_printable(group.last)}"


def _printable(value: Any) -> str:
    """Texts as they are, everything else as JSON; nothing that would move the cursor or turn the writing round."""
    text = value if isinstance(value, str) else exact_json.dumps(value)
    return text if text.isprintable() else "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)


def _head(report: Report) -> list[str]:
    job, quantiles = report.job, report.quantiles
    how = (
        "exact"
        if quantiles.method == "exact"
        else f"within {100 * quantiles.relative_error:.3g} % ({quantiles.method})"
    )
    facts = {
        "Job": job.id,
        "Name": _printable(job.name) if job.name else None,
        "Status": job.status,
        "Tasks": f"{job.total_tasks}: {job.completed_tasks} completed, {job.failed_tasks} failed, "
        f"{job.cancelled_tasks} cancelled",
        "Created": job.created_at,
        "Finished": job.finished_at,
        "Retry of": job.retry_of,
        "Quartiles": f"{how}; lower fopt is better",
    }
    return [f"{name:<10}{fact}" for name, fact in facts.items() if fact]


def _figures(title: str, groups: Iterable[tuple[str, Group]]) -> list[str]:
    """Two tables, one under the other: fopt if there is any, and the runtimes."""
    groups = list(groups)
    with_fopt = [(label, group.with_fopt, group.fopt) for label, group in groups]
    runtimes = [(label, group.count, group.runtime_ms) for label, group in groups]
    tables = [("fopt", with_fopt)] * any(group.fopt for _, group in groups) + [("runtime in ms", runtimes)]
    lines = [title]
    for metric, rows in tables:
        lines.append(f"{metric:<{_LABEL}}{'count':>{_COUNT}}" + "".join(f"{name:>{_NUMBER}}" for name in _FIGURES))
        lines += [f"{_cut(label):<{_LABEL}}{count:>{_COUNT}}{_numbers(found)}" for label, count, found in rows]
    return lines


def _numbers(statistics: Statistics | None) -> str:
    numbers = [getattr(statistics, name, None) for name in _FIGURES]
    return "".join(f"{'-' if number is None else format(number, '.6g'):>{_NUMBER}}" for number in numbers)


def _cut(text: str) -> str:
    return text if len(text) < _LABEL else text[: _LABEL - 2] + "…"


def _best(report: Report) -> list[str]:
    if not report.best_tasks:
        return ["Best tasks: none reported an fopt"]
    lines = ["Best tasks"]
    for task in report.best_tasks:
        payload = wrap(_payload(task), WIDTH - 4, max_lines=_PAYLOAD_LINES, placeholder="…")
        lines += [f"  {_task(task)}", *(f"    {line}" for line in payload)]
    return lines


def _task(task: BestTask) -> str:
    return f"fopt {task.fopt!r}, {task.runtime_ms} ms, task {task.task_id}"


def _payload(task: BestTask) -> str:
    return "" if task.payload is None else _printable(task.payload)


def _failures(report: Report) -> list[str]:
    if not report.failures.count:
        return ["Failures: none"]
    return [f"Failures: {report.failures.count}", *(f"  {line}" for line in _reasons(report))]


def _reasons(report: Report) -> list[str]:
    failures = report.failures
    lines = [f"{reason.count}, such as {reason.task_id}: {_printable(reason.reason)}" for reason in failures.reasons]
    return lines + ([f"{failures.other} for other reasons"] if failures.other else [])
