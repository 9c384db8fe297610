"""Summing up a job's results in parts: CPU seconds, peak memory, size of a part; and that the figures are right.

`python -m bench.aggregation RESULTS` measures in a process of its own, whose peak is then that of the aggregation.
"""

import json
import math
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from statistics import fmean, quantiles
from typing import Any

from bench.memory import peak_mb
from muster.sweeps.models import SubmitJob
from muster.sweeps.report import Summary
from muster.sweeps.space import Space

PART = 20_000
SPREADS = {"12 powers of ten": 12, "300 powers of ten": 300}
"""How far apart the results of one job lie."""


def measure(results: int) -> list[dict[str, Any]]:
    command = [sys.executable, "-m", "bench.aggregation", str(results)]
    return [
        json.loads(subprocess.run([*command, spread], check=True, capture_output=True).stdout) for spread in SPREADS
    ]


def space_of(results: int) -> Space:
    """Four algorithms and three axes, one of them binned."""
    last = {"min": 1, "max": math.ceil(results / 4_000), "step": 1}
    axes = {"iterations": {"min": 1, "max": 20, "step": 1}, "agents": {"min": 1, "max": 50, "step": 1}}
    return Space(SubmitJob.model_validate({"algorithms": ["PSO", "GA", "DE", "SA"], **axes, "dimension": last}))


def outcomes(spread: int, start: int, end: int) -> Iterator[dict[str, Any]]:
    rng = random.Random(start)
    for index in range(start, end):
        fopt = 10 ** rng.uniform(3 - spread, 3)
        yield {"index": index, "at": 0, "fopt": fopt, "runtimeMs": int(rng.lognormvariate(7, 1.5))}


def aggregate(results: int, spread: str) -> dict[str, Any]:
    """What the parts of a job cost, each made, stored, read and put to the others."""
    space, powers = space_of(results), SPREADS[spread]
    before, summary, seconds, largest = peak_mb(), Summary(space), 0.0, 0
    for start in range(0, results, PART):
        found = list(outcomes(powers, start, min(start + PART, results)))
        began = time.process_time()
        part = Summary(space)
        part.add_many(found)
        content = part.to_bytes()
        summary.merge(Summary.from_bytes(space, content))
        seconds += time.process_time() - began
        largest = max(largest, len(content))
    peak = peak_mb()
    starts = range(0, results, PART)
    values = [one["fopt"] for start in starts for one in outcomes(powers, start, min(start + PART, results))]
    found = summary.figures("fopt")[0][0]
    assert found.count == results
    check(asdict(found), values, summary.relative_error())
    return {
        "results": results,
        "spread": spread,
        "cpu_seconds": round(seconds, 2),
        "peak_mb": round(peak),
        "grown_mb": round(peak - before),
        "part_kb": round(largest / 1_000),
        "relative_error": summary.relative_error(),
    }


def check(found: dict[str, Any], values: Sequence[float], relative_error: float) -> None:
    """Compare a report's statistics with a plain computation over the same numbers."""
    assert (found["best"], found["worst"]) == (min(values), max(values)), found
    assert math.isclose(found["mean"], fmean(values), rel_tol=1e-15), found
    plain = quantiles(values, method="inclusive")
    for name, quartile in zip(("q1", "median", "q3"), plain, strict=True):
        assert math.isclose(found[name], quartile, rel_tol=relative_error * 1.002 + 1e-15), (name, found, plain)


if __name__ == "__main__":
    print(json.dumps(aggregate(int(sys.argv[1]), sys.argv[2])))
