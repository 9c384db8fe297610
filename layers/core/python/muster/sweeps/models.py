"""What the sweeps face says over HTTP: one model per request and response body.

Names are snake_case here and camelCase on the wire. Requests are strict: unknown fields, wrong types and
numbers out of range are refused, all faults at once. Times are ISO 8601 in UTC with a trailing Z.
"""

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationInfo,
    field_validator,
    model_serializer,
    model_validator,
)
from pydantic.alias_generators import to_camel

MAX_TASKS = 10**9
MAX_BATCH = 500
MAX_EXPLICIT_TASKS = 100_000

Status = Literal["PENDING", "RUNNING", "COMPLETED", "FAILED", "CANCELLED"]
TaskStatus = Literal["NEW", "RUNNING", "DONE", "FAILED", "CANCELLED"]


def _as_float(value: object) -> object:
    """The edge parses JSON fractions as exact decimals; floats are wanted where floats are declared."""
    return float(value) if isinstance(value, Decimal) else value


Float = Annotated[float, BeforeValidator(_as_float), Field(allow_inf_nan=False)]
SpotId = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]*$")]
TaskId = Annotated[str, Field(min_length=1, max_length=128)]
Pool = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]
AxisName = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z_][A-Za-z0-9_.-]*$")]


def _short(value: int | Decimal) -> int | Decimal:
    """Keeps exact arithmetic on ranges cheap, whatever exponent somebody sends."""
    exponent = value.as_tuple().exponent if isinstance(value, Decimal) else 0
    if isinstance(exponent, int) and exponent < -30:
        raise ValueError("at most 30 decimal places")
    return value


Number = Annotated[int | Decimal, Field(ge=Decimal("-1e18"), le=Decimal("1e18")), AfterValidator(_short)]
AxisValue = bool | int | Decimal | Annotated[str, Field(max_length=1024)]


class Request(BaseModel):
    """A request body: strict and closed."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", strict=True, frozen=True)


class Response(BaseModel):
    """A response body; what is None is left out."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    @model_serializer(mode="wrap")
    def _without_none(self, handler: Any) -> dict[str, Any]:
        return {key: value for key, value in handler(self).items() if value is not None}


# --- submitting and watching jobs ---------------------------------------------------------------------------------


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
Axis = Annotated[
    Annotated[Range, Tag("range")] | Annotated[Values, Tag("values")],
    Discriminator(lambda value: "values" if isinstance(value, list) else "range"),
]


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


# --- spots ----------------------------------------------------------------------------------------------------------

Host = Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[A-Za-z0-9.:_%-]+$")]


class Hello(Request):
    ip_address: Host
    total_cores: Annotated[int, Field(ge=1, le=100_000)] | None = None
    pool: Pool = "default"


class SpotRegistered(Response):
    spot_id: str
    heartbeat_seconds: int


class Heartbeat(Request):
    """`pool` counts when the heartbeat registers the spot: one that is known stays in its pool."""

    spot_id: SpotId
    ip_address: Host | None = None
    pool: Pool = "default"
    cpu_load: Annotated[Float, Field(ge=0, le=100)] | None = None
    running_tasks: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    total_cores: Annotated[int, Field(ge=1, le=100_000)] | None = None


class HeartbeatRecorded(Response):
    """`cancelledTasks`: ids that the spot still holds although their job was cancelled; stop working on them."""

    success: bool = True
    cancelled_tasks: list[str] | None = None


class SpotView(Response):
    id: str
    ip_address: str | None = None
    status: Literal["UP", "DOWN"]
    cpu_load: float | None = None
    running_tasks: int | None = None
    total_cores: int | None = None
    pool: str
    last_heartbeat: str


class SpotList(Response):
    spots: list[SpotView]
    next: str | None = None


class Health(Response):
    status: Literal["healthy"] = "healthy"
    database: Literal["connected"] = "connected"
    active_spots: int
    pending_tasks: int
    running_tasks: int


# --- claiming and settling --------------------------------------------------------------------------------------------


class ClaimTasks(Request):
    """`claimId` makes a repeated claim answer the same tasks."""

    spot_id: SpotId
    max_tasks: Annotated[int, Field(ge=1, le=MAX_BATCH)] = 1
    claim_id: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.-]+$")] | None = None


class ClaimedTask(Response):
    """`payload` is JSON text. The id names the lease: settle with it exactly as it came."""

    id: str
    payload: str
    attempt: int


class ClaimedJob(Response):
    """What a spot needs to run the tasks of one job."""

    jar_path: str | None = None
    main_class: str | None = None
    runner: dict[str, Any] | None = None
    task_timeout_seconds: int


class TasksClaimed(Response):
    tasks: list[ClaimedTask]
    jobs: dict[str, ClaimedJob] | None = None
    retry_after_ms: int | None = None


class Completion(Request):
    runtime_ms: Annotated[int, Field(ge=0, le=10**12)]
    iter: Annotated[int, Field(ge=0, le=10**15)] | None = None
    fopt: Float | None = None
    result_json: Annotated[str, Field(max_length=1_000_000)] | None = None


class CompleteTask(Completion):
    spot_id: SpotId


class CompletedItem(Completion):
    id: TaskId


class CompleteTasks(Request):
    """Items are checked one by one: a bad one is answered `invalid` and does not spoil the others."""

    spot_id: SpotId
    tasks: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=MAX_BATCH)]


class Failure(Request):
    """`output` is the tail of what the task printed."""

    error: Annotated[str, Field(max_length=10_000)]
    retriable: bool = True
    output: Annotated[str, Field(max_length=20_000)] | None = None


class FailTask(Failure):
    spot_id: SpotId


class FailedItem(Failure):
    id: TaskId


class FailTasks(Request):
    spot_id: SpotId
    tasks: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=MAX_BATCH)]


class TaskCompleted(Response):
    success: bool = True
    message: str | None = None


class TaskFailed(Response):
    success: bool = True
    will_retry: bool | None = None
    message: str | None = None


class HeldTasks(Request):
    """The body of renew and release."""

    spot_id: SpotId
    tasks: Annotated[list[TaskId], Field(min_length=1, max_length=MAX_BATCH)]


Outcome = Literal[
    "completed", "already_completed", "already_terminal", "will_retry", "failed",
    "renewed", "released", "not_found", "wrong_spot", "cancelled", "invalid",
]  # fmt: skip


class SettledItem(Response):
    """What became of one item; `error`, `code` and `details` as in an error answer when it was refused."""

    id: str
    outcome: Outcome
    will_retry: bool | None = None
    expires_at: str | None = None
    error: str | None = None
    code: str | None = None
    details: list[dict[str, Any]] | None = None


class TasksSettled(Response):
    success: bool = True
    results: list[SettledItem]
