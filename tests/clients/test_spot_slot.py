"""One slot of a spot: how a task is run and what is made of its end."""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from muster_client.records import ClaimedJob
from muster_client.spot.choice import RunnerChoice
from muster_client.spot.held import Completion, Failure, Grant, HeldTask, Outcome
from muster_client.spot.slot import Slot
from tests.clients.conftest import HERE
from tests.clients.processes import is_gone, wait_for

Run = Callable[..., Outcome | None]


def task(payload: Any, timeout: int = 60, **job: Any) -> HeldTask:
    grant = Grant("spot-1", ClaimedJob(task_timeout_seconds=timeout, **job), renew_at=0.0)
    return HeldTask("job-main-1.0.0-1-1", json.dumps(payload), grant)


@pytest.fixture
def slot() -> Iterator[Slot]:
    one = Slot(RunnerChoice(allow_commands=True), [str(HERE)])
    yield one
    one.close()


@pytest.fixture
def call(slot: Slot) -> Run:
    """Run one of tests/clients/callables.py."""
    return lambda name, payload, **how: slot.run(task(payload, runner={"python": f"callables:{name}"}, **how))


@pytest.fixture
def shell(slot: Slot) -> Run:
    """Run a shell script as the job's command."""
    return lambda script, payload=None, **how: slot.run(task(payload, runner={"command": ["sh", "-c", script]}, **how))


@pytest.mark.parametrize("value", [0.1, 1e-300, 5e-324, -0.0, 8e307, 3])
def test_a_python_callable_gets_the_payload_and_its_result_is_exact(call: Run, value: float) -> None:
    outcome = call("double", {"x": value})
    assert isinstance(outcome, Completion)
    assert repr(outcome.fopt) == repr(float(value * 2))
    assert outcome.iter == 7
    assert json.loads(outcome.result_json or "") == {"fopt": value * 2, "iter": 7, "seen": {"x": value}}


def test_the_runtime_is_that_of_the_call_alone(call: Run) -> None:
    outcome = call("sleep", {"seconds": 0.2})
    assert isinstance(outcome, Completion)
    assert 200 <= outcome.runtime_ms < 400


def test_the_worker_process_is_kept_for_the_next_task(call: Run) -> None:
    outcomes = [call("sleep", {"seconds": 0}) for _ in range(3)]
    assert len({json.loads(outcome.result_json)["pid"] for outcome in outcomes if outcome}) == 1


@pytest.mark.parametrize("signal", ["SIGKILL", "SIGSEGV", "SIGTERM"])
def test_a_worker_that_is_killed_is_a_retriable_failure_and_is_replaced(call: Run, tmp_path: Path, signal: str) -> None:
    payload = {"mark": str(tmp_path / "mark"), "signal": signal}
    number = {"SIGKILL": 9, "SIGSEGV": 11, "SIGTERM": 15}[signal]
    assert call("die_once", payload) == Failure(f"WorkerDied: Killed: signal {number}", output="last words\n")
    assert isinstance(call("die_once", payload), Completion)


def test_a_task_that_leaves_the_worker_is_a_retriable_failure(call: Run) -> None:
    assert call("leave", {"status": 4}) == Failure("WorkerDied: Exited: status 4")


def test_a_worker_that_died_between_two_tasks_spoils_neither(call: Run) -> None:
    assert isinstance(call("die_later", {}), Completion)
    time.sleep(0.3)
    assert isinstance(call("double", {"x": 1}), Completion)


