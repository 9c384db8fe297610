"""The finish on a cloud that is killed, stopped and started twice: one report, one successful delivery an address.

A finish that died is taken over when its next step is overdue, by the audit of every minute. Tests do not wait for
that: they put the moments in the rows into the past and run the audit.

What kill -9 leaves is the last snapshot, seconds old. It can take back that a message was delivered: then the message
comes again under the same webhook-id, by which receivers know it. So these tests count messages by that id.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import httpx
import pytest

from local import cloud as local_cloud
from tests.contract.finishing import Finishing, eventually, ids
from tests.webhooks.receiver import Answer, Receiver

FAR = 9_999_999_999_999
MAPS = {"AggregateResults": "AggregateAll", "DeliverReport": "DeliverAll"}
"""What the history of an execution tells of these states is the one around them."""
STEPS = ["LoadJob", "AggregateResults", "WriteReport", "DeliverReport", "RecordFinish"]
OF_WHOLE_REPORTS = ["report.csv", "report.json", "report.txt", "results.ndjson"]


@pytest.fixture(scope="module")
def finishing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Finishing]:
    state = tmp_path_factory.mktemp("under-fire") / "state"
    with local_cloud.start(state=state) as cloud, httpx.Client(base_url=cloud.api, timeout=30) as http:
        yield Finishing(cloud, http)


def plain_files(finishing: Finishing, job: str) -> list[str]:
    """Names in the folder of a job's reports, unfinished ones too."""
    return sorted(path.name for path in plain_folder(finishing, job).iterdir())


def plain_folder(finishing: Finishing, job: str) -> Path:
    return finishing.cloud.settings.state / "results" / "main" / job


def held_in(finishing: Finishing, job: str, step: str) -> str:
    """The execution of a job, when it has come to this state."""
    eventually(lambda: finishing.executions("EXPRESS", job), 5)
    (execution,) = finishing.executions("EXPRESS", job)
    eventually(lambda: MAPS.get(step, step) in finishing.states(execution["executionArn"]), 5)
    return str(execution["executionArn"])


def assert_finished_once(finishing: Finishing, job: str, receiver: Receiver) -> None:
    finishing.until_finished(job)
    assert finishing.job(job)["report"] == "READY"
    assert finishing.report(job)["overall"]["count"] == finishing.job(job)["totalTasks"]
    assert plain_files(finishing, job) == OF_WHOLE_REPORTS
    assert finishing.delivery(job)["status"] == "DELIVERED"
    assert ids(receiver) == {f"msg-{job}-webhook"}


@pytest.mark.parametrize("step", STEPS)
def test_an_execution_stopped_in_any_state_is_taken_over_and_nothing_is_done_twice(
    finishing: Finishing, step: str
) -> None:
    with Receiver(Answer(204)).running() as receiver:
        with finishing.withheld(step):
            job = finishing.ended(receiver)
            stopped = held_in(finishing, job, step)
            finishing.client("stepfunctions").stop_execution(executionArn=stopped)
        finishing.take_over(job)

        assert_finished_once(finishing, job, receiver)
        assert receiver.answered == [204]
        assert finishing.report(job)["generation"] == (1 if step in ("DeliverReport", "RecordFinish") else 2)
        statuses = {one["name"].rpartition("-")[2]: one["status"] for one in finishing.executions("EXPRESS", job)}
        assert statuses["1"] == "ABORTED"


def test_executions_of_other_names_started_at_once_make_one_report_and_one_delivery(finishing: Finishing) -> None:
    with Receiver(Answer(204)).running() as receiver:
        with finishing.withheld("LoadJob"):
            job = finishing.ended(receiver)
            first = held_in(finishing, job, "LoadJob")
            states = finishing.client("stepfunctions")
            given = states.describe_execution(executionArn=first)["input"]

            def start(number: int) -> None:
                machine = finishing.machine(("EXPRESS", "STANDARD")[number % 2])
                states.start_execution(stateMachineArn=machine, name=f"once-more-{number}-{job}", input=given)

            with ThreadPoolExecutor(6) as pool:
                list(pool.map(start, range(6)))

        assert_finished_once(finishing, job, receiver)
        assert receiver.answered == [204]
        assert finishing.report(job)["generation"] == 1


def test_starting_the_same_execution_again_is_refused_by_its_name(finishing: Finishing) -> None:
    with Receiver(Answer(204)).running() as receiver:
        job = finishing.ended(receiver)
        finishing.until_finished(job)
        (execution,) = finishing.executions("EXPRESS", job)
        states = finishing.client("stepfunctions")

        with pytest.raises(states.exceptions.ExecutionAlreadyExists):
            states.start_execution(stateMachineArn=execution["stateMachineArn"], name=execution["name"], input="{}")
        assert receiver.answered == [204]


