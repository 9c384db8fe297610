"""Requests and capacity units per task, counted from the requests: by batch, result size, job size and operation."""

from typing import Any

from bench.meter import Ledger, Spent, total
from bench.results import compressed_to
from bench.scale import Scale
from bench.stand import ORGANIZATION, Stand, sweep_of
from bench.worker import Worker

Row = dict[str, Any]

BRISK_MS, SLOW_MS = 10, 3_000
"""Between two requests of a worker. Brisk: what a process remembers for a moment spares requests. Slow: it spares none,
every claim moves its job's turn and every request is a sign of life; no worker costs more than this."""

BATCH, RESULT_BYTES = 50, 200
"""What the target is stated for."""
TARGET_WRITE_UNITS = 0.6
TARGET_SPREAD = 0.10


def per_task(ledger: Ledger, tasks: int) -> Row:
    """A ledger by task: units, and requests to AWS services."""
    spent = total(ledger)
    return {
        "tasks": tasks,
        "write_units": spent.write_units / tasks,
        "read_units": spent.read_units / tasks,
        "requests": spent.requests.total() / tasks,
    }


def per_call(operation: str, spent: Spent) -> Row:
    """What one call of an operation costs."""
    return {
        "operation": operation,
        "calls": spent.calls,
        "write_units": spent.write_units / spent.calls,
        "read_units": spent.read_units / spent.calls,
        "requests": spent.requests.total() / spent.calls,
        "sent": {name: count / spent.calls for name, count in sorted(spent.requests.items())},
    }


def by_batch(stand: Stand, scale: Scale) -> list[Row]:
    """In the middle of a job of 10,000 tasks; claim and settle of one size."""
    return [
        {"batch": batch, "result_bytes": size, "pace": pace, "compressed_to": compressed_to(size)}
        | in_mid_job(stand, scale.cycles, Worker(stand, stand.sweeps(), batch, batch, size, step_ms))
        for size in (20, 200, 1_000)
        for batch in (1, 10, 50, 100)
        for pace, step_ms in (("brisk", BRISK_MS), ("slow", SLOW_MS))
    ]


def by_settle(stand: Stand, scale: Scale) -> list[Row]:
    """Claims of 50, settled in smaller batches: as workers do whose tasks end at different times."""
    return [
        {"claim": BATCH, "settle": settle}
        | in_mid_job(stand, scale.settled_claims, Worker(stand, stand.sweeps(), BATCH, settle, RESULT_BYTES, SLOW_MS))
        for settle in (1, 10, 25, 50)
    ]


def in_mid_job(stand: Stand, claims: int, worker: Worker) -> Row:
    """So many claims, by task, after a first one that finds nothing remembered."""
    return per_task(*ledger_in_mid_job(stand, claims, worker))


def ledger_in_mid_job(stand: Stand, claims: int, worker: Worker) -> tuple[Ledger, int]:
    """What so many claims and their settles cost, and how many tasks they were."""
    job = worker.sweeps.submit_job(ORGANIZATION, sweep_of(10_000)).job_id
    stand.skip_to(job, 5_000)
    worker.work(worker.claim)
    stand.meter.take()
    done = worker.work(worker.claim * claims)
    spent = stand.meter.take()
    stand.put_away(job)
    return spent, done


def by_job_size(stand: Stand, scale: Scale) -> list[Row]:
    """Whole lives, creation and end included; the largest job in windows at three places of its cursor."""
    rows = [_whole(stand, size) for size in scale.whole_jobs]
    for place in ("first", "middle", "last"):
        rows.append(_window(stand, scale.largest_job, scale.window, place))
    return rows


def _whole(stand: Stand, size: int) -> Row:
    sweeps = stand.sweeps()
    worker = Worker(stand, sweeps, BATCH, BATCH, RESULT_BYTES, SLOW_MS)
    stand.meter.take()
    with stand.meter.during("submit_job"):
        job = sweeps.submit_job(ORGANIZATION, sweep_of(size)).job_id
    worker.work(size)
    spent = stand.meter.take()
    _assert_complete(sweeps.get_job(ORGANIZATION, job))
    return {"job": size, "part": "whole"} | per_task(spent, size)


def _window(stand: Stand, size: int, window: int, place: str) -> Row:
    """`window` tasks: what is below them is left as if it had been settled, what is above them is not touched."""
    sweeps = stand.sweeps()
    job = sweeps.submit_job(ORGANIZATION, sweep_of(size)).job_id
    low = {"first": 0, "middle": size // 2, "last": size - window}[place]
    stand.skip_to(job, low)
    worker = Worker(stand, sweeps, BATCH, BATCH, RESULT_BYTES, SLOW_MS)
    stand.meter.take()
    done = worker.work(window)
    spent = stand.meter.take()
    if place == "last":
        _assert_complete(sweeps.get_job(ORGANIZATION, job))
    stand.put_away(job)
    return {"job": size, "part": f"{place} {window:,}"} | per_task(spent, done)


def _assert_complete(job: Any) -> None:
    assert job.status == "COMPLETED", job


def verdict(by_batch: list[Row], by_job_size: list[Row]) -> Row:
    """The targets and what was measured against them, at the pace that costs most."""
    (stated,) = (
        row for row in by_batch
        if (row["batch"], row["result_bytes"], row["pace"]) == (BATCH, RESULT_BYTES, "slow")
    )  # fmt: skip
    units = [row["write_units"] for row in by_job_size if row["job"] >= 1_000]
    spread = max(units) / min(units) - 1
    return {
        "write_units_per_task": stated["write_units"],
        "write_units_per_task_target": TARGET_WRITE_UNITS,
        "write_units_per_task_met": stated["write_units"] <= TARGET_WRITE_UNITS,
        "spread_over_job_sizes": spread,
        "spread_over_job_sizes_target": TARGET_SPREAD,
        "spread_over_job_sizes_met": spread <= TARGET_SPREAD,
    }
