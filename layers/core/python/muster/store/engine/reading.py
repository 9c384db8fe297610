"""Reading tasks and results in index order, a page at a time.

A page is put together from the leases around its stretch of indices, and from the batches that they name. `next` is
the index from which the following page goes on.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from muster.core.clock import iso
from muster.core.errors import NO_SUCH_PAGE, InvalidInput
from muster.core.ids import short_task_id
from muster.core.job import JobStatus
from muster.core.lease import SETS, Lease
from muster.store import keys
from muster.store.engine.jobs import Job
from muster.store.engine.leases import Leases
from muster.store.engine.outcomes import Outcome, Outcomes
from muster.store.engine.specs import Spec
from muster.sweeps.models import ResultView, TaskStatus, TaskView

PAGE_BYTES = 2_000_000
"""A page ends before its texts, escaped, outgrow what a function may answer."""
INDICES_PER_PAGE = 50 * keys.BLOCK
"""A page ends, maybe empty, after so many indices: a request must not walk a million tasks for one that failed."""

_STATUS: dict[str, TaskStatus] = {
    "owed": "RUNNING", "moved": "RUNNING", "done": "DONE", "failed": "FAILED",
    "returned": "NEW", "spared": "NEW", "dropped": "CANCELLED", "told": "CANCELLED",
}  # fmt: skip


@dataclass(frozen=True)
class Standing:
    """One task: the lease with the last word on it, and the set it is in there."""

    index: int
    lease: Lease | None
    place: str

    @property
    def status(self) -> TaskStatus:
        return _STATUS[self.place]


def parse_next(text: str | None) -> int:
    """The index that a `next` stands for."""
    if text is None:
        return 0
    if not text.isascii() or not text.isdigit() or len(text) > 10:
        raise InvalidInput(details=[NO_SUCH_PAGE])
    return int(text)


class Reading:
    def __init__(self, leases: Leases, outcomes: Outcomes) -> None:
        self._leases, self._outcomes = leases, outcomes

    def results(self, job: Job, spec: Spec, start: int, limit: int) -> tuple[list[ResultView], int | None]:
        """Completed tasks from index `start` on, and where to go on; None at the end."""
        end = min(job.head["cursor"], job.counts.total)
        views: list[ResultView] = []
        size = 0
        for standing, outcome in self._with_outcomes(job, start, end, limit, "done"):
            assert standing.lease is not None
            said: Outcome = outcome or {"index": standing.index, "at": 0}
            view = result_view(job.id, spec, standing.lease, said)
            size += len(view.result_json or "") + spec.space.longest + 400
            if views and size > PAGE_BYTES:
                return views, standing.index
            views.append(view)
            if len(views) == limit:
                return views, _behind(standing.index, end)
        return views, _further(start, end)

    def tasks(
        self, job: Job, spec: Spec, start: int, limit: int, status: TaskStatus | None
    ) -> tuple[list[TaskView], int | None]:
        """Tasks in a status, or all, from index `start` on, and where to go on; None at the end."""
        total = job.counts.total
        views: list[TaskView] = []
        size = 0
        for standing, outcome in self._with_outcomes(job, start, total, limit, None, status):
            view = _task_view(job, spec, standing, outcome)
            size += len(view.payload) + len(view.error or "") + len(view.output or "") + 400
            if views and size > PAGE_BYTES:
                return views, standing.index
            views.append(view)
            if len(views) == limit:
                return views, _behind(standing.index, total)
        return views, _further(start, total)

    def indices(self, job: Job, place: str) -> Iterator[int]:
        """Every index whose task is in one set, ascending."""
        end = min(job.head["cursor"], job.counts.total)
        for low in range(0, end, INDICES_PER_PAGE):
            for standing in self._standings(job, low, min(end, low + INDICES_PER_PAGE)):
                if standing.place == place:
                    yield standing.index

    def settled(self, job: str, low: int, high: int) -> Iterator[tuple[Lease, Outcome]]:
        """Every task of [low, high) that is done or has failed for good, batch by batch, in index order but for those
        that ran again: they stand beside their neighbours. Holds one block of leases at a time."""
        for start in range(low, high, keys.BLOCK):
            end = min(high, start + keys.BLOCK)
            leases = list(self._leases.around(job, start, end, consistent=True))
            for lease, outcomes in self._outcomes.batches(leases):
                final = lease.done | lease.failed
                for outcome in outcomes:
                    if outcome["index"] in final and start <= outcome["index"] < end:
                        yield lease, outcome

    def _with_outcomes(
        self, job: Job, start: int, end: int, limit: int, place: str | None, status: TaskStatus | None = None
    ) -> Iterator[tuple[Standing, Outcome | None]]:
        end = min(end, start + INDICES_PER_PAGE)
        stride = max(keys.BLOCK, min(limit, 8 * keys.BLOCK))
        for low in range(start, end, stride):
            found = [
                standing
                for standing in self._standings(job, low, min(end, low + stride))
                if place in (None, standing.place) and status in (None, standing.status)
            ]
            outcomes = self._outcomes.of(list({s.lease.ref: s.lease for s in found if s.lease}.values()))
            for standing in found:
                yield standing, outcomes.get((standing.lease.ref, standing.index)) if standing.lease else None

    def _standings(self, job: Job, low: int, high: int) -> Iterator[Standing]:
        """Every index of [low, high): of the leases that hold it, the newest has the last word."""
        never = "dropped" if job.status is JobStatus.CANCELLED else "returned"
        last_word: dict[int, Standing] = {}
        leases = self._leases.around(job.id, low, high, consistent=True)
        for lease in sorted(leases, key=lambda lease: lease.ref.gen):
            for name in SETS:
                last_word.update({index: Standing(index, lease, name) for index in getattr(lease, name)})
        for index in range(low, high):
            yield last_word.get(index) or Standing(index, None, never)


def _behind(index: int, end: int) -> int | None:
    """Whether anything follows is not looked up: the next page may turn out empty."""
    return index + 1 if index + 1 < end else None


def _further(start: int, end: int) -> int | None:
    return start + INDICES_PER_PAGE if start + INDICES_PER_PAGE < end else None


def result_view(job: str, spec: Spec, lease: Lease, said: Outcome) -> ResultView:
    """One completed task as clients see it; `lease` is the one that completed it."""
    index = said["index"]
    payload = json.loads(spec.space.payload(index))
    explicit = spec.job.tasks is not None
    axes = {} if explicit else {name: value for name, value in payload.items() if name != "alg"}
    return ResultView(
        task_id=short_task_id(job, index),
        index=index,
        attempt=lease.attempts,
        algorithm=payload.get("alg") if not explicit else None,
        iterations=axes.get("iterations"),
        parameters=axes or None,
        payload=payload if explicit else None,
        fopt=said.get("fopt"),
        iter=said.get("iter"),
        runtime_ms=said.get("runtimeMs", 0),
        result_json=said.get("resultJson"),
        spot_id=lease.spot.partition("#")[2],
        finished_at=iso(said["at"]),
    )


def _task_view(job: Job, spec: Spec, standing: Standing, outcome: Outcome | None) -> TaskView:
    lease, said = standing.lease, outcome or {"index": standing.index, "at": 0}
    running, waiting = standing.status == "RUNNING", standing.status == "NEW"
    return TaskView(
        id=short_task_id(job.id, standing.index),
        index=standing.index,
        status=standing.status,
        payload=spec.space.payload(standing.index),
        attempt=lease.attempts if lease else 0,
        spot_id=lease.spot.partition("#")[2] or None if lease and not waiting else None,
        claimed_at=iso(lease.claimed_at) if lease and not waiting else None,
        expires_at=iso(lease.expires_at) if lease and running else None,
        available_at=iso(lease.retry_at) if lease and standing.place == "returned" and lease.retry_at else None,
        finished_at=iso(said["at"]) if standing.status in ("DONE", "FAILED") else None,
        runtime_ms=said.get("runtimeMs"),
        error=said.get("error"),
        output=said.get("output"),
    )
