"""A lease: a set of tasks handed to one worker, and what became of each.

Every index of a lease is in exactly one of its sets:

    owed ──complete──► done        returned, spared ──late complete──► done
      ├──fail, out of attempts──► failed                ├──claimed anew──► moved (into a lease of the next generation)
      ├──fail, lost, reaped──► returned (spent)         └──cancel──► told
      ├──release──► spared (an attempt was not spent)
      └──cancel──► dropped ──the worker knows──► told

done, failed, moved and told are final. The functions below are the only truth about these moves: each takes the lease
as it was read and answers the lease as it shall be. The store writes the answer on condition that nobody wrote
in between, and what a function refuses is what the caller is told.
"""

from collections.abc import Set
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self

from muster.core import retry
from muster.core.ids import LeaseRef

MAX_SPAN = 500
"""Tasks in one lease, at most; also how far its indices lie apart."""

Indices = frozenset[int]
NONE: Indices = frozenset()
SETS = ("owed", "done", "failed", "returned", "spared", "moved", "dropped", "told")


class Standing(StrEnum):
    """What one task is to one worker that wants to settle it."""

    OWED = "owed"
    """the worker holds it"""
    WAITING = "waiting"
    """it went back, nobody has taken it since: the work still counts"""
    DONE = "done"
    FAILED = "failed"
    LOST = "lost"
    """another worker holds it, or this worker never did"""
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Lease:
    """`attempts`: how often its tasks were handed out, this time included. Times in milliseconds since 1970."""

    ref: LeaseRef
    spot: str
    claim: str
    attempts: int
    max_attempts: int
    claimed_at: int
    expires_at: int
    version: int = 1
    retry_at: int = 0
    owed: Indices = NONE
    done: Indices = NONE
    failed: Indices = NONE
    returned: Indices = NONE
    spared: Indices = NONE
    moved: Indices = NONE
    dropped: Indices = NONE
    told: Indices = NONE
    results: tuple[str, ...] = ()

    def __contains__(self, index: int) -> bool:
        return any(index in getattr(self, name) for name in SETS)

    def standing(self, spot: str, index: int) -> Standing:
        """Why a settle of this task by this worker is accepted or refused."""
        if index not in self:
            return Standing.UNKNOWN
        if index in self.done:
            return Standing.DONE
        if index in self.failed:
            return Standing.FAILED
        if index in self.dropped or index in self.told:
            return Standing.CANCELLED
        if self.spot != spot or index in self.moved:
            return Standing.LOST
        return Standing.OWED if index in self.owed else Standing.WAITING

    def standings(self, spot: str, indices: Set[int]) -> dict[Standing, Indices]:
        """The tasks by their standing."""
        found: dict[Standing, set[int]] = {}
        for index in indices:
            found.setdefault(self.standing(spot, index), set()).add(index)
        return {standing: frozenset(members) for standing, members in found.items()}

    @property
    def waiting(self) -> int:
        return len(self.returned) + len(self.spared)

    @property
    def held(self) -> bool:
        """Whether a worker is still bound to it: it owes something, or does not know yet that it need not."""
        return bool(self.owed or self.dropped)

    @property
    def available_at(self) -> int | None:
        """When something of it can be claimed anew; None when nothing waits."""
        if self.spared:
            return 0
        return self.retry_at if self.returned else None

    def _take(self, indices: Indices, **grown: Indices) -> Self:
        sets = {name: getattr(self, name) - indices for name in ("owed", "returned", "spared", "dropped")}
        for name, members in grown.items():
            sets[name] = sets.get(name, getattr(self, name)) | members
        return replace(self, version=self.version + 1, **sets)


def complete(lease: Lease, indices: Indices, result: str) -> Lease:
    """Owed or waiting tasks are done; `result` names the row that holds their outcomes."""
    return replace(lease._take(indices, done=indices), results=(*lease.results, result))


def fail(lease: Lease, indices: Indices, now: int, *, terminal: bool, result: str | None) -> Lease:
    """Owed tasks failed: for good, or to be tried again after the delay that their attempts have earned."""
    results = (*lease.results, result) if result else lease.results
    if terminal:
        return replace(lease._take(indices, failed=indices), results=results)
    retry_at = max(lease.retry_at, now + retry.delay_ms(lease.attempts))
    return replace(lease._take(indices, returned=indices), retry_at=retry_at, results=results)


def release(lease: Lease, indices: Indices) -> Lease:
    """Owed tasks that were never started go back at once, their attempt unspent."""
    return lease._take(indices, spared=indices)


def reset(lease: Lease, index: int, now: int) -> Lease:
    """One running task goes back at once, its attempt spent; the last one is not, so that it can run again at all."""
    task = frozenset({index})
    if lease.attempts >= lease.max_attempts:
        return lease._take(task, spared=task)
    return replace(lease._take(task, returned=task), retry_at=max(lease.retry_at, now))


def renew(lease: Lease, kept: Indices, expires_at: int) -> Lease:
    """The worker goes on with `kept`; what it owes besides it no longer has, and that goes back."""
    lost = lease.owed - kept
    return replace(lease._take(lost, spared=lost), expires_at=expires_at)


def drop(lease: Lease) -> Lease:
    """The job was cancelled: nothing of the lease will run again."""
    return lease._take(
        lease.owed | lease.returned | lease.spared, dropped=lease.owed, told=lease.returned | lease.spared
    )


def acknowledge(lease: Lease, indices: Indices) -> Lease:
    """The worker knows that these were cancelled."""
    return lease._take(indices, told=indices)


def take_over(
    lease: Lease, wanted: int, now: int, spot: str, claim: str, expires_at: int
) -> tuple[Lease, Lease] | None:
    """Claim up to `wanted` waiting tasks anew: the old lease without them, and the new one. None when none is due.

    All of one kind, so that the attempts of the new lease are those of each of its tasks.
    """
    spared = bool(lease.spared)
    if not spared and not (lease.returned and lease.retry_at <= now):
        return None
    taken = frozenset(sorted(lease.spared if spared else lease.returned)[:wanted])
    ref = LeaseRef(lease.ref.job, min(taken), lease.ref.gen + 1, len(taken))
    attempts = max(1, lease.attempts if spared else lease.attempts + 1)
    newer = Lease(ref, spot, claim, attempts, lease.max_attempts, now, expires_at, owed=taken)
    return lease._take(taken, moved=taken), newer
