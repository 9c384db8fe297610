"""What the parts of a spot hand to each other: a task it holds, and what became of it."""

from dataclasses import dataclass, field

from muster_client.records import ClaimedJob

OUTPUT_TAIL = 4_000
ERROR_LENGTH = 2_000


@dataclass(eq=False, slots=True)
class Grant:
    """The tasks of one job that one claim gave; leased, and so renewed, together. Guarded by Holdings.

    renew_at: seconds on the monotonic clock.
    """

    spot_id: str
    job: ClaimedJob
    renew_at: float
    owed: set[str] = field(default_factory=set)

    @property
    def renewal_seconds(self) -> float:
        return self.job.task_timeout_seconds / 3


@dataclass(frozen=True, slots=True)
class HeldTask:
    """A task this spot owes an answer for. `payload` is JSON text."""

    id: str
    payload: str
    grant: Grant

    @property
    def label(self) -> str:
        """The short form that lists show: job and index."""
        return ".".join(self.id.split(".", 2)[:2])

    def is_named_in(self, names: set[str]) -> bool:
        return self.id in names or self.label in names


@dataclass(frozen=True, slots=True)
class Completion:
    """The task did what it should. `result_json` is the JSON text of the whole result."""

    runtime_ms: int
    fopt: float | None = None
    iter: int | None = None
    result_json: str | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """The task did not. `retriable`: another run may go better. `output`: the tail of what it printed."""

    error: str
    retriable: bool = True
    output: str | None = None


Outcome = Completion | Failure
