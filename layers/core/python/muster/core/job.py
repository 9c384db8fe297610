"""A job: a range of task indices [0, total), a cursor over it, and a status.

    PENDING ──claim──► RUNNING ──last settle──► COMPLETED   every task done
       │                  │        └──────────► FAILED      at least one task failed
       └──────cancel──────┴───────────────────► CANCELLED

COMPLETED, FAILED and CANCELLED are final.
"""

from dataclasses import dataclass
from enum import StrEnum


class JobStatus(StrEnum):
    PENDING = "PENDING"
    """nothing was handed out yet"""
    RUNNING = "RUNNING"
    """something was handed out, something is not settled"""
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


TRANSITIONS: dict[str, tuple[frozenset[JobStatus], frozenset[JobStatus]]] = {
    "claim": (frozenset({JobStatus.PENDING, JobStatus.RUNNING}), frozenset({JobStatus.RUNNING})),
    "settle": (frozenset({JobStatus.RUNNING}), frozenset({JobStatus.COMPLETED, JobStatus.FAILED})),
    "cancel": (frozenset({JobStatus.PENDING, JobStatus.RUNNING}), frozenset({JobStatus.CANCELLED})),
}
"""What happens to a job: from which states, into which. The store's conditions are rendered from here."""

ENDED = frozenset({JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED})
UNENDED = TRANSITIONS["claim"][0]


@dataclass(frozen=True, slots=True)
class Counts:
    """How many tasks of a job are where."""

    total: int
    done: int
    failed: int
    waiting: int
    running: int
    cancelled: int

    @classmethod
    def of(cls, status: JobStatus, total: int, cursor: int, returned: int, done: int, failed: int) -> "Counts":
        """`cursor` may have stepped past `total`; `returned` counts handed-out tasks that wait again.

        Tallies must have been read before the cursor: what they count was handed out by then.
        """
        settled = done + failed
        if status is JobStatus.CANCELLED:
            return cls(total, done, failed, 0, 0, total - settled)
        waiting = min(total - settled, total - min(cursor, total) + returned)
        return cls(total, done, failed, waiting, total - settled - waiting, 0)


def final_status(failed: int) -> JobStatus:
    """How a job ends when all its tasks are settled."""
    return JobStatus.FAILED if failed else JobStatus.COMPLETED
