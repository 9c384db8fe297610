"""Submitting, listing, and what it costs."""

from collections.abc import Callable

import pytest

from muster.core.errors import IdempotencyMismatch, InvalidInput, JobNotFound, TaskNotFound
from muster.sweeps.models import SubmitJob
from tests.store.hostile import Death, Died
from tests.store.invariants import check, rows
from tests.store.world import World


def creation(world: World, total: int) -> tuple[dict[str, int], float, int]:
    """Requests, write units and items of the creation of one job."""
    requests, units = dict(world.injector.operations), world.injector.write_units
    world.submit_many(total)
    after = world.injector.operations
    sent = {name: after[name] - requests.get(name, 0) for name in after if after[name] != requests.get(name, 0)}
    return sent, world.injector.write_units - units, len(list(rows(world)))


def test_creating_a_job_costs_the_same_for_one_task_and_for_a_billion(new_world: Callable[..., World]) -> None:
    small = creation(new_world(), 1)
    assert creation(new_world(), 10**9) == small
    assert creation(new_world(), 10**5) == small
    assert small[0] == {"PutItem": 2}


def test_a_billion_tasks_are_claimed_and_counted_like_a_few(calm_world: World) -> None:
    world = calm_world
    job, spot = world.submit_many(10**9), world.hello()
    tasks = world.claim(spot, 500)
    world.complete(spot, tasks)
    view = world.job(job)
    assert (view.total_tasks, view.completed_tasks, view.waiting_tasks) == (10**9, 500, 10**9 - 500)


@pytest.mark.parametrize(
    "spec",
    [
        {"jarPath": "x"},
        {"parameters": {"i": {"min": 1, "max": 10**12, "step": 1}}},
        {"tasks": [1], "algorithms": ["PSO"]},
        {"iterations": [1], "parameters": {"iterations": [2]}},
        {"algorithms": ["PSO"], "parameters": {"alg": [1]}},
    ],
)
def test_a_job_that_makes_no_sense_is_refused_and_changes_nothing(world: World, spec: dict[str, object]) -> None:
    with pytest.raises(InvalidInput) as refused:
        world.submit(**spec)
    assert refused.value.details
    assert list(rows(world)) == []


def test_the_same_key_with_the_same_body_is_the_same_job(world: World) -> None:
    first = world.submit_many(5, key="k")
    world.sweeps = world.process()
    assert world.submit_many(5, key="k") == first
    assert len([row for row in rows(world) if row["sk"] == "HEAD"]) == 1


def test_the_same_key_with_another_body_is_refused(world: World) -> None:
    job = world.submit_many(5, key="k")
    with pytest.raises(IdempotencyMismatch):
        world.submit_many(6, key="k")
    assert world.job(job).total_tasks == 5
    assert world.submit_many(5, key="k", organization="other") != job


@pytest.mark.parametrize("death", [Death(1, False), Death(1, True), Death(2, False), Death(2, True)])
def test_a_submission_that_died_can_be_sent_again(calm_world: World, death: Death) -> None:
    world = calm_world
    world.injector.death = death
    axes = {"i": {"min": 0, "max": 4, "step": 1}}
    with pytest.raises(Died):
        world.sweeps.submit_job("main", SubmitJob.model_validate({"parameters": axes}), "k")
    world.injector.death = None
    job = world.submit_many(5, key="k")
    assert len([row for row in rows(world) if row["sk"] == "HEAD"]) == 1
    assert world.finish(job).status == "COMPLETED"


def test_jobs_are_listed_newest_first_and_page_by_page(world: World) -> None:
    jobs = []
    for number in range(5):
        jobs.append(world.submit_many(1, name=f"Sweep {number}"))
        world.now += 10
    world.submit_many(1, organization="other")
    world.settle_indexes()
    world.now += 3_000
    found: list[str] = []
    further = None
    while True:
        page = world.ask("list_jobs", limit=2, next=further)
        found += [one.id for one in page.jobs]
        further = page.next
        if further is None:
            break
    if not world.plan.late_ms:
        assert found == jobs[::-1]
    assert set(found) == set(jobs)


def test_jobs_are_found_by_status_and_by_a_part_of_their_name(world: World) -> None:
    named, other, spot = world.submit_many(1, name="Rastrigin night"), world.submit_many(1), world.hello()
    world.ask("cancel_job", other)
    world.now += 3_000
    assert [one.id for one in world.ask("list_jobs", name="NIGHT").jobs] == [named]
    assert [one.id for one in world.ask("list_jobs", status="CANCELLED").jobs] == [other]
    assert world.ask("list_jobs", status="RUNNING").jobs == []
    with pytest.raises(InvalidInput):
        world.ask("list_jobs", next="nonsense")
    assert spot


def test_another_organizations_jobs_do_not_exist(world: World) -> None:
    job = world.submit_many(3)
    for operation in ("get_job", "cancel_job", "list_results", "list_tasks", "retry_job"):
        with pytest.raises(JobNotFound):
            world.ask(operation, job, organization="other")
    with pytest.raises(TaskNotFound):
        world.ask("reset_task", f"{job}.0", organization="other")
    with pytest.raises(TaskNotFound):
        world.ask("reset_task", f"{job}.3")
    assert world.ask("list_jobs", organization="other").jobs == []
    check(world)


def test_health_counts_spots_and_tasks(world: World) -> None:
    world.submit_many(5)
    spot = world.hello()
    world.now += 3_000
    world.claim(spot, 2)
    world.now += 3_000
    health = world.ask("get_health")
    assert (health.active_spots, health.pending_tasks, health.running_tasks) == (1, 3, 2)


def test_spots_are_listed_page_by_page(world: World) -> None:
    spots = sorted(world.hello() for _ in range(5)) if not world.plan.death else [world.hello()]
    page = world.ask("list_spots", limit=2)
    found = [one.id for one in page.spots]
    while page.next:
        page = world.ask("list_spots", limit=2, next=page.next)
        found += [one.id for one in page.spots]
    assert set(found) >= set(spots)
    assert found == sorted(found)
