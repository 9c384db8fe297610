"""What reading costs: status, pages of results, lists and health, and the audit, on a large job in leases of 50."""

import statistics
from collections.abc import Callable

from bench.counting import BATCH, RESULT_BYTES, SLOW_MS, Row, per_call, per_task
from bench.scale import Scale
from bench.stand import ORGANIZATION, Stand, sweep_of
from bench.worker import Worker
from muster.store.sweeps import Sweeps

PAGE = 1_000


def of_a_large_job(stand: Stand, scale: Scale) -> tuple[Row, list[Row]]:
    """The job's life from first task to last, by task; and what was read of it before its last batch was settled."""
    sweeps = stand.sweeps()
    worker = Worker(stand, sweeps, BATCH, BATCH, RESULT_BYTES, SLOW_MS)
    stand.meter.take()
    with stand.meter.during("submit_job"):
        job = sweeps.submit_job(ORGANIZATION, sweep_of(scale.read_job)).job_id
    worker.work(scale.read_job - BATCH)
    held = worker.take()
    life = stand.meter.take()
    rows = _audits(stand, scale) + _reads(stand, sweeps, scale, job)
    worker.give(held)
    life |= {"complete_tasks": life["complete_tasks"] + stand.meter.take()["complete_tasks"]}
    ended = sweeps.get_job(ORGANIZATION, job)
    assert (ended.status, ended.completed_tasks) == ("COMPLETED", scale.read_job), ended
    return {"job": scale.read_job, "part": "whole"} | per_task(life, scale.read_job), rows


def _audits(stand: Stand, scale: Scale) -> list[Row]:
    """The first reads every lease; the second goes on from where the first saw that all is whole."""
    leases = scale.read_job // BATCH
    rows = []
    for which in ("first", "again"):
        stand.clock.move(60_000)
        with stand.meter.during("audit_jobs"):
            stand.sweeps().audit_jobs()
        rows.append(_measured(f"audit of {leases:,} leases, {which}", stand))
    return rows


def _reads(stand: Stand, sweeps: Sweeps, scale: Scale, job: str) -> list[Row]:
    places = {"first": 0, "middle": scale.read_job // 2, "last": scale.read_job - PAGE}
    reads: dict[str, Callable[[], object]] = {
        f"results, {place} page of {PAGE:,}": _page(sweeps, job, index) for place, index in places.items()
    }
    reads |= {
        "status of the job": lambda: sweeps.get_job(ORGANIZATION, job),
        "list of 20 jobs": lambda: sweeps.list_jobs(ORGANIZATION),
        "spots": lambda: sweeps.list_spots(ORGANIZATION),
        "health": lambda: sweeps.get_health(ORGANIZATION),
    }
    rows = []
    for name, read in reads.items():
        for _ in range(scale.repeats):
            stand.clock.move(SLOW_MS)
            with stand.meter.during(name):
                read()
        rows.append(_measured(name, stand))
    return rows


def _page(sweeps: Sweeps, job: str, index: int) -> Callable[[], object]:
    def read() -> None:
        page = sweeps.list_results(ORGANIZATION, job, limit=PAGE, next=str(index))
        assert len(page.results) >= PAGE - BATCH, len(page.results)

    return read


def _measured(name: str, stand: Stand) -> Row:
    (spent,) = stand.meter.take().values()
    return per_call(name, spent) | {"p50_ms": statistics.median(spent.seconds) * 1_000}
