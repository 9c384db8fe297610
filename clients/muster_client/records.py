"""What Muster answers, one record per shape. What the server leaves out is None or empty."""

from dataclasses import dataclass, field
from typing import Any

from muster_client.record import Record, each, named, single


@dataclass(frozen=True)
class Health(Record):
    """The coordinator and its table answer."""

    status: str
    database: str = "unknown"
    active_spots: int = 0
    pending_tasks: int = 0
    running_tasks: int = 0


@dataclass(frozen=True)
class Spot(Record):
    """One worker, UP or DOWN."""

    id: str
    status: str
    pool: str = "default"
    last_heartbeat: str | None = None
    ip_address: str | None = None
    cpu_load: float | None = None
    running_tasks: int | None = None
    total_cores: int | None = None


@dataclass(frozen=True)
class SpotPage(Record):
    spots: list[Spot] = field(metadata=each(Spot))
    next: str | None = None


@dataclass(frozen=True)
class JobSubmitted(Record):
    job_id: str
    total_tasks: int
    retry_of: str | None = None


@dataclass(frozen=True)
class Delivery(Record):
    """Where the word of a job's end goes, and how far it is."""

    id: str
    url: str
    status: str
    attempts: int
    last_attempt_at: str | None = None
    last_status: int | None = None
    last_problem: str | None = None
    next_attempt_at: str | None = None


@dataclass(frozen=True)
class ReportFile(Record):
    """A saved file; `url` opens it for a while."""

    name: str
    format: str
    size: int
    url: str
    expires_in_seconds: int


@dataclass(frozen=True)
class ReportFiles(Record):
    """None as long as the report is PENDING."""

    job_id: str
    files: list[ReportFile] = field(default_factory=list, metadata=each(ReportFile))
    report: str | None = None


@dataclass(frozen=True)
class ReportRedelivered(Record):
    job_id: str
    delivery: Delivery = field(metadata=single(Delivery))


@dataclass(frozen=True)
class WebhookTried(Record):
    delivered: bool
    took_ms: int
    status: int | None = None
    problem: str | None = None


ENDED = frozenset({"COMPLETED", "FAILED", "CANCELLED"})


@dataclass(frozen=True)
class Job(Record):
    """A job and its counts: waiting + running + completed + failed + cancelled = total."""

    id: str
    status: str
    total_tasks: int
    completed_tasks: int
    failed_tasks: int
    created_at: str
    waiting_tasks: int = 0
    running_tasks: int = 0
    cancelled_tasks: int = 0
    name: str | None = None
    priority: int | None = None
    pool: str | None = None
    max_attempts: int | None = None
    task_timeout_seconds: int | None = None
    finished_at: str | None = None
    retry_of: str | None = None
    report: str | None = None
    deliveries: list[Delivery] = field(default_factory=list, metadata=each(Delivery))

    @property
    def ended(self) -> bool:
        return self.status in ENDED

    @property
    def settled_tasks(self) -> int:
        return self.completed_tasks + self.failed_tasks


@dataclass(frozen=True)
class JobPage(Record):
    jobs: list[Job] = field(metadata=each(Job))
    next: str | None = None


@dataclass(frozen=True)
class JobCancelled(Record):
    job_id: str
    status: str
    message: str | None = None


@dataclass(frozen=True)
class Result(Record):
    """One completed task: `fopt` is the double that the spot sent, `result_json` the text."""

    task_id: str
    index: int | None = None
    attempt: int | None = None
    algorithm: str | None = None
    iterations: Any = None
    parameters: dict[str, Any] | None = None
    payload: Any = None
    fopt: float | None = None
    iter: int | None = None
    runtime_ms: int | None = None
    result_json: str | None = None
    spot_id: str | None = None
    finished_at: str | None = None


@dataclass(frozen=True)
class ResultPage(Record):
    job_id: str
    total_completed: int
    results: list[Result] = field(metadata=each(Result))
    next: str | None = None


@dataclass(frozen=True)
class Task(Record):
    """One task as the coordinator sees it; `id` is the short form, job and index."""

    id: str
    index: int
    status: str
    payload: str = ""
    attempt: int = 0
    spot_id: str | None = None
    claimed_at: str | None = None
    expires_at: str | None = None
    available_at: str | None = None
    finished_at: str | None = None
    runtime_ms: int | None = None
    error: str | None = None
    output: str | None = None


@dataclass(frozen=True)
class TaskPage(Record):
    job_id: str
    tasks: list[Task] = field(metadata=each(Task))
    next: str | None = None


@dataclass(frozen=True)
class Done(Record):
    """A bare success; `message` says when nothing had to change, `will_retry` what a failure leads to."""

    success: bool = True
    message: str | None = None
    will_retry: bool | None = None


@dataclass(frozen=True)
class Key(Record):
    """A key of an organization, without its secret."""

    id: str
    organization: str
    role: str
    name: str
    created_at: str
    user: str | None = None
    revoked_at: str | None = None


@dataclass(frozen=True)
class KeyCreated(Record):
    """`key` is the text to send; nobody can tell it a second time."""

    id: str
    organization: str
    role: str
    key: str = field(repr=False)


@dataclass(frozen=True)
class KeyPage(Record):
    keys: list[Key] = field(metadata=each(Key))
    next: str | None = None


@dataclass(frozen=True)
class KeyRevoked(Record):
    key_id: str
    message: str | None = None


@dataclass(frozen=True)
class Action(Record):
    """Something that somebody did: `target` is what it was done to, `created` what came of it."""

    at: str
    operation: str
    role: str
    target: str | None = None
    created: str | None = None
    key: str | None = None
    request_id: str | None = None
    status: int | None = None


@dataclass(frozen=True)
class ActionPage(Record):
    actions: list[Action] = field(metadata=each(Action))
    day: str | None = None
    next: str | None = None


@dataclass(frozen=True)
class SpotRegistered(Record):
    spot_id: str
    heartbeat_seconds: float = 3


@dataclass(frozen=True)
class HeartbeatRecorded(Record):
    """`cancelled_tasks`: what the spot still holds although its job was cancelled."""

    success: bool = True
    cancelled_tasks: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class ClaimedTask(Record):
    """A task to run. `payload` is JSON text; `id` names the lease, settle with it exactly as it came."""

    id: str
    payload: str
    attempt: int = 1


@dataclass(frozen=True)
class ClaimedJob(Record):
    """How to run the tasks of one job."""

    task_timeout_seconds: int = 300
    jar_path: str | None = None
    main_class: str | None = None
    runner: dict[str, Any] | None = None


@dataclass(frozen=True)
class TasksClaimed(Record):
    tasks: list[ClaimedTask] = field(metadata=each(ClaimedTask))
    jobs: dict[str, ClaimedJob] = field(default_factory=dict, metadata=named(ClaimedJob))
    retry_after_ms: int | None = None


@dataclass(frozen=True)
class SettledItem(Record):
    """What became of one task of a batch."""

    id: str
    outcome: str
    will_retry: bool | None = None
    expires_at: str | None = None
    error: str | None = None
    code: str | None = None
    details: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class TasksSettled(Record):
    results: list[SettledItem] = field(metadata=each(SettledItem))
    success: bool = True
