"""A report from a summary: at most 5 MB of JSON, whatever the job.

1,190 groups of 700 bytes, names of 1,000 algorithms at 770, payloads of their best tasks at 2,000, 200 labels of two
values at 500 each, ten best payloads at 20,000 and fifty reasons at 1,400 are 4.2 MB.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from muster.core.ids import short_task_id
from muster.sweeps import exact_json
from muster.sweeps.models import Status
from muster.sweeps.report.document import (
    AlgorithmGroup,
    AxisGroup,
    AxisGroups,
    BestTask,
    FailureReason,
    FailureReasons,
    Group,
    Quantiles,
    Report,
    ReportedJob,
    Statistics,
)
from muster.sweeps.report.failures import Failures
from muster.sweeps.report.figures import Figures
from muster.sweeps.report.groups import Dimension
from muster.sweeps.report.leaders import Leaders
from muster.sweeps.report.rows import Row
from muster.sweeps.report.summary import Summary
from muster.sweeps.space import Space

MOST_LISTED_REASONS = 50
LONGEST_BEST_PAYLOAD = 20_000
LONGEST_ALGORITHM_PAYLOAD = 2_000
LONGEST_LABEL = 500
_CUT_LABEL = 60
"""Bytes of JSON, and the characters that are left of a longer label."""


@dataclass(frozen=True)
class JobFacts:
    """What a report says of its job. Times in ISO 8601."""

    id: str
    name: str | None
    status: Status
    total_tasks: int
    completed_tasks: int
    failed_tasks: int
    cancelled_tasks: int
    created_at: str
    finished_at: str | None
    retry_of: str | None
    generation: int


def report_of(facts: JobFacts, summary: Summary) -> Report:
    job = asdict(facts)
    generation = job.pop("generation")
    overall, *rest = _sections(summary)
    algorithms = rest.pop(0) if summary.dimensions.algorithms else None
    task = partial(_best_task, facts.id, summary.space)
    return Report(
        generation=generation,
        job=ReportedJob(**job),
        quantiles=Quantiles(
            method="exact" if summary.is_exact else "logarithmic buckets", relative_error=summary.relative_error()
        ),
        overall=Group(**overall.group(0)),
        algorithms=_algorithms(algorithms, summary.leaders(), task) if algorithms else None,
        axes=[_axis(section) for section in rest] or None,
        best_tasks=[task(row, LONGEST_BEST_PAYLOAD) for row in summary.leaders().best],
        failures=_failures(facts.id, summary.failures),
    )


def as_json(report: Report) -> str:
    """Compact, in one line; numbers exactly as they were sent or specified."""
    return exact_json.dumps(report.model_dump(by_alias=True, exclude_none=True))


@dataclass(frozen=True)
class _Section:
    """One way to split the job, and the figures of its bins."""

    dimension: Dimension
    fopts: dict[int, Figures]
    runtimes: dict[int, Figures]

    def group(self, bin: int) -> dict[str, Any]:
        """The fields that every kind of group has."""
        fopt, runtime = self.fopts.get(bin), self.runtimes.get(bin)
        return {
            "count": runtime.count if runtime else 0,
            "with_fopt": fopt.count if fopt else 0,
            "fopt": _statistics(fopt),
            "runtime_ms": _statistics(runtime),
        }


def _sections(summary: Summary) -> list[_Section]:
    columns = zip(summary.dimensions.all, summary.figures("fopt"), summary.figures("runtimeMs"), strict=True)
    return [_Section(*column) for column in columns]


def _statistics(figures: Figures | None) -> Statistics | None:
    if figures is None:
        return None
    found = asdict(figures)
    del found["count"]
    return Statistics(**found)


def _algorithms(section: _Section, leaders: Leaders, task: Callable[[Row, int], BestTask]) -> list[AlgorithmGroup]:
    best = {bin: task(row, LONGEST_ALGORITHM_PAYLOAD) for bin, row in leaders.of_algorithm.items()}
    return [
        AlgorithmGroup(algorithm=section.dimension.values_of(bin)[0], best_task=best.get(bin), **section.group(bin))
        for bin in range(section.dimension.bins)
    ]


def _axis(section: _Section) -> AxisGroups:
    axis = section.dimension
    assert axis.name is not None
    groups = []
    for bin in range(axis.bins):
        first, last = map(_label, axis.values_of(bin))
        values = {"first": first, "last": last} if axis.is_binned else {"value": first}
        groups.append(AxisGroup(**values, **section.group(bin)))
    return AxisGroups(axis=axis.name, values=axis.radix, groups=groups)


def _label(value: Any) -> Any:
    text = exact_json.dumps(value)
    return value if len(text.encode()) <= LONGEST_LABEL else text[:_CUT_LABEL] + "…"


def _best_task(job: str, space: Space, row: Row, longest_payload: int) -> BestTask:
    payload = space.payload(row.task)
    return BestTask(
        task_id=short_task_id(job, row.task),
        index=row.task,
        fopt=row.fopt,
        runtime_ms=row.runtime_ms,
        payload=exact_json.loads(payload) if len(payload.encode()) <= longest_payload else None,
    )


def _failures(job: str, failures: Failures) -> FailureReasons:
    listed = [
        FailureReason(reason=text, count=reason.count, task_id=short_task_id(job, reason.example))
        for text, reason in failures.most_frequent(MOST_LISTED_REASONS)
    ]
    other = failures.count - sum(reason.count for reason in listed)
    return FailureReasons(count=failures.count, reasons=listed, other=other)