@pytest.mark.slow
@pytest.mark.parametrize("kill", [True, False], ids=["killed", "stopped"])
def test_a_delivery_that_waits_when_the_cloud_ends_is_made_by_the_next_run(finishing: Finishing, kill: bool) -> None:
    with Receiver(Answer(500), Answer(204)).running() as receiver:
        job = finishing.ended(receiver, parameters={"x": [1]})
        eventually(lambda: finishing.delivery(job).get("lastStatus") == 500, 10)
        hold_back(finishing, job)
        if kill:
            eventually(lambda: waits_for_long(finishing.saved(job, "DELIVERY#webhook")), 15)
        finishing.restart(kill=kill)

        assert finishing.delivery(job)["attempts"] == 1
        assert finishing.report(job)["overall"]["count"] == 1
        finishing.take_over(job)
        assert_finished_once(finishing, job, receiver)
        assert receiver.answered == [500, 204]
        assert finishing.delivery(job)["attempts"] == 2


def hold_back(finishing: Finishing, job: str) -> None:
    """The next attempt is due in a far future only: what waits now waits until the cloud has ended."""
    finishing.set_times(job, {"next_at": FAR})


def waits_for_long(row: dict[str, Any] | None) -> bool:
    return row is not None and row["next_at"] == {"N": str(FAR)}


@pytest.mark.slow
@pytest.mark.parametrize("step", [step for step in STEPS if step != "DeliverReport"])
def test_a_finish_under_way_when_the_cloud_is_killed_is_ended_by_the_next_run(finishing: Finishing, step: str) -> None:
    delivered = step == "RecordFinish"
    with Receiver(Answer(204)).running() as receiver:
        with finishing.withheld(step):
            job = finishing.ended(receiver, parameters={"x": list(range(1000)), "y": [1, 2]})
            held_in(finishing, job, step)
            eventually(lambda: "finish" in (finishing.saved(job, "HEAD") or {}), 12)
            if delivered:
                eventually(lambda: was_delivered(finishing.saved(job, "DELIVERY#webhook")), 12)
            finishing.restart(kill=True)

        assert finishing.job(job)["report"] == ("READY" if delivered else "PENDING")
        assert len(receiver.received) == (1 if delivered else 0)
        finishing.take_over(job)
        assert_finished_once(finishing, job, receiver)
        assert receiver.answered == [204]


def was_delivered(row: dict[str, Any] | None) -> bool:
    return row is not None and row["state"] == {"S": "DELIVERED"}


@pytest.mark.slow
def test_an_answer_that_comes_when_the_cloud_is_dead_lets_the_same_message_come_again(finishing: Finishing) -> None:
    dead = Event()
    with Receiver(Answer(204, when=lambda: dead.wait(30)), Answer(204)).running() as receiver:
        job = finishing.ended(receiver)
        eventually(lambda: receiver.received, 10)
        eventually(lambda: (finishing.saved(job, "DELIVERY#webhook") or {}).get("attempts") == {"N": "1"}, 12)
        finishing.cloud.kill()
        dead.set()
        finishing.start_again()

        assert finishing.delivery(job)["status"] == "PENDING"
        finishing.take_over(job)
        assert_finished_once(finishing, job, receiver)
        assert len(receiver.received) == 2
        assert receiver.received[0].body == receiver.received[1].body


@pytest.mark.slow
def test_a_delivery_noted_just_before_the_cloud_is_killed_is_never_sent_as_another_message(
    finishing: Finishing,
) -> None:
    """Whether the note survives is up to the last snapshot. If not, the message comes again, under its old id."""
    now = Event()
    with Receiver(Answer(204, when=lambda: now.wait(30)), Answer(204)).running() as receiver:
        job = finishing.ended(receiver)
        eventually(lambda: (finishing.saved(job, "DELIVERY#webhook") or {}).get("attempts") == {"N": "1"}, 12)
        now.set()
        finishing.until(job, "DELIVERED")
        finishing.restart(kill=True)
        kept = finishing.delivery(job)["status"] == "DELIVERED"
        if finishing.head(job)["finish"] != {"S": "done"}:
            finishing.take_over(job)

        assert_finished_once(finishing, job, receiver)
        assert len(receiver.received) == (1 if kept else 2)


def test_a_small_job_is_finished_by_an_express_execution_alone(finishing: Finishing) -> None:
    with Receiver(Answer(503), Answer(204)).running() as receiver:
        job = finishing.ended(receiver)
        finishing.until_finished(job)

    assert [one["status"] for one in finishing.executions("EXPRESS", job)] == ["SUCCEEDED"]
    assert finishing.executions("STANDARD", job) == []


@pytest.mark.slow
def test_a_delivery_that_waits_for_more_than_a_minute_is_handed_to_a_standard_execution(finishing: Finishing) -> None:
    with Receiver(Answer(503, headers={"Retry-After": "61"}), Answer(204)).running() as receiver:
        job = finishing.ended(receiver)
        eventually(lambda: finishing.executions("STANDARD", job), 15)
        (small,), (large,) = (finishing.executions(kind, job) for kind in ("EXPRESS", "STANDARD"))
        assert (small["status"], small["name"]) == ("SUCCEEDED", large["name"])
        assert large["status"] == "RUNNING"
        assert "AggregateResults" not in finishing.states(large["executionArn"])

        finishing.until_finished(job, within=75)
        first, second = receiver.received
        assert second.at - first.at >= 61
        assert [one["status"] for one in finishing.executions("STANDARD", job)] == ["SUCCEEDED"]
