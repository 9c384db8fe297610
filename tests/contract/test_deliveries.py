"""Deliveries to receivers that fail, are slow, want no more, redirect or are not where they may be.

The cloud of this module reports every job to an address of its own too: one delivery never stops another.
"""

import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Event

import httpx
import pytest

from local import cloud as local_cloud
from tests.contract.finishing import Finishing, eventually, ids, is_signed, new_secret, told
from tests.webhooks.receiver import Answer, Receiver

NAMES = Path(__file__).parent / "names"


@dataclass
class Stack:
    """What every job is reported to, and the secrets that sign it: the new one and the old one."""

    receiver: Receiver
    secrets: tuple[str, str]

    def told_of(self, job: str) -> list[int]:
        """Which of the messages are about this job."""
        return [index for index, message in enumerate(self.receiver.received) if told(message)["jobId"] == job]


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with Receiver(Answer(200)).running() as receiver:
        yield Stack(receiver, (new_secret(), new_secret()))


@pytest.fixture(scope="module")
def finishing(tmp_path_factory: pytest.TempPathFactory, stack: Stack) -> Iterator[Finishing]:
    path = os.pathsep.join(filter(None, [str(NAMES), os.environ.get("PYTHONPATH")]))
    told = {
        "RESULTS_API_URL": stack.receiver.url(),
        "RESULTS_API_SECRET": " ".join(stack.secrets),
        "MUSTER_LOG_FORMAT": "json",
        "PYTHONPATH": path,
    }
    state = tmp_path_factory.mktemp("deliveries") / "state"
    with (
        local_cloud.start(state=state, environment=told) as cloud,
        httpx.Client(base_url=cloud.api, timeout=30) as http,
    ):
        yield Finishing(cloud, http)


@pytest.mark.slow
def test_a_receiver_that_fails_twice_gets_one_message_three_times_as_scheduled(finishing: Finishing) -> None:
    secret = new_secret()
    with Receiver(Answer(500, "down"), Answer(503), Answer(204)).running() as receiver:
        job = finishing.ended(receiver, secret=secret)
        finishing.until(job, "DELIVERED", within=25)

        first, second, third = receiver.received
        assert second.at - first.at >= 2
        assert third.at - second.at >= 10
        assert ids(receiver) == {f"msg-{job}-webhook"}
        assert first.body == second.body == third.body
        assert all(is_signed(message, secret) for message in receiver.received)
        # Each attempt is signed anew: a signature that is minutes old would be refused.
        assert len({message.headers["webhook-signature"] for message in receiver.received}) == 3
    assert finishing.delivery(job)["attempts"] == 3
    assert "lastProblem" not in finishing.delivery(job)


@pytest.mark.slow
def test_a_slow_receiver_is_waited_for_and_holds_up_nobody(finishing: Finishing, stack: Stack) -> None:
    others_were_told = Event()

    def slowly() -> None:
        others_were_told.wait(10)
        time.sleep(4)

    with Receiver(Answer(200, when=slowly)).running() as receiver:
        job = finishing.ended(receiver)
        finishing.until(job, "DELIVERED", "stack", within=5)
        assert (len(receiver.received), receiver.answered) == (1, []), "the slow one is still being waited for"
        others_were_told.set()
        finishing.until(job, "DELIVERED", within=8)

        assert (len(receiver.received), len(stack.told_of(job))) == (1, 1)


def test_an_address_that_is_gone_gets_nothing_more_until_somebody_redelivers(finishing: Finishing) -> None:
    with Receiver(Answer(410), Answer(204)).running() as receiver:
        gone = finishing.ended(receiver)
        assert finishing.until(gone, "GONE")["lastStatus"] == 410

        later = finishing.ended(receiver)
        assert finishing.until(later, "GONE")["lastProblem"] == "the address answered 410 before"
        assert len(receiver.received) == 1, "the second job's message was never sent"

        finishing.until_finished(later)
        answer = finishing.http.post(f"/api/v1/jobs/{later}/deliveries/webhook/redeliver")
        assert answer.status_code == 202, answer.text
        finishing.until(later, "DELIVERED")
        assert [told(message)["jobId"] for message in receiver.received] == [gone, later]

        third = finishing.ended(receiver)
        finishing.until(third, "DELIVERED")


def test_another_delivery_goes_on_when_one_is_gone(finishing: Finishing, stack: Stack) -> None:
    with Receiver(Answer(410)).running() as receiver:
        job = finishing.ended(receiver)
        finishing.until(job, "GONE")
        finishing.until(job, "DELIVERED", "stack")

        finishing.until_finished(job)
        assert (len(receiver.received), len(stack.told_of(job))) == (1, 1)


