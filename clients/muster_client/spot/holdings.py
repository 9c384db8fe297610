"""The ledger of a spot: which tasks it holds, and whether each is queued, running, or finished and not yet settled.

One lock guards it; every part of the spot asks here and keeps no list of its own. Each kind of waiting has its own
condition, so that a task changing hands wakes only who cares.
"""

import time
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from threading import Condition, Lock

from muster_client.spot.held import Grant, HeldTask


@dataclass(frozen=True)
class Counts:
    queued: int
    running: int
    unsettled: int

    @property
    def held(self) -> int:
        return self.queued + self.running + self.unsettled


class Holdings:
    """Tasks enter by `add`, leave by `forget`, `drop` or `close`, and are in exactly one place in between."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._work = Condition(self._lock)
        self._room = Condition(self._lock)
        self._rest = Condition(self._lock)
        self._grant_came = Condition(self._lock)
        self._queued: OrderedDict[str, HeldTask] = OrderedDict()
        self._running: dict[str, HeldTask] = {}
        self._unsettled: dict[str, HeldTask] = {}
        self._grants: set[Grant] = set()
        self._closed = False
        self._ended = False

    def counts(self) -> Counts:
        with self._lock:
            return self._counts()

    def _counts(self) -> Counts:
        return Counts(len(self._queued), len(self._running), len(self._unsettled))

    def add(self, grant: Grant, tasks: Iterable[tuple[str, str]]) -> None:
        """Queue what a claim gave, ids and payloads; a task already held is not queued twice."""
        with self._lock:
            for task_id, payload in tasks:
                if task_id in self._queued or task_id in self._running or task_id in self._unsettled:
                    continue
                grant.owed.add(task_id)
                self._queued[task_id] = HeldTask(task_id, payload, grant)
            if grant.owed:
                self._grants.add(grant)
            self._work.notify_all()
            self._grant_came.notify_all()

    def take(self) -> HeldTask | None:
        """The next task, now running; waits for one. None when the spot takes up no more work."""
        with self._lock:
            while not self._queued and not self._closed:
                self._work.wait()
            if self._closed:
                return None
            _, task = self._queued.popitem(last=False)
            self._running[task.id] = task
            self._room.notify_all()
            return task

    def finish(self, task: HeldTask) -> None:
        """The task ran; its outcome waits to be settled."""
        with self._lock:
            if self._running.pop(task.id, None):
                self._unsettled[task.id] = task
            self._rested()

    def forget(self, task_ids: Iterable[str]) -> None:
        """These have run, and are settled or no longer ours."""
        with self._lock:
            for task_id in task_ids:
                self._let_go(self._unsettled.pop(task_id, None) or self._running.pop(task_id, None))
            self._rested()
            self._room.notify_all()

    def drop(self, names: set[str]) -> tuple[list[HeldTask], list[HeldTask]]:
        """Stop working on tasks, named by id or label. Answers those it took from the queue, and those that run."""
        with self._lock:
            queued = [task for task in self._queued.values() if task.is_named_in(names)]
            for task in queued:
                self._let_go(self._queued.pop(task.id))
            self._room.notify_all()
            return queued, [task for task in self._running.values() if task.is_named_in(names)]

    def close(self) -> list[HeldTask]:
        """Hand out nothing any more. Answers what was never started, which the caller gives back."""
        with self._lock:
            self._closed = True
            never_started = list(self._queued.values())
            self._queued.clear()
            for task in never_started:
                self._let_go(task)
            self._work.notify_all()
            self._room.notify_all()
            return never_started

    def end(self) -> None:
        """The spot is going: whoever waits for a renewal waits no more."""
        with self._lock:
            self._ended = True
            self._grant_came.notify_all()

    def has_ended(self) -> bool:
        with self._lock:
            return self._ended

    def wait_for_room(self, fewer_than: int, unsettled_at_most: int) -> Counts | None:
        """Waits until the queue is short enough to claim for; None when closed."""
        with self._lock:
            while not self._closed:
                if len(self._queued) < fewer_than and len(self._unsettled) <= unsettled_at_most:
                    return self._counts()
                self._room.wait()
            return None

    def wait_until_nothing_runs(self, seconds: float) -> bool:
        """Whether that came within the time."""
        with self._lock:
            return self._rest.wait_for(lambda: not self._running, seconds)

    def wait_for_renewal(self) -> list[tuple[Grant, list[str]]] | None:
        """Waits until grants must be renewed: each with all of its tasks still held. None when the spot has ended."""
        with self._lock:
            while not self._ended:
                now = time.monotonic()
                due = [(grant, sorted(grant.owed)) for grant in self._grants if grant.renew_at <= now]
                if due:
                    return due
                soonest = min((grant.renew_at for grant in self._grants), default=None)
                self._grant_came.wait(None if soonest is None else soonest - now)
            return None

    def renew_in(self, grant: Grant, seconds: float) -> None:
        with self._lock:
            grant.renew_at = time.monotonic() + seconds

    def _let_go(self, task: HeldTask | None) -> None:
        if task:
            task.grant.owed.discard(task.id)
            if not task.grant.owed:
                self._grants.discard(task.grant)

    def _rested(self) -> None:
        if not self._running:
            self._rest.notify_all()
