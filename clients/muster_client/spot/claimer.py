"""Keeps the spot's queue filled: one thread that claims when too little is left."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event
from uuid import uuid4

from muster_client.errors import MusterApiError, MusterError, NotFound
from muster_client.records import ClaimedJob, TasksClaimed
from muster_client.spot.held import Grant
from muster_client.spot.holdings import Holdings
from muster_client.spot.identity import Identity
from muster_client.spot.link import Backoff, Link
from muster_client.spot.pace import Pace

log = logging.getLogger("muster.spot")

# What may wait to be settled before the spot claims no more: an outage must not fill the memory.
UNSETTLED_LIMIT = 1_000
_EMPTY_WAIT_SECONDS = 1.0
# What has failed for the first time may run again after a second.
_RETRY_SECONDS = 1.0


@dataclass(frozen=True)
class _Claim:
    """One logical claim. It is repeated unchanged until its answer came, so that a lost answer loses no tasks."""

    id: str
    spot_id: str
    max_tasks: int


class Claimer:
    """`until_idle`: call `idle` when nothing was there and nothing was held for so many seconds; None: never."""

    def __init__(
        self,
        link: Link,
        identity: Identity,
        holdings: Holdings,
        pace: Pace,
        until_idle: float | None,
        idle: Callable[[], None],
    ) -> None:
        self._link = link
        self._identity = identity
        self._holdings = holdings
        self._pace = pace
        self._until_idle = until_idle
        self._idle = idle
        self._stopping = Event()
        self._sooner = Event()
        self._backoff = Backoff(link, self._stopping.is_set)
        self._busy_at = time.monotonic()

    def stop(self) -> None:
        """No further claim; the one under way is still answered."""
        self._stopping.set()
        self._sooner.set()

    def expect_retry(self) -> None:
        """A task of this spot will run again: don't wait as long as the last empty claim advised."""
        self._sooner.set()

    def run(self) -> None:
        self._register()
        open_claim: _Claim | None = None
        while not self._stopping.is_set():
            if open_claim is None:
                open_claim = self._next_claim()
            if open_claim is not None and self._settled(open_claim):
                open_claim = None

    def _register(self) -> None:
        while not self._stopping.is_set():
            try:
                self._identity.register()
            except MusterError as error:
                if _is_final(error):
                    log.error("the coordinator refuses this spot: %s", error)
                self._backoff.wait(error)
            else:
                self._backoff.reset()
                self._busy_at = time.monotonic()
                return

    def _next_claim(self) -> _Claim | None:
        counts = self._holdings.wait_for_room(self._pace.claim_below(), UNSETTLED_LIMIT)
        if counts is None:
            self._stopping.set()
            return None
        return _Claim(uuid4().hex, self._identity.spot_id, self._pace.to_claim(counts.queued, counts.running))

    def _settled(self, claim: _Claim) -> bool:
        """Make the claim; whether it has been answered one way or the other."""
        began = time.monotonic()
        try:
            answer = self._link.ask(
                lambda muster: muster.claim_tasks(claim.spot_id, claim.max_tasks, claim_id=claim.id)
            )
        except NotFound:
            log.warning("the coordinator does not know %s any more", claim.spot_id)
            self._register()
            return True
        except MusterError as error:
            self._backoff.wait(error)
            return _is_final(error)
        self._backoff.reset()
        self._pace.claim_took(time.monotonic() - began)
        self._accept(claim, answer)
        return True

    def _accept(self, claim: _Claim, answer: TasksClaimed) -> None:
        by_job: dict[str, list[tuple[str, str]]] = {}
        for task in answer.tasks:
            by_job.setdefault(_job_of(task.id, answer.jobs), []).append((task.id, task.payload))
        for job_id, tasks in by_job.items():
            grant = Grant(claim.spot_id, answer.jobs.get(job_id) or ClaimedJob(), 0.0)
            grant.renew_at = time.monotonic() + grant.renewal_seconds
            self._holdings.add(grant, tasks)
        if answer.tasks:
            self._busy_at = time.monotonic()
        else:
            asked = answer.retry_after_ms
            self._nothing_there(_EMPTY_WAIT_SECONDS if asked is None else asked / 1000)

    def _nothing_there(self, seconds: float) -> None:
        now = time.monotonic()
        if self._holdings.counts().held:
            self._busy_at = now
        if self._until_idle is not None:
            left = self._busy_at + self._until_idle - now
            if left <= 0 and not self._holdings.counts().held:
                self._idle()
                self._stopping.set()
                return
            seconds = min(seconds, max(left, 0.05))
        if self._sooner.wait(seconds):
            self._sooner.clear()
            self._stopping.wait(min(seconds, _RETRY_SECONDS))


def _is_final(error: MusterError) -> bool:
    return isinstance(error, MusterApiError) and 400 <= error.status < 429


def _job_of(task_id: str, jobs: dict[str, ClaimedJob]) -> str:
    """A task's id begins with its job's."""
    job_id = task_id.split(".", 1)[0]
    if job_id in jobs:
        return job_id
    return max((known for known in jobs if task_id.startswith(known)), key=len, default=job_id)
