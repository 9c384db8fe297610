"""Complete, fail, renew and release: answers to each kind of worker, once, twice, in part and together."""

import pytest

from muster.core.errors import TaskNotFound, WrongSpot
from muster.sweeps import models
from tests.store.invariants import check
from tests.store.world import World, index_of, short_id


def test_completing_twice_is_completing_once(world: World) -> None:
    job, spot = world.submit_many(3), world.hello()
    world.settle_indexes()
    tasks = world.claim(spot, 3)
    said = models.CompleteTask(spot_id=spot, runtime_ms=5, fopt=0.25)
    assert world.ask("complete_task", tasks[0].id, said) == models.TaskCompleted()
    again = said.model_copy(update={"fopt": 9.0})
    world.injector.peaceful = True
    assert world.sweeps.complete_task("main", tasks[0].id, again).message == "already completed"
    assert world.job(job).completed_tasks == 1
    assert [one.fopt for one in world.results(job)] == [0.25]
    check(world)


def test_a_lease_is_settled_in_parts_by_several_requests(world: World) -> None:
    job, spot = world.submit_many(7), world.hello()
    world.settle_indexes()
    tasks = world.claim(spot, 7)
    for part in ([tasks[3]], tasks[0:2], tasks[4:7], [tasks[2]]):
        assert world.complete(spot, part) == ["completed"] * len(part)
        check(world)
    assert world.job(job).status == "COMPLETED"


def test_a_batch_that_overlaps_an_earlier_one_settles_the_rest(calm_world: World) -> None:
    world = calm_world
    job, spot = world.submit_many(4), world.hello()
    tasks = world.claim(spot, 4)
    world.complete(spot, tasks[:2], fopt=1.0)
    assert world.complete(spot, tasks, fopt=2.0) == ["already_completed"] * 2 + ["completed"] * 2
    assert [one.fopt for one in world.results(job)] == [1.0, 1.0, 2.0, 2.0]
    check(world)


def test_a_batch_may_hold_tasks_of_several_leases_and_jobs(world: World) -> None:
    jobs, spot = [world.submit_many(3), world.submit_many(3)], world.hello()
    world.settle_indexes()
    tasks = world.claim_all(spot, 6, batch=2)
    assert world.complete(spot, tasks[::-1]) == ["completed"] * 6
    assert [world.job(job).status for job in jobs] == ["COMPLETED", "COMPLETED"]
    check(world)


def test_a_bad_item_does_not_spoil_the_others(world: World) -> None:
    job, spot = world.submit_many(3), world.hello()
    world.settle_indexes()
    tasks = world.claim(spot, 3)
    items = [
        {"id": tasks[0].id, "runtimeMs": 1},
        {"id": tasks[1].id, "runtimeMs": -1},
        {"runtimeMs": 1},
        {"id": "nonsense", "runtimeMs": 1},
        {"id": short_id(tasks[2]), "runtimeMs": 1},
        {"id": tasks[2].id, "runtimeMs": 1, "fopt": 1.5},
    ]
    answered = world.ask("complete_tasks", models.CompleteTasks(spot_id=spot, tasks=items)).results
    outcomes = [one.outcome for one in answered]
    assert outcomes == ["completed", "invalid", "invalid", "not_found", "not_found", "completed"]
    assert answered[1].details == [{"field": "runtimeMs", "problem": answered[1].details[0]["problem"]}]
    assert answered[3].code == "TASK_NOT_FOUND"
    assert world.job(job).completed_tasks == 2
    check(world)


def test_the_same_task_twice_in_one_batch_counts_once(world: World) -> None:
    job, spot = world.submit_many(2), world.hello()
    world.settle_indexes()
    tasks = world.claim(spot, 2)
    assert world.complete(spot, [tasks[0], tasks[0], tasks[1]]) == ["completed"] * 3
    assert world.job(job).completed_tasks == 2
    check(world)


def test_only_the_spot_that_holds_a_task_may_settle_it(world: World) -> None:
    job, holder, other = world.submit_many(3), world.hello(), world.hello()
    world.settle_indexes()
    tasks = world.claim(holder, 3)
    assert world.complete(other, tasks) == ["wrong_spot"] * 3
    assert world.fail(other, tasks) == ["wrong_spot"] * 3
    assert world.renew(other, tasks) == ["wrong_spot"] * 3
    assert world.release(other, tasks) == ["wrong_spot"] * 3
    with pytest.raises(WrongSpot):
        world.ask("complete_task", tasks[0].id, models.CompleteTask(spot_id=other, runtime_ms=1))
    assert world.job(job).running_tasks == 3
    check(world)


@pytest.mark.parametrize(
    "task", ["task-001", "job-main-0000000000000000.0.0-1-1", "job-other-0000000000000000.0.0-1-1"]
)
def test_a_task_that_does_not_exist_is_not_found(world: World, task: str) -> None:
    spot = world.hello()
    with pytest.raises(TaskNotFound):
        world.ask("complete_task", task, models.CompleteTask(spot_id=spot, runtime_ms=1))
    with pytest.raises(TaskNotFound):
        world.ask("fail_task", task, models.FailTask(spot_id=spot, error="x"))
    assert world.renew(spot, [task]) == world.release(spot, [task]) == ["not_found"]


