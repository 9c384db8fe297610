"""Real threads on the emulator, whose conditional writes are atomic: exactly one winner, always."""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from muster.core.clock import system_clock
from muster.core.errors import StoreBusy
from muster.store.blobs import Blobs
from muster.store.sweeps import Sweeps
from muster.store.table import Table
from muster.sweeps import models
from muster.sweeps.models import ClaimedTask
from tests.store.endings import sweeps
from tests.store.hostile import Plan
from tests.store.invariants import Truth, check
from tests.store.world import MAIN, World, index_of


@pytest.fixture
def racing(calm_world: World) -> World:
    """A world whose clock is the real one."""
    calm_world.now = system_clock()
    calm_world.sweeps = process(calm_world)
    return calm_world


def process(world: World) -> Sweeps:
    blobs = Blobs(lambda: world._s3, world.bucket)
    return sweeps(Table(world._dynamodb, world.table), blobs, lambda message, delay: None, system_clock)


def all_at_once(calls: list[Callable[[], Any]]) -> list[Any]:
    """Run each in a thread of its own, let go together."""
    gate = threading.Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        gate.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(run, calls))


def claim(sweeps: Sweeps, spot: str, wanted: int, claim_id: str | None = None) -> list[ClaimedTask]:
    return sweeps.claim_tasks(MAIN, models.ClaimTasks(spot_id=spot, max_tasks=wanted, claim_id=claim_id)).tasks


def complete(sweeps: Sweeps, spot: str, tasks: list[ClaimedTask], fopt: float = 1.0) -> list[str]:
    items = [{"id": task.id, "runtimeMs": 1, "fopt": fopt} for task in tasks]
    return [one.outcome for one in sweeps.complete_tasks(MAIN, models.CompleteTasks(spot_id=spot, tasks=items)).results]


@pytest.mark.slow
def test_sixteen_workers_on_twenty_thousand_tasks_settle_each_exactly_once(racing: World) -> None:
    total = 20_000
    job = racing.submit_many(total)
    spots = [racing.hello() for _ in range(16)]

    def work(spot: str) -> list[int]:
        sweeps, done = process(racing), []
        while tasks := claim(sweeps, spot, 100):
            assert set(complete(sweeps, spot, tasks)) == {"completed"}
            done += [index_of(task) for task in tasks]
        return done

    done = Counter(index for one in all_at_once([lambda spot=spot: work(spot) for spot in spots]) for index in one)
    assert set(done) == set(range(total))
    assert set(done.values()) == {1}
    view = racing.job(job)
    assert (view.status, view.completed_tasks) == ("COMPLETED", total)
    check(racing, job)


def test_one_claim_id_from_eight_threads_is_one_claim(racing: World) -> None:
    racing.submit_many(100)
    spot = racing.hello()
    sweeps = [process(racing) for _ in range(8)]
    answers = all_at_once([lambda one=one: claim(one, spot, 5, "same") for one in sweeps])
    assert len({tuple(task.id for task in tasks) for tasks in answers}) == 1
    assert len(answers[0]) == 5
    check(racing)


def test_one_claim_id_from_eight_threads_is_one_claim_of_what_came_back_too(racing: World) -> None:
    job, spot = racing.submit_many(40), racing.hello()
    for _ in range(8):
        tasks = claim(racing.sweeps, spot, 5)
        racing.release(spot, tasks)
    sweeps = [process(racing) for _ in range(8)]
    all_at_once([lambda one=one: claim(one, spot, 5, "same") for one in sweeps])
    after = claim(process(racing), spot, 5, "same")
    assert len(after) == 5
    assert racing.job(job).running_tasks == 5, "the others gave back what they had taken"
    check(racing)


def test_eight_threads_completing_the_same_task_complete_it_once(racing: World) -> None:
    job, spot = racing.submit_many(3), racing.hello()
    tasks = claim(racing.sweeps, spot, 3)
    for part in ([tasks[0]], tasks[1:]):
        sweeps = [process(racing) for _ in range(8)]
        said = all_at_once(
            [lambda n=n, one=one, part=part: complete(one, spot, part, float(n)) for n, one in enumerate(sweeps)]
        )
        outcomes = Counter(one for answers in said for one in answers)
        assert outcomes == {"completed": len(part), "already_completed": 7 * len(part)}
        winner = next(n for n, answers in enumerate(said) if "completed" in answers)
        kept = {one.index: one.fopt for one in racing.results(job)}
        assert {kept[index_of(task)] for task in part} == {float(winner)}
    assert racing.job(job).status == "COMPLETED"
    check(racing)


