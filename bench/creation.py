"""Time to create a job, by its size: requests and units counted, milliseconds over HTTP."""

import statistics
from typing import Any

import httpx

from bench.counting import Row, per_call
from bench.scale import Scale
from bench.stand import ORGANIZATION, Stand, sweep_of


def counted(stand: Stand, scale: Scale) -> list[Row]:
    """What one creation sends."""
    rows = []
    for size in scale.created_jobs:
        sweeps = stand.sweeps()
        stand.meter.take()
        with stand.meter.during("submit_job"):
            job = sweeps.submit_job(ORGANIZATION, sweep_of(size)).job_id
        rows.append({"job": size} | per_call("submit_job", stand.meter.take()["submit_job"]))
        stand.put_away(job)
    return rows


def timed(api: str, scale: Scale) -> list[Row]:
    """Sizes take turns, so that whatever else the machine does meets all of them alike."""
    seconds: dict[int, list[float]] = {size: [] for size in scale.created_jobs}
    with httpx.Client(base_url=api) as client:
        _create(client, 1)
        for _ in range(scale.creations):
            for size in scale.created_jobs:
                seconds[size].append(_create(client, size))
    return [
        {"job": size, "p50_ms": statistics.median(times) * 1_000, "max_ms": max(times) * 1_000, "runs": len(times)}
        for size, times in seconds.items()
    ]


def _create(client: httpx.Client, size: int) -> float:
    request: dict[str, Any] = sweep_of(size).model_dump(mode="json", by_alias=True, exclude_none=True)
    answer = client.post("/api/v1/jobs", json=request)
    answer.raise_for_status()
    assert answer.json()["totalTasks"] == size
    client.post(f"/api/v1/jobs/{answer.json()['jobId']}/cancel").raise_for_status()
    return answer.elapsed.total_seconds()
