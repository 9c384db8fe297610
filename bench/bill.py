"""The bill: requests counted on the stand, what stands in the template, and AWS's prices for both, by scenario.

What is counted is counted; what is not is assumed here, with its figure, and shown with the result.
"""

import math
import random
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from bench import finishes
from bench.counting import BATCH, RESULT_BYTES, SLOW_MS, Row, ledger_in_mid_job
from bench.deployed import RECEIVES_A_MONTH, Memory, memory_of, standing
from bench.meter import Ledger, Spent
from bench.prices import MONTH_HOURS, PRICES, Usage, usd, usd_beyond_free
from bench.scale import Scale
from bench.stand import ORGANIZATION, Stand, sweep_of
from bench.worker import Worker
from local.settings import REPOSITORY
from local.template import Template, read_template
from muster.core.access_key import MATERIAL_BYTES, AccessKey
from muster.core.caller import Caller, Role
from muster.store.access.access_keys import AccessKeys
from muster.store.access.trail import Trail
from muster.store.engine.watch import TICK_SECONDS
from muster.sweeps import models

OWN_MS, REQUEST_MS = 10, 8
"""Assumed: what a call is billed for by itself, and for each request to AWS, which it makes one after the other."""
PROCESSES = 10
"""Assumed: of the functions that a worker calls; each looks its key up once a minute."""
LOG_BYTES = 300
"""Assumed: the line with a call's metric."""
JOB_HOURS = 1
"""Assumed: how long a million tasks take; metrics are billed by the hour."""
ASSUMED = (
    f"assumed: a call is billed {OWN_MS} ms and {REQUEST_MS} ms for each of its requests to AWS, and logs {LOG_BYTES} "
    f"bytes; a polled queue is asked {RECEIVES_A_MONTH:,} times a month; a million tasks take {JOB_HOURS} hour, in "
    f"which {PROCESSES} processes look up their key; {finishes.ASSUMED}"
)

HEARTBEAT_SECONDS, CLAIM_SECONDS = 3, 5
MONTH_SECONDS = MONTH_HOURS * 3_600
_WITHOUT_API = {"keep_watch", "audit_jobs", *finishes.STEPS}
"""Nor is a run of theirs that goes well counted by a metric of ours."""
_BILLED_REQUESTS = {
    "s3.PutObject": "objects written", "s3.GetObject": "objects read", "sqs.SendMessage": "queue requests",
}  # fmt: skip

FINISHES = 1_000
EXPRESS_GB = 1 / 16
"""An Express execution that needs less memory is billed for so much, by started tenths of a second."""

IDLE, TASKS = "idle month", "million tasks, batch {}"
EXPRESS, STANDARD = "thousand finishes", "thousand finishes, were they Standard executions"
GOALS = {IDLE: 1.0, TASKS.format(BATCH): 0.60}
"""US dollars, at full price."""


def bills(stand: Stand, scale: Scale) -> list[Row]:
    """One row for each line of each scenario's bill. The stand must be fresh: an idle table is an empty one."""
    memory = memory_of(_template())
    scenarios: dict[str, Usage] = {IDLE: _idle_month(stand, scale, memory)}
    scenarios["month of a waiting spot"] = _waiting_spot(stand, scale, memory)
    for batch in (1, BATCH):
        scenarios[TASKS.format(batch)] = _million_tasks(stand, scale, batch, memory)
    scenarios |= _thousand_finishes(stand, memory)
    return [line for name, usage in scenarios.items() for line in _lines(name, usage)]


def _template() -> Template:
    return read_template(REPOSITORY / "template.yaml")


def usage_of(ledger: Ledger, times: float, memory: Memory, hours: float) -> Counter[str]:
    """What so many times this ledger uses, spread over so many hours."""
    usage: Counter[str] = Counter()
    for operation, spent in ledger.items():
        usage.update(_usage_of_calls(operation, spent, memory))
    scaled = Counter({name: quantity * times for name, quantity in usage.items()})
    return scaled + Counter({"metrics": len(ledger.keys() - _WITHOUT_API) * hours})


def _milliseconds(operation: str, spent: Spent) -> int:
    return spent.calls * finishes.OWN_MS.get(operation, OWN_MS) + spent.requests.total() * REQUEST_MS


def _usage_of_calls(operation: str, spent: Spent, memory: Memory) -> dict[str, float]:
    usage: Counter[str] = Counter()
    for request, count in spent.requests.items():
        if request in _BILLED_REQUESTS:
            usage[_BILLED_REQUESTS[request]] += count
    if operation == "keep_watch":
        usage["queue requests"] += 2 * spent.calls  # its message is received and deleted
    return {
        **usage,
        "API calls": 0 if operation in _WITHOUT_API else spent.calls,
        "function calls": spent.calls,
        "function time": _milliseconds(operation, spent) / 1_000 * memory[operation],
        "write units": spent.write_units,
        "read units": spent.read_units,
        "logs": spent.calls * LOG_BYTES,
    }


def _idle_month(stand: Stand, scale: Scale, memory: Memory) -> Usage:
    """Nobody calls: the minute's audit runs, queues are polled, and what stands, stands."""
    sweeps = stand.sweeps()
    stand.meter.take()
    for _ in range(scale.billed_minutes):
        stand.clock.move(60_000)
        with stand.meter.during("audit_jobs"):
            sweeps.audit_jobs()
    minutes = MONTH_HOURS * 60
    usage = usage_of(stand.meter.take(), minutes / scale.billed_minutes, memory, MONTH_HOURS)
    return usage + standing(_template()) + Counter({"schedule": minutes})


