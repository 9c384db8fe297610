"""A spot as a whole, against a coordinator that is well."""

import json
import signal
import time
from pathlib import Path

import pytest

from tests.clients.conftest import Spot
from tests.clients.coordinator import Coordinator
from tests.clients.processes import is_gone, wait_for

DOUBLE = {"python": "callables:double"}
SLEEP = {"python": "callables:sleep"}


def test_every_task_is_run_once_and_settled_in_batches(coordinator: Coordinator, spot: Spot) -> None:
    job = coordinator.engine.add_job([{"x": number / 10} for number in range(600)], runner=DOUBLE)
    process = spot("--once")
    assert process.ends() == 0
    assert [task.outcome["fopt"] for task in job.tasks] == [number / 10 * 2 for number in range(600)]
    assert {task.runs for task in job.tasks} == {1}
    assert coordinator.calls["/internal/v1/tasks/complete"] < 30
    assert "stopped: 600 completed, 0 failed" in process.log


def test_a_worker_that_is_killed_costs_one_run_of_its_own_task(
    coordinator: Coordinator, spot: Spot, tmp_path: Path
) -> None:
    payloads: list[dict[str, str]] = [{} for _ in range(20)]
    payloads[5] = {"mark": str(tmp_path / "mark"), "signal": "SIGKILL"}
    job = coordinator.engine.add_job(payloads, runner={"python": "callables:die_once"})
    assert spot("--until-idle", "0.5").ends() == 0
    assert [task.status for task in job.tasks] == ["DONE"] * 20
    assert [task.runs for task in job.tasks] == [1] * 5 + [2] + [1] * 14


def test_a_result_that_the_coordinator_refuses_fails_its_task_and_no_other(
    coordinator: Coordinator, spot: Spot
) -> None:
    payloads = [{"what": "nothing"}, {"what": "refused"}, {"what": "nothing"}]
    job = coordinator.engine.add_job(payloads, runner={"python": "callables:return_this"})
    assert spot("--once").ends() == 0
    assert [task.status for task in job.tasks] == ["DONE", "FAILED", "DONE"]
    assert job.tasks[1].outcome["error"] == "ResultRefused: resultJson is refused"
    assert not job.tasks[1].outcome["retriable"]


def test_a_failing_task_is_reported_as_often_as_it_runs(coordinator: Coordinator, spot: Spot) -> None:
    job = coordinator.engine.add_job([{"status": 3}], runner={"python": "callables:leave"}, max_attempts=2)
    process = spot("--until-idle", "0.5")
    assert process.ends() == 0
    assert (job.tasks[0].status, job.tasks[0].runs) == ("FAILED", 2)
    assert f"{job.id}.0 failed will run again: WorkerDied: Exited: status 3" in process.log
    assert f"{job.id}.0 failed for good" in process.log


def test_it_registers_with_its_cores_and_keeps_beating(coordinator: Coordinator, spot: Spot) -> None:
    spot("--address", "10.1.2.3", cores=3)
    wait_for(lambda: coordinator.calls["/internal/v1/heartbeat"] >= 3)
    hello = coordinator.bodies["/internal/v1/hello"]
    beat = coordinator.bodies["/internal/v1/heartbeat"][-1]
    assert hello == [{"ipAddress": "10.1.2.3", "totalCores": 3, "pool": "default"}]
    assert 0 <= beat.pop("cpuLoad") <= 100
    said = {"spotId": "spot-main-1", "ipAddress": "10.1.2.3", "pool": "default", "runningTasks": 0, "totalCores": 3}
    assert beat == said


def test_it_keeps_beating_while_every_core_is_busy(coordinator: Coordinator, spot: Spot) -> None:
    coordinator.engine.add_job([{"seconds": 60}] * 2, runner=SLEEP)
    spot()
    wait_for(lambda: [b for b in coordinator.bodies.get("/internal/v1/heartbeat", []) if b["runningTasks"] == 2][2:])


def test_waiting_tasks_are_renewed_with_all_of_their_grant(coordinator: Coordinator, spot: Spot) -> None:
    job = coordinator.engine.add_job([{"seconds": 0.7}] * 2, runner=SLEEP, timeout=1)
    assert spot("--once", cores=1).ends() == 0
    assert [task.status for task in job.tasks] == ["DONE", "DONE"]
    assert job.tasks[1].renewed >= 1
    first = coordinator.bodies["/internal/v1/tasks/renew"][0]
    assert first["tasks"] == [task.id for task in job.tasks]