def test_a_redirect_is_not_followed(finishing: Finishing) -> None:
    with Receiver(Answer(204)).running() as target:
        elsewhere = Answer(307, headers={"Location": target.url()})
        with Receiver(elsewhere, Answer(204)).running() as receiver:
            job = finishing.ended(receiver)
            eventually(lambda: finishing.delivery(job)["attempts"] == 1, 10)
            eventually(lambda: "lastStatus" in finishing.delivery(job), 10)
            assert finishing.delivery(job)["lastProblem"] == "answered 307 (redirects are not followed)"
            finishing.until(job, "DELIVERED")

            assert len(receiver.received) == 2
        assert target.received == []


@pytest.mark.parametrize("name", ["metadata.test", "mixed.test"])
def test_a_name_that_leads_to_the_clouds_credentials_is_refused_when_sent_to(finishing: Finishing, name: str) -> None:
    with Receiver(Answer(204)).running() as receiver:
        webhook = {"url": receiver.url(name), "secret": new_secret()}
        job = finishing.ended(delivery={"webhook": webhook})
        eventually(lambda: "lastProblem" in finishing.delivery(job), 10)

        delivery = finishing.delivery(job)
        assert delivery["lastProblem"] == "the address of the endpoint is not allowed"
        assert (delivery["status"], "lastStatus" in delivery) == ("PENDING", False)
        assert receiver.received == []
        finishing.until(job, "DELIVERED", "stack")


def test_a_name_that_leads_to_a_receiver_is_sent_to_by_its_name(finishing: Finishing) -> None:
    with Receiver(Answer(204)).running() as receiver:
        webhook = {"url": receiver.url("receiver.test"), "secret": new_secret()}
        job = finishing.ended(delivery={"webhook": webhook})
        finishing.until(job, "DELIVERED")

        (message,) = receiver.received
        assert message.headers["host"] == f"receiver.test:{receiver.port}"


def test_two_secrets_sign_while_they_change(finishing: Finishing) -> None:
    new, old = new_secret(), new_secret()
    with Receiver(Answer(204)).running() as receiver:
        webhook = {"url": receiver.url(), "secret": new, "previousSecret": old}
        job = finishing.ended(delivery={"webhook": webhook})
        finishing.until(job, "DELIVERED")

        (message,) = receiver.received
        assert is_signed(message, new, old)
        assert not is_signed(message, old, new)
        assert not is_signed(message, new)


def test_every_job_is_reported_to_the_stacks_address_with_the_stacks_secrets(
    finishing: Finishing, stack: Stack
) -> None:
    job = finishing.ended()
    finishing.until(job, "DELIVERED", "stack")

    (place,) = stack.told_of(job)
    message = stack.receiver.received[place]
    assert is_signed(message, *stack.secrets)
    assert message.headers["webhook-id"] == f"msg-{job}-stack"
    assert [one["id"] for one in finishing.job(job)["deliveries"]] == ["stack"]


def test_a_webhook_says_how_the_job_ended_under_the_submitters_correlation_id(
    finishing: Finishing, stack: Stack
) -> None:
    with Receiver(Answer(204)).running() as receiver:
        finishing.http.headers["X-Correlation-Id"] = "order-4711"
        try:
            job = finishing.unfinished(receiver, name="Überprüfung π")
        finally:
            del finishing.http.headers["X-Correlation-Id"]
        finishing.run(job)
        finishing.until(job, "DELIVERED")

        (message,) = receiver.received
    assert message.headers["content-type"] == "application/json"
    assert message.headers["user-agent"] == "Muster-Webhooks/1"
    assert message.headers["x-correlation-id"] == "order-4711"
    data, report = told(message), finishing.report(job)
    assert data == {
        "jobId": job,
        **{name: value for name, value in report["job"].items() if name != "id"},
        "overall": report["overall"],
        "bestTask": report["bestTasks"][0],
        "report": f"/api/v1/jobs/{job}/report",
        "correlationId": "order-4711",
    }
    assert (data["name"], data["status"], data["completedTasks"]) == ("Überprüfung π", "COMPLETED", 3)
    finishing.until(job, "DELIVERED", "stack")
    (place,) = stack.told_of(job)
    assert stack.receiver.received[place].headers["x-correlation-id"] == "order-4711"
    logged = [json.loads(line) for line in finishing.cloud.log().splitlines() if job in line]
    assert [line["correlation_id"] for line in logged if line["component"] == "Delivery"] == ["order-4711"] * 2