def test_a_failed_task_is_retried_until_it_is_out_of_attempts(world: World) -> None:
    job, spot = world.submit_many(1, maxAttempts=3), world.hello()
    world.settle_indexes()
    for attempt, outcome in ((1, "will_retry"), (2, "will_retry"), (3, "failed")):
        (task,) = world.claim(spot, 1)
        assert task.attempt == attempt
        assert world.fail(spot, [task]) == [outcome]
        world.now += 60_000
    view = world.job(job)
    assert (view.status, view.failed_tasks) == ("FAILED", 1)
    assert world.claim_once(spot, 1) == []
    check(world)


def test_a_failure_that_no_retry_cures_is_final_at_once(world: World) -> None:
    job, spot = world.submit_many(1), world.hello()
    world.settle_indexes()
    (task,) = world.claim(spot, 1)
    answer = world.ask("fail_task", task.id, models.FailTask(spot_id=spot, error="no such file", retriable=False))
    assert answer.will_retry is False
    assert world.job(job).status == "FAILED"
    failed = world.ask("list_tasks", job, status="FAILED").tasks
    assert [(one.error, one.attempt, one.status) for one in failed] == [("no such file", 1, "FAILED")]
    check(world)


def test_failing_twice_gives_the_same_answer(calm_world: World) -> None:
    world = calm_world
    world.submit_many(2)
    spot = world.hello()
    tasks = world.claim(spot, 2)
    retriable = models.FailTask(spot_id=spot, error="x")
    final = models.FailTask(spot_id=spot, error="x", retriable=False)
    assert [world.sweeps.fail_task("main", tasks[0].id, retriable).will_retry for _ in range(2)] == [True, True]
    assert world.sweeps.fail_task("main", tasks[1].id, final).will_retry is False
    assert world.sweeps.fail_task("main", tasks[1].id, final).message == "already terminal"
    check(world)


def test_failing_a_completed_task_changes_nothing(calm_world: World) -> None:
    world = calm_world
    job, spot = world.submit_many(1), world.hello()
    (task,) = world.claim(spot, 1)
    world.complete(spot, [task])
    assert world.fail(spot, [task]) == ["already_terminal"]
    assert world.job(job).status == "COMPLETED"
    check(world)


def test_completing_a_failed_task_changes_nothing(calm_world: World) -> None:
    world = calm_world
    job, spot = world.submit_many(1), world.hello()
    (task,) = world.claim(spot, 1)
    world.fail(spot, [task], retriable=False)
    told = world.sweeps.complete_task("main", task.id, models.CompleteTask(spot_id=spot, runtime_ms=1))
    assert told.message == "already terminal"
    assert world.job(job).status == "FAILED"
    assert world.results(job) == []
    check(world)


def test_a_batch_of_failures_mixes_final_ones_and_retries(world: World) -> None:
    job, spot = world.submit_many(4), world.hello()
    world.settle_indexes()
    tasks = world.claim(spot, 4)
    items = [{"id": task.id, "error": "e", "retriable": index_of(task) % 2 == 0} for task in tasks]
    answered = world.ask("fail_tasks", models.FailTasks(spot_id=spot, tasks=items)).results
    assert [one.outcome for one in answered] == ["will_retry", "failed", "will_retry", "failed"]
    view = world.job(job)
    assert (view.waiting_tasks, view.failed_tasks, view.running_tasks) == (2, 2, 0)
    check(world)


def test_renewing_moves_the_expiry_of_what_is_listed_and_gives_back_the_rest(world: World) -> None:
    job, spot = world.submit_many(5, taskTimeoutSeconds=20), world.hello()
    world.settle_indexes()
    tasks = world.claim(spot, 5)
    world.now += 10_000
    renewed = world.ask("renew_tasks", models.HeldTasks(spot_id=spot, tasks=[one.id for one in tasks[:3]]))
    assert [one.outcome for one in renewed.results] == ["renewed"] * 3
    assert all(one.expires_at for one in renewed.results)
    assert [world.job(job).running_tasks, world.job(job).waiting_tasks] == [3, 2]
    world.pass_time(15, alive=[spot])
    assert world.job(job).running_tasks == 3
    world.pass_time(35, alive=[spot])
    assert world.job(job).running_tasks == 0
    check(world)


def test_what_was_given_back_can_not_be_renewed(world: World) -> None:
    world.submit_many(2)
    spot = world.hello()
    world.settle_indexes()
    tasks = world.claim(spot, 2)
    world.release(spot, tasks[:1])
    assert world.renew(spot, tasks) == ["wrong_spot", "renewed"]
    check(world)


def test_a_reset_task_runs_again_and_its_old_worker_is_fenced_off(world: World) -> None:
    job, stuck, other = world.submit_many(2), world.hello(), world.hello()
    world.settle_indexes()
    tasks = world.claim(stuck, 2)
    assert world.ask("reset_task", short_id(tasks[0])).success
    world.settle_indexes()
    (again,) = world.claim(other, 2)
    assert (index_of(again), again.attempt) == (0, 2)
    assert world.complete(stuck, [tasks[0]]) == ["wrong_spot"]
    assert world.complete(other, [again]) == world.complete(stuck, [tasks[1]]) == ["completed"]
    assert world.job(job).status == "COMPLETED"
    check(world)


def test_resetting_does_not_hand_a_task_out_more_often_than_allowed(world: World) -> None:
    job, spot = world.submit_many(1, maxAttempts=1), world.hello()
    world.settle_indexes()
    (task,) = world.claim(spot, 1)
    world.ask("reset_task", short_id(task))
    world.settle_indexes()
    (again,) = world.claim(spot, 1)
    check(world)
    assert world.complete(spot, [again]) == ["completed"]
    assert world.job(job).status == "COMPLETED"
