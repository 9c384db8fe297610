"""The clients against the real functions on the local cloud."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from typer.testing import CliRunner

from local.cloud import Cloud
from muster_client import errors
from muster_client.api import Muster
from muster_client.cli.main import app
from tests.clients.conftest import Spot
from tests.clients.processes import wait_for
from tests.webhooks.receiver import Receiver
from tests.webhooks.test_signing import SECRET

SWEEP = {
    "algorithms": ["PSO", "GA", "DE"],
    "iterations": {"min": 100, "max": 500, "step": 100},
    "agents": {"min": 10, "max": 50, "step": 10},
    "dimension": {"min": 2, "max": 10, "step": 2},
    "runner": {"python": "callables:square"},
}


@pytest.fixture
def pool() -> str:
    """A pool of one's own: tests share the cloud."""
    return f"pool-{uuid4().hex[:8]}"


@pytest.fixture
def muster(cloud: Cloud) -> Iterator[Muster]:
    with Muster(cloud.api) as client:
        yield client


def cli(cloud: Cloud, *arguments: str) -> str:
    result = CliRunner().invoke(app, [*arguments, "--url", cloud.api])
    assert result.exit_code == 0, result.output
    return result.stdout


def test_a_spot_runs_the_sample_sweep_to_its_end(cloud: Cloud, muster: Muster, spot: Spot, pool: str) -> None:
    submitted = muster.submit_job({**SWEEP, "pool": pool})
    assert submitted.total_tasks == 375
    process = spot("--pool", pool, "--once", url=cloud.api)
    assert process.ends() == 0, process.log
    job = muster.get_job(submitted.job_id)
    assert (job.status, job.completed_tasks) == ("COMPLETED", 375), process.log
    results = list(muster.iterate_results(job.id))
    assert [result.fopt for result in results] == [result.parameters["agents"] ** 2 / 10 for result in results]  # type: ignore[index]
    best = json.loads(cli(cloud, "job", "results", job.id, "--best", "2", "--json"))["results"]
    assert [result["fopt"] for result in best] == [10.0, 10.0]


def test_failures_are_seen_and_can_be_retried(cloud: Cloud, muster: Muster, spot: Spot, pool: str) -> None:
    runner = {"python": "callables:print_and_succeed_or_fail"}
    payloads = [{"x": number} for number in range(10)]
    submitted = muster.submit_job({"tasks": payloads, "runner": runner, "pool": pool, "maxAttempts": 1})
    process = spot("--pool", pool, "--once", url=cloud.api)
    assert process.ends() == 0, process.log
    assert muster.get_job(submitted.job_id).status == "FAILED"
    shown = cli(cloud, "job", "tasks", submitted.job_id, "--status", "FAILED", "--output")
    assert shown.count("RuntimeError: odd") >= 5
    assert "this is task 3\n" in shown
    again = muster.retry_job(submitted.job_id)
    assert (again.total_tasks, again.retry_of) == (5, submitted.job_id)
    assert muster.cancel_job(again.job_id).status == "CANCELLED"


def test_a_stopped_spot_gives_back_what_it_did_not_start(cloud: Cloud, muster: Muster, spot: Spot, pool: str) -> None:
    payloads = [{"seconds": 0}] * 20 + [{"seconds": 1}] * 20
    runner = {"python": "callables:sleep"}
    submitted = muster.submit_job({"tasks": payloads, "runner": runner, "pool": pool})
    process = spot("--pool", pool, url=cloud.api)
    wait_for(lambda: muster.get_job(submitted.job_id).completed_tasks >= 20)
    process.signal()
    assert process.ends() == 0, process.log
    job = muster.get_job(submitted.job_id)
    assert (job.running_tasks, job.failed_tasks) == (0, 0), process.log
    assert job.completed_tasks + job.waiting_tasks == 40
    assert spot("--pool", pool, "--once", url=cloud.api, cores=20).ends() == 0
    assert {task.attempt for task in muster.iterate_tasks(job.id)} == {1}


