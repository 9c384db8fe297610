"""The bench at tiny sizes; and the counts that Muster promises, which do not depend on the machine."""

import io
import json

import pytest
from rich.console import Console

from bench import __main__ as bench
from bench import aggregation, counting, creation, finish, operations, reads, tables
from bench.scale import Scale
from bench.stand import Stand
from bench.worker import Worker

TINY = Scale(
    cycles=2,
    settled_claims=1,
    whole_jobs=(100, 1_000),
    largest_job=1_000_000,
    window=500,
    created_jobs=(1, 1_000_000_000),
    creations=2,
    read_job=2_000,
    repeats=1,
    small_run=400,
    large_run=800,
    single_run=4,
    starts=1,
    billed_minutes=2,
    aggregated=8_000,
    large_results=2,
)


@pytest.mark.parametrize(("step_ms", "units"), [(counting.BRISK_MS, 0.45), (counting.SLOW_MS, 0.55)])
def test_a_task_costs_about_half_a_write_unit_at_batches_of_50(bench_stand: Stand, step_ms: int, units: float) -> None:
    worker = Worker(bench_stand, bench_stand.sweeps(), 50, 50, 200, step_ms)
    row = counting.in_mid_job(bench_stand, 4, worker)
    assert row["tasks"] == 200
    assert 0.3 < row["write_units"] < units


def test_a_task_costs_the_same_in_a_job_of_a_thousand_and_of_a_million(bench_stand: Stand) -> None:
    rows = counting.by_job_size(bench_stand, TINY)
    units = [row["write_units"] for row in rows if row["job"] >= 1_000]
    assert len(units) == 4
    assert max(units) / min(units) < 1.1


def test_creating_a_job_of_a_billion_tasks_costs_what_one_of_a_single_task_does(bench_stand: Stand) -> None:
    single, billion = creation.counted(bench_stand, TINY)
    assert (single["requests"], single["write_units"]) == (billion["requests"], billion["write_units"]) == (2, 5)


def test_a_page_of_results_costs_the_same_at_every_place_and_a_second_audit_next_to_nothing(bench_stand: Stand) -> None:
    life, rows = reads.of_a_large_job(bench_stand, TINY)
    units = {row["operation"]: row["read_units"] for row in rows}
    assert life["tasks"] == TINY.read_job
    pages = [read for name, read in units.items() if name.startswith("results")]
    assert len(pages) == 3
    assert max(pages) < 2 * min(pages)
    first, again = (read for name, read in units.items() if name.startswith("audit"))
    assert again < first


def test_every_operation_of_a_spot_is_priced(bench_stand: Stand) -> None:
    priced = {row["operation"]: row["write_units"] for row in operations.by_operation(bench_stand)}
    assert priced["record_heartbeat"] == 2
    assert {"claim_tasks", "complete_tasks", "fail_tasks", "renew_tasks", "release_tasks", "audit_jobs"} <= set(priced)


def test_a_jobs_results_are_summed_up_and_found_right() -> None:
    rows = aggregation.measure(TINY.aggregated)
    assert [row["spread"] for row in rows] == list(aggregation.SPREADS)
    assert all(row["cpu_seconds"] > 0 and row["peak_mb"] > 0 for row in rows)


def test_the_history_of_an_execution_is_counted_event_by_event() -> None:
    visited = ["LoadJob", "IsTheReportMade", "AggregateAll", "AggregateResults", "WriteReport", "DeliverAll"]
    execution, task, choice, map_, iteration = 2, 5, 2, 4, 2
    ended = finish.events_of([*visited, "RecordFinish"])
    assert ended == execution + 4 * task + choice + 2 * map_ + iteration
    delivered = ["DeliverReport", "IsItOver", "UntilTheNextAttempt", "DeliverReport", "IsItOver", "EndOfDelivery"]
    assert finish.events_of([*visited, *delivered, "RecordFinish"]) == ended + 2 * task + 2 * choice + 2 + 2 + iteration


def test_a_figure_that_is_not_that_of_the_numbers_is_found() -> None:
    found = {"best": 1.0, "q1": 1.5, "median": 2.0, "q3": 2.5, "mean": 2.0, "worst": 3.0}
    aggregation.check(found, [1.0, 2.0, 3.0], relative_error=0)
    for name, value in found.items():
        with pytest.raises(AssertionError):
            aggregation.check(found | {name: value * 1.001}, [1.0, 2.0, 3.0], relative_error=0)


@pytest.mark.slow
def test_all_that_needs_no_build_is_measured_printed_and_can_be_written_as_json() -> None:
    report = bench.measure(TINY, set(bench.PARTS) - {"cold-start"})
    parts = report["finish"][0]
    assert (parts["lines"], parts["files"], parts["functions"][1]["calls"]) == (8_000, 1, 1)
    assert all(job["history_events"] < job["history_events_at_most"] < finish.MOST_EVENTS for job in report["finish"])
    printed = io.StringIO()
    tables.show(Console(file=printed, width=160), report)
    assert json.loads(json.dumps(report)) == report
    assert {row["name"]: row["rounds"] for row in report["speed"]}["4 workers, large job"] == 1
    for title in (
        "By batch",
        "By job size",
        "Bill: idle month",
        "Creating a job",
        "Speed over HTTP",
        "Summing up",
        "Finishing a job of 8,000 small results",
        "Finishing a job of 2 results of 900 KB",
        "write units per task",
    ):
        assert title in printed.getvalue()
