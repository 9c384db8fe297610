"""How a job finishes, on any stack: by HTTP alone. `make deploy-check` holds the built packages to this as well."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.contract.conftest import Coordinator
from tests.contract.finishing import is_signed, new_secret, told
from tests.webhooks.receiver import Answer, Receiver

Eventually = Callable[[Callable[[], bool], float], float]


def submit_and_run(coordinator: Coordinator, **fields: Any) -> str:
    job = coordinator.submit(parameters={"x": [1, 2, 3]}, **fields)
    spot = coordinator.hello()
    for number, task in enumerate(coordinator.claim(spot)):
        assert coordinator.complete(spot, task, fopt=number / 4).status_code == 200
    return job


def test_an_ended_job_is_reported_saved_and_delivered(coordinator: Coordinator, eventually: Eventually) -> None:
    secret = new_secret()
    with Receiver(Answer(204)).running() as receiver:
        job = submit_and_run(coordinator, delivery={"webhook": {"url": receiver.url(), "secret": secret}})
        eventually(lambda: coordinator.job(job)["deliveries"][0]["status"] == "DELIVERED", 20)

        (message,) = receiver.received
        assert is_signed(message, secret)
        assert told(message)["overall"]["fopt"]["best"] == 0
    assert coordinator.job(job)["report"] == "READY"
    report = coordinator.http.get(f"/api/v1/jobs/{job}/report").json()
    assert (report["overall"]["count"], report["overall"]["fopt"]["worst"]) == (3, 0.5)


def test_files_come_by_links_to_whoever_has_them(coordinator: Coordinator, eventually: Eventually) -> None:
    job = submit_and_run(coordinator)
    eventually(lambda: coordinator.job(job)["report"] == "READY", 20)

    answer = coordinator.http.get(f"/api/v1/jobs/{job}/report/files")
    files = {file["name"]: httpx.get(file["url"]) for file in answer.json()["files"]}
    assert list(files) == ["report.json", "report.txt", "report.csv", "results.ndjson"]
    for name, size in ((file["name"], file["size"]) for file in answer.json()["files"]):
        assert (files[name].status_code, len(files[name].content)) == (200, size)
        assert f'filename="{job}-{name}"' in files[name].headers["Content-Disposition"]
    for kind in ("json", "txt", "csv"):
        asked = coordinator.http.get(f"/api/v1/jobs/{job}/report", params={"format": kind})
        assert asked.content == files[f"report.{kind}"].content
        assert (
            asked.headers["Content-Type"].split(";")[0] == files[f"report.{kind}"].headers["Content-Type"].split(";")[0]
        )
    assert len(files["results.ndjson"].text.splitlines()) == 3


def test_a_report_that_is_not_made_yet_answers_202(coordinator: Coordinator) -> None:
    job = coordinator.submit()

    answer = coordinator.http.get(f"/api/v1/jobs/{job}/report")
    assert (answer.status_code, answer.json()["jobId"]) == (202, job)
    assert coordinator.job(job)["report"] == "PENDING"


@pytest.mark.parametrize("host", ["169.254.169.254", "0xa9fea9fe", "[::ffff:169.254.169.254]", "[fd00:ec2::254]"])
def test_the_address_of_a_clouds_credentials_is_refused_when_submitted(coordinator: Coordinator, host: str) -> None:
    webhook = {"url": f"http://{host}/latest/meta-data", "secret": new_secret()}
    body = {"algorithms": ["PSO"], "parameters": {"x": [1]}, "delivery": {"webhook": webhook}}

    answer = coordinator.http.post("/api/v1/jobs", json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_INPUT")
    (detail,) = answer.json()["details"]
    assert detail["field"] == "body.delivery.webhook.url"


def test_a_webhook_is_tried_out_before_any_job(coordinator: Coordinator) -> None:
    secret, previous = new_secret(), new_secret()
    with Receiver(Answer(204), Answer(503, "closed")).running() as receiver:
        body = {"webhook": {"url": receiver.url(), "secret": secret, "previousSecret": previous}}
        first, second = (
            coordinator.http.post("/api/v1/webhooks/test", json=body, headers={"X-Correlation-Id": "trial-1"})
            for _ in range(2)
        )

        assert (first.status_code, first.json()["delivered"], first.json()["status"]) == (200, True, 204)
        assert (second.json()["delivered"], second.json()["problem"]) == (False, "answered 503 closed")
        assert is_signed(receiver.received[0], secret, previous)
        assert receiver.received[0].headers["x-correlation-id"] == "trial-1"
        assert len({message.headers["webhook-id"] for message in receiver.received}) == 2
