"""A process that dies before or after any one write of any operation loses nothing for longer than two minutes."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest

from muster.core.errors import MusterError
from muster.sweeps import models
from muster.sweeps.models import ClaimedTask
from tests.store.hostile import Death, Died
from tests.store.invariants import Truth, check
from tests.store.world import MAIN, MINUTE_MS, World, short_id

TOTAL = 6


@dataclass(frozen=True)
class Scene:
    """A job in some state, an operation about to happen, and the spots that live on."""

    job: str
    operation: Callable[[], Any]
    alive: list[str]


def claim_request(spot: str, wanted: int, claim_id: str | None = None) -> models.ClaimTasks:
    return models.ClaimTasks(spot_id=spot, max_tasks=wanted, claim_id=claim_id)


def completions(spot: str, tasks: list[ClaimedTask]) -> models.CompleteTasks:
    return models.CompleteTasks(spot_id=spot, tasks=[{"id": task.id, "runtimeMs": 1, "fopt": 1.5} for task in tasks])


def failures(spot: str, tasks: list[ClaimedTask], *retriable: bool) -> models.FailTasks:
    told = retriable * len(tasks) if len(retriable) == 1 else retriable
    items = [{"id": task.id, "error": "e", "retriable": one} for task, one in zip(tasks, told, strict=True)]
    return models.FailTasks(spot_id=spot, tasks=items)


def held(spot: str, tasks: list[ClaimedTask]) -> models.HeldTasks:
    return models.HeldTasks(spot_id=spot, tasks=[task.id for task in tasks])


def started(world: World, claimed: int = 0, **spec: Any) -> tuple[str, str, list[ClaimedTask]]:
    job, spot = world.submit_many(TOTAL, taskTimeoutSeconds=40, **spec), world.hello()
    return job, spot, world.claim(spot, claimed) if claimed else []


def claiming(world: World, wanted: int, claim_id: str | None) -> Scene:
    job, spot, _ = started(world)
    return Scene(job, lambda: world.sweeps.claim_tasks(MAIN, claim_request(spot, wanted, claim_id)), [spot])


def claiming_what_came_back(world: World, claims: int, *, failed: bool) -> Scene:
    job, spot, _ = started(world)
    for _ in range(claims):
        tasks = world.claim(spot, TOTAL // claims)
        world.fail(spot, tasks[1:]) if failed else world.release(spot, tasks[1:])
    world.now += 2_000
    return Scene(job, lambda: world.sweeps.claim_tasks(MAIN, claim_request(spot, TOTAL, "c")), [spot])


def completing(world: World, part: slice) -> Scene:
    job, spot, tasks = started(world, TOTAL)
    return Scene(job, lambda: world.sweeps.complete_tasks(MAIN, completions(spot, tasks[part])), [spot])


def completing_late(world: World, part: slice) -> Scene:
    job, spot, tasks = started(world, TOTAL)
    world.pass_time(16)
    return Scene(job, lambda: world.sweeps.complete_tasks(MAIN, completions(spot, tasks[part])), [spot])


def failing(world: World, *retriable: bool, attempts: int = 3) -> Scene:
    job, spot, tasks = started(world, TOTAL, maxAttempts=attempts)
    return Scene(job, lambda: world.sweeps.fail_tasks(MAIN, failures(spot, tasks, *retriable)), [spot])


def releasing(world: World) -> Scene:
    job, spot, tasks = started(world, TOTAL)
    return Scene(job, lambda: world.sweeps.release_tasks(MAIN, held(spot, tasks[2:])), [spot])


def renewing(world: World) -> Scene:
    job, spot, tasks = started(world, TOTAL)
    return Scene(job, lambda: world.sweeps.renew_tasks(MAIN, held(spot, tasks[2:])), [spot])


def ticking(world: World, *, silent: bool, attempts: int) -> Scene:
    job, spot, _ = started(world, TOTAL // 2, maxAttempts=attempts)
    world.claim(spot, TOTAL - TOTAL // 2)
    world.now += 45_000
    slot = world.now // 5_000
    world.now += -slot % 6 * 5_000
    if not silent:
        world.beat(spot)
    message = {"slot": world.now // 5_000}
    return Scene(job, lambda: world.sweeps.keep_watch(message, 1), [] if silent else [spot])


def cancelling(world: World) -> Scene:
    job, spot, tasks = started(world, 2)
    world.release(spot, tasks[:1])
    world.claim(spot, 2)
    return Scene(job, lambda: world.sweeps.cancel_job(MAIN, job), [spot])


def resetting(world: World, attempts: int) -> Scene:
    job, spot, tasks = started(world, TOTAL, maxAttempts=attempts)
    return Scene(job, lambda: world.sweeps.reset_task(MAIN, short_id(tasks[1])), [spot])


def fencing(world: World) -> Scene:
    job, spot, _ = started(world)
    world.injector.death = Death(1, after=True)
    with pytest.raises(Died):
        world.sweeps.claim_tasks(MAIN, claim_request(spot, 4))
    world.sweeps = world.process()
    world.now += 31_000
    assert Truth(world, job).gaps() == {0, 1, 2, 3}
    return Scene(job, world.sweeps.audit_jobs, [])


SCENES: dict[str, Callable[[World], Scene]] = {
    "claiming a part": lambda world: claiming(world, 4, None),
    "claiming the last": lambda world: claiming(world, TOTAL, None),
    "claiming under an id": lambda world: claiming(world, 4, "c"),
    "claiming the last under an id": lambda world: claiming(world, TOTAL, "c"),
    "claiming what was released": lambda world: claiming_what_came_back(world, 1, failed=False),
    "claiming what was released of several leases": lambda world: claiming_what_came_back(world, 3, failed=False),
    "claiming what failed": lambda world: claiming_what_came_back(world, 1, failed=True),
    "completing a whole lease": lambda world: completing(world, slice(None)),
    "completing a part": lambda world: completing(world, slice(1, 4)),
    "completing late": lambda world: completing_late(world, slice(None)),
    "completing a part late": lambda world: completing_late(world, slice(2, 3)),
    "failing with retries left": lambda world: failing(world, True),
    "failing for good": lambda world: failing(world, False),
    "failing both ways": lambda world: failing(world, True, False, True, True, False, False),
    "failing at the last attempt": lambda world: failing(world, True, attempts=1),
    "releasing": releasing,
    "renewing": renewing,
    "reaping a spot": lambda world: ticking(world, silent=True, attempts=3),
    "reaping a spot at the last attempt": lambda world: ticking(world, silent=True, attempts=1),
    "reaping expired leases": lambda world: ticking(world, silent=False, attempts=3),
    "reaping expired leases at the last attempt": lambda world: ticking(world, silent=False, attempts=1),
    "cancelling": cancelling,
    "resetting": lambda world: resetting(world, 3),
    "resetting at the last attempt": lambda world: resetting(world, 1),
    "fencing lost ranges": fencing,
}


def scenes_after_each_death(
    new_world: Callable[..., World], stage: Callable[[World], Scene], moments: tuple[bool, ...] = (False, True)
) -> Any:
    """The scene once for every write of its operation, dead before it and dead after it.

    Dead before a write leaves the table as dead after the one before does: where it takes long, after is enough.
    """
    for write in count(1):
        for after in moments:
            world = new_world()
            scene = stage(world)
            world.injector.death = Death(write, after)
            try:
                scene.operation()
            except Died:
                pass
            else:
                assert write > 1, "the operation writes nothing"
                return
            world.sweeps = world.process()
            yield world, scene, f"dead {'after' if after else 'before'} write {write}"


def two_minutes(world: World, alive: list[str]) -> None:
    """Two minutes as unlucky as they can be: a tick in thirty seconds, one audit a minute."""
    start = world.now
    for moment in range(5, 121, 5):
        world.now = start + moment * 1_000
        for spot in alive:
            world.beat(spot)
        slot = world.now // 5_000
        if slot % 6 == 0 or moment == 20:
            world.sweeps.keep_watch({"slot": slot})
        if moment * 1_000 % MINUTE_MS == 0:
            world.sweeps.audit_jobs()


@pytest.mark.slow
@pytest.mark.parametrize("stage", SCENES.values(), ids=[name.replace(" ", "_") for name in SCENES])
def test_what_a_death_lost_is_claimable_again_within_two_minutes(
    new_world: Callable[..., World], stage: Callable[[World], Scene]
) -> None:
    for world, scene, where in scenes_after_each_death(new_world, stage, moments=(True,)):
        check(world)
        two_minutes(world, scene.alive)
        view = world.job(scene.job)
        assert view.running_tasks == 0, f"{where}: still held by nobody that works on it"
        settled = view.completed_tasks + view.failed_tasks + view.cancelled_tasks
        assert view.waiting_tasks == view.total_tasks - settled, where
        assert not Truth(world, scene.job).gaps(), where
        check(world)
        view = world.finish(scene.job)
        assert view.status in ("COMPLETED", "FAILED", "CANCELLED"), where
        assert view.completed_tasks + view.failed_tasks + view.cancelled_tasks == view.total_tasks
        check(world)


@pytest.mark.slow
@pytest.mark.parametrize("stage", SCENES.values(), ids=[name.replace(" ", "_") for name in SCENES])
def test_what_died_can_be_asked_again_at_once(new_world: Callable[..., World], stage: Callable[[World], Scene]) -> None:
    for world, scene, _ in scenes_after_each_death(new_world, stage):
        try:
            scene.operation()
        except MusterError as refused:
            pytest.fail(f"asked again: {refused!r}")
        check(world)


@pytest.mark.parametrize("name", ["claiming under an id", "claiming what was released"])
def test_a_claim_that_died_is_one_claim_from_its_first_answer_on(new_world: Callable[..., World], name: str) -> None:
    for _, scene, where in scenes_after_each_death(new_world, SCENES[name]):
        first, again = scene.operation(), scene.operation()
        assert first == again, where


def test_a_claim_off_the_cursor_that_died_takes_nothing_twice(new_world: Callable[..., World]) -> None:
    for world, scene, where in scenes_after_each_death(new_world, SCENES["claiming under an id"]):
        tasks = scene.operation().tasks
        assert [task.id.split(".")[1] for task in tasks] == ["0", "1", "2", "3"], where
        assert world.job(scene.job).running_tasks == 4, where
