"""The finish of a job: what comes after its last task is settled. The job's own status is final by then.

    due ──an execution runs to its end──► done
     ├──the execution died: overdue──► due, in the next generation
     └◄──redeliver── done

Load, aggregate in parts, write the report, deliver, record. Every step may run twice: it names its job and generation,
and one that another generation has overtaken ends quietly.
"""

import hashlib
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Self

TASKS_PER_PART = 40 * 512
"""Tasks that one aggregation reads, as long as there are not too many parts; whole blocks of leases."""
MOST_PARTS = 1_000
"""A part is about eight events of an execution's history, which ends at 25,000."""
SMALL_JOB_TASKS = 5 * TASKS_PER_PART
"""Up to so many an Express execution, which ends after five minutes, has time enough."""
LONGEST_SMALL_WAIT_SECONDS = 60
"""A delivery that waits longer is handed over to a Standard execution."""

STEP_PATIENCE_MS = 90_000
"""A step that has not begun its successor by then has died: its function is stopped before, and tried again before."""
PART_PATIENCE_MS = 960_000
"""The same for the aggregation of a part, whose function may take fifteen minutes."""
_LONGEST_PATIENCE_MS = 6 * 3_600_000


class ReportState(StrEnum):
    """Where a job's report is."""

    PENDING = "PENDING"
    """the job has not ended, or its report is being made"""
    READY = "READY"
    OFF = "OFF"
    """nothing is saved here: its numbers went to the log or to webhooks"""


class Size(StrEnum):
    """Which state machine runs the same definition: Express or Standard."""

    SMALL = "small"
    LARGE = "large"


@dataclass(frozen=True, slots=True)
class Execution:
    """One run of the finish workflow: all that its states carry."""

    face: str
    job: str
    generation: int
    size: Size
    correlation: str = ""
    """What the job's submission is called in logs and by its client."""

    @classmethod
    def of(cls, state: dict[str, Any]) -> Self:
        return cls(state["face"], state["job"], state["generation"], Size(state["size"]), state["correlation"])

    def state(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def name(self) -> str:
        """Names the execution: starting it twice is starting it once."""
        return f"{self.face}-{hashlib.sha256(self.job.encode()).hexdigest()[:32]}-{self.generation}"


def size_of(total: int) -> Size:
    return Size.SMALL if total <= SMALL_JOB_TASKS else Size.LARGE


def parts_of(total: int) -> list[int]:
    """The numbers of the parts in which so many tasks are aggregated."""
    return list(range(-(-total // _width(total))))


def stretch(total: int, part: int) -> tuple[int, int]:
    """The indices [low, high) of a part."""
    width = _width(total)
    return part * width, min(total, (part + 1) * width)


def _width(total: int) -> int:
    fewest = -(-total // (MOST_PARTS * TASKS_PER_PART))
    return TASKS_PER_PART * max(1, fewest)


def patience_ms(generation: int) -> int:
    """How long a generation may take to begin: twice as long as the one before, so that a finish which always fails
    is tried ever more rarely."""
    return min(_LONGEST_PATIENCE_MS, STEP_PATIENCE_MS << min(generation - 1, 16))
