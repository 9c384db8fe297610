"""What was said of a task is what is read: bit for bit, in index order, on pages of any size."""

import json
import struct
from decimal import Decimal
from random import Random

import pytest

from muster.core.errors import InvalidInput, NothingToRetry
from muster.store.engine.reading import PAGE_BYTES
from muster.sweeps import models
from tests.store.invariants import Truth, check, rows
from tests.store.world import World, index_of

DOUBLES = [1e-300, -0.0, 0.0, 1e308, 5e-324, 0.1 + 0.2, -1.7976931348623157e308, 2.2250738585072014e-308, 1 / 3]


def bits(value: float) -> bytes:
    return struct.pack(">d", value)


def test_every_double_comes_back_bit_for_bit(world: World) -> None:
    job, spot = world.submit_many(len(DOUBLES)), world.hello()
    world.settle_indexes()
    tasks = world.claim(spot, len(DOUBLES))
    items = [{"id": t.id, "runtimeMs": 1, "fopt": v} for t, v in zip(tasks, DOUBLES, strict=True)]
    world.ask("complete_tasks", models.CompleteTasks(spot_id=spot, tasks=items))
    read = [one.fopt for one in world.results(job)]
    assert [bits(value) for value in read if value is not None] == [bits(value) for value in DOUBLES]


def test_doubles_sent_as_exact_decimals_come_back_as_the_nearest_double(world: World) -> None:
    job, spot = world.submit_many(3), world.hello()
    world.settle_indexes()
    tasks = world.claim(spot, 3)
    sent = [Decimal("1e-300"), Decimal("-0.0"), Decimal("0.30000000000000004")]
    items = [{"id": t.id, "runtimeMs": 1, "fopt": v} for t, v in zip(tasks, sent, strict=True)]
    world.ask("complete_tasks", models.CompleteTasks(spot_id=spot, tasks=items))
    read = [one.fopt for one in world.results(job)]
    assert [bits(value) for value in read if value is not None] == [bits(1e-300), bits(-0.0), bits(0.1 + 0.2)]


@pytest.mark.parametrize("text", ['{"converged": true}', "not json", "", 'π ≠ 3 \u0000 \\ "', '{"a":1e-400,"b":0.10}'])
def test_a_result_text_is_kept_as_sent(world: World, text: str) -> None:
    job, spot = world.submit_many(1), world.hello()
    world.settle_indexes()
    said = models.CompleteTask(spot_id=spot, runtime_ms=1_500, iter=100, fopt=0.00123, result_json=text)
    world.ask("complete_task", world.claim(spot, 1)[0].id, said)
    (result,) = world.results(job)
    assert (result.result_json, result.runtime_ms, result.iter, result.fopt) == (text, 1_500, 100, 0.00123)
    assert (result.spot_id, result.attempt, result.task_id) == (spot, 1, f"{job}.0")


def test_results_come_in_index_order_over_claims_of_odd_sizes_and_retried_tasks(world: World) -> None:
    job, spot = world.submit_many(53), world.hello()
    world.settle_indexes()
    claimed = [world.claim(spot, count) for count in (7, 1, 13, 5, 11, 2, 9, 5)]
    assert sum(map(len, claimed)) == 53
    for tasks in claimed[::-1]:
        if bad := [task for task in tasks if index_of(task) % 5 == 3]:
            world.fail(spot, bad)
        world.complete(spot, [task for task in tasks if index_of(task) % 5 != 3])
    world.now += 2_000
    world.settle_indexes()
    again = world.claim_all(spot, 10)
    assert sorted(map(index_of, again)) == list(range(3, 53, 5))
    world.complete(spot, again)
    assert [one.index for one in world.results(job, limit=6)] == list(range(53))
    assert {one.index: one.attempt for one in world.results(job)} == {i: 2 if i % 5 == 3 else 1 for i in range(53)}
    check(world)


