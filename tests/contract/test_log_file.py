"""The log of a local cloud: lines of one format in the file, the runbook's lines on the console, secrets in neither."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from local import cloud as local_cloud
from local.cloud import Cloud
from tests.contract.finishing import Finishing, new_secret
from tests.webhooks.receiver import Answer, Receiver

Eventually = Callable[[Callable[[], bool], float], float]
LINE = re.compile(
    r"(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) (?P<level>DEBUG|INFO|WARNING|ERROR|CRITICAL)"
    r" \[(?P<component>\w+)\] \[computations-orchestrator\] (?P<message>.+)"
)
AGENT_KEY = "the-spots-share-this"


def log_file(cloud: Cloud) -> Path:
    return cloud.settings.state.parent / "logs" / "computations-orchestrator.log"


def lines(cloud: Cloud) -> list[re.Match[str]]:
    """Every line of the file, each of the documented format."""
    found = [(line, LINE.fullmatch(line)) for line in log_file(cloud).read_text().splitlines()]
    assert [line for line, match in found if match is None] == []
    return [match for _, match in found if match]


def messages(cloud: Cloud, component: str) -> list[str]:
    return [line["message"] for line in lines(cloud) if line["component"] == component]


@pytest.fixture(scope="module")
def finishing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Finishing]:
    state = tmp_path_factory.mktemp("logged") / "state"
    told = {"ORHESTRA_AGENT_KEY": AGENT_KEY}
    with (
        local_cloud.start(state=state, environment=told) as cloud,
        httpx.Client(base_url=cloud.api, timeout=30, headers={"X-Orhestra-Key": AGENT_KEY}) as http,
    ):
        yield Finishing(cloud, http)


def test_the_first_line_says_what_is_served(finishing: Finishing) -> None:
    first = lines(finishing.cloud)[0]

    assert (first["level"], first["component"]) == ("INFO", "LocalCloud")
    assert first["message"] == f"Serving {finishing.cloud.api}"


def test_every_request_is_a_line_in_order_whatever_came_of_it(finishing: Finishing, eventually: Eventually) -> None:
    http, before = finishing.http, len(messages(finishing.cloud, "Gateway"))
    answers = [
        http.get("/api/v1/health"),
        http.get("/api/v1/jobs?limit=1"),
        http.post("/api/v1/jobs", json={"surprise": 1}),
        http.get("/api/v1/jobs/job-main-0000000000000000"),
        http.delete("/docs"),
        http.get("/nowhere"),
        http.post("/internal/v1/hello", json={}, headers={"X-Orhestra-Key": "wrong"}),
        http.post("/api/v1/jobs", content=b"x" * 7_000_000, headers={"Content-Type": "application/json"}),
    ]

    assert [answer.status_code for answer in answers] == [200, 200, 400, 404, 405, 404, 401, 413]
    assert messages(finishing.cloud, "Gateway")[before:] == [
        f"{answer.request.method} {answer.request.url.path} {answer.status_code}" for answer in answers
    ]


def test_a_request_can_not_write_lines_of_its_own(finishing: Finishing) -> None:
    line = "2026-01-01T00:00:00.000Z%20INFO%20%5BGateway%5D%20%5Bcomputations-orchestrator%5D%20forged"
    finishing.http.get(f"/api/v1/jobs/x%0a{line}")
    finishing.http.get("/api/v1/jobs/%1b%5b2J%c3%a4")

    assert messages(finishing.cloud, "Gateway")[-2:] == [
        f"GET /api/v1/jobs/x%0a{line} 404",
        "GET /api/v1/jobs/%1b%5b2J%c3%a4 404",
    ]


@pytest.mark.slow
def test_what_went_wrong_is_told_in_full_and_tried_again(finishing: Finishing, eventually: Eventually) -> None:
    job = finishing.unfinished()
    in_the_way = finishing.cloud.settings.state / "results" / "main" / job / "report.json"
    in_the_way.mkdir(parents=True)
    finishing.run(job)
    eventually(lambda: "write_report failed" in messages(finishing.cloud, "Workflow"), 10)
    in_the_way.rmdir()
    finishing.until_finished(job)

    assert in_the_way.is_file()
    told = messages(finishing.cloud, "Workflow")
    assert "Traceback (most recent call last):" in told
    assert any(line.startswith("IsADirectoryError") for line in told)


def test_secrets_keys_and_payloads_are_in_no_log(finishing: Finishing) -> None:
    secret, wrong, bearer = new_secret(), "whsec_c2hvcnQtc2VjcmV0", "mk-acme-000000000000-" + "0" * 52
    with Receiver(Answer(500, secret), Answer(204)).running() as receiver:
        webhook = {"url": f"{receiver.url()}?token=of-the-address", "secret": secret}
        tasks = [{"payload": "confidential-payload"}]
        job = finishing.submit(algorithms=None, parameters=None, tasks=tasks, delivery={"webhook": webhook})
        spot = finishing.hello()
        (task,) = finishing.claim(spot)
        finishing.complete(spot, task, resultJson='{"found": "confidential-result"}')
        refused = {"webhook": {"url": receiver.url(), "secret": wrong}}
        answers = [
            finishing.http.post("/api/v1/jobs", json={"algorithms": ["A"], "delivery": refused}),
            finishing.http.post("/api/v1/webhooks/test", json={"webhook": webhook}),
            finishing.http.get("/api/v1/jobs?key=in-the-query", headers={"Authorization": f"Bearer {bearer}"}),
            finishing.http.get(f"/api/v1/jobs/{job}/report/files"),
        ]
        finishing.until(job, "DELIVERED")

    logs = log_file(finishing.cloud).read_text() + finishing.cloud.log()
    assert f"Delivery webhook of {job}, attempt 1: " in logs
    for hidden in (
        secret,
        wrong,
        bearer,
        AGENT_KEY,
        "of-the-address",
        "confidential",
        "in-the-query",
        "X-Amz-Signature",
    ):
        assert hidden.removeprefix("whsec_") not in logs
    said = "".join(answer.text for answer in answers) + str(finishing.job(job))
    for hidden in (secret, wrong, bearer, "of-the-address"):
        assert hidden.removeprefix("whsec_") not in said


@pytest.mark.slow
def test_reaped_tasks_and_spots_are_in_the_file_and_as_the_runbook_has_them_on_the_console(
    finishing: Finishing, eventually: Eventually
) -> None:
    job = finishing.unfinished()
    finishing.claim(finishing.hello(), 2)
    # Spots of other tests may die in the same tick.
    counted = re.compile(r"Reaped [1-9]\d* stale SPOTs, freed 2 tasks")
    eventually(lambda: any(map(counted.fullmatch, messages(finishing.cloud, "SpotService"))), 20)

    reaped = [f"Reaped task {job}.{index} for retry" for index in range(2)]
    assert messages(finishing.cloud, "TaskReaper") == reaped
    console = finishing.cloud.log().splitlines()
    assert {f"INFO  TaskReaper - {line}" for line in reaped} <= set(console)
    assert [line for line in console if counted.fullmatch(line.removeprefix("INFO  SpotService - "))]
    assert not [line for line in console if "Gateway" in line], "requests are for the file alone"


@pytest.mark.slow
def test_the_level_error_leaves_nothing_to_say_when_all_is_well(tmp_path: Path) -> None:
    with (
        local_cloud.start(state=tmp_path / "state", environment={"LOG_LEVEL": "ERROR"}) as cloud,
        httpx.Client(base_url=cloud.api, timeout=30) as http,
        Receiver(Answer(204)).running() as receiver,
    ):
        finishing = Finishing(cloud, http)
        finishing.until_finished(finishing.ended(receiver))

        assert not log_file(cloud).exists() or lines(cloud) == []
        assert cloud.log() == ""
