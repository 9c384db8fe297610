"""The finish of large jobs, by the workflow's own definition and functions on the emulated table.

The tasks are claimed and completed by the engine. Each function then runs in a process of its own, as on Lambda, so
that its peak of memory is its own; one after the other, where AWS aggregates twenty parts at a time.
"""

import json
import os
import random
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from bench import aggregation
from bench.counting import Row
from bench.results import result_json
from bench.scale import Scale
from bench.stand import NAME, ORGANIZATION, Stand, stand, sweep_of
from bench.units import Raw
from local import cloud
from local.settings import DUMMY_CREDENTIALS, REPOSITORY
from muster.core.finish import MOST_PARTS
from muster.sweeps import models
from muster.sweeps.models import SubmitJob
from tests.store.states import DEFINITION, Interpreter

POWERS = 12
"""Powers of ten over which the small results lie."""
LARGE_BYTES, LARGE_BATCH = 900_000, 5
"""Of a large result, and how many of them a request holds."""
EVENTS = {"Task": 5, "Map": 4, "Choice": 2, "Wait": 2, "Succeed": 2}
"""What one visit of a state adds to an execution's history: a Task is entered, scheduled, started, succeeds, exits."""
OF_AN_ITERATION = OF_AN_EXECUTION = 2
"""Its start and its end."""
MOST_EVENTS = 25_000

Said = dict[str, Any]
"""What a spot says of a completed task, but for the task's id."""


def measure(scale: Scale, say: Callable[[str], None]) -> list[Row]:
    """A job of many small results and one of few large ones: what each function took, what came out."""
    with stand() as fresh:
        say(f"running {scale.aggregated:,} tasks")
        space = aggregation.space_of(scale.aggregated)
        small = _numbers(scale.aggregated)
        job = _settle(fresh, space.job, models.MAX_BATCH, map(_small, small))
        say("finishing their job, one function after the other")
        found = _finish(fresh, job) | {"job": f"{scale.aggregated:,} small results"}
        _check(_report(fresh, job), scale.aggregated)
    with stand() as fresh:
        large = _large(scale.large_results)
        job = _settle(fresh, sweep_of(scale.large_results), LARGE_BATCH, large)
        return [found, _finish(fresh, job) | {"job": f"{scale.large_results:,} results of {LARGE_BYTES // 1_000} KB"}]


def _numbers(results: int) -> Iterator[Row]:
    return aggregation.outcomes(POWERS, 0, results)


def _large(results: int) -> Iterator[Said]:
    dice = random.Random(results)
    for _ in range(results):
        yield {"fopt": dice.random(), "runtimeMs": 1, "resultJson": result_json(LARGE_BYTES, dice)}


def _small(outcome: Row) -> Said:
    return {name: outcome[name] for name in ("fopt", "runtimeMs")}


def _settle(stand: Stand, spec: SubmitJob, batch: int, said: Iterator[Said]) -> str:
    """A job that one spot completes in batches, in the order of its tasks."""
    sweeps = stand.sweeps()
    job = sweeps.submit_job(ORGANIZATION, spec).job_id
    spot = sweeps.register_spot(ORGANIZATION, models.Hello(ip_address="127.0.0.1", total_cores=8)).spot_id
    while claimed := sweeps.claim_tasks(ORGANIZATION, models.ClaimTasks(spot_id=spot, max_tasks=batch)).tasks:
        items = [{"id": task.id, **one} for task, one in zip(claimed, islice(said, len(claimed)), strict=True)]
        sweeps.complete_tasks(ORGANIZATION, models.CompleteTasks(spot_id=spot, tasks=items))
        stand.clock.move(10)
    return job


def _finish(stand: Stand, job: str) -> Row:
    """Run the execution that the job's last settle has started, to its end."""
    calls: list[Row] = []

    def call(state: str, given: Row) -> Row:
        operation = re.sub("(?<!^)([A-Z])", r"_\1", state).lower()
        calls.append(_called(stand, operation, given))
        answer: Row = calls[-1].pop("answer")
        return answer

    (execution,) = stand.executions
    run = Interpreter(call, wait=lambda _seconds: None)
    run.run(execution.state())
    return {
        "functions": _by_function(calls),
        "history_events": events_of(run.visited),
        "history_events_at_most": _most_events(run.visited),
        **_lines(stand, job),
    }


