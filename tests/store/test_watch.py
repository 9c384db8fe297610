"""The watch: ticks while there is something to reap, whatever happens to its messages and processes."""

import pytest

from tests.store.hostile import Death, Died
from tests.store.invariants import check
from tests.store.world import World, index_of


def test_the_first_hello_arms_the_watch_and_the_next_ones_do_not(calm_world: World) -> None:
    world = calm_world
    spot = world.hello()
    assert world.sent == 1
    world.hello()
    world.beat(spot)
    assert world.sent == 1
    writes = world.injector.writes()
    world.sweeps = world.process()
    world.beat(spot)
    assert world.injector.writes() == writes + 2, "the heartbeat, and one refused attempt to arm"
    assert world.sent == 1


def test_a_tick_comes_every_five_seconds_on_its_slot(world: World) -> None:
    spot = world.hello()
    world.pass_time(26, alive=[spot])
    assert len(world.ticks) == 5
    assert world.ticks == list(range(world.ticks[0], world.ticks[0] + 5))


def test_a_message_that_comes_twice_ticks_once(calm_world: World) -> None:
    world = calm_world
    world.hello()
    message = world.queue[0][2]
    world.now += 5_000
    world.sweeps.keep_watch(message)
    sent, operations = world.sent, world.injector.operations.total()
    world.sweeps.keep_watch(message)
    assert world.sent == sent
    assert world.injector.operations.total() == operations + 1


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("write", [1, 2, 3, 4])
def test_a_tick_that_dies_in_mid_work_goes_on(calm_world: World, write: int, after: bool) -> None:
    world = calm_world
    job, spot = world.submit_many(4), world.hello()
    world.claim(spot, 2)
    world.claim(spot, 2)
    world.now += 16_000
    (_, _, message) = world.queue.pop()
    world.injector.death = Death(write, after)
    with pytest.raises(Died):
        world.sweeps.keep_watch(message, 1)
    world.sweeps = world.process()
    world.tick_again(message)
    world.injector.death = None
    assert world.queue, "the next tick is on its way"
    assert world.job(job).waiting_tasks == 4
    assert [one.status for one in world.ask("list_spots").spots] == ["DOWN"]
    check(world)


def test_a_dead_spots_tasks_go_back_within_sixteen_seconds_without_the_minutes_schedule(world: World) -> None:
    world.schedule_on = False
    job, dead, living = world.submit_many(6), world.hello(), world.hello()
    world.settle_indexes()
    lost, kept = world.claim(dead, 3), world.claim(living, 3)
    assert len(lost) == len(kept) == 3
    world.pass_time(16, alive=[living])
    view = world.job(job)
    assert (view.waiting_tasks, view.running_tasks) == (3, 3)
    assert [status_of(world, spot) for spot in (dead, living)] == ["DOWN", "UP"]
    world.settle_indexes()
    again = world.claim(living, 3)
    assert sorted(map(index_of, again)) == sorted(map(index_of, lost))
    check(world)


def status_of(world: World, spot: str) -> str:
    return {one.id: one.status for one in world.ask("list_spots").spots}[spot]


def test_a_spot_that_is_heard_of_again_is_up_again(world: World) -> None:
    spot = world.hello()
    world.pass_time(17)
    assert status_of(world, spot) == "DOWN"
    world.beat(spot)
    assert status_of(world, spot) == "UP"
    world.pass_time(20)
    assert status_of(world, spot) == "DOWN"


def test_claims_settles_and_renewals_count_as_heartbeats(world: World) -> None:
    job, spot = world.submit_many(30), world.hello()
    world.settle_indexes()
    for _ in range(3):
        tasks = world.claim(spot, 3)
        world.pass_time(4)
        world.renew(spot, tasks)
        world.pass_time(4)
        world.complete(spot, tasks[:1])
        world.pass_time(4)
    assert status_of(world, spot) == "UP"
    assert world.job(job).running_tasks == 6


def test_expired_leases_of_a_living_spot_are_reaped_by_every_sixth_tick(world: World) -> None:
    job, spot = world.submit_many(2, taskTimeoutSeconds=8), world.hello()
    world.settle_indexes()
    world.claim(spot, 2)
    claimed_at = world.now
    while world.job(job).running_tasks == 2 and world.now < claimed_at + 60_000:
        world.pass_time(5, alive=[spot])
    assert world.job(job).waiting_tasks == 2
    assert world.now - claimed_at <= 8_000 + 30_000 + 5_000 + world.plan.late_ms
    reaping_slots = [slot for slot in world.ticks if slot % 6 == 0]
    assert reaping_slots
    check(world)


def test_five_ticks_of_six_leave_expired_leases_alone(calm_world: World) -> None:
    world = calm_world
    job, spot = world.submit_many(2, taskTimeoutSeconds=1), world.hello()
    world.claim(spot, 2)
    slot = world.now // 5_000
    while (slot + 1) % 6:
        slot += 1
        world.now = slot * 5_000
        world.beat(spot)
        world.sweeps.keep_watch({"slot": slot})
        assert world.job(job).running_tasks == 2
    world.now += 5_000
    world.beat(spot)
    world.sweeps.keep_watch({"slot": slot + 1})
    assert world.job(job).waiting_tasks == 2


def test_the_watch_ends_when_there_is_nothing_to_watch_and_begins_with_the_next_hello(world: World) -> None:
    world.schedule_on = False
    world.hello()
    world.pass_time(75)
    assert not world.queue
    ticks, operations = len(world.ticks), world.injector.operations.total()
    world.pass_time(600)
    assert len(world.ticks) == ticks
    assert world.injector.operations.total() == operations, "nothing runs while nothing is to be watched"
    world.hello()
    assert len(world.queue) == 1
    world.pass_time(11)
    assert len(world.ticks) >= ticks + 2


def test_a_lost_message_is_made_good_by_the_minutes_audit(world: World) -> None:
    job, spot = world.submit_many(2), world.hello()
    world.settle_indexes()
    world.claim(spot, 2)
    world.queue.clear()
    world.pass_time(100)
    assert world.job(job).waiting_tasks == 2


def test_a_heartbeat_costs_one_write_unit(calm_world: World) -> None:
    world = calm_world
    spot = world.hello()
    world.now += 3_000
    world.beat(spot)
    world.now += 1_000
    before = world.injector.write_units, world.injector.operations.total()
    world.beat(spot)
    assert (world.injector.write_units - before[0], world.injector.operations.total() - before[1]) == (1, 1)


def test_a_tick_with_nothing_due_writes_little(calm_world: World) -> None:
    world = calm_world
    spot = world.hello()
    world.pass_time(6, alive=[spot])
    writes = world.injector.writes()
    world.tick({"slot": world.now // 5_000 + 1})
    assert world.injector.writes() - writes <= 2
