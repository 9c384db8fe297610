"""Every operation, interrupted before each of its writes by every other, done whole by another process.

Every day by those that take a task away; by all of them, each job then brought to its end, with MUSTER_EVERY_PAIR set.
"""

import os
from collections.abc import Callable
from contextlib import suppress
from itertools import count

import pytest

from muster.core.errors import Conflict, NotFound
from muster.sweeps import models
from muster.sweeps.models import ClaimedTask
from tests.store.hostile import Death, Died, Interruption
from tests.store.invariants import Truth, check
from tests.store.test_crashes import SCENES, Scene
from tests.store.world import MAIN, World, short_id

Handed = list[tuple[str, ClaimedTask]]


def everything_handed_out(world: World, handed: Handed) -> None:
    """From now on every claim's tasks are kept, with their spot: what others may then settle."""
    claim_tasks = world.claim_once

    def kept(spot: str, *args: object, **named: object) -> list[ClaimedTask]:
        tasks = claim_tasks(spot, *args, **named)  # type: ignore[arg-type]
        handed.extend((spot, task) for task in tasks)
        return tasks

    world.claim_once = kept  # type: ignore[method-assign]


def newest_of(handed: Handed) -> tuple[str, list[ClaimedTask]]:
    """What one spot was given last, at most three of it."""
    spot = handed[-1][0]
    return spot, [task for holder, task in handed if holder == spot][-3:]


def cancel(world: World, handed: Handed) -> None:
    world.sweeps.cancel_job(MAIN, handed[-1][1].id.partition(".")[0])


def reset(world: World, handed: Handed) -> None:
    world.sweeps.reset_task(MAIN, short_id(handed[-1][1]))


def reap(world: World, handed: Handed) -> None:
    world.now += 45_000
    world.sweeps.keep_watch({"slot": world.now // 5_000 // 6 * 6 + 6})


def audit(world: World, handed: Handed) -> None:
    world.now += 31_000
    world.sweeps.audit_jobs()


def claim(world: World, handed: Handed) -> None:
    world.claim_once(handed[-1][0], 2)


def settle(operation: str) -> Callable[[World, Handed], None]:
    def settled(world: World, handed: Handed) -> None:
        getattr(world, operation)(*newest_of(handed))

    return settled


MEANWHILE: dict[str, Callable[[World, Handed], None]] = {
    "cancel": cancel,
    "reset": reset,
    "reap": reap,
    "audit": audit,
    "claim": claim,
    **{operation: settle(operation) for operation in ("complete", "fail", "release", "renew")},
}


def interrupted(world: World, stage: Callable[[World], Scene], other: str, write: int) -> tuple[Scene, bool]:
    """The scene with its operation interrupted; and whether it came to that write at all."""
    handed: Handed = []
    everything_handed_out(world, handed)
    scene = stage(world)
    if not handed:
        spot = world.hello()
        world.claim_once(spot, 1)
    happened: list[str] = []

    def meanwhile() -> None:
        happened.append(other)
        first, world.sweeps = world.sweeps, world.process()
        with suppress(Conflict, NotFound):
            MEANWHILE[other](world, handed)
        world.sweeps = first

    world.injector.interruption = Interruption(write, meanwhile)
    with suppress(Conflict, NotFound):
        scene.operation()
    world.injector.interruption = None
    return scene, bool(happened)


EVERY_DAY = ("cancel", "reap", "complete")
OTHERS = MEANWHILE if "MUSTER_EVERY_PAIR" in os.environ else EVERY_DAY


@pytest.mark.slow
@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("stage", SCENES.values(), ids=[name.replace(" ", "_") for name in SCENES])
def test_whatever_comes_between_two_writes_the_invariants_hold(
    new_world: Callable[..., World], stage: Callable[[World], Scene], other: str
) -> None:
    for write in count(1):
        world = new_world()
        scene, happened = interrupted(world, stage, other, write)
        if not happened:
            return
        check(world)
        if "MUSTER_EVERY_PAIR" in os.environ:
            world.now += 31_000
            view = world.finish(scene.job)
            assert view.completed_tasks + view.failed_tasks + view.cancelled_tasks == view.total_tasks
            check(world)


def test_a_claim_of_what_came_back_hands_out_nothing_once_the_job_is_cancelled(calm_world: World) -> None:
    world = calm_world
    job, spot = world.submit_many(6), world.hello()
    world.release(spot, world.claim(spot, 6))
    world.now += 1_000
    other = world.process()

    def cancelled_and_dead() -> None:
        """The head is cancelled, the leases are not dropped yet."""
        world.injector.death = Death(1, after=True)
        with pytest.raises(Died):
            other.cancel_job(MAIN, job)

    world.injector.interruption = Interruption(1, cancelled_and_dead)
    answer = world.sweeps.claim_tasks(MAIN, models.ClaimTasks(spot_id=spot, max_tasks=6))
    assert world.job(job).status == "CANCELLED"
    assert answer.tasks == []
    world.audit()
    assert not any(lease.owed for lease in Truth(world, job).leases)
    check(world)
