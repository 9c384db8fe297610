"""Whose turn it is: organizations share the operator's spots whatever the size of their jobs."""

from muster.core.ids import SHARED
from tests.store.world import World

LARGE, SMALL = 10**6, 100


def claims_until(world: World, spot: str, wanted: str, limit: int = 400) -> int:
    """How many claims of ten, each settled, until a job has ended."""
    for count in range(1, limit + 1):
        world.now += 700
        tasks = world.claim(spot, 10, organization=SHARED)
        world.complete(spot, tasks, organization=SHARED)
        if world.ask("get_job", wanted, organization="small").status == "COMPLETED":
            return count
    raise AssertionError(f"not finished after {limit} claims")


def test_a_hundred_tasks_beside_a_million_take_at_most_twice_their_time_alone(calm_world: World) -> None:
    world = calm_world
    world.submit_many(LARGE, organization="large")
    spot = world.hello(organization=SHARED)
    for _ in range(15):
        world.now += 700
        world.complete(spot, world.claim(spot, 10, organization=SHARED), organization=SHARED)
    small = world.submit_many(SMALL, organization="small")
    alone = SMALL // 10
    assert claims_until(world, spot, small) <= 2 * alone + 1


def test_an_organization_that_comes_later_does_not_starve_the_one_before(calm_world: World) -> None:
    world = calm_world
    first = world.submit_many(LARGE, organization="first")
    spot = world.hello(organization=SHARED)
    for _ in range(20):
        world.now += 700
        world.claim(spot, 10, organization=SHARED)
    world.submit_many(LARGE, organization="second")
    served = []
    for _ in range(20):
        world.now += 700
        (task,) = world.claim(spot, 1, organization=SHARED)
        served.append(task.id.startswith(first))
    assert 8 <= sum(served) <= 12


def test_fairness_holds_over_processes_that_know_nothing_of_each_other(calm_world: World) -> None:
    world = calm_world
    world.submit_many(LARGE, organization="large")
    small = world.submit_many(SMALL, organization="small")
    spot = world.hello(organization=SHARED)
    processes = [world.process() for _ in range(3)]
    count = 0
    while world.ask("get_job", small, organization="small").status != "COMPLETED":
        count += 1
        world.now += 1_100
        world.sweeps = processes[count % 3]
        world.complete(spot, world.claim(spot, 10, organization=SHARED), organization=SHARED)
        assert count <= 2 * SMALL // 10 + 3


def test_a_large_job_of_ones_own_does_not_starve_a_small_one_of_the_same_priority(calm_world: World) -> None:
    world = calm_world
    world.submit_many(LARGE)
    small, spot = world.submit_many(SMALL), world.hello()
    count = 0
    while world.job(small).status != "COMPLETED":
        count += 1
        world.now += 1_100
        world.complete(spot, world.claim(spot, 10))
        assert count <= 2 * SMALL // 10 + 2
