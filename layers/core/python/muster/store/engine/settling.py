"""Settles: what becomes of tasks that a worker held, a lease at a time.

Each operation reads the lease, asks `muster.core.lease` what stands, moves what may move and answers by task; when
somebody wrote in between, it looks again. Only a settle that leaves a lease empty looks whether the job has ended.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace

from muster.core import lease as rules
from muster.core.clock import Clock
from muster.core.errors import StoreBusy, TaskNotRunning
from muster.core.ids import LeaseRef, TaskRef, short_task_id
from muster.core.lease import Indices, Lease, Standing
from muster.store.engine import moves
from muster.store.engine.jobs import Jobs
from muster.store.engine.leases import Leases
from muster.store.engine.outcomes import Outcome, Outcomes
from muster.store.table import Table
from muster.sweeps.models import Outcome as Answer

_log = logging.getLogger("muster.TaskService")
_refusal_log = logging.getLogger("muster.JdbcTaskRepository")
_TRIES = 20
_SETTLEABLE = (Standing.OWED, Standing.WAITING)

Answers = dict[int, Answer]
"""What became of each task."""

_REFUSALS: dict[Standing, Answer] = {
    Standing.DONE: "already_completed",
    Standing.FAILED: "already_terminal",
    Standing.LOST: "wrong_spot",
    Standing.CANCELLED: "cancelled",
    Standing.UNKNOWN: "not_found",
}


def _refused(standings: Mapping[Standing, Indices]) -> Answers:
    return {index: _REFUSALS[standing] for standing in _REFUSALS for index in standings.get(standing, ())}


def _among(standings: Mapping[Standing, Indices], *wanted: Standing) -> Indices:
    return rules.NONE.union(*(standings.get(standing, rules.NONE) for standing in wanted))


def _warn_of_lost(lease: Lease, spot: str, verb: str, answers: Answers) -> None:
    holder = lease.spot.partition("#")[2] or "nobody"
    for index in sorted(index for index, answer in answers.items() if answer == "wrong_spot"):
        now_with = "another spot" if holder == spot.partition("#")[2] else holder
        task = short_task_id(lease.ref.job, index)
        _refusal_log.warning(
            "Spot %s tried to %s task %s but it's assigned to %s", spot.partition("#")[2], verb, task, now_with
        )


class Settling:
    def __init__(self, table: Table, leases: Leases, jobs: Jobs, outcomes: Outcomes, clock: Clock) -> None:
        self._table, self._leases, self._jobs, self._outcomes, self._clock = table, leases, jobs, outcomes, clock

    def complete(self, ref: LeaseRef, spot: str, outcomes: Mapping[int, Outcome]) -> Answers:
        """The work is done. Counts also when the lease was reaped, as long as nobody took the task since."""
        indices = frozenset(outcomes)
        if len(indices) == ref.size:
            name = self._outcomes.put(ref, list(outcomes.values()))
            try:
                moves.complete_all_owed(self._table, ref, spot, indices, name)
            except moves.LeaseChanged as changed:
                found = changed.lease
            else:
                self._jobs.end_if_settled(ref.job)
                return dict.fromkeys(indices, "completed")
        else:
            found = self._leases.lease(ref)
        return self._complete_some(ref, spot, outcomes, found)

    def _complete_some(self, ref: LeaseRef, spot: str, outcomes: Mapping[int, Outcome], found: Lease | None) -> Answers:
        def step(lease: Lease, **_: bool) -> tuple[Lease | None, Answers]:
            standings = lease.standings(spot, frozenset(outcomes))
            settled = _among(standings, *_SETTLEABLE)
            answers = _refused(standings) | dict.fromkeys(settled, "completed")
            if not settled:
                return None, answers
            name = self._outcomes.put(ref, [outcomes[index] for index in sorted(settled)])
            return rules.complete(lease, settled, name), answers

        return self._until_settled(ref, frozenset(outcomes), spot, "complete", step, found)

    def fail(self, ref: LeaseRef, spot: str, failures: Mapping[int, Outcome], final: Indices) -> Answers:
        """The work failed. `final` are those that no retry can cure; the others run again while attempts are left."""

        def step(lease: Lease, *, running: bool = True) -> tuple[Lease | None, Answers]:
            standings = lease.standings(spot, frozenset(failures))
            owed = _among(standings, Standing.OWED)
            spent = lease.attempts >= lease.max_attempts or not running
            terminal = owed if spent else owed & final
            retried = owed - terminal
            waiting = _among(standings, Standing.WAITING)
            answers = _refused(standings) | dict.fromkeys(terminal, "failed")
            answers |= dict.fromkeys(retried | waiting, "will_retry")
            answers |= dict.fromkeys(_among(standings, Standing.DONE), "already_terminal")
            if not owed:
                return None, answers
            name = self._outcomes.put(ref, [failures[index] for index in sorted(owed)])
            now = self._clock()
            moved = rules.fail(lease, terminal, now, terminal=True, result=name) if terminal else lease
            moved = (
                rules.fail(moved, retried, now, terminal=False, result=None if terminal else name) if retried else moved
            )
            return moved, answers

        return self._until_settled(ref, frozenset(failures), spot, "fail", step)

    def release(self, ref: LeaseRef, spot: str, indices: Indices) -> Answers:
        """Never started: it goes back at once, its attempt unspent."""

        def step(lease: Lease, *, running: bool = True) -> tuple[Lease | None, Answers]:
            standings = lease.standings(spot, indices)
            owed, waiting = _among(standings, Standing.OWED), _among(standings, Standing.WAITING)
            answers = _refused(standings) | dict.fromkeys(owed | waiting, "released" if running else "cancelled")
            if not owed:
                return None, answers
            return (rules.release(lease, owed) if running else rules.drop(lease)), answers

        return self._until_settled(ref, indices, spot, "release", step)

    def renew(self, ref: LeaseRef, spot: str, kept: Indices, expires_at: int) -> Answers:
        """The worker goes on with these; what it owes of this lease and does not list, it has lost."""

        def step(lease: Lease, *, running: bool = True) -> tuple[Lease | None, Answers]:
            standings = lease.standings(spot, kept)
            owed = _among(standings, Standing.OWED)
            answers = _refused(standings) | dict.fromkeys(owed, "renewed" if running else "cancelled")
            answers |= dict.fromkeys(_among(standings, Standing.WAITING), "wrong_spot")
            if not owed:
                return None, answers
            return (rules.renew(lease, owed, expires_at) if running else rules.drop(lease)), answers

        return self._until_settled(ref, kept, spot, "renew", step)

    def reset(self, task: TaskRef) -> bool:
        """Take a running task from whoever holds it. False when it waits already; refused when it is not running."""
        for _ in range(_TRIES):
            lease = self._leases.newest(task.job, task.index)
            if lease is None or task.index in lease.returned | lease.spared:
                return False
            if task.index not in lease.owed:
                raise TaskNotRunning
            try:
                moves.move(self._table, lease, rules.reset(lease, task.index, self._clock()))
            except moves.LeaseChanged:
                continue
            except moves.JobNotRunning:
                raise TaskNotRunning from None
            _log.info("Reset task %s for retry", short_task_id(task.job, task.index))
            return True
        raise StoreBusy

    def _until_settled(
        self,
        ref: LeaseRef,
        indices: Indices,
        spot: str,
        verb: str,
        step: Callable[..., tuple[Lease | None, Answers]],
        found: Lease | None = None,
    ) -> Answers:
        """Repeat read, decide, write until nobody wrote in between."""
        lease = found or self._leases.lease(ref)
        running = True
        for _ in range(_TRIES):
            if lease is None:
                return dict.fromkeys(indices, "not_found")
            moved, answers = step(lease) if running else step(lease, running=False)
            if moved is None:
                _warn_of_lost(lease, spot, verb, answers)
                self._acknowledge(lease, frozenset(i for i, answer in answers.items() if answer == "cancelled"))
                return answers
            try:
                moves.move(self._table, lease, replace(moved, version=lease.version + 1))
            except moves.LeaseChanged as changed:
                lease = changed.lease or self._leases.lease(ref)
            except moves.JobNotRunning:
                running = False
            else:
                _warn_of_lost(lease, spot, verb, answers)
                self._look_for_the_end(lease, moved)
                return answers
        raise StoreBusy

    def _look_for_the_end(self, old: Lease, new: Lease) -> None:
        if (old.owed and not new.owed) or new.waiting < old.waiting:
            self._jobs.end_if_settled(old.ref.job)

    def _acknowledge(self, lease: Lease, cancelled: Indices) -> None:
        """The worker learns from this very answer that these are cancelled; a lost race is caught up by the next."""
        known = cancelled & lease.dropped
        if not known:
            return
        try:
            moves.move(self._table, lease, rules.acknowledge(lease, known))
        except moves.LeaseChanged:
            return