def _waiting_spot(stand: Stand, scale: Scale, memory: Memory) -> Usage:
    """A spot that beats, claims in vain and keeps the watch ticking: on top of an idle month. Spots share one watch."""
    worker = Worker(stand, stand.sweeps(), BATCH, BATCH, RESULT_BYTES, step_ms=0)
    stand.meter.take()
    for second in range(scale.billed_minutes * 60):
        stand.clock.move(1_000)
        for operation in _due(second):
            with stand.meter.during(operation):
                _call(stand, worker, operation)
    return usage_of(stand.meter.take(), MONTH_SECONDS / (scale.billed_minutes * 60), memory, MONTH_HOURS)


def _due(second: int) -> Iterator[str]:
    if second % HEARTBEAT_SECONDS == 0:
        yield "record_heartbeat"
    if second % CLAIM_SECONDS == 1:
        yield "claim_tasks"
    if second % TICK_SECONDS == 2:
        yield "keep_watch"


def _call(stand: Stand, worker: Worker, operation: str) -> None:
    if operation == "record_heartbeat":
        worker.sweeps.record_heartbeat(ORGANIZATION, models.Heartbeat(spot_id=worker.spot, cpu_load=1.0))
    elif operation == "claim_tasks":
        asked = models.ClaimTasks(spot_id=worker.spot, max_tasks=BATCH, claim_id=uuid.uuid4().hex)
        answer = worker.sweeps.claim_tasks(ORGANIZATION, asked)
        assert (answer.tasks, answer.retry_after_ms) == ([], CLAIM_SECONDS * 1_000), answer
    else:
        worker.sweeps.keep_watch({"slot": stand.clock() // (TICK_SECONDS * 1_000)})


def _million_tasks(stand: Stand, scale: Scale, batch: int, memory: Memory) -> Usage:
    """Claimed and completed in batches, at the pace that costs most, without the heartbeats of the spots that do it.
    One submit, put down in the trail; every call brings a key, which costs a read where it is not remembered."""
    worker = Worker(stand, stand.sweeps(), batch, batch, RESULT_BYTES, SLOW_MS)
    ledger, done = ledger_in_mid_job(stand, scale.cycles, worker)
    submitted, looked_up = _submit_and_key(stand)
    lookups = Counter({"read units": looked_up * PROCESSES * 60 * JOB_HOURS})
    return usage_of(ledger, 1e6 / done, memory, JOB_HOURS) + usage_of(submitted, 1, memory, JOB_HOURS) + lookups


def _submit_and_key(stand: Stand) -> tuple[Ledger, float]:
    """What submitting a job costs whose caller is put down; read units of looking up a key."""
    caller, sweeps, trail = Caller(ORGANIZATION, Role.USER), stand.sweeps(), Trail(stand.table(), stand.clock)
    key = AccessKey.of(ORGANIZATION, random.Random(20260101).randbytes(MATERIAL_BYTES))
    keys = AccessKeys(stand.table(), stand.clock, ORGANIZATION)
    keys.create(key, role=Role.USER.value)
    with stand.meter.during("submit_job"):
        action = trail.begin(caller, "submit_job", None, "bench")
        job = sweeps.submit_job(ORGANIZATION, sweep_of(1_000_000)).job_id
        trail.end(action, 201, job)
    submitted = stand.meter.take()
    stand.put_away(job)
    with stand.meter.during("key"):
        assert keys.caller(key), key.id
    return submitted, stand.meter.take()["key"].read_units


def _thousand_finishes(stand: Stand, memory: Memory) -> dict[str, Usage]:
    """By an Express execution each, as Muster does it; and what a Standard execution would cost instead."""
    finished = finishes.count(stand)
    functions = usage_of(finished.ledger, FINISHES, memory, hours=0)
    taken_ms = sum(_milliseconds(operation, spent) for operation, spent in finished.ledger.items())
    lived = math.ceil((taken_ms + len(finished.visited) * finishes.STATE_MS) / 100) / 10
    express = Counter({"express workflows": FINISHES, "express time": FINISHES * lived * EXPRESS_GB})
    standard = Counter({"workflow steps": FINISHES * len(finished.visited)})
    return {EXPRESS: functions + express, STANDARD: functions + standard}


@dataclass(frozen=True)
class Total:
    """Of one scenario's bill, in US dollars."""

    full: float
    beyond_free: float


def _lines(scenario: str, usage: Usage) -> Iterator[Row]:
    full, beyond = usd(usage), usd_beyond_free(usage)
    for name in PRICES:
        if usage.get(name):
            line = {"scenario": scenario, "line": name, "quantity": usage[name], "unit": PRICES[name].unit}
            yield line | {"usd": full[name], "usd_beyond_free": beyond[name]}


def totals(lines: list[Row]) -> dict[str, Total]:
    """By scenario, in the order of the bills."""
    names = dict.fromkeys(line["scenario"] for line in lines)
    return {
        name: Total(
            *(sum(line[column] for line in lines if line["scenario"] == name) for column in ("usd", "usd_beyond_free"))
        )
        for name in names
    }


def verdict(lines: list[Row]) -> Row:
    """The goals and what came of them, at full price and beyond the free tier."""
    found: Row = {}
    for name, total in totals(lines).items():
        if name in GOALS:
            for subject, paid in (
                (f"USD, {name}", total.full),
                (f"USD, {name}, beyond the free tier", total.beyond_free),
            ):
                found |= {subject: paid, f"{subject}_target": GOALS[name], f"{subject}_met": paid <= GOALS[name]}
    return found