def _called(stand: Stand, operation: str, state: Row) -> Row:
    environment = DUMMY_CREDENTIALS | {
        "PATH": os.environ["PATH"],
        "AWS_DEFAULT_REGION": cloud.REGION,
        "AWS_ENDPOINT_URL": stand.emulator,
        "MUSTER_TABLE": NAME,
        "MUSTER_BUCKET": NAME,
    }
    command = [sys.executable, "-m", "bench.step", operation]
    run = subprocess.run(
        command, input=json.dumps(state), cwd=REPOSITORY, env=environment, check=True, stdout=subprocess.PIPE, text=True
    )
    taken: Row = json.loads(run.stdout.splitlines()[-1])
    return taken


def _by_function(calls: list[Row]) -> list[Row]:
    """`waiting` is the part of the seconds in which a function did not compute: the emulator did, or others."""
    rows = []
    for name in dict.fromkeys(call["function"] for call in calls):
        own = [call for call in calls if call["function"] == name]
        seconds, cpu = (sum(call[column] for call in own) for column in ("seconds", "cpu_seconds"))
        rows.append(
            {"function": name, "calls": len(own), "seconds": seconds, "cpu_seconds": cpu, "waiting": 1 - cpu / seconds}
            | {"longest_seconds": max(call["seconds"] for call in own), "peak_mb": max(call["peak_mb"] for call in own)}
        )
    return rows


def events_of(visited: list[str]) -> int:
    """Events in the history of a Standard execution that visited these states, none of which had to be retried."""
    kinds = {name: state["Type"] for name, state in _all_states(DEFINITION)}
    iterations = visited.count("AggregateResults") + visited.count("EndOfDelivery")
    return OF_AN_EXECUTION + iterations * OF_AN_ITERATION + sum(EVENTS[kinds[name]] for name in visited)


def _most_events(visited: list[str]) -> int:
    """The same of a job that is aggregated in as many parts as there can be."""
    without = [name for name in visited if name != "AggregateResults"]
    return events_of(without + ["AggregateResults"] * MOST_PARTS)


def _all_states(machine: Raw) -> Iterator[tuple[str, Any]]:
    for name, state in machine["States"].items():
        yield name, state
        if "ItemProcessor" in state:
            yield from _all_states(state["ItemProcessor"])


def _lines(stand: Stand, job: str) -> Row:
    """Files of results, how many lines and bytes they hold."""
    files = stand.sweeps().list_report_files(ORGANIZATION, job)
    assert isinstance(files, models.ReportFiles), files
    names = [file.name for file in files.files if file.format == "ndjson"]
    lines = size = 0
    for name in names:
        body = stand.s3.get_object(Bucket=NAME, Key=f"results/{ORGANIZATION}/{job}/{name}")["Body"]
        for chunk in body.iter_chunks(1 << 20):
            lines, size = lines + chunk.count(b"\n"), size + len(chunk)
    assert size == sum(file.size for file in files.files if file.format == "ndjson")
    return {"files": len(names), "lines": lines, "lines_mb": size / 1e6}


def _report(stand: Stand, job: str) -> Row:
    text = stand.sweeps().get_report(ORGANIZATION, job, "json")
    assert isinstance(text, bytes), text
    report: Row = json.loads(text)
    return report


def _check(report: Row, results: int) -> None:
    """Counts, bests, worsts, means and quartiles, of all and of each algorithm, against the numbers themselves."""
    numbers = list(map(_small, _numbers(results)))
    error = report["quantiles"]["relativeError"]
    each = results // len(report["algorithms"])  # the algorithm is the outermost digit of a task's index
    stretches = {0: (0, results)} | {place + 1: (place * each, (place + 1) * each) for place in range(results // each)}
    for group, (low, high) in zip([report["overall"], *report["algorithms"]], stretches.values(), strict=True):
        assert group["count"] == group["withFopt"] == high - low
        for name in ("fopt", "runtimeMs"):
            aggregation.check(group[name], [one[name] for one in numbers[low:high]], error)
