"""Cancel: nothing new is handed out, what is held is dropped, and the spots learn of it."""

import pytest

from muster.core.errors import JobEnded, JobNotFound, TaskNotRunning
from tests.store.hostile import Death, Died
from tests.store.invariants import Truth, check, rows
from tests.store.world import World, short_id


def cancelled_with_two_holders(world: World) -> tuple[str, list[str], list[list[str]]]:
    job, spots = world.submit_many(6), [world.hello(), world.hello()]
    world.settle_indexes()
    held = [[task.id for task in world.claim(spot, 2)] for spot in spots]
    assert world.ask("cancel_job", job).status == "CANCELLED"
    return job, spots, held


def test_a_cancelled_job_counts_what_was_not_done_as_cancelled(world: World) -> None:
    job, spot = world.submit_many(5), world.hello()
    world.settle_indexes()
    tasks = world.claim(spot, 3)
    world.complete(spot, tasks[:1])
    world.fail(spot, tasks[1:2])
    world.ask("cancel_job", job)
    view = world.job(job)
    assert (view.status, view.completed_tasks, view.cancelled_tasks) == ("CANCELLED", 1, 4)
    assert (view.waiting_tasks, view.running_tasks) == (0, 0)
    assert view.finished_at
    statuses = [one.status for one in world.ask("list_tasks", job).tasks]
    assert statuses == ["DONE"] + ["CANCELLED"] * 4
    check(world)


def test_spots_learn_from_their_heartbeat_what_was_cancelled(world: World) -> None:
    _, spots, held = cancelled_with_two_holders(world)
    world.settle_indexes()
    for spot, tasks in zip(spots, held, strict=True):
        assert sorted(world.beat(spot)) == sorted(tasks)
        assert world.complete(spot, tasks) == ["cancelled"] * 2
    world.settle_indexes()
    assert [world.beat(spot) for spot in spots] == [[], []]
    check(world)


def test_cancelling_twice_is_cancelling_once(calm_world: World) -> None:
    job = calm_world.submit_many(3)
    assert calm_world.sweeps.cancel_job("main", job).message is None
    assert calm_world.sweeps.cancel_job("main", job).message == "already cancelled"


def test_an_ended_job_can_not_be_cancelled(world: World) -> None:
    job, spot = world.submit_many(2), world.hello()
    world.settle_indexes()
    world.complete(spot, world.claim(spot, 2))
    world.job(job)
    with pytest.raises(JobEnded):
        world.ask("cancel_job", job)
    with pytest.raises(JobNotFound):
        world.ask("cancel_job", job, organization="other")
    assert world.job(job).status == "COMPLETED"


def test_a_cancelled_task_can_not_be_reset(world: World) -> None:
    _, _, held = cancelled_with_two_holders(world)
    with pytest.raises(TaskNotRunning):
        world.ask("reset_task", short_id(held[0][0]))


def test_a_cancelled_job_is_looked_at_once_more_and_then_finished(world: World) -> None:
    job, _, _ = cancelled_with_two_holders(world)
    world.audit()
    assert "audit_pk" in Truth(world, job).head
    assert "finish" not in Truth(world, job).head
    world.now += 31_000
    world.audit()
    assert Truth(world, job).head["finish"] == "due"
    check(world)


def test_a_holder_learns_of_the_cancellation_even_if_the_process_died_before_telling(calm_world: World) -> None:
    world = calm_world
    job, spot = world.submit_many(2), world.hello()
    held = [task.id for task in world.claim(spot, 2)]
    world.injector.death = Death(at=2, after=True)
    with pytest.raises(Died):
        world.sweeps.cancel_job("main", job)
    world.sweeps = world.process()
    assert Truth(world, job).leases[0].dropped
    world.now += 60_000
    world.audit()
    assert sorted(world.beat(spot)) == held


def test_a_holder_learns_of_the_cancellation_even_if_the_answer_to_the_drop_was_lost(calm_world: World) -> None:
    world = calm_world
    job, spot = world.submit_many(2), world.hello()
    held = [task.id for task in world.claim(spot, 2)]
    world.injector.lose_once = lambda _, asked: "LEASE#" in asked["Key"]["sk"]["S"]
    world.ask("cancel_job", job)
    assert world.injector.delivered["lost answer"] == 1
    assert sorted(world.beat(spot)) == held


def test_what_a_silent_spot_held_of_a_cancelled_job_is_let_go(world: World) -> None:
    cancelled_with_two_holders(world)
    world.pass_time(30)
    assert not [row for row in rows(world) if row["sk"].startswith("LEASE#") and "holder" in row]
    check(world)
