"""Claims: ranges off the cursor, what came back, repeats, pools, priorities."""

import pytest

from muster.core.errors import SpotNotFound
from muster.sweeps import models
from tests.store.invariants import check, rows
from tests.store.world import World, index_of


def test_claims_hand_out_every_task_once_and_then_nothing(world: World) -> None:
    world.submit_many(23)
    spot = world.hello()
    world.settle_indexes()
    handed_out = [index_of(task) for _ in range(4) for task in world.claim(spot, 7)]
    assert handed_out == list(range(23))
    assert world.claim_once(spot, 7) == []
    check(world)


def test_an_empty_claim_says_how_long_to_wait(world: World) -> None:
    spot = world.hello()
    nothing = world.ask("claim_tasks", models.ClaimTasks(spot_id=spot))
    assert nothing.tasks == []
    assert nothing.retry_after_ms == 5_000


def test_a_spot_that_never_said_hello_may_not_claim(world: World) -> None:
    world.submit_many(3)
    with pytest.raises(SpotNotFound):
        world.claim_once("spot-main-stranger")


def test_a_repeated_claim_answers_the_same_tasks(world: World) -> None:
    world.submit_many(20)
    spot = world.hello()
    world.settle_indexes()
    first = world.claim(spot, 5, claim_id="a")
    assert len(first) == 5
    assert world.claim(spot, 5, claim_id="a") == first
    assert {index_of(task) for task in world.claim(spot, 5, claim_id="b")}.isdisjoint(map(index_of, first))
    assert world.claim(spot, 5, claim_id="a") == first
    check(world)


def test_a_repeated_claim_answers_the_same_from_another_process(world: World) -> None:
    world.submit_many(20)
    spot = world.hello()
    world.settle_indexes()
    first = world.claim(spot, 5, claim_id="a")
    world.sweeps = world.process()
    assert world.claim(spot, 5, claim_id="a") == first


def test_a_repeated_claim_leaves_out_what_was_settled_since(world: World) -> None:
    world.submit_many(20)
    spot = world.hello()
    world.settle_indexes()
    first = world.claim(spot, 5, claim_id="a")
    world.complete(spot, first[:2])
    assert world.claim(spot, 5, claim_id="a") == first[2:]


def test_the_same_claim_id_of_another_spot_is_another_claim(world: World) -> None:
    world.submit_many(20)
    one, other = world.hello(), world.hello()
    world.settle_indexes()
    first = world.claim(one, 5, claim_id="a")
    assert {index_of(task) for task in world.claim(other, 5, claim_id="a")} == set(range(5, 10))
    assert world.claim(one, 5, claim_id="a") == first


def test_what_was_released_is_claimed_again_with_its_attempt_unspent(world: World) -> None:
    job, spot = world.submit_many(4, maxAttempts=1), world.hello()
    world.settle_indexes()
    tasks = world.claim(spot, 4)
    assert world.release(spot, tasks[1:3]) == ["released", "released"]
    assert world.job(job).waiting_tasks == 2
    world.settle_indexes()
    again = world.claim(spot, 4)
    assert [(index_of(task), task.attempt) for task in again] == [(1, 1), (2, 1)]
    assert world.complete(spot, [tasks[0], tasks[3], *again]) == ["completed"] * 4
    assert world.job(job).status == "COMPLETED"
    check(world)


def test_what_failed_is_claimed_again_after_its_delay_and_not_before(world: World) -> None:
    job, spot = world.submit_many(3), world.hello()
    world.settle_indexes()
    tasks = world.claim(spot, 3)
    assert world.fail(spot, tasks[:2]) == ["will_retry", "will_retry"]
    failed_at = world.now
    world.now = failed_at + 990
    assert world.claim_once(spot, 3) == []
    world.now = failed_at + 1_000
    world.settle_indexes()
    again = world.claim_all(spot, 2)
    assert sorted((index_of(task), task.attempt) for task in again) == [(0, 2), (1, 2)]
    world.fail(spot, again)
    failed_at = world.now
    world.now = failed_at + 1_990
    assert world.claim_once(spot, 3) == []
    world.now = failed_at + 2_000
    world.settle_indexes()
    assert sorted((index_of(task), task.attempt) for task in world.claim_all(spot, 2)) == [(0, 3), (1, 3)]
    assert world.job(job).status == "RUNNING"
    check(world)


def test_a_claim_gathers_what_waits_in_several_leases(world: World) -> None:
    world.submit_many(12)
    spot = world.hello()
    world.settle_indexes()
    for tasks in [world.claim(spot, 4) for _ in range(3)]:
        world.release(spot, tasks[1:3])
    world.settle_indexes()
    assert sorted(index_of(task) for task in world.claim_all(spot, 6)) == [1, 2, 5, 6, 9, 10]
    check(world)


def test_higher_priorities_are_served_first(world: World) -> None:
    low, high = world.submit_many(4, priority=1), world.submit_many(4, priority=8)
    middle = world.submit_many(4)
    spot = world.hello()
    world.settle_indexes()
    served = [world.claim(spot, 4)[0].id.partition(".")[0] for _ in range(3)]
    assert served == [high, middle, low]


def test_pools_are_kept_apart(world: World) -> None:
    world.submit_many(4, pool="gpu")
    plain, special = world.hello(), world.hello(pool="gpu")
    world.settle_indexes()
    assert world.claim_once(plain, 4) == []
    assert len(world.claim(special, 4)) == 4


def test_another_organizations_spot_gets_nothing(world: World) -> None:
    world.submit_many(4)
    stranger = world.hello(organization="other")
    world.settle_indexes()
    assert world.claim_once(stranger, 4, organization="other") == []
    with pytest.raises(SpotNotFound):
        world.claim_once(stranger, 4)


def test_a_cancelled_job_hands_out_nothing(world: World) -> None:
    job, spot = world.submit_many(9), world.hello()
    world.settle_indexes()
    tasks = world.claim(spot, 3)
    world.release(spot, tasks[:1])
    world.ask("cancel_job", job)
    for _ in range(5):
        assert world.claim_once(spot, 3) == []
        world.now += 1_000
    check(world)


def test_a_job_with_nothing_left_to_claim_leaves_the_open_index(world: World) -> None:
    world.submit_many(5)
    spot = world.hello()
    world.settle_indexes()
    tasks = world.claim(spot, 5)
    world.claim_once(spot, 5)
    assert not [row for row in rows(world) if "open_pk" in row]
    world.release(spot, tasks[:1])
    assert [row for row in rows(world) if "open_pk" in row]
    check(world)


def test_what_a_spot_needs_to_run_the_tasks_comes_with_them(world: World) -> None:
    job = world.submit(jarPath="/opt/a.jar", mainClass="a.B", algorithms=["PSO"], taskTimeoutSeconds=60)
    spot = world.hello()
    world.settle_indexes()
    world.injector.immortal = True
    claimed = world.ask("claim_tasks", models.ClaimTasks(spot_id=spot))
    assert claimed.jobs[job].model_dump(exclude_none=True) == {
        "jar_path": "/opt/a.jar",
        "main_class": "a.B",
        "task_timeout_seconds": 60,
    }