def test_eight_threads_settling_different_tasks_of_one_lease_all_get_through(racing: World) -> None:
    job, spot = racing.submit_many(16), racing.hello()
    tasks = claim(racing.sweeps, spot, 16)
    sweeps = [process(racing) for _ in range(8)]
    said = all_at_once(
        [lambda n=n, one=one: complete(one, spot, tasks[2 * n : 2 * n + 2]) for n, one in enumerate(sweeps)]
    )
    assert said == [["completed"] * 2] * 8
    assert racing.job(job).status == "COMPLETED"
    check(racing)


def completion_against_the_reaper(world: World, attempts: int) -> tuple[set[str], str]:
    """The outcomes for the worker, and how the job stands."""
    job, spot = world.submit_many(4, maxAttempts=attempts), world.hello()
    tasks = claim(world.sweeps, spot, 4)
    worker, reaper = process(world), process(world)
    lease = Truth(world, job).leases[0]
    outcomes, _ = all_at_once(
        [lambda: complete(worker, spot, tasks), lambda: reaper._reapers._reap(lease, "task timed out")]
    )
    check(world, job)
    return set(outcomes), world.job(job).status


def test_complete_against_the_reaper_ends_in_one_of_both_and_never_in_between(racing: World) -> None:
    for _ in range(6):
        ended = completion_against_the_reaper(racing, attempts=1)
        assert ended in (({"completed"}, "COMPLETED"), ({"already_terminal"}, "FAILED"))


def test_complete_against_the_reaper_with_attempts_left_always_counts(racing: World) -> None:
    for _ in range(6):
        assert completion_against_the_reaper(racing, attempts=3) == ({"completed"}, "COMPLETED")


def test_after_a_cancel_no_claim_hands_anything_out(racing: World) -> None:
    job = racing.submit_many(10_000)
    spots = [racing.hello() for _ in range(6)]
    racing.release(spots[0], claim(racing.sweeps, spots[0], 40))
    cancelled_at: list[int] = []

    def work(spot: str) -> list[int]:
        sweeps, asked_at = process(racing), []
        while True:
            began = system_clock()
            if not claim(sweeps, spot, 20):
                return asked_at
            asked_at.append(began)

    def cancel() -> None:
        while racing.job(job).running_tasks < 200:
            pass
        process(racing).cancel_job(MAIN, job)
        cancelled_at.append(system_clock())

    *began, _ = all_at_once([*[lambda spot=spot: work(spot) for spot in spots], cancel])
    assert cancelled_at
    assert max(max(one, default=0) for one in began) <= cancelled_at[0]
    assert racing.job(job).status == "CANCELLED"
    process(racing).audit_jobs()
    assert not any(lease.owed or lease.waiting for lease in Truth(racing, job).leases)
    check(racing, job)


@pytest.mark.slow
def test_eight_threads_claiming_what_came_back_get_each_task_once(racing: World) -> None:
    job, spot = racing.submit_many(120), racing.hello()
    for _ in range(6):
        racing.release(spot, claim(racing.sweeps, spot, 20))

    def work(sweeps: Sweeps) -> list[int]:
        got: list[int] = []
        idle = 0
        while idle < 20:
            tasks = claim(sweeps, spot, 7)
            idle = 0 if tasks else idle + 1
            got += [index_of(task) for task in tasks]
        return got

    sweeps = [process(racing) for _ in range(8)]
    got = Counter(index for one in all_at_once([lambda one=one: work(one) for one in sweeps]) for index in one)
    assert got == Counter(range(120))
    assert racing.job(job).running_tasks == 120
    check(racing)


@pytest.mark.slow
def test_many_failures_at_once_make_heads_conflict_and_nobody_hears_of_it(new_world: Callable[..., World]) -> None:
    world = new_world(Plan("crowded", conflict=0.3, throttle=0.05), seed=11)
    world.now = system_clock()
    world.sweeps = process(world)
    job = world.submit_many(400, maxAttempts=2)
    spots = [world.hello() for _ in range(8)]
    busy: list[StoreBusy] = []

    def work(spot: str) -> None:
        sweeps = process(world)
        idle = 0
        while idle < 12:
            try:
                tasks = claim(sweeps, spot, 10)
                for task in tasks:
                    sweeps.fail_task(MAIN, task.id, models.FailTask(spot_id=spot, error="x"))
            except StoreBusy as error:
                busy.append(error)
            idle = 0 if tasks else idle + 1
            if not tasks:
                threading.Event().wait(0.2)

    all_at_once([lambda spot=spot: work(spot) for spot in spots])
    assert busy == []
    view = world.job(job)
    assert (view.status, view.failed_tasks) == ("FAILED", 400)
    check(world, job)
