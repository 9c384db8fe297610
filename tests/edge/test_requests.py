"""What is accepted, and how it reaches the operation."""

import base64
import json
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from functions.sweeps.cancel_job import cancel_job
from functions.sweeps.claim_tasks import claim_tasks
from functions.sweeps.get_job import get_job
from functions.sweeps.list_jobs import list_jobs
from functions.sweeps.list_results import list_results
from functions.sweeps.register_spot import register_spot
from functions.sweeps.submit_job import submit_job
from muster.sweeps.models import ClaimedTask, ClaimTasks, JobList, JobSubmitted, ResultList, TasksClaimed
from tests.edge.conftest import Recorder, answered, event

CLAIM = '{"spotId": "s", "maxTasks": 5}'
NOTHING = TasksClaimed(tasks=[])


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Content-Type": "application/json"},
        {"content-type": "Application/JSON; charset=UTF-8"},
        {"Content-Type": "application/x-www-form-urlencoded"},
    ],
)
def test_json_is_read_whatever_curl_calls_it(headers: dict[str, str], store: Recorder) -> None:
    store.outcome = NOTHING

    assert answered(claim_tasks(event(CLAIM, headers=headers), None))[0] == 200
    assert store.calls == [("claim_tasks", ("main", ClaimTasks(spot_id="s", max_tasks=5)), {})]


def test_a_body_in_base64_is_decoded(store: Recorder) -> None:
    store.outcome = NOTHING

    assert answered(claim_tasks(event(base64.b64encode(CLAIM.encode()).decode(), base64=True), None))[0] == 200


def test_texts_outside_of_ascii_arrive_as_they_are(store: Recorder) -> None:
    store.outcome = JobSubmitted(job_id="j", total_tasks=1)
    submit_job(event('{"algorithms": ["PSO"], "agents": [1], "name": "Größe 🙂 \\ud83d\\ude42"}'), None)

    assert store.calls[0][1][1].name == "Größe 🙂 🙂"


def test_the_idempotency_key_is_found_in_any_case(store: Recorder) -> None:
    store.outcome = JobSubmitted(job_id="j", total_tasks=1)
    submit_job(event({"algorithms": ["PSO"]}, headers={"idempotency-KEY": "k 1"}), None)
    submit_job(event({"algorithms": ["PSO"]}), None)

    assert [args[2] for _, args, _ in store.calls] == ["k 1", None]


@pytest.mark.parametrize("key", ["", "k" * 256, "schlüssel", "a\tb"])
def test_a_key_that_is_not_1_to_255_printable_characters_is_refused(key: str, store: Recorder) -> None:
    status, body = answered(submit_job(event({"algorithms": ["PSO"]}, headers={"Idempotency-Key": key}), None))

    assert (status, [fault["field"] for fault in body["details"]]) == (400, ["header.Idempotency-Key"])
    assert store.calls == []


def test_parameters_have_defaults_and_an_empty_one_counts_as_absent(store: Recorder) -> None:
    store.outcome = JobList(jobs=[])
    list_jobs(event(query={"status": "FAILED", "name": "", "next": ""}), None)

    assert store.calls == [("list_jobs", ("main",), {"status": "FAILED", "name": None, "limit": 100, "next": None})]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"limit": "0"}, "query.limit"),
        ({"limit": "1001"}, "query.limit"),
        ({"limit": "many"}, "query.limit"),
        ({"limit": "1.5"}, "query.limit"),
        ({"status": "running"}, "query.status"),
        ({"page": "2"}, "query.page"),
        ({"next": "n" * 5000}, "query.next"),
    ],
)
def test_a_parameter_with_a_fault_is_refused(query: dict[str, str], field: str, store: Recorder) -> None:
    status, body = answered(list_jobs(event(query=query), None))

    assert (status, [fault["field"] for fault in body["details"]]) == (400, [field])
    assert store.calls == []


def test_a_parameter_given_twice_is_refused(store: Recorder) -> None:
    twice = {**event(query={"limit": "2"}), "multiValueQueryStringParameters": {"limit": ["1", "2"]}}

    assert answered(list_jobs(twice, None))[1]["details"] == [{"field": "query.limit", "problem": "is given twice"}]


@pytest.mark.parametrize(("limit", "status"), [("10000", 200), ("10001", 400)])
def test_results_come_in_pages_of_up_to_ten_thousand(limit: str, status: int, store: Recorder) -> None:
    store.outcome = ResultList(job_id="j", total_completed=0, results=[])

    assert list_results(event(path={"jobId": "j"}, query={"limit": limit}), None)["statusCode"] == status


def test_a_route_without_a_body_does_not_look_at_one(store: Recorder) -> None:
    store.outcome = NOTHING

    assert (
        cancel_job(event("not json", path={"jobId": "j"}, headers={"Content-Type": "text/plain"}), None)["statusCode"]
        == 200
    )


@pytest.mark.parametrize("sent", [{}, {"X-Orhestra-Key": ""}, {"X-Orhestra-Key": "secret"}, {"X-Orhestra-Key": "é"}])
def test_a_wrong_agent_key_is_401_before_anything_else(
    sent: dict[str, str], store: Recorder, environment: Callable[..., None]
) -> None:
    environment(ORHESTRA_AGENT_KEY="secret123")
    status, body = answered(register_spot(event("not json", headers=sent), None))

    assert (status, body["code"], store.calls) == (401, "UNAUTHORIZED", [])


def test_the_agent_key_opens_the_internal_routes_and_is_not_asked_for_elsewhere(
    store: Recorder, environment: Callable[..., None]
) -> None:
    environment(ORHESTRA_AGENT_KEY="secret123")
    store.outcome = NOTHING

    assert claim_tasks(event(CLAIM, headers={"x-orhestra-key": "secret123"}), None)["statusCode"] == 200
    assert get_job(event(path={"jobId": "j"}), None)["statusCode"] == 200


@pytest.fixture
def _threads_that_switch_all_the_time() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("_threads_that_switch_all_the_time")
def test_calls_in_many_threads_do_not_mix(store: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong: list[Any] = []

    def echo(_: str, body: ClaimTasks) -> TasksClaimed:
        return TasksClaimed(tasks=[ClaimedTask(id=body.spot_id, payload="{}", attempt=1)])

    monkeypatch.setattr(store, "claim_tasks", echo, raising=False)

    def run(worker: int) -> None:
        for turn in range(50):
            spot = f"spot-{worker}-{turn}"
            status, body = answered(claim_tasks(event({"spotId": spot}), None))
            if status != 200 or body["tasks"][0]["id"] != spot:
                wrong.append((spot, status, body))

    threads = [threading.Thread(target=run, args=(worker,)) for worker in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_body_is_neither_logged_nor_echoed(store: Recorder, capsys: pytest.CaptureFixture[str]) -> None:
    store.outcome = RuntimeError("boom")
    answers = [
        claim_tasks(event({"spotId": "s", "claimId": "hunter2"}), None),
        claim_tasks(event({"spotId": "s", "claimId": "hunter2 "}), None),
    ]

    assert "hunter2" not in capsys.readouterr().out + json.dumps(answers)