@pytest.mark.parametrize("limit", [1, 4, 10, 11, 12])
def test_pages_hold_as_many_as_asked_for_and_the_last_has_no_next(calm_world: World, limit: int) -> None:
    world = calm_world
    job, spot = world.submit_many(11), world.hello()
    world.complete(spot, world.claim(spot, 11))
    pages, further = [], None
    while True:
        page = world.sweeps.list_results("main", job, limit=limit, next=further)
        pages.append([one.index for one in page.results])
        assert page.total_completed == 11
        further = page.next
        if further is None:
            break
    assert [index for page in pages for index in page] == list(range(11))
    assert all(len(page) == limit for page in pages[:-1])
    assert all(pages), "no page is empty"


def test_totals_count_all_and_results_are_those_there_are(world: World) -> None:
    job, spot = world.submit_many(10), world.hello()
    world.settle_indexes()
    tasks = world.claim(spot, 6)
    world.complete(spot, tasks[2:5])
    page = world.ask("list_results", job, limit=2)
    assert (page.total_completed, [one.index for one in page.results]) == (3, [2, 3])


def test_results_over_several_partitions_come_in_index_order(calm_world: World) -> None:
    world = calm_world
    job, spot = world.submit_many(1_300), world.hello()
    for count in (500, 300, 499, 1):
        world.complete(spot, world.claim(spot, count))
    assert [one.index for one in world.results(job, limit=333)] == list(range(1_300))
    check(world)


def test_a_next_that_no_page_gave_is_refused(world: World) -> None:
    job = world.submit_many(1)
    for text in ("x", "-1", "\u0661", "1" * 30):
        with pytest.raises(InvalidInput):
            world.ask("list_results", job, next=text)


