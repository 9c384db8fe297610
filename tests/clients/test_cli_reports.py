"""The commands about reports, files, deliveries and webhooks: what they print, and how they end."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from typer.testing import CliRunner, Result

from muster_client.cli.main import app
from tests.clients.coordinator import Coordinator
from tests.clients.engine import Job

Cli = Callable[..., Result]
SECRET = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"
DELIVERY = {"id": "webhook", "url": "https://example.com/end", "status": "FAILED", "attempts": 8}
TRIED = {"lastAttemptAt": "2026-01-28T17:00:00.000Z", "lastProblem": "answered 500 oh [no]"}


@pytest.fixture
def cli(coordinator: Coordinator, monkeypatch: pytest.MonkeyPatch) -> Cli:
    monkeypatch.setenv("MUSTER_URL", coordinator.url)
    monkeypatch.setenv("MUSTER_KEY", "mk-main-key")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("MUSTER_WEBHOOK_SECRET", raising=False)
    runner = CliRunner()
    return lambda *arguments, **more: runner.invoke(app, list(arguments), **more)


@pytest.fixture
def job(coordinator: Coordinator) -> Job:
    """One task, done; its report not made."""
    made = coordinator.engine.add_job([{}])
    made.tasks[0].status, made.tasks[0].outcome = "DONE", {"runtimeMs": 1}
    return made


class _Files(SimpleHTTPRequestHandler):
    asked: ClassVar[list[dict[str, str]]] = []

    def do_GET(self) -> None:
        self.asked.append(dict(self.headers))
        super().do_GET()

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def saved(coordinator: Coordinator, job: Job, tmp_path: Path) -> Iterator[list[dict[str, str]]]:
    """Two files of the job, served by somebody else than the coordinator; the headers that were sent for them."""
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    (shelf / "report.txt").write_text("five!")
    (shelf / "results.ndjson").write_bytes(b"{}\n" * 100_000)
    job.report = "all is well"
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Files, directory=shelf))
    threading.Thread(target=server.serve_forever, args=[0.02], daemon=True).start()
    coordinator.engine.saved = ["report.txt", "results.ndjson"]
    coordinator.engine.files_url = f"http://127.0.0.1:{server.server_address[1]}"
    _Files.asked.clear()
    yield _Files.asked
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(("options", "printed"), [([], "txt: fine\n"), (["--format", "csv"], "csv: fine\n")])
def test_a_report_is_printed_as_the_server_wrote_it(cli: Cli, job: Job, options: list[str], printed: str) -> None:
    job.report = "fine"
    assert cli("job", "report", job.id, *options).output == printed


@pytest.mark.parametrize("option", [["--json"], ["--format", "json"]])
def test_a_report_for_programs_is_one_document(cli: Cli, job: Job, option: list[str]) -> None:
    job.report = "fine"
    assert json.loads(cli("job", "report", job.id, *option).stdout)["overall"] == "fine"


@pytest.mark.parametrize("command", ["report", "files"])
def test_what_is_not_made_yet_ends_with_5(cli: Cli, job: Job, command: str) -> None:
    result = cli("job", command, job.id, "--json")
    assert (result.exit_code, result.stdout) == (5, "")
    assert result.stderr.splitlines() == ["the report is not made yet", "  --wait waits for it"]


def test_waiting_outlasts_the_making_and_a_restart(cli: Cli, coordinator: Coordinator, job: Job) -> None:
    def make() -> None:
        while not coordinator.calls["/api/v1/jobs/{id}/report"]:
            time.sleep(0.01)
        with coordinator.down():
            job.report = "late"

    threading.Thread(target=make).start()
    result = cli("job", "report", job.id, "--wait")
    assert (result.exit_code, result.stdout) == (0, "txt: late\n")


def test_files_are_listed_with_their_sizes(cli: Cli, job: Job, saved: object) -> None:
    lines = cli("job", "files", job.id).output.splitlines()
    assert [line.split() for line in lines[1:]] == [["report.txt", "txt", "5"], ["results.ndjson", "txt", "5"]]


def test_files_are_fetched_whole_and_without_our_key(
    cli: Cli, job: Job, saved: list[dict[str, str]], tmp_path: Path
) -> None:
    folder = tmp_path / "new" / "folder"
    result = cli("job", "files", job.id, "--download", str(folder))
    assert (result.exit_code, result.stdout.split()) == (0, [f"{folder}/report.txt", f"{folder}/results.ndjson"])
    assert {path.name: path.stat().st_size for path in folder.iterdir()} == {"report.txt": 5, "results.ndjson": 300_000}
    assert len(saved) == 2
    assert not any("mk-main-key" in str(headers) for headers in saved)


@pytest.mark.parametrize("name", ["../report.txt", "/etc/report.txt", "..", ""])
def test_a_file_never_leaves_the_folder(
    cli: Cli, coordinator: Coordinator, job: Job, saved: object, tmp_path: Path, name: str
) -> None:
    coordinator.engine.saved = [name]
    result = cli("job", "files", job.id, "--download", str(tmp_path / "folder"))
    assert (result.exit_code, result.stderr) == (4, f"{name!r} is not the name of a file\n")
    assert list((tmp_path / "folder").iterdir()) == []


def test_a_link_that_opens_nothing_leaves_no_file(
    cli: Cli, coordinator: Coordinator, job: Job, saved: object, tmp_path: Path
) -> None:
    coordinator.engine.saved = ["gone.txt"]
    result = cli("job", "files", job.id, "--download", str(tmp_path / "folder"))
    assert (result.exit_code, result.stderr) == (4, "the link to gone.txt answered 404\n")
    assert list((tmp_path / "folder").iterdir()) == []


def test_a_job_shows_its_report_and_its_deliveries(cli: Cli, job: Job) -> None:
    job.report, job.deliveries = "fine", [{**DELIVERY, **TRIED}]
    shown = cli("job", "show", job.id).output
    assert "READY" in shown
    assert shown.splitlines()[-1].split()[:3] == ["webhook", "FAILED", "8"]
    assert shown.splitlines()[-1].endswith("https://example.com/end answered 500 oh [no]")


def test_the_only_delivery_is_delivered_once_more(cli: Cli, job: Job) -> None:
    job.deliveries = [dict(DELIVERY)]
    assert cli("job", "redeliver", job.id).output == f"{job.id} webhook PENDING: https://example.com/end\n"
    assert job.deliveries[0]["attempts"] == 0
    assert json.loads(cli("job", "redeliver", job.id, "webhook", "--json").stdout)["delivery"]["id"] == "webhook"


def test_of_several_deliveries_one_has_to_be_named(cli: Cli, job: Job) -> None:
    assert cli("job", "redeliver", job.id).stderr == f"{job.id} has no deliveries\n"
    job.deliveries = [dict(DELIVERY), {**DELIVERY, "id": "stack"}]
    result = cli("job", "redeliver", job.id)
    assert (result.exit_code, len(result.stderr.splitlines())) == (2, 3)
    assert cli("job", "redeliver", job.id, "stack").exit_code == 0
    assert cli("job", "redeliver", job.id, "third").exit_code == 3


@pytest.mark.parametrize(
    ("url", "exit_code", "printed"),
    [
        ("https://example.com/up", 0, "delivered: 204 in 31 ms\n"),
        ("https://example.com/down", 1, "not delivered: Connection refused (3 ms)\n"),
    ],
)
def test_a_webhook_is_tried_out(cli: Cli, coordinator: Coordinator, url: str, exit_code: int, printed: str) -> None:
    result = cli("webhook", "test", url, "--secret", SECRET)
    assert (result.exit_code, result.output) == (exit_code, printed)
    assert coordinator.bodies["/api/v1/webhooks/test"] == [{"webhook": {"url": url, "secret": SECRET}}]


def test_a_secret_comes_from_the_environment_and_is_never_shown(
    cli: Cli, coordinator: Coordinator, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = cli("webhook", "test", "https://example.com")
    assert (missing.exit_code, "MUSTER_WEBHOOK_SECRET" in missing.output) == (2, True)
    monkeypatch.setenv("MUSTER_WEBHOOK_SECRET", SECRET)
    said = [cli(*line) for line in (["webhook", "test", "https://example.com"], ["webhook", "test", "--help"])]
    said.append(cli("webhook", "test", "https://example.com", "--nonsense"))
    assert [one.exit_code for one in said] == [0, 0, 2]
    assert not any("AAECAwQ" in one.output + one.stderr for one in said)
    assert coordinator.bodies["/api/v1/webhooks/test"][0]["webhook"]["secret"] == SECRET


def test_a_job_is_submitted_with_a_webhook(cli: Cli, coordinator: Coordinator, monkeypatch: pytest.MonkeyPatch) -> None:
    file: dict[str, Any] = {"tasks": [1], "delivery": {"formats": ["txt"], "webhook": {"url": "https://old.example"}}}
    submit = ["job", "submit", "-", "--webhook", "https://example.com/end"]
    missing = cli(*submit, input=json.dumps(file))
    assert (missing.exit_code, "MUSTER_WEBHOOK_SECRET" in missing.output) == (2, True)
    monkeypatch.setenv("MUSTER_WEBHOOK_SECRET", SECRET)
    assert cli(*submit, input=json.dumps(file)).exit_code == 0
    wanted = {"formats": ["txt"], "webhook": {"url": "https://example.com/end", "secret": SECRET}}
    assert coordinator.bodies["/api/v1/jobs"][0]["delivery"] == wanted


def test_a_delivery_of_the_file_that_is_no_object_is_a_usage_error(cli: Cli) -> None:
    options = ["--webhook", "https://example.com", "--webhook-secret", SECRET]
    result = cli("job", "submit", "-", *options, input='{"delivery": 5}')
    assert (result.exit_code, SECRET in result.output) == (2, False)
