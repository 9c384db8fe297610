"""What functions print."""

import json
import logging
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from functions.sweeps.get_job import get_job
from muster.core.errors import JobNotFound
from muster.edge import logs
from tests.edge.conftest import Recorder, event


@pytest.fixture(autouse=True)
def _text_again() -> Iterator[None]:
    logs.configure("text")
    yield
    logs.configure("text")


def printed(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().out.splitlines()


def test_lines_are_those_of_the_contract(capsys: pytest.CaptureFixture[str]) -> None:
    reaper = logging.getLogger("muster.TaskReaper")
    reaper.info("Reaped task %s for retry", "task-7")
    reaper.warning("Task %s permanently failed after %d attempts", "task-7", 3)
    logging.getLogger("muster.SpotService").error("Reaped %d stale SPOTs, freed %d tasks", 2, 5)

    assert printed(capsys) == [
        "INFO  TaskReaper - Reaped task task-7 for retry",
        "WARN  TaskReaper - Task task-7 permanently failed after 3 attempts",
        "ERROR SpotService - Reaped 2 stale SPOTs, freed 5 tasks",
    ]


def test_a_second_configuration_does_not_print_twice(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("text")
    logging.getLogger("muster.TaskReaper").info("once")

    assert printed(capsys) == ["INFO  TaskReaper - once"]


def test_handlers_of_others_do_not_repeat_our_lines(capsys: pytest.CaptureFixture[str]) -> None:
    theirs = logging.StreamHandler(logs._Stdout().stream)
    logging.getLogger().addHandler(theirs)
    try:
        logs.configure("text")
        logging.getLogger("muster.TaskReaper").info("once")
        logging.getLogger("elsewhere").warning("theirs")
    finally:
        logging.getLogger().removeHandler(theirs)

    assert printed(capsys) == ["INFO  TaskReaper - once", "theirs"]


def test_in_json_component_request_and_operation_are_fields(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("json")
    with logs.fields(operation="get_job", request_id="r-1", organization="main"):
        logging.getLogger("muster.TaskReaper").info("Reaped task %s for retry", "task-7")

    (line,) = printed(capsys)
    record = json.loads(line)
    assert {name: record[name] for name in ("level", "component", "message", "operation", "request_id")} == {
        "level": "INFO",
        "component": "TaskReaper",
        "message": "Reaped task task-7 for retry",
        "operation": "get_job",
        "request_id": "r-1",
    }


def test_fields_of_one_thread_do_not_show_in_another(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("json")
    log = logging.getLogger("muster.Api")
    with logs.fields(request_id="mine"):
        other = threading.Thread(target=log.info, args=("other",))
        other.start()
        other.join()
        log.info("mine")

    other_line, my_line = map(json.loads, printed(capsys))
    assert ("request_id" in other_line, my_line["request_id"]) == (False, "mine")


def test_on_aws_each_call_is_counted_under_its_operation(
    store: Recorder, environment: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    environment(MUSTER_LOG_FORMAT="json", POWERTOOLS_METRICS_NAMESPACE="Muster", POWERTOOLS_SERVICE_NAME="muster")
    store.outcome = JobNotFound()
    get_job(event(path={"jobId": "j"}), None)

    (line,) = printed(capsys)
    metric = json.loads(line)
    assert (metric["get_job"], metric["status"]) == ([1.0], "4xx")
    assert metric["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "Muster"


def test_a_refusal_prints_nothing_where_logs_are_text(store: Recorder, capsys: pytest.CaptureFixture[str]) -> None:
    store.outcome = JobNotFound()
    get_job(event(path={"jobId": "j"}), None)

    assert printed(capsys) == []


def test_every_line_in_the_file_has_its_format_those_of_a_stack_too(tmp_path: Path) -> None:
    file = tmp_path / "logs" / "orchestrator.log"
    logs.configure("text", file=str(file))
    try:
        raise ValueError("first\n\nsecond")
    except ValueError:
        logging.getLogger("muster.Workflow").exception("write_report failed")

    written = file.read_text().splitlines()
    form = re.compile(r"\S+T\S+Z ERROR \[Workflow\] \[computations-orchestrator\] (.+)")
    said = [match[1] if (match := form.fullmatch(line)) else None for line in written]
    assert said[:2] == ["write_report failed", "Traceback (most recent call last):"]
    assert said[-2:] == ["ValueError: first", "second"]
    assert None not in said
