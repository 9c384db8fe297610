"""Claiming and settling tasks."""

from typing import Annotated, Any, Literal

from pydantic import Field

from muster.sweeps.models.base import MAX_BATCH, DescribedBy, Float, Request, Response, SpotId, TaskId


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
    tasks: Annotated[
        list[Annotated[dict[str, Any], DescribedBy(CompletedItem)]], Field(min_length=1, max_length=MAX_BATCH)
    ]


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
    tasks: Annotated[
        list[Annotated[dict[str, Any], DescribedBy(FailedItem)]], Field(min_length=1, max_length=MAX_BATCH)
    ]


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
