"""One move of a lease, whole or not at all: the lease, the tally of what it settles, the head's count of what waits.

The pure functions of `muster.core.lease` say what the lease becomes; the rest of the transaction follows from the
difference. Nothing else in Muster writes sets, tallies or the waiting count.
"""

from muster.core.ids import LeaseRef
from muster.core.job import JobStatus
from muster.core.lease import Indices, Lease
from muster.store import keys
from muster.store.engine import leases
from muster.store.table import Refused, Table, Write, update, upsert


class LeaseChanged(Exception):
    """Somebody wrote the lease since it was read. `lease` is how it stands, None when unknown."""

    def __init__(self, lease: Lease | None) -> None:
        super().__init__()
        self.lease = lease


class JobNotRunning(Exception):
    """The job was cancelled: nothing may wait for another run."""


def settled(ref: LeaseRef, done: int, failed: int) -> Write:
    """Count tasks that are settled in the same transaction."""
    return upsert(keys.tally(ref), "ADD #done :done, #failed :failed", done=done, failed=failed)


def waiting_again(job: str, count: int) -> Write:
    """Tasks went back: the job is claimable (again). Refused unless it runs."""
    return update(
        keys.head(job),
        "SET #returned = #returned + :count, #open_pk = #shelf, #open_sk = if_not_exists(#open_sk, #first_rank)",
        "#status = :running",
        count=count,
        running=JobStatus.RUNNING.value,
    )


def taken_over(job: str, count: int) -> Write:
    """Waiting tasks are handed out anew. Refused unless the job runs: a cancelled one hands out nothing."""
    expression, running = "SET #returned = #returned - :count", JobStatus.RUNNING.value
    return update(keys.head(job), expression, "#status = :running", count=count, running=running)


def settled_while_waiting(job: str, count: int) -> Write:
    """Waiting tasks were completed by a late worker."""
    return update(keys.head(job), "SET #returned = #returned - :count", "attribute_exists(#pk)", count=count)


def _head_part(old: Lease, new: Lease) -> list[Write]:
    job, waiting = old.ref.job, new.waiting - old.waiting
    if len(new.moved) > len(old.moved):
        return [taken_over(job, -waiting)]
    if len(new.told) > len(old.told) or len(new.dropped) > len(old.dropped):
        return []
    if waiting > 0:
        return [waiting_again(job, waiting)]
    return [settled_while_waiting(job, -waiting)] if waiting < 0 else []


def _tally_part(old: Lease, new: Lease) -> list[Write]:
    done, failed = len(new.done) - len(old.done), len(new.failed) - len(old.failed)
    return [settled(old.ref, done, failed)] if done or failed else []


def move(table: Table, old: Lease, new: Lease, successor: Lease | None = None) -> None:
    """Write `new` in place of `old`, and the lease that takes over from it, if any.

    Raises LeaseChanged when `old` is no longer how the lease stands, JobNotRunning when the job forbids the move.
    """
    head = _head_part(old, new)
    writes = [leases.rewrite(old, new), *head]
    if successor:
        writes.append(leases.put_new(successor))
    writes += _tally_part(old, new)
    try:
        if len(writes) == 1:
            table.write(writes[0])
        else:
            table.transact(*writes)
    except Refused as refused:
        if head and refused.place == 1:
            raise JobNotRunning from None
        raise LeaseChanged(leases.from_item(refused.item) if refused.item and refused.place == 0 else None) from None


def complete_all_owed(table: Table, ref: LeaseRef, spot: str, indices: Indices, result: str) -> None:
    """The hot path: the holder completes all that it owes, in one transaction and without a read."""
    try:
        table.transact(leases.complete_all_owed(ref, spot, indices, result), settled(ref, len(indices), 0))
    except Refused as refused:
        raise LeaseChanged(leases.from_item(refused.item) if refused.item else None) from None