def test_a_task_that_outlasts_its_time_is_killed_with_all_it_started(call: Run, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    assert call("hang_with_child", {"pids": str(pids)}, timeout=1) == Failure("TimedOut: still running after 1 s")
    for pid in pids.read_text().split():
        wait_for(lambda pid=pid: is_gone(int(pid)))


def test_importing_does_not_count_against_the_time_of_a_task(slot: Slot) -> None:
    outcome = slot.run(task({}, timeout=1, runner={"python": "slow_to_import:run"}))
    assert isinstance(outcome, Completion)


@pytest.mark.parametrize(
    ("what", "problem"),
    [
        ("nan", "fopt is nan"),
        ("infinity", "fopt is -inf"),
        ("huge", "fopt is beyond the range of a double"),
        ("nested nan", "the result is not JSON"),
        ("text", "fopt is str, not a number"),
        ("object", "object is not JSON"),
        ("list", "returned list, not a dict"),
        ("half an iteration", "iter is not a whole number"),
        ("too long", "the result is longer than 1,000,000 characters"),
    ],
)
def test_what_can_not_be_a_result_fails_for_good(call: Run, what: str, problem: str) -> None:
    outcome = call("return_this", {"what": what})
    assert isinstance(outcome, Failure)
    assert problem in outcome.error
    assert not outcome.retriable


def test_a_callable_that_returns_nothing_has_completed(call: Run) -> None:
    outcome = call("return_this", {"what": "nothing"})
    assert isinstance(outcome, Completion)
    assert (outcome.fopt, outcome.iter, outcome.result_json) == (None, None, None)


def test_numbers_and_arrays_of_numpy_are_results(call: Run) -> None:
    outcome = call("return_numpy", {})
    assert isinstance(outcome, Completion)
    assert (outcome.fopt, outcome.iter) == (0.1, 12)
    assert json.loads(outcome.result_json or "")["best"] == [1.5, 2.5]


@pytest.mark.parametrize("name", ["no_such_module:run", "callables:no_such_function", "callables:NOT_CALLABLE"])
def test_what_can_not_be_imported_fails_for_good(slot: Slot, name: str) -> None:
    outcome = slot.run(task({}, runner={"python": name}))
    assert isinstance(outcome, Failure)
    assert outcome.error.startswith(f"Unimportable: {name}")
    assert not outcome.retriable


def test_a_failure_carries_its_error_and_the_last_4000_characters_of_all_output(call: Run) -> None:
    outcome = call("print_and_fail", {"x": 3})
    assert isinstance(outcome, Failure)
    assert outcome.error == "ValueError: no good: 3"
    assert outcome.retriable
    assert outcome.output
    assert len(outcome.output) == 4000
    printed = ["xxx", "from the descriptor", "from a child", "the end", "Traceback"]
    assert sorted(printed, key=outcome.output.index) == printed


def test_a_task_that_prints_without_end_is_still_ended_in_time(call: Run, shell: Run) -> None:
    for outcome in (call("print_for_ever", {}, timeout=1), shell("yes", timeout=1)):
        assert isinstance(outcome, Failure)
        assert outcome.error == "TimedOut: still running after 1 s"
        assert outcome.output
        assert len(outcome.output) == 4000


def test_output_is_that_of_the_task_alone(call: Run) -> None:
    call("print_and_succeed_or_fail", {"x": 2})
    outcome = call("print_and_succeed_or_fail", {"x": 3})
    assert isinstance(outcome, Failure)
    assert (outcome.output or "").startswith("this is task 3\n")


def test_a_command_finds_the_payload_on_stdin_and_in_the_environment(shell: Run) -> None:
    script = (
        """echo noise; read -r line; test "$line" = "$MUSTER_PAYLOAD" && printf '{"fopt": 1e-300, "in": %s}' "$line" """
    )
    outcome = shell(script, {"x": "ü"})
    assert isinstance(outcome, Completion)
    assert outcome.fopt == 1e-300
    assert outcome.result_json == '{"fopt": 1e-300, "in": {"x": "\\u00fc"}}'


def test_a_payload_too_long_for_the_environment_still_comes_on_stdin(shell: Run) -> None:
    outcome = shell('echo "{\\"fopt\\": $(wc -c), \\"iter\\": ${#MUSTER_PAYLOAD}}"', "x" * 200_000)
    assert isinstance(outcome, Completion)
    assert (outcome.fopt, outcome.iter) == (200_002, 0)


def test_a_command_whose_last_line_is_no_object_completes_without_a_result(shell: Run) -> None:
    outcome = shell("echo '{\"fopt\": 1}'; echo bye")
    assert isinstance(outcome, Completion)
    assert outcome.result_json is None


def test_a_command_that_prints_nan_fails_for_good(shell: Run) -> None:
    outcome = shell("echo '{\"fopt\": NaN}'")
    assert isinstance(outcome, Failure)
    assert (outcome.error, outcome.retriable) == ("NoResult: the result holds NaN", False)


def test_a_command_with_another_exit_status_than_0_fails_with_its_output(shell: Run) -> None:
    outcome = shell("echo out; echo err >&2; exit 7")
    assert isinstance(outcome, Failure)
    assert (outcome.error, outcome.retriable) == ("Exited: status 7", True)
    assert sorted((outcome.output or "").split()) == ["err", "out"]


def test_a_command_that_outlasts_its_time_is_killed_with_its_children(shell: Run, tmp_path: Path) -> None:
    outcome = shell(f"sleep 300 & echo $! > {tmp_path}/pid; wait", timeout=1)
    assert outcome == Failure("TimedOut: still running after 1 s")
    wait_for(lambda: is_gone(int((tmp_path / "pid").read_text())))


def test_a_command_that_leaves_a_child_behind_ends_with_itself(shell: Run) -> None:
    outcome = shell("sleep 300 & echo '{\"fopt\": 5}'")
    assert isinstance(outcome, Completion)
    assert outcome.fopt == 5


def test_an_unknown_program_is_a_failure_that_another_spot_may_not_have(slot: Slot) -> None:
    outcome = slot.run(task({}, runner={"command": ["no-such-program"]}))
    assert isinstance(outcome, Failure)
    assert "no-such-program" in outcome.error
    assert outcome.retriable


def test_a_slot_runs_commands_of_jobs_only_when_allowed() -> None:
    outcome = Slot(RunnerChoice(), []).run(task({}, runner={"command": ["true"]}))
    assert isinstance(outcome, Failure)
    assert "started with --allow-commands" in outcome.error
    assert outcome.retriable


def test_a_job_without_a_runner_needs_a_spot_that_has_one() -> None:
    assert isinstance(Slot(RunnerChoice(), []).run(task({})), Failure)


def test_the_spots_own_runner_goes_before_the_jobs() -> None:
    slot = Slot(RunnerChoice(command=[sys.executable, "-c", "print({})"]), [])
    outcome = slot.run(task({}, runner={"python": "callables:leave"}))
    assert isinstance(outcome, Completion)
    assert outcome.result_json == "{}"


@pytest.mark.parametrize("how", ["python", "command"])
def test_an_aborted_task_is_ended_and_has_no_outcome(call: Run, shell: Run, slot: Slot, how: str) -> None:
    outcomes: list[Outcome | None] = []
    runs = {"python": lambda: call("sleep", {"seconds": 60}), "command": lambda: shell("sleep 60")}
    thread = Thread(target=lambda: outcomes.append(runs[how]()))
    thread.start()
    wait_for(lambda: slot.abort("job-main-1.0.0-1-1"))
    thread.join(10)
    assert outcomes == [None]
    assert not slot.abort("job-main-1.0.0-1-1")
    assert isinstance(call("double", {"x": 1}), Completion)


@pytest.mark.skipif(not shutil.which("javac"), reason="needs a JDK")
def test_a_jar_is_run_with_the_payload_as_its_argument(slot: Slot, tmp_path: Path) -> None:
    (tmp_path / "Echo.java").write_text(
        "public class Echo { public static void main(String[] a) {"
        ' System.out.println("starting"); System.out.println("{\\"fopt\\": 0.5, \\"in\\": " + a[0] + "}"); } }'
    )
    subprocess.run(["javac", "-d", str(tmp_path), str(tmp_path / "Echo.java")], check=True)
    outcome = slot.run(task({"alg": "PSO"}, jar_path=str(tmp_path), main_class="Echo"))
    assert isinstance(outcome, Completion)
    assert outcome.result_json == '{"fopt": 0.5, "in": {"alg": "PSO"}}'