def incompressible(size: int, seed: int) -> str:
    return Random(seed).randbytes(size // 2).hex()


def test_a_batch_too_large_for_a_row_is_kept_in_the_bucket(world: World) -> None:
    job, spot = world.submit_many(3), world.hello()
    world.settle_indexes()
    tasks = world.claim(spot, 3)
    texts = [incompressible(300_000, seed) for seed in range(3)]
    items = [{"id": t.id, "runtimeMs": 1, "resultJson": x} for t, x in zip(tasks, texts, strict=True)]
    answered = world.ask("complete_tasks", models.CompleteTasks(spot_id=spot, tasks=items)).results
    assert [one.outcome for one in answered] == ["completed"] * 3
    assert [one.result_json for one in world.results(job)] == texts
    assert any("object" in row for row in Truth(world, job).results.values())
    check(world)


def test_a_page_ends_before_its_texts_outgrow_an_answer(calm_world: World) -> None:
    world = calm_world
    job, spot = world.submit_many(8), world.hello()
    for task in world.claim(spot, 8):
        world.complete(spot, [task], resultJson=incompressible(900_000, index_of(task)))
    page = world.sweeps.list_results("main", job)
    assert 1 <= len(page.results) < 8
    assert sum(len(one.result_json or "") for one in page.results) <= PAGE_BYTES
    assert page.next == str(len(page.results))
    assert [one.index for one in world.results(job)] == list(range(8))


def test_explicit_tasks_are_handed_out_as_they_were_given(world: World) -> None:
    payloads = [{"x": 1, "y": None}, [1, 2], "text", None, 7, Decimal("0.10"), True, {"deep": {"a": [None, {}]}}]
    job, spot = world.submit(tasks=payloads), world.hello()
    world.settle_indexes()
    tasks = world.claim(spot, 10)
    expected = ['{"x":1,"y":null}', "[1,2]", '"text"', "null", "7", "0.10", "true", '{"deep":{"a":[null,{}]}}']
    assert [task.payload for task in tasks] == expected
    world.complete(spot, tasks)
    assert [one.payload for one in world.results(job)] == [json.loads(text) for text in expected]
    assert [one.payload for one in world.ask("list_tasks", job).tasks] == expected


def test_explicit_tasks_too_large_for_a_row_are_kept_in_the_bucket(world: World) -> None:
    payloads = [{"blob": incompressible(4_000, seed)} for seed in range(60)]
    job, spot = world.submit(tasks=payloads), world.hello()
    world.settle_indexes()
    (spec,) = [row for row in rows(world) if row["sk"] == "#SPEC"]
    assert "object" in spec
    tasks = world.claim_all(spot, 60)
    assert [json.loads(task.payload) for task in tasks] == payloads
    world.sweeps = world.process()
    assert json.loads(world.ask("list_tasks", job, limit=1).tasks[0].payload) == payloads[0]


def test_steps_of_a_tenth_do_not_drift(world: World) -> None:
    spot = world.hello()
    world.submit(parameters={"w": {"min": Decimal("0.1"), "max": Decimal("1.0"), "step": Decimal("0.1")}})
    world.settle_indexes()
    payloads = [task.payload for task in world.claim(spot, 20)]
    assert payloads == [
        f'{{"w":{value}}}' for value in ("0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7", "0.8", "0.9", "1")
    ]


def test_results_name_the_axes_of_their_task(world: World) -> None:
    spot = world.hello()
    job = world.submit(
        algorithms=["PSO"], iterations={"min": 100, "max": 100, "step": 1}, parameters={"w": [Decimal("0.7")]}
    )
    world.settle_indexes()
    world.complete(spot, world.claim(spot, 1))
    (result,) = world.results(job)
    assert (result.algorithm, result.iterations, result.parameters) == ("PSO", 100, {"iterations": 100, "w": 0.7})


def with_failures(world: World, spot: str, job: str, failing: set[int]) -> None:
    """Run a job to its end; tasks at these places of it fail."""
    total = world.job(job).total_tasks
    tasks = world.claim_all(spot, total)
    assert {task.id.partition(".")[0] for task in tasks} == {job}
    world.fail(spot, [one for one in tasks if index_of(one) in failing], retriable=False)
    if good := [one for one in tasks if index_of(one) not in failing]:
        world.complete(spot, good)


def test_a_retry_is_a_new_job_of_the_failed_tasks_and_can_be_retried_itself(world: World) -> None:
    spot = world.hello()
    first = world.submit(parameters={"i": [10, 11, 12, 13, 14, 15, 16]}, priority=7, pool="default", name="sweep")
    world.settle_indexes()
    with_failures(world, spot, first, {1, 3, 6})
    second = world.ask("retry_job", first, "once").job_id
    world.settle_indexes()
    assert (world.job(second).total_tasks, world.job(second).retry_of) == (3, first)
    assert world.job(second).priority == 7
    with_failures(world, spot, second, {2})
    third = world.ask("retry_job", second, "twice")
    assert (third.total_tasks, third.retry_of) == (1, second)
    world.settle_indexes()
    (task,) = world.claim(spot, 5)
    assert task.payload == '{"i":16}'
    assert world.complete(spot, [task]) == ["completed"]
    assert [world.job(job).status for job in (first, second, third.job_id)] == ["FAILED", "FAILED", "COMPLETED"]
    assert world.ask("retry_job", first, "once").job_id == second
    check(world)


def test_a_job_without_failures_can_not_be_retried(world: World) -> None:
    job, spot = world.submit_many(2), world.hello()
    world.settle_indexes()
    world.complete(spot, world.claim(spot, 2))
    world.job(job)
    with pytest.raises(NothingToRetry):
        world.ask("retry_job", job)


def test_tasks_are_listed_by_status(world: World) -> None:
    job, spot = world.submit_many(8), world.hello()
    world.settle_indexes()
    tasks = world.claim(spot, 6)
    world.complete(spot, tasks[:1])
    world.fail(spot, tasks[1:2], retriable=False, output="the last words")
    world.fail(spot, tasks[2:3])
    world.release(spot, tasks[3:4])
    listed = world.ask("list_tasks", job).tasks
    assert [one.status for one in listed] == ["DONE", "FAILED", "NEW", "NEW", "RUNNING", "RUNNING", "NEW", "NEW"]
    assert [one.attempt for one in listed] == [1, 1, 1, 1, 1, 1, 0, 0]
    assert (listed[1].error, listed[1].output) == ("boom", "the last words")
    assert listed[2].available_at
    assert listed[4].spot_id == spot
    assert listed[4].expires_at
    for status in ("NEW", "RUNNING", "DONE", "FAILED"):
        found = world.ask("list_tasks", job, status=status, limit=3)
        expected = [one.index for one in listed if one.status == status]
        assert [one.index for one in found.tasks] == expected[:3]
        assert (found.next is not None) == (len(expected) > 3)
