"""A worker that comes back after its lease was reaped, in every case."""

import pytest

from muster.sweeps.models import ClaimedTask
from tests.store.invariants import check
from tests.store.world import World, index_of

Late = tuple[str, str, list[ClaimedTask]]


def reaped(world: World, **spec: object) -> Late:
    """A job of three tasks whose spot was silent for too long: all three wait again."""
    job, spot = world.submit_many(3, **spec), world.hello()
    world.settle_indexes()
    tasks = world.claim(spot, 3)
    world.pass_time(21)
    assert world.job(job).running_tasks == 0
    return job, spot, tasks


def test_a_late_worker_may_complete_what_nobody_holds(world: World) -> None:
    job, late, tasks = reaped(world)
    assert world.complete(late, tasks) == ["completed"] * 3
    assert world.job(job).status == "COMPLETED"
    check(world)


def test_a_late_worker_may_complete_a_part_of_what_waits(world: World) -> None:
    job, late, tasks = reaped(world)
    assert world.complete(late, tasks[1:2]) == ["completed"]
    assert (world.job(job).waiting_tasks, world.job(job).completed_tasks) == (2, 1)
    other = world.hello()
    world.settle_indexes()
    assert sorted(index_of(task) for task in world.claim_all(other, 2)) == [0, 2]
    check(world)


def test_a_late_worker_that_failed_what_waits_is_told_of_the_retry(world: World) -> None:
    job, late, tasks = reaped(world)
    assert world.fail(late, tasks) == ["will_retry"] * 3
    assert world.job(job).waiting_tasks == 3
    check(world)


def test_a_late_worker_can_not_complete_what_was_claimed_again(world: World) -> None:
    job, late, tasks = reaped(world)
    other = world.hello()
    world.settle_indexes()
    again = world.claim(other, 3)
    assert [task.attempt for task in again] == [2, 2, 2]
    assert world.complete(late, tasks) == ["wrong_spot"] * 3
    assert world.fail(late, tasks) == ["wrong_spot"] * 3
    assert world.renew(late, tasks) == ["wrong_spot"] * 3
    assert world.complete(other, again) == ["completed"] * 3
    assert {one.spot_id for one in world.results(job)} == {other}
    check(world)


def test_a_late_worker_can_not_complete_what_it_claimed_again_itself_under_the_old_id(world: World) -> None:
    _, late, tasks = reaped(world)
    world.beat(late)
    world.settle_indexes()
    again = world.claim(late, 3)
    assert world.complete(late, tasks) == ["wrong_spot"] * 3
    assert world.complete(late, again) == ["completed"] * 3
    check(world)


def test_a_late_worker_can_not_complete_what_another_has_settled(world: World) -> None:
    job, late, tasks = reaped(world)
    other = world.hello()
    world.settle_indexes()
    world.complete(other, world.claim(other, 3), fopt=1.0)
    assert world.complete(late, tasks, fopt=2.0) == ["wrong_spot"] * 3
    assert [one.fopt for one in world.results(job)] == [1.0] * 3
    check(world)


def test_a_late_worker_is_told_that_its_own_late_completion_counted_already(calm_world: World) -> None:
    _, late, tasks = reaped(calm_world)
    calm_world.complete(late, tasks)
    assert calm_world.complete(late, tasks) == ["already_completed"] * 3


def test_a_late_worker_of_a_cancelled_job_is_told_so(world: World) -> None:
    job, late, tasks = reaped(world)
    world.ask("cancel_job", job)
    assert world.complete(late, tasks) == ["cancelled"] * 3
    assert world.fail(late, tasks) == ["cancelled"] * 3
    view = world.job(job)
    assert (view.status, view.completed_tasks, view.cancelled_tasks) == ("CANCELLED", 0, 3)
    check(world)


def test_a_late_worker_changes_nothing_of_a_task_that_failed_for_good_when_reaped(calm_world: World) -> None:
    world = calm_world
    job, late, tasks = reaped(world, maxAttempts=1)
    assert world.job(job).status == "FAILED"
    assert world.complete(late, tasks) == ["already_terminal"] * 3
    assert world.results(job) == []
    failed = world.ask("list_tasks", job, status="FAILED").tasks
    assert {one.error for one in failed} == {"spot lost"}
    check(world)


@pytest.mark.parametrize("operation", ["renew", "release"])
def test_a_late_worker_can_neither_renew_nor_keep_what_waits(world: World, operation: str) -> None:
    job, late, tasks = reaped(world)
    expected = {"renew": "wrong_spot", "release": "released"}[operation]
    assert getattr(world, operation)(late, tasks) == [expected] * 3
    assert world.job(job).waiting_tasks == 3
    check(world)
