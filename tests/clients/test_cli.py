"""The commands: what they print, and how they end."""

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from muster_client import __version__
from muster_client.cli.main import app
from tests.clients.coordinator import Coordinator
from tests.clients.engine import Job

Cli = Callable[..., Result]


@pytest.fixture
def cli(coordinator: Coordinator, monkeypatch: pytest.MonkeyPatch) -> Cli:
    monkeypatch.setenv("MUSTER_URL", coordinator.url)
    monkeypatch.setenv("COLUMNS", "200")
    runner = CliRunner()
    return lambda *arguments, **more: runner.invoke(app, list(arguments), **more)


@pytest.fixture
def job(coordinator: Coordinator) -> Job:
    """Four tasks: three done, one failed with output."""
    made = coordinator.engine.add_job([{"x": number} for number in range(4)])
    for task, fopt in zip(made.tasks, (0.3, 1e-300, 0.2), strict=False):
        task.status, task.outcome = "DONE", {"fopt": fopt, "runtimeMs": 12, "resultJson": "{}"}
    made.tasks[3].status, made.tasks[3].outcome = "FAILED", {"error": "ValueError: no", "output": "last words\n"}
    return made


@pytest.fixture
def job_file(tmp_path: Path) -> str:
    file = tmp_path / "job.json"
    file.write_text('{"tasks": [{"x": 1}, {"x": 2}]}')
    return str(file)


def settle(job: Job, status: str = "DONE", after: float = 0.0) -> None:
    time.sleep(after)
    for task in job.tasks:
        task.status, task.outcome = status, {"runtimeMs": 1}


def test_a_job_is_submitted_from_a_file(cli: Cli, coordinator: Coordinator, job_file: str) -> None:
    result = cli("job", "submit", job_file, "--name", "mine", "--priority", "9", "--pool", "p", "--max-attempts", "2")
    assert result.exit_code == 0
    assert result.output == "job-main-0000000000000001 submitted: 2 tasks\n"
    sent = coordinator.bodies["/api/v1/jobs"][0]
    named = {"name": "mine", "priority": 9, "pool": "p", "maxAttempts": 2}
    assert sent == {"tasks": [{"x": 1}, {"x": 2}], **named}


def test_a_job_is_submitted_from_standard_input_with_changes(cli: Cli, coordinator: Coordinator) -> None:
    changes = ["--set", "tasks=[1,2,3]", "--set", "name=plain text", "--set", "parameters.rate=[0.1]"]
    result = cli("job", "submit", "-", *changes, "--timeout", "7", "--json", input='{"parameters": {"a.b": [1]}}')
    assert json.loads(result.output)["totalTasks"] == 3
    assert coordinator.bodies["/api/v1/jobs"][0] == {
        "tasks": [1, 2, 3],
        "name": "plain text",
        "parameters": {"a.b": [1], "rate": [0.1]},
        "taskTimeoutSeconds": 7,
    }


@pytest.mark.parametrize(
    ("text", "problem"),
    [("{", "is not JSON"), ("[]", "does not hold a JSON object"), ('{"a": NaN}', "NaN"), ('{"a": 1e999}', "1e999")],
)
def test_a_file_that_is_no_job_is_a_usage_error(cli: Cli, coordinator: Coordinator, text: str, problem: str) -> None:
    result = cli("job", "submit", "-", input=text)
    assert result.exit_code == 2
    assert problem in result.output
    assert not coordinator.calls


@pytest.mark.parametrize(
    "arguments",
    [
        ["job", "submit", "/no/such/file"],
        ["job", "submit", "-", "--set", "novalue"],
        ["job", "list", "--status", "SLEEPING"],
        ["job", "show"],
        ["job", "dance"],
        ["job", "results", "x", "--best", "3", "--format", "csv"],
        ["spot", "--batch", "501"],
    ],
)
def test_wrong_usage_ends_with_2(cli: Cli, arguments: list[str]) -> None:
    assert cli(*arguments, input="{}").exit_code == 2


