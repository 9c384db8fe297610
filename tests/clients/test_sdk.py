"""The SDK: what it sends, what it makes of answers, and when it tries again."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from muster_client import errors
from muster_client.api import Muster
from muster_client.records import Job
from muster_client.transport import ONCE, RetryPolicy
from tests.clients.coordinator import Coordinator
from tests.operations import OPERATIONS

ROOT = Path(__file__).parents[2]


@pytest.fixture
def muster(coordinator: Coordinator) -> Iterator[Muster]:
    with Muster(coordinator.url) as client:
        yield client


def test_every_operation_has_a_method_of_its_name() -> None:
    assert len(OPERATIONS) >= 19
    assert {name for name in OPERATIONS if not callable(getattr(Muster, name, None))} == set()


def test_the_client_works_without_the_server_package() -> None:
    script = (
        "import sys; sys.modules['muster'] = None; import muster_client.cli.main, muster_client.spot.worker;"
        "sys.exit(any(name.startswith(('boto', 'pydantic', 'muster.')) for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_a_job_is_submitted_followed_and_read(muster: Muster, coordinator: Coordinator) -> None:
    submitted = muster.submit_job({"tasks": [{"x": 1}, {"x": 2}], "name": "two"})
    spot = muster.register_spot("10.0.0.1", total_cores=4)
    claimed = muster.claim_tasks(spot.spot_id, 2)
    done = [{"id": task.id, "runtimeMs": 5, "fopt": 1e-300, "resultJson": "{}"} for task in claimed.tasks]
    settled = muster.complete_tasks(spot.spot_id, done)
    assert [item.outcome for item in settled.results] == ["completed", "completed"]
    job = muster.get_job(submitted.job_id)
    assert (job.name, job.status, job.ended, job.settled_tasks) == ("two", "COMPLETED", True, 2)
    assert [result.fopt for result in muster.iterate_results(job.id)] == [1e-300, 1e-300]
    assert claimed.jobs[job.id].task_timeout_seconds == 300


def test_single_tasks_and_held_ones_can_be_settled(muster: Muster, coordinator: Coordinator) -> None:
    job = coordinator.engine.add_job([{}] * 4)
    spot_id = muster.register_spot("10.0.0.1").spot_id
    first, second, third, fourth = (task.id for task in muster.claim_tasks(spot_id, 4).tasks)
    assert muster.complete_task(first, spot_id, 10, fopt=-0.0).success
    assert muster.fail_task(second, spot_id, "Broken: it", retriable=False, output="the end").success
    assert [item.outcome for item in muster.renew_tasks(spot_id, [third]).results] == ["renewed"]
    assert [item.outcome for item in muster.release_tasks(spot_id, [fourth]).results] == ["released"]
    failed = muster.fail_tasks(spot_id, [{"id": third, "error": "x"}]).results[0]
    assert (failed.outcome, failed.will_retry) == ("will_retry", True)
    assert [task.status for task in job.tasks] == ["DONE", "FAILED", "NEW", "NEW"]
    assert str(job.tasks[0].outcome["fopt"]) == "-0.0"


def test_paged_lists_are_walked_to_their_end(muster: Muster, coordinator: Coordinator) -> None:
    for _ in range(250):
        coordinator.engine.add_job([{}])
    assert len({job.id for job in muster.iterate_jobs()}) == 250
    assert coordinator.calls["/api/v1/jobs"] == 3
    assert len(muster.list_jobs(limit=10).jobs) == 10


def test_unknown_fields_are_ignored_and_missing_ones_named() -> None:
    promised = {"id": "j", "status": "RUNNING", "totalTasks": 1, "completedTasks": 0, "failedTasks": 0}
    assert Job.read({**promised, "createdAt": "now", "somethingNew": {"a": 1}}).raw["somethingNew"] == {"a": 1}
    with pytest.raises(errors.UnexpectedAnswer, match="lacks 'createdAt' of Job"):
        Job.read(promised)
    with pytest.raises(errors.UnexpectedAnswer, match="expected a JSON object"):
        Job.read([])


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, errors.InvalidRequest),
        (401, errors.Unauthorized),
        (403, errors.Forbidden),
        (404, errors.NotFound),
        (405, errors.NotFound),
        (409, errors.Conflict),
        (413, errors.InvalidRequest),
        (422, errors.InvalidRequest),
        (429, errors.TooManyRequests),
        (500, errors.ServerFailed),
        (503, errors.Unavailable),
    ],
)
def test_a_refusal_is_the_error_of_its_situation(coordinator: Coordinator, status: int, kind: type[Exception]) -> None:
    coordinator.refuse("/api/v1/health", status, 1)
    with Muster(coordinator.url, retry=ONCE) as muster, pytest.raises(errors.MusterApiError) as caught:
        muster.get_health()
    assert type(caught.value) is kind
    assert (caught.value.status, caught.value.message) == (status, f"told to answer {status}")


def test_a_refusal_carries_code_message_and_every_fault(muster: Muster) -> None:
    with pytest.raises(errors.InvalidRequest) as caught:
        muster.submit_job({"xylophone": 1})
    assert (caught.value.code, str(caught.value)) == ("INVALID_INPUT", "invalid input")
    assert [fault["field"] for fault in caught.value.details] == ["body.xylophone", "body.tasks"]


def test_a_submit_whose_answer_was_lost_is_repeated_under_the_same_key(
    muster: Muster, coordinator: Coordinator
) -> None:
    coordinator.drop_answers("/api/v1/jobs", 2)
    muster.submit_job({"tasks": [{}]})
    muster.submit_job({"tasks": [{}]})
    keys = [headers["Idempotency-Key"] for headers in coordinator.headers["/api/v1/jobs"]]
    assert keys[0] == keys[1] == keys[2] != keys[3]


def test_a_claim_whose_answer_was_lost_is_repeated_under_the_same_id(muster: Muster, coordinator: Coordinator) -> None:
    job = coordinator.engine.add_job([{}] * 5)
    spot_id = muster.register_spot("10.0.0.1").spot_id
    coordinator.drop_answers("/internal/v1/tasks/claim", 1)
    assert len(muster.claim_tasks(spot_id, 3).tasks) == 3
    assert job.count("RUNNING") == 3


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_it_comes_back_after_the_time_it_was_asked_to_wait(
    muster: Muster, coordinator: Coordinator, status: int
) -> None:
    coordinator.refuse("/api/v1/health", status, 1, {"Retry-After": "1"})
    began = time.monotonic()
    assert muster.get_health().status == "healthy"
    assert time.monotonic() - began > 0.95


def test_a_refusal_that_will_not_change_is_not_repeated(muster: Muster, coordinator: Coordinator) -> None:
    with pytest.raises(errors.NotFound, match="job not found"):
        muster.get_job("job-main-none")
    assert coordinator.calls["/api/v1/jobs/{id}"] == 1


def test_nobody_there_is_unreachable_after_the_time_to_try(coordinator: Coordinator) -> None:
    coordinator.stop()
    began = time.monotonic()
    with Muster(coordinator.url, retry=RetryPolicy(seconds=1)) as muster, pytest.raises(errors.Unreachable):
        muster.get_health()
    assert time.monotonic() - began < 3


@pytest.mark.parametrize("url", ["no url", "ftp://127.0.0.1", "http://"])
def test_a_url_that_is_none_is_unreachable(url: str) -> None:
    with Muster(url, retry=ONCE) as muster, pytest.raises(errors.Unreachable):
        muster.get_health()


def test_an_answer_that_is_not_json_is_unexpected(coordinator: Coordinator) -> None:
    coordinator.engine.act = lambda *_: (200, "<html>hello</html>")  # type: ignore[method-assign]
    with Muster(coordinator.url, retry=ONCE) as muster, pytest.raises(errors.UnexpectedAnswer, match="JSON"):
        muster.get_health()


def test_keys_and_address_come_from_the_environment(coordinator: Coordinator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUSTER_URL", coordinator.url + "/")
    monkeypatch.setenv("MUSTER_KEY", "mine")
    monkeypatch.setenv("ORHESTRA_AGENT_KEY", "agents")
    with Muster() as muster:
        muster.get_health()
        muster.register_spot("10.0.0.1")
    public, internal = coordinator.headers["/api/v1/health"][0], coordinator.headers["/internal/v1/hello"][0]
    assert public["Authorization"] == "Bearer mine"
    assert internal["X-Orhestra-Key"] == "agents"
    assert "X-Orhestra-Key" not in public


def test_an_id_with_odd_characters_stays_one_part_of_the_path(muster: Muster, coordinator: Coordinator) -> None:
    with pytest.raises(errors.NotFound, match="job not found"):
        muster.get_job("job-main-a/b?c")