def test_results_are_exported_as_one_document_of_as_many_rows_as_asked_for(
    cloud: Cloud, muster: Muster, pool: str
) -> None:
    sweep = {"parameters": {"x": {"min": 1, "max": 1200, "step": 1}, "note": ["a\nb"]}, "pool": pool}
    job_id = muster.submit_job(sweep).job_id
    spot_id = muster.register_spot("10.0.0.1", pool=pool).spot_id
    while claimed := muster.claim_tasks(spot_id, 500).tasks:
        done = [{"id": task.id, "runtimeMs": 1, "fopt": 1e-300, "resultJson": '{"a":\n1}'} for task in claimed]
        muster.complete_tasks(spot_id, done)
    lines = "".join(muster.export_results(job_id, "ndjson")).splitlines()
    assert [json.loads(line)["index"] for line in lines] == list(range(1200))
    rows = list(csv.DictReader(io.StringIO("".join(muster.export_results(job_id, "csv")))))
    assert [row["x"] for row in rows] == [str(number) for number in range(1, 1201)]
    assert {row["fopt"] for row in rows} == {"1e-300"}
    some = list(csv.reader(io.StringIO("".join(muster.export_results(job_id, "csv", rows=1100)))))
    assert len(some) == 1101
    assert cli(cloud, "job", "results", job_id, "--format", "csv", "--limit", "3").count("1e-300") == 3


def test_the_end_of_a_job_is_reported_saved_and_told_once_more_on_request(
    cloud: Cloud, muster: Muster, pool: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MUSTER_WEBHOOK_SECRET", SECRET)
    file = tmp_path / "job.json"
    file.write_text(json.dumps({"parameters": {"x": [1, 2, 3]}, "pool": pool}))
    with Receiver().running() as receiver:
        assert cli(cloud, "webhook", "test", receiver.url()).startswith("delivered: 2")
        job_id = cli(cloud, "job", "submit", str(file), "--webhook", receiver.url()).split()[0]
        spot_id = muster.register_spot("10.0.0.1", pool=pool).spot_id
        done = [{"id": task.id, "runtimeMs": 1, "fopt": 0.5} for task in muster.claim_tasks(spot_id, 3).tasks]
        muster.complete_tasks(spot_id, done)
        assert json.loads(cli(cloud, "job", "report", job_id, "--wait", "--json"))["overall"]["count"] == 3
        cli(cloud, "job", "files", job_id, "--download", str(tmp_path / "got"))
        wait_for(lambda: delivered(muster, job_id))
        assert " DELIVERED " in cli(cloud, "job", "show", job_id)
        wait_for(lambda: redelivers(muster, job_id))
        wait_for(lambda: delivered(muster, job_id))
    names = sorted(path.name for path in (tmp_path / "got").iterdir())
    assert names == ["report.csv", "report.json", "report.txt", "results.ndjson"]
    _, first, again = receiver.received
    assert (first.headers["webhook-id"], first.body) == (again.headers["webhook-id"], again.body)
    assert json.loads(first.body)["data"]["jobId"] == job_id


def delivered(muster: Muster, job_id: str) -> bool:
    return [one.status for one in muster.get_job(job_id).deliveries] == ["DELIVERED"]


def redelivers(muster: Muster, job_id: str) -> bool:
    """A delivery is noted a moment before the finish of its job is."""
    try:
        return muster.redeliver_report(job_id, "webhook").delivery.status == "PENDING"
    except errors.Conflict:
        return False


def test_the_coordinators_refusals_arrive_as_errors(muster: Muster) -> None:
    with pytest.raises(errors.NotFound, match="job not found"):
        muster.get_job("job-main-0000000000000000")
    with pytest.raises(errors.NotFound):
        muster.claim_tasks("spot-main-never-seen", 1)
    with pytest.raises(errors.InvalidRequest) as caught:
        muster.submit_job({"algorithms": [], "iterations": {"min": 2, "max": 1, "step": 0}, "colour": "red"})
    named = {fault["field"] for fault in caught.value.details}
    assert named == {"body.algorithms", "body.iterations.max", "body.iterations.step", "body.colour"}