def test_a_refusal_ends_with_3_and_names_every_fault_on_a_line_of_its_own(cli: Cli) -> None:
    result = cli("job", "submit", "-", input='{"xylophone": 1}')
    assert result.exit_code == 3
    assert result.stdout == ""
    lines = ["invalid input", "  body.xylophone: unknown field", "  body.tasks: missing"]
    assert result.stderr.splitlines() == lines


def test_an_unreachable_coordinator_ends_with_4(
    cli: Cli, coordinator: Coordinator, monkeypatch: pytest.MonkeyPatch
) -> None:
    coordinator.stop()
    result = cli("health")
    assert result.exit_code == 4
    assert result.stderr.startswith(f"no answer from {coordinator.url}")
    assert len(result.stderr.splitlines()) == 1


def test_a_coordinator_that_fails_ends_with_4(cli: Cli, coordinator: Coordinator) -> None:
    coordinator.refuse("/api/v1/jobs", 500, 1)
    result = cli("job", "list")
    assert (result.exit_code, result.stderr) == (4, "told to answer 500\n")


def test_an_interrupt_ends_with_130(cli: Cli, monkeypatch: pytest.MonkeyPatch, job: Job) -> None:
    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    job.tasks[0].status = "NEW"
    monkeypatch.setattr("muster_client.cli.watching.time.sleep", interrupt)
    result = cli("job", "watch", job.id)
    assert (result.exit_code, result.stderr) == (130, "interrupted\n")


@pytest.mark.parametrize(("status", "exit_code"), [("DONE", 0), ("FAILED", 1)])
def test_watching_ends_with_the_job(
    cli: Cli, coordinator: Coordinator, job_file: str, status: str, exit_code: int
) -> None:
    job = coordinator.engine.add_job([{}] * 1500)
    threading.Thread(target=settle, args=[job, status, 0.8]).start()
    result = cli("job", "watch", job.id)
    assert result.exit_code == exit_code
    first, *_, last = result.output.splitlines()
    assert first == f"{job.id} PENDING: 0 of 1,500 done, 1,500 waiting, no rate yet"
    assert last.startswith(f"{job.id} {'COMPLETED: 1,500 of 1,500 done' if exit_code == 0 else 'FAILED: 0 of 1,500'}")


def test_watching_a_cancelled_job_ends_with_1(cli: Cli, coordinator: Coordinator) -> None:
    job = coordinator.engine.add_job([{}])
    assert cli("job", "cancel", job.id).output == f"{job.id} CANCELLED\n"
    assert cli("job", "watch", job.id).exit_code == 1


def test_submit_can_watch_and_then_prints_one_document(cli: Cli, coordinator: Coordinator, job_file: str) -> None:
    def work() -> None:
        while not coordinator.engine.jobs:
            time.sleep(0.01)
        settle(next(iter(coordinator.engine.jobs.values())), after=0.3)

    threading.Thread(target=work).start()
    result = cli("job", "submit", job_file, "--watch", "--json")
    assert (result.exit_code, json.loads(result.output)["status"]) == (0, "COMPLETED")


def test_watching_outlasts_a_restart_of_the_coordinator(cli: Cli, coordinator: Coordinator) -> None:
    job = coordinator.engine.add_job([{}])

    def restart() -> None:
        time.sleep(0.5)
        with coordinator.down():
            settle(job, after=1)

    threading.Thread(target=restart).start()
    assert cli("job", "watch", job.id).exit_code == 0


def test_jobs_are_listed_and_shown(cli: Cli, coordinator: Coordinator, job: Job) -> None:
    coordinator.engine.add_job([{}]).name = "other [red]"
    head, first, second = cli("job", "list").output.splitlines()
    assert head.split()[:3] == ["job", "name", "status"]
    assert first.split()[:5] == [job.id, "FAILED", "3", "1", "4"]
    assert "other [red]" in second
    shown = cli("job", "show", job.id).output
    assert "3 of 4 done, 1 failed" in shown


