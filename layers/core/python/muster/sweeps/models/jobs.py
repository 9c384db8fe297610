"""Submitting and watching jobs."""

from decimal import Decimal
from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag, ValidationInfo, field_validator, model_validator
from typing_extensions import TypeAliasType

from muster.core.delivery import Delivery
from muster.sweeps.models.base import (
    MAX_EXPLICIT_TASKS,
    AxisName,
    AxisValue,
    Number,
    Pool,
    Request,
    Response,
    Status,
    TaskStatus,
)
from muster.sweeps.models.reports import DeliveryView, ReportStatus


class Range(Request):
    """An inclusive range: min, min + step, … up to max. Exact: steps of 0.1 do not drift."""

    min: Number
    max: Number
    step: Annotated[Number, Field(gt=0)]

    @field_validator("max")
    @classmethod
    def _not_below_min(cls, highest: int | Decimal, info: ValidationInfo) -> int | Decimal:
        if highest < info.data.get("min", highest):
            raise ValueError("must not be less than min")
        return highest


Values = Annotated[list[AxisValue], Field(min_length=1, max_length=10_000)]
# Told apart before validation, so that a fault in a range is not reported as "not a list" as well.
Axis = TypeAliasType(
    "Axis",
    Annotated[
        Annotated[Range, Tag("range")] | Annotated[Values, Tag("values")],
        Discriminator(lambda value: "values" if isinstance(value, list) else "range"),
    ],
)


class Runner(Request):
    """How a spot runs the tasks when the job does not name a jar: one of the two."""

    python: Annotated[str, Field(max_length=256, pattern=r"^[\w.]+:\w+$")] | None = None
    command: Annotated[list[Annotated[str, Field(max_length=4096)]], Field(min_length=1, max_length=64)] | None = None

    @model_validator(mode="after")
    def _names_one(self) -> "Runner":
        if (self.python is None) == (self.command is None):
            raise ValueError("runner must name either python or command")
        return self


class SubmitJob(Request):
    """A sweep: algorithms times axes, or an explicit list of payloads."""

    jar_path: Annotated[str, Field(min_length=1, max_length=1024)] | None = None
    main_class: Annotated[str, Field(min_length=1, max_length=512)] | None = None
    runner: Runner | None = None
    algorithms: (
        Annotated[list[Annotated[str, Field(min_length=1, max_length=128)]], Field(min_length=1, max_length=1000)]
        | None
    ) = None
    iterations: Axis | None = None
    agents: Axis | None = None
    dimension: Axis | None = None
    parameters: Annotated[dict[AxisName, Axis], Field(max_length=32)] | None = None
    tasks: Annotated[list[Any], Field(min_length=1, max_length=MAX_EXPLICIT_TASKS)] | None = None
    name: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    priority: Annotated[int, Field(ge=0, le=9)] = 5
    max_attempts: Annotated[int, Field(ge=1, le=100)] | None = None
    task_timeout_seconds: Annotated[int, Field(ge=1, le=7 * 86_400)] = 300
    pool: Pool = "default"
    delivery: Delivery | None = None


class JobSubmitted(Response):
    success: bool = True
    job_id: str
    total_tasks: int
    retry_of: str | None = None


class JobView(Response):
    """One job and its counts: waiting + running + completed + failed + cancelled = total."""

    id: str
    name: str | None = None
    status: Status
    total_tasks: int
    completed_tasks: int
    failed_tasks: int
    waiting_tasks: int
    running_tasks: int
    cancelled_tasks: int
    priority: int
    pool: str
    max_attempts: int
    task_timeout_seconds: int
    created_at: str
    finished_at: str | None = None
    retry_of: str | None = None
    report: ReportStatus
    deliveries: list[DeliveryView] | None = None


class JobList(Response):
    jobs: list[JobView]
    next: str | None = None


class JobCancelled(Response):
    success: bool = True
    job_id: str
    status: Status
    message: str | None = None


class ResultView(Response):
    """One completed task. fopt is the very double that the spot sent, resultJson the very text."""

    task_id: str
    index: int
    attempt: int
    algorithm: str | None = None
    iterations: int | float | str | bool | None = None
    parameters: dict[str, Any] | None = None
    payload: Any = None
    fopt: float | None = None
    iter: int | None = None
    runtime_ms: int
    result_json: str | None = None
    spot_id: str
    finished_at: str


class ResultList(Response):
    job_id: str
    total_completed: int
    results: list[ResultView]
    next: str | None = None


class TaskView(Response):
    """One task as the engine sees it; `id` is the short form `<job>.<index>`."""

    id: str
    index: int
    status: TaskStatus
    payload: str
    attempt: int
    spot_id: str | None = None
    claimed_at: str | None = None
    expires_at: str | None = None
    available_at: str | None = None
    finished_at: str | None = None
    runtime_ms: int | None = None
    error: str | None = None
    output: str | None = None


class TaskList(Response):
    job_id: str
    tasks: list[TaskView]
    next: str | None = None


class TaskReset(Response):
    success: bool = True
    message: str | None = None
