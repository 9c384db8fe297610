"""The finish of a small job, counted: the workflow's definition and steps on the stand, one webhook that arrives."""

import re
from dataclasses import dataclass

from bench.counting import BATCH, RESULT_BYTES, SLOW_MS, Row
from bench.meter import Ledger
from bench.stand import ORGANIZATION, Stand
from bench.worker import Worker
from muster.sweeps.models import SubmitJob
from tests.store.states import Interpreter

TASKS = 375
"""Of the contract's sample sweep."""
STEPS = ("load_job", "aggregate_results", "write_report", "deliver_report", "record_finish")
OWN_MS = {"aggregate_results": 100, "write_report": 100, "deliver_report": 200}
"""Assumed: what these are billed for by themselves, the receiver's answer included."""
STATE_MS = 20
"""Assumed: what passes in a state beside its function."""
ASSUMED = (
    f"of a finish, aggregating and writing take {OWN_MS['aggregate_results']} ms each instead, delivering "
    f"{OWN_MS['deliver_report']} ms, and each state {STATE_MS} ms more"
)


@dataclass(frozen=True)
class Finished:
    """One execution: what its functions spent, and the states it visited."""

    ledger: Ledger
    visited: list[str]


def count(stand: Stand) -> Finished:
    """Functions that remember nothing, as if each were called for the first time."""
    job = _ended_job(stand)
    stand.meter.take()

    def call(state: str, given: Row) -> Row:
        operation = re.sub("(?<!^)([A-Z])", r"_\1", state).lower()
        finish = stand.finish()
        with stand.meter.during(operation):
            answer: Row = getattr(finish, operation)(given)
        return answer

    run = Interpreter(call, wait=lambda _seconds: None)
    run.run(stand.executions.pop().state())
    ledger = stand.meter.take()
    ended = stand.sweeps().get_job(ORGANIZATION, job)
    assert ended.deliveries, ended
    assert (ended.report, ended.deliveries[0].status) == ("READY", "DELIVERED"), ended
    return Finished(ledger, run.visited)


def _ended_job(stand: Stand) -> str:
    sweep = {"algorithms": ["PSO", "GA", "DE"], "iterations": {"min": 1, "max": TASKS // 3, "step": 1}}
    webhook = {"url": "https://example.com/muster", "secret": "whsec_" + "bXVzdGVy" * 4}
    sweeps = stand.sweeps()
    wanted = SubmitJob.model_validate({"jarPath": "/jobs/pso.jar", **sweep, "delivery": {"webhook": webhook}})
    job = sweeps.submit_job(ORGANIZATION, wanted).job_id
    Worker(stand, sweeps, BATCH, BATCH, RESULT_BYTES, SLOW_MS).work(TASKS)
    return job