def test_a_list_that_is_cut_says_so(cli: Cli, coordinator: Coordinator) -> None:
    for _ in range(3):
        coordinator.engine.add_job([{}])
    assert "there are more" not in cli("job", "list", "--limit", "3").output
    assert cli("job", "list", "--limit", "2").output.endswith("there are more: --limit\n")


def test_results_come_in_index_order_and_the_best_first_when_asked(cli: Cli, job: Job) -> None:
    lines = cli("job", "results", job.id).output.splitlines()
    assert [line.split()[0] for line in lines] == ["task", "0", "1", "2", "3"]
    assert lines[-1] == "3 completed"
    best = json.loads(cli("job", "results", job.id, "--best", "2", "--json").output)
    assert [result["fopt"] for result in best["results"]] == [1e-300, 0.2]
    assert (best["jobId"], best["totalCompleted"]) == (job.id, 3)
    assert cli("job", "results", job.id, "--best", "1").output.splitlines()[1].split()[:3] == ["1", '{"x":', "1}"]


def test_results_as_ndjson_are_the_servers_lines(cli: Cli, job: Job) -> None:
    lines = cli("job", "results", job.id, "--format", "ndjson").output.splitlines()
    assert [json.loads(line)["index"] for line in lines] == [0, 1, 2]


def test_tasks_show_what_went_wrong(cli: Cli, job: Job) -> None:
    output = cli("job", "tasks", job.id, "--status", "FAILED", "--output").output
    assert "ValueError: no" in output
    assert output.endswith("last words\n")
    assert "DONE" not in output


def test_failed_tasks_are_retried_as_a_new_job(cli: Cli, job: Job) -> None:
    assert cli("job", "retry", job.id).output.endswith(f"submitted: 1 tasks, retry of {job.id}\n")
    settle(job)
    result = cli("job", "retry", job.id)
    assert (result.exit_code, result.stderr) == (3, "job has no failed tasks\n")


def test_a_stuck_task_is_reset(cli: Cli, job: Job) -> None:
    job.tasks[0].status = "RUNNING"
    assert cli("task", "reset", f"{job.id}.0").output == f"{job.id}.0 reset\n"
    assert job.tasks[0].status == "NEW"
    assert cli("task", "reset", f"{job.id}.0").exit_code == 3
    assert cli("task", "reset", "nonsense").exit_code == 3


def test_spots_and_health_are_shown(cli: Cli, coordinator: Coordinator) -> None:
    coordinator.engine.spots["spot-1"] = {"ipAddress": "10.0.0.9", "cpuLoad": 45.2, "runningTasks": 2, "totalCores": 8}
    assert "10.0.0.9" in cli("spots").output
    assert cli("health").output.startswith("healthy (table connected): 1 spots up")


@pytest.mark.parametrize(
    ("command", "path"),
    [
        ("job list", "jobs"),
        ("job show JOB", "id"),
        ("job watch JOB", "id"),
        ("job results JOB", "results"),
        ("job tasks JOB", "tasks"),
        ("job retry JOB", "jobId"),
        ("spots", "spots"),
        ("health", "status"),
    ],
)
def test_json_prints_one_document_with_what_the_server_said(cli: Cli, job: Job, command: str, path: str) -> None:
    document: Any = json.loads(cli(*command.replace("JOB", job.id).split(), "--json").stdout)
    assert path in document


def test_json_keeps_fields_that_the_client_does_not_know(cli: Cli, job: Job) -> None:
    assert json.loads(cli("job", "show", job.id, "--json").output)["aFieldOfTomorrow"] == 1


def test_the_version_is_printed(cli: Cli) -> None:
    assert cli("--version").output == f"muster {__version__}\n"
