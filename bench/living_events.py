"""Sample events about jobs and spots that live: made on a local cloud for one call each."""

import json
import random
import time
from pathlib import Path
from typing import Any

import httpx

from bench.results import completion
from bench.stand import sweep_of
from local.cloud import Cloud
from muster.store import keys
from muster.store.engine.watch import TICK_SECONDS
from muster.store.finish.deliveries import JOBS_OWN

_SAMPLE_JOB, _SAMPLE_SPOT = "job-main-ne0t4cajqxtkk1f4", "spot-main-7c1m5v9w2e8ka4tz"
_SAMPLE_FINISHED_JOB = "job-main-52crc1hw3y63yd1v"
_SAMPLE_BATCH = 25
_SAMPLE_SLOT = "353445120"
_NOBODY_LISTENS = {"url": "http://127.0.0.1:9/", "secret": "whsec_" + "bXVzdGVy" * 4}
"""A job that is to be reported there is not done with its finish for hours."""


def about_something(event: Path) -> bool:
    """Whether it names a job or a spot."""
    text = event.read_text()
    return any(sample in text for sample in (_SAMPLE_JOB, _SAMPLE_SPOT, _SAMPLE_FINISHED_JOB))


def living(running: Cloud, event: Path, folder: Path) -> Path:
    """A copy of the event, sent with a good key; a job or spot in it is one that was made for this very call, a tick
    one that is due."""
    text = event.read_text().replace(_SAMPLE_SLOT, str(int(time.time()) // TICK_SECONDS + 1))
    with httpx.Client(base_url=running.api, timeout=60) as client:
        if _SAMPLE_FINISHED_JOB in text:
            text = text.replace(_SAMPLE_FINISHED_JOB, _job_in_its_finish(running, client, pool=event.stem))
        elif about_something(event):
            spot, job, _ = _job_and_spot(client, event.stem)
            text = text.replace(_SAMPLE_JOB, job).replace(_SAMPLE_SPOT, spot)
        sent: dict[str, Any] = json.loads(text)
        if "httpMethod" in sent:
            sent["headers"]["Authorization"] = f"Bearer {_key(client)}"
    place = folder / "event.json"
    place.write_text(json.dumps(sent))
    return place


def _key(client: httpx.Client) -> str:
    """One that no process has seen."""
    key: str = _post(client, "/api/v1/keys", {"role": "admin", "name": "bench"})["key"]
    return key


def _job_and_spot(client: httpx.Client, pool: str, tasks: int = 100, **more: Any) -> tuple[str, str, list[str]]:
    """The spot holds the job's first batch, of the size that sample events have."""
    spot = _post(client, "/internal/v1/hello", {"ipAddress": "127.0.0.1", "totalCores": 8, "pool": pool})["spotId"]
    sweep = sweep_of(tasks).model_dump(mode="json", by_alias=True, exclude_none=True)
    job = _post(client, "/api/v1/jobs", sweep | {"pool": pool} | more)["jobId"]
    claimed = _post(client, "/internal/v1/tasks/claim", {"spotId": spot, "maxTasks": _SAMPLE_BATCH})
    return spot, job, [task["id"] for task in claimed["tasks"]]


def _job_in_its_finish(running: Cloud, client: httpx.Client, pool: str) -> str:
    """Its report is made, its delivery was tried in vain and is to be tried again at once."""
    spot, job, held = _job_and_spot(client, pool, _SAMPLE_BATCH, delivery={"webhook": _NOBODY_LISTENS})
    done = [completion(task, 200, random.Random(pool)) for task in held]
    _post(client, "/internal/v1/tasks/complete", {"spotId": spot, "tasks": done})
    deadline = time.monotonic() + 60
    while not _tried(client.get(f"/api/v1/jobs/{job}").raise_for_status().json()):
        assert time.monotonic() < deadline, f"the finish of {job} takes too long"
        time.sleep(0.1)
    key = {name: {"S": value} for name, value in keys.delivery(job, JOBS_OWN).items()}
    dynamodb = running.client("dynamodb")
    (table,) = dynamodb.list_tables()["TableNames"]
    now = {":now": {"N": "0"}}
    dynamodb.update_item(TableName=table, Key=key, UpdateExpression="SET next_at = :now", ExpressionAttributeValues=now)
    return job


def _tried(job: Any) -> bool:
    return bool(job["deliveries"][0]["attempts"] and job["deliveries"][0].get("lastAttemptAt"))


def _post(client: httpx.Client, path: str, body: dict[str, Any]) -> Any:
    return client.post(path, json=body).raise_for_status().json()
