"""Speed over HTTP on the local cloud: tasks a second, latencies, and the CPU that a task takes of the coordinator."""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil  # type: ignore[import-untyped]

from bench.counting import RESULT_BYTES, Row
from bench.scale import Scale
from local import cloud
from local.settings import REPOSITORY

TARGET_TASKS_PER_SECOND = 4_000
NOISE = 0.10
"""A large job counts as no slower than a small one within this: less is not told apart on a shared machine."""


@dataclass(frozen=True)
class Load:
    name: str
    workers: int
    batch: int
    tasks: int


def loads(scale: Scale) -> list[Load]:
    """Each is run once in every round."""
    return [
        Load("4 workers, small job", 4, 100, scale.small_run),
        Load("1 worker, small job", 1, 100, scale.small_run),
        Load("4 workers, large job", 4, 100, scale.large_run),
        Load("4 workers, one at a time", 4, 1, scale.single_run),
        Load("1 worker, one at a time", 1, 1, scale.single_run),
    ]


def measure(scale: Scale, say: Callable[[str], None]) -> list[Row]:
    """Rounds of all loads in turn, each round on a fresh cloud; medians of the rounds. `say` is told where it is."""
    rounds: dict[Load, list[Row]] = {load: [] for load in loads(scale)}
    for place in range(1, scale.repeats + 1):
        say(f"speed, round {place} of {scale.repeats}")
        with tempfile.TemporaryDirectory(prefix="muster-bench-") as folder, cloud.start(state=Path(folder)) as running:
            run(running, Load("warm-up", 4, 100, 1_000))
            for load, rows in rounds.items():
                rows.append(run(running, load))
    return [_median(load, rows) for load, rows in rounds.items()]


def run(running: cloud.Cloud, load: Load) -> Row:
    """One run of a load against a running cloud."""
    _until_all_is_finished(running.api)
    coordinator = psutil.Process(running.pid)
    before = coordinator.cpu_times()
    said = _generate(running.api, load)
    after = coordinator.cpu_times()
    return {
        "tasks_per_second": said["tasks"] / said["seconds"],
        "coordinator_cpu_ms_per_task": _ms(before, after, "user", "system") / said["tasks"],
        "snapshots_cpu_ms_per_task": _ms(before, after, "children_user", "children_system") / said["tasks"],
        "generator_cpu_ms_per_task": said["generator_cpu_seconds"] / said["tasks"] * 1_000,
        **_latencies("claim", said["claims"]),
        **_latencies("settle", said["settles"]),
    }


def _until_all_is_finished(api: str) -> None:
    """Reports of earlier jobs are made in the coordinator's process, beside whoever is measured."""
    with httpx.Client(base_url=api, timeout=60) as client:
        while any(
            job["report"] == "PENDING" for job in client.get("/api/v1/jobs", params={"limit": 20}).json()["jobs"]
        ):
            time.sleep(0.2)


def _ms(before: Any, after: Any, *kinds: str) -> float:
    """CPU time between two looks, in ms. The coordinator's only children write its snapshots."""
    return float(sum(getattr(after, kind) - getattr(before, kind) for kind in kinds) * 1_000)


def _generate(api: str, load: Load) -> dict[str, Any]:
    numbers = map(str, (load.workers, load.batch, load.tasks, RESULT_BYTES))
    command = [sys.executable, "-m", "bench.load", api, *numbers]
    ended = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise RuntimeError(f"the load generator failed:\n{ended.stderr}")
    said: dict[str, Any] = json.loads(ended.stdout)
    return said


def _latencies(name: str, seconds: list[float]) -> Row:
    ordered = sorted(seconds)
    return {
        f"{name}_p50_ms": statistics.median(ordered) * 1_000,
        f"{name}_p99_ms": ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))] * 1_000,
    }


def _median(load: Load, rows: list[Row]) -> Row:
    rates = [row["tasks_per_second"] for row in rows]
    medians = {name: statistics.median(row[name] for row in rows) for name in rows[0]}
    noise = (max(rates) - min(rates)) / statistics.median(rates)
    return vars(load) | medians | {"rounds": len(rows), "noise": noise, "rates": rates}


def verdict(rows: list[Row]) -> Row:
    """The targets and what was measured against them."""
    by_name = {row["name"]: row["tasks_per_second"] for row in rows}
    small, large = by_name["4 workers, small job"], by_name["4 workers, large job"]
    return {
        "tasks_per_second": large,
        "tasks_per_second_target": TARGET_TASKS_PER_SECOND,
        "tasks_per_second_met": large >= TARGET_TASKS_PER_SECOND,
        "large_job_to_small_job": large / small,
        "large_job_to_small_job_target": 1 - NOISE,
        "large_job_to_small_job_met": large / small >= 1 - NOISE,
    }