def test_tasks_of_a_cancelled_job_are_dropped_whether_queued_or_running(coordinator: Coordinator, spot: Spot) -> None:
    job = coordinator.engine.add_job([{"seconds": 60}] * 2, runner=SLEEP)
    other = coordinator.engine.add_job([{"x": 1}], runner=DOUBLE)
    process = spot("--until-idle", "1", cores=1)
    wait_for(lambda: job.count("RUNNING") == 2)
    job.cancelled = True
    assert process.ends() == 0
    assert other.count("DONE") == 1
    assert process.log.count("dropped: cancelled") == 2
    assert "/internal/v1/tasks/fail" not in coordinator.calls


def test_sigterm_settles_what_runs_and_releases_what_never_started(coordinator: Coordinator, spot: Spot) -> None:
    job = coordinator.engine.add_job([{"seconds": 0}] * 20 + [{"seconds": 1.5}] * 20, runner=SLEEP)
    process = spot("--batch", "100")
    wait_for(lambda: job.count("DONE") == 20 and job.count("RUNNING") > 2)
    process.signal(signal.SIGTERM)
    assert process.ends() == 0
    assert job.count("RUNNING") == 0
    assert job.count("DONE") == 22
    assert {task.attempts for task in job.tasks if task.status == "NEW"} == {0}
    assert "released" in process.log


def test_what_still_runs_after_the_grace_fails_and_may_run_elsewhere(coordinator: Coordinator, spot: Spot) -> None:
    job = coordinator.engine.add_job([{"seconds": 60}], runner=SLEEP)
    process = spot("--grace", "0.5")
    wait_for(lambda: job.count("RUNNING") == 1)
    time.sleep(1)
    process.signal(signal.SIGINT)
    assert process.ends() == 0
    assert job.tasks[0].status == "NEW"
    assert job.tasks[0].outcome["error"] == "SpotStopped: not done 0.5 s after the spot was told to stop"


def test_a_second_signal_ends_it_at_once(coordinator: Coordinator, spot: Spot, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    coordinator.engine.add_job([{"pids": str(pids)}], runner={"python": "callables:hang_with_child"})
    process = spot("--grace", "60")
    wait_for(lambda: pids.exists() and pids.read_text())
    process.signal(signal.SIGINT)
    wait_for(lambda: "stopping: SIGINT" in process.log)
    process.signal(signal.SIGINT)
    assert process.ends(seconds=3) == 130
    for pid in pids.read_text().split():
        wait_for(lambda pid=pid: is_gone(int(pid)))


def test_workers_end_when_the_agent_is_killed(coordinator: Coordinator, spot: Spot) -> None:
    job = coordinator.engine.add_job([{"seconds": 0}, {"seconds": 60}], runner=SLEEP)
    process = spot(cores=1)
    wait_for(lambda: job.count("DONE") == 1)
    worker = json.loads(job.tasks[0].outcome["resultJson"])["pid"]
    assert not is_gone(worker)
    process.process.kill()
    wait_for(lambda: is_gone(worker))


def test_it_stops_when_idle_for_so_long(coordinator: Coordinator, spot: Spot) -> None:
    process = spot("--until-idle", "1")
    wait_for(lambda: "registered" in process.log)
    began = time.monotonic()
    time.sleep(0.5)
    late = coordinator.engine.add_job([{"x": 1}], runner=DOUBLE)
    assert process.ends() == 0
    assert late.count("DONE") == 1
    assert time.monotonic() - began > 1.5


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (("--python", "no_such_module:run"), "No module named 'no_such_module'"),
        (("--python", "callables"), "expected module:function"),
        (("--command", "no-such-program --now"), "there is no program 'no-such-program'"),
        (("--python", "a:b", "--command", "true"), "exclude each other"),
    ],
)
def test_a_spot_that_could_run_nothing_does_not_start(
    coordinator: Coordinator, spot: Spot, options: tuple[str, ...], problem: str
) -> None:
    process = spot(*options)
    assert process.ends() == 2
    assert problem in process.log
    assert not coordinator.calls


def test_quiet_says_nothing_while_all_is_well(coordinator: Coordinator, spot: Spot) -> None:
    coordinator.engine.add_job([{"x": 1}], runner=DOUBLE)
    process = spot("--once", "--quiet")
    assert process.ends() == 0
    assert process.log == ""
