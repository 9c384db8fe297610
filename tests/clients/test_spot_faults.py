"""A spot whose coordinator loses answers, refuses, restarts and forgets."""

import time
from typing import Any

import pytest

from tests.clients.conftest import Spot
from tests.clients.coordinator import Coordinator
from tests.clients.processes import wait_for

DOUBLE = {"python": "callables:double"}
SLEEP = {"python": "callables:sleep"}


def doubles(number: int) -> list[dict[str, Any]]:
    return [{"x": each} for each in range(number)]


def test_a_lost_claim_answer_loses_no_task_and_runs_none_twice(coordinator: Coordinator, spot: Spot) -> None:
    job = coordinator.engine.add_job(doubles(50), runner=DOUBLE)
    coordinator.drop_answers("/internal/v1/tasks/claim", 3)
    assert spot("--until-idle", "0.5").ends() == 0
    assert [(task.status, task.runs) for task in job.tasks] == [("DONE", 1)] * 50
    claims = coordinator.bodies["/internal/v1/tasks/claim"]
    assert claims[0] == claims[1] == claims[2] == claims[3] != claims[4]


def test_a_lost_settle_answer_settles_once(coordinator: Coordinator, spot: Spot) -> None:
    job = coordinator.engine.add_job(doubles(50), runner=DOUBLE)
    coordinator.drop_answers("/internal/v1/tasks/complete", 2)
    process = spot("--once")
    assert process.ends() == 0
    assert [(task.status, task.runs) for task in job.tasks] == [("DONE", 1)] * 50
    assert "stopped: 50 completed" in process.log


@pytest.mark.slow
def test_it_computes_on_while_the_coordinator_is_down_and_delivers_afterwards(
    coordinator: Coordinator, spot: Spot
) -> None:
    job = coordinator.engine.add_job([{"seconds": 0.1}] * 60, runner=SLEEP)
    process = spot("--until-idle", "1")
    wait_for(lambda: job.count("DONE") >= 5)
    with coordinator.down():
        time.sleep(5)
        assert "coordinator lost" in process.log
    assert process.ends() == 0
    assert [(task.status, task.runs) for task in job.tasks] == [("DONE", 1)] * 60
    assert process.log.count("coordinator lost") == process.log.count("coordinator is back") == 1


def test_it_waits_for_a_coordinator_that_is_not_there_yet(coordinator: Coordinator, spot: Spot) -> None:
    job = coordinator.engine.add_job(doubles(3), runner=DOUBLE)
    with coordinator.down():
        process = spot("--until-idle", "0.5")
        wait_for(lambda: "coordinator lost" in process.log)
    assert process.ends() == 0
    assert job.count("DONE") == 3


def test_it_is_stopped_as_easily_while_the_coordinator_is_down(coordinator: Coordinator, spot: Spot) -> None:
    with coordinator.down():
        process = spot()
        wait_for(lambda: "coordinator lost" in process.log)
        process.signal()
        assert process.ends(seconds=5) == 0


@pytest.mark.parametrize("path", ["hello", "heartbeat", "tasks/claim", "tasks/complete"])
def test_it_comes_back_when_told_to_and_not_before(coordinator: Coordinator, spot: Spot, path: str) -> None:
    job = coordinator.engine.add_job([{"seconds": 0.3}] * 4, runner=SLEEP)
    coordinator.refuse(f"/internal/v1/{path}", 503, 1, {"Retry-After": "1"})
    process = spot("--until-idle", "0.5")
    wait_for(lambda: "told to answer 503" in process.log)
    refused_at, calls = time.monotonic(), coordinator.calls[f"/internal/v1/{path}"]
    wait_for(lambda: coordinator.calls[f"/internal/v1/{path}"] > calls or process.process.poll() is not None)
    assert time.monotonic() - refused_at > 0.8
    assert process.ends() == 0
    assert job.count("DONE") == 4


def test_a_coordinator_that_lost_its_memory_is_told_who_we_are_again(coordinator: Coordinator, spot: Spot) -> None:
    coordinator.engine.heartbeat_seconds = 60
    process = spot("--until-idle", "2")
    wait_for(lambda: coordinator.calls["/internal/v1/tasks/claim"])
    coordinator.engine.spots.clear()
    wait_for(lambda: coordinator.calls["/internal/v1/hello"] == 2)
    job = coordinator.engine.add_job(doubles(5), runner=DOUBLE)
    assert process.ends() == 0
    assert job.count("DONE") == 5
    assert "does not know spot-main-1 any more" in process.log


