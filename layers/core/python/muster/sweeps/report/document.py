"""The report, as its JSON names the fields. What is not there is left out."""

from typing import Any, Literal

from muster.sweeps.models import Response, Status


class Statistics(Response):
    """Lower is better. Of the completed tasks of a group that reported the number."""

    best: float
    q1: float
    median: float
    q3: float
    mean: float
    worst: float


class BestTask(Response):
    """`payload` is left out when it is long; the task itself shows it."""

    task_id: str
    index: int
    fopt: float
    runtime_ms: int
    payload: Any = None


class Group(Response):
    """Some of the job's tasks: how many were completed, and how many of these reported an fopt."""

    count: int
    with_fopt: int
    fopt: Statistics | None = None
    runtime_ms: Statistics | None = None


class AlgorithmGroup(Group):
    algorithm: str
    best_task: BestTask | None = None


class AxisGroup(Group):
    """The tasks with one value of an axis, or with the neighbouring values from `first` to `last`."""

    value: Any = None
    first: Any = None
    last: Any = None


class AxisGroups(Response):
    axis: str
    values: int
    groups: list[AxisGroup]


class Quantiles(Response):
    """How quartiles were computed; each of the numbers that one lies between is off by `relativeError` at most."""

    method: Literal["exact", "logarithmic buckets"]
    relative_error: float


class FailureReason(Response):
    """`taskId` is an example: the failed task of the lowest index."""

    reason: str
    count: int
    task_id: str


class FailureReasons(Response):
    """`other`: failures for reasons that are not listed."""

    count: int
    reasons: list[FailureReason]
    other: int


class ReportedJob(Response):
    id: str
    name: str | None = None
    status: Status
    total_tasks: int
    completed_tasks: int
    failed_tasks: int
    cancelled_tasks: int
    created_at: str
    finished_at: str | None = None
    retry_of: str | None = None


class Report(Response):
    """`generation` counts how often a report of this job was begun."""

    version: Literal[1] = 1
    generation: int
    job: ReportedJob
    quantiles: Quantiles
    overall: Group
    algorithms: list[AlgorithmGroup] | None = None
    axes: list[AxisGroups] | None = None
    best_tasks: list[BestTask]
    failures: FailureReasons
