"""The measuring of cold starts, from the source tree on this Python: what a build adds is `make bench`'s to see."""

import io
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from rich.console import Console

from bench import cold_start, tables
from bench.cold_start import BASELINE, Start, Subject
from local.settings import REPOSITORY

INSTALLED = Path(sysconfig.get_path("purelib"))
SOURCES = [REPOSITORY / "layers" / "core" / "python", INSTALLED]


def handler(operation: str) -> Start:
    (file,) = (REPOSITORY / "functions").glob(f"*/{operation}.py")
    return Start(operation, [file.parent, *SOURCES], REPOSITORY / "events" / file.parent.name / f"{operation}.json")


@pytest.mark.slow
def test_handlers_answer_their_sample_events_in_fresh_processes_and_are_compared_with_the_client_library() -> None:
    clients = [Start(BASELINE, [INSTALLED]), Start("botocore", [INSTALLED])]
    operations = ["submit_job", "audit_jobs", "complete_tasks", "deliver_report", "write_report"]
    rows = cold_start.measure(Subject(Path(sys.executable), clients, list(map(handler, operations))), starts=1)
    found = {row["start"]: row for row in rows}
    assert list(found) == [BASELINE, "botocore", *operations]
    assert [found[what]["answer"] for what in operations] == ["201", "", "200", "", ""]
    assert found[BASELINE]["ratio"] == 1
    assert found["botocore"]["cpu_ms"] < found["submit_job"]["cpu_ms"]
    verdict = cold_start.verdict(rows)
    assert verdict["cold_start_ratio"] == max(row["ratio"] for row in rows[2:])
    printed = io.StringIO()
    tables.show(Console(file=printed, width=160), {"machine": {}, "targets": verdict, "cold_start": rows})
    assert "Cold starts" in printed.getvalue()
    assert "cold start ratio" in printed.getvalue()


def test_a_handler_is_started_with_nothing_but_its_folders(tmp_path: Path) -> None:
    (tmp_path / "lonely.py").write_text("import muster\n")
    script = Path(cold_start.__file__).with_name("first_answer.py")
    command = [sys.executable, "-I", "-S", "-B", script, "lonely", os.devnull, tmp_path]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode
    assert "No module named 'muster'" in done.stderr