def test_tasks_claimed_under_an_earlier_name_are_settled_under_it(coordinator: Coordinator, spot: Spot) -> None:
    coordinator.engine.heartbeat_seconds = 60
    coordinator.engine.retry_after_ms = 50
    job = coordinator.engine.add_job([{"seconds": 1.5}], runner=SLEEP)
    process = spot("--until-idle", "1")
    wait_for(lambda: job.count("RUNNING"))
    coordinator.engine.spots.clear()
    assert process.ends() == 0
    assert job.tasks[0].holder == "spot-main-2"
    assert (job.tasks[0].status, coordinator.calls["/internal/v1/hello"]) == ("DONE", 2)


@pytest.mark.parametrize("took", ["reset", "unknown"])
def test_an_outcome_that_nobody_waits_for_any_more_is_dropped(coordinator: Coordinator, spot: Spot, took: str) -> None:
    job = coordinator.engine.add_job([{"seconds": 0.7}], runner=SLEEP)
    process = spot("--until-idle", "0.5", cores=1)
    wait_for(lambda: job.count("RUNNING"))
    with coordinator.engine.lock:
        if took == "reset":
            job.tasks[0].holder = "somebody else"
        else:
            del coordinator.engine.jobs[job.id]
    assert process.ends() == 0
    assert f"dropped: {'wrong_spot' if took == 'reset' else 'not_found'}" in process.log


def test_a_running_task_that_was_taken_away_is_ended_at_the_next_renewal(coordinator: Coordinator, spot: Spot) -> None:
    job = coordinator.engine.add_job([{"seconds": 60}], runner=SLEEP, timeout=90)
    job.spec["taskTimeoutSeconds"] = 2
    process = spot("--until-idle", "0.5", cores=1)
    wait_for(lambda: job.count("RUNNING"))
    job.tasks[0].holder = "somebody else"
    assert process.ends() == 0
    assert "dropped: wrong_spot" in process.log
    assert "TimedOut" not in process.log


@pytest.mark.parametrize("key", ["", "wrong"])
def test_a_wrong_agent_key_ends_the_spot_with_status_3(coordinator: Coordinator, spot: Spot, key: str) -> None:
    coordinator.agent_key = "right"
    process = spot(ORHESTRA_AGENT_KEY=key)
    assert process.ends() == 3
    assert "set ORHESTRA_AGENT_KEY" in process.log
    assert "Traceback" not in process.log


def test_the_right_agent_key_is_sent_with_every_call_of_a_spot(coordinator: Coordinator, spot: Spot) -> None:
    coordinator.agent_key = "right"
    job = coordinator.engine.add_job(doubles(3), runner=DOUBLE)
    assert spot("--once", ORHESTRA_AGENT_KEY="right").ends() == 0
    assert job.count("DONE") == 3


def test_a_batch_that_is_too_large_is_halved_until_the_culprit_is_found(coordinator: Coordinator, spot: Spot) -> None:
    job = coordinator.engine.add_job(doubles(8), runner=DOUBLE)
    coordinator.refuse("/internal/v1/tasks/complete", 413, 1)
    assert spot("--once").ends() == 0
    assert [(task.status, task.runs) for task in job.tasks] == [("DONE", 1)] * 8


def test_an_outcome_that_breaks_the_coordinator_does_not_hold_up_the_others(
    coordinator: Coordinator, spot: Spot
) -> None:
    payloads = [{"what": "breaking" if number == 3 else "nothing"} for number in range(12)]
    job = coordinator.engine.add_job(payloads, runner={"python": "callables:return_this"})
    process = spot()
    wait_for(lambda: job.count("DONE") == 11)
    assert job.tasks[3].status == "RUNNING"
    process.signal()
    assert process.ends() == 0
    assert "1 outcomes could not be delivered" in process.log


def test_an_error_of_odd_characters_arrives(coordinator: Coordinator, spot: Spot) -> None:
    job = coordinator.engine.add_job([{}], runner={"python": "callables:fail_with_odd_characters"}, max_attempts=1)
    assert spot("--once").ends() == 0
    assert job.tasks[0].outcome["error"] == "ValueError: no such file: ?\0"
