"""The audit and the claims that it meets: one of the two gives way, and nothing is owned twice or hidden."""

from collections.abc import Callable

import pytest

from muster.core.ids import LeaseRef
from muster.core.lease import Lease
from muster.store import keys
from muster.store.engine import leases
from muster.store.table import Table
from muster.sweeps import models
from tests.store.hostile import Death, Died, Interruption
from tests.store.invariants import Truth, check
from tests.store.world import MAIN, World, index_of

CLAIM_IS_LOST_AFTER_MS = 31_000


def claim(world: World, spot: str, count: int) -> list[models.ClaimedTask]:
    return world.sweeps.claim_tasks(MAIN, models.ClaimTasks(spot_id=spot, max_tasks=count)).tasks


def test_a_claim_whose_range_was_fenced_off_takes_another(calm_world: World) -> None:
    world = calm_world
    job, spot = world.submit_many(20), world.hello()
    other = world.process()

    def fenced() -> None:
        world.now += CLAIM_IS_LOST_AFTER_MS
        other.audit_jobs()

    world.injector.interruption = Interruption(2, fenced)
    taken = [index_of(task) for task in claim(world, spot, 5)]
    assert taken == [5, 6, 7, 8, 9]
    assert sorted(Truth(world, job).newest()) == list(range(10))
    check(world)
    assert sorted(index_of(task) for task in world.claim_once(spot, 5)) == [10, 11, 12, 13, 14]
    world.finish(job)
    assert world.job(job).completed_tasks == 20


@pytest.mark.parametrize("write", [1, 2])
def test_the_audit_stops_fencing_where_a_claim_turns_out_to_be_alive(
    new_world: Callable[..., World], write: int
) -> None:
    """The first write of this audit arms the watch, the second would fence."""
    world = new_world()
    job, spot = world.submit_many(60), world.hello()
    world.injector.death = Death(1, after=True)
    with pytest.raises(Died):
        claim(world, spot, 60)
    world.now += CLAIM_IS_LOST_AFTER_MS
    holder = keys.holder(MAIN, spot)
    late = Lease(LeaseRef(job, 0, 1, 60), holder, "late", 1, 3, world.now, world.now + 9_000, owed=frozenset(range(60)))

    def claim_goes_on() -> None:
        """Its second request, after a pause longer than any function runs."""
        Table(world.reader, world.table).write(leases.put_new(late))

    world.injector.interruption = Interruption(write, claim_goes_on)
    world.process().audit_jobs()
    assert [lease.ref for lease in Truth(world, job).leases] == [late.ref]
    check(world)


@pytest.mark.parametrize("write", range(1, 6))
def test_a_job_stays_open_when_a_task_comes_back_as_the_last_is_claimed(
    new_world: Callable[..., World], write: int
) -> None:
    world = new_world()
    job, first, last = world.submit_many(4), world.hello(), world.hello()
    held = world.claim_once(first, 2)
    other = world.process()

    def released() -> None:
        other.release_tasks(MAIN, models.HeldTasks(spot_id=first, tasks=[task.id for task in held]))

    world.injector.interruption = Interruption(write, released)
    claimed = [index_of(task) for task in claim(world, last, 2)]
    if world.injector.interruption:
        world.injector.interruption = None
        released()
    world.sweeps = world.process()
    claimed += [index_of(task) for task in world.claim_once(first, 2)]
    assert sorted(claimed) == [0, 1, 2, 3], f"waiting, but hidden: {job}"
    check(world)
