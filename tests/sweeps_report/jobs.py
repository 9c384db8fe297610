"""Jobs and their outcomes as the tests of reports make them up."""

import random
from collections.abc import Sequence
from typing import Any

from muster.sweeps.models import SubmitJob
from muster.sweeps.report import JobFacts, Report, Summary, report_of
from muster.sweeps.space import Space

JOB = "job-main-4y2spf8c5hamrr3y"
SWEEP: dict[str, Any] = {
    "algorithms": ["PSO", "GA"],
    "agents": [10, 20],
    "parameters": {"seed": {"min": 1, "max": 120, "step": 1}},
}
LARGE: dict[str, Any] = SWEEP | {"parameters": {"seed": {"min": 1, "max": 25_001, "step": 1}}}
"""100,004 tasks: more than are summed up exactly."""


def space(spec: dict[str, Any], subset: Sequence[int] | None = None) -> Space:
    return Space(SubmitJob.model_validate(spec), subset)


def outcome(index: int, seed: int = 0) -> dict[str, Any]:
    """Of all kinds: most with an fopt of some power of ten, some without, some failed."""
    rng = random.Random(f"{seed} {index}")
    chance = rng.random()
    if chance < 0.1:
        return {"index": index, "at": 0, "error": f"ValueError: bad seed {rng.randrange(3)}\n  somewhere"}
    fopt = {"fopt": rng.choice([1, -1]) * 10 ** rng.uniform(-9, 3)} if chance < 0.9 else {}
    return {"index": index, "at": 0, "runtimeMs": rng.randrange(5_000), **fopt}


def outcomes(indices: Sequence[int], seed: int = 0) -> list[dict[str, Any]]:
    return [outcome(index, seed) for index in indices]


def summary(of: Space, found: Sequence[dict[str, Any]]) -> Summary:
    made = Summary(of)
    made.add_many(found)
    return made


def facts(of: Summary | Space, **changes: Any) -> JobFacts:
    total = of.space.total if isinstance(of, Summary) else of.total
    known: dict[str, Any] = {
        "id": JOB, "name": "a sweep", "status": "COMPLETED", "total_tasks": total, "completed_tasks": total,
        "failed_tasks": 0, "cancelled_tasks": 0, "created_at": "2026-11-24T08:00:00.000Z",
        "finished_at": "2026-11-24T08:10:00.000Z", "retry_of": None, "generation": 1,
    }  # fmt: skip
    return JobFacts(**known | changes)


def report(of: Summary) -> Report:
    return report_of(facts(of), of)
