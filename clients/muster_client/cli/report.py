"""`muster job report`, `files` and `redeliver`, `muster webhook test`: what an ended job leads to."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, TextIO, TypeVar

import typer
from rich.text import Text

from muster_client.api import Muster
from muster_client.cli import tables
from muster_client.cli.exits import ENDED_BADLY, NOT_YET, OK, USAGE, command, leave
from muster_client.cli.options import WEBHOOK_SECRET, AsJson, JobId, Key, ReportFormat, Url, connect, print_json
from muster_client.records import Delivery, ReportFiles

app = typer.Typer(help="Webhooks.", no_args_is_help=True)

# Waiting outlasts a restart of the coordinator.
WAIT_RETRY_SECONDS = 60.0
FASTEST_SECONDS, SLOWEST_SECONDS = 0.3, 5.0

T = TypeVar("T")

Wait = Annotated[bool, typer.Option("--wait", help="Wait until the report is made, and for the job before it.")]


@command
def report(
    job_id: JobId,
    format: Annotated[ReportFormat, typer.Option(help="txt for people, json or csv for programs.")] = ReportFormat.TXT,
    wait: Wait = False,
    as_json: AsJson = False,
    url: Url = None,
    key: Key = None,
) -> None:
    """Print the report of a job that has ended. Exit status 5 as long as it is not made."""
    kind = ReportFormat.JSON if as_json else format
    with connect(url, key, WAIT_RETRY_SECONDS if wait else 8.0) as muster:
        text = _made(lambda: muster.get_report(job_id, kind.value), wait)
    if kind is ReportFormat.JSON:
        print_json(json.loads(text))
    else:
        sys.stdout.write(text)


@command
def files(
    job_id: JobId,
    download: Annotated[
        Path | None, typer.Option("--download", metavar="DIR", file_okay=False, help="Fetch all of them into a folder.")
    ] = None,
    wait: Wait = False,
    as_json: AsJson = False,
    url: Url = None,
    key: Key = None,
) -> None:
    """List what was saved of a job, or fetch it. Exit status 5 as long as the report is not made."""
    with connect(url, key, WAIT_RETRY_SECONDS if wait else 8.0) as muster:
        saved = _made(lambda: _files(muster, job_id), wait)
        if download:
            _fetch(muster.download_report_files(job_id, download), sys.stderr if as_json else sys.stdout)
    if as_json:
        print_json(saved.raw)
    elif not download:
        tables.show(tables.files(saved.files))


@command
def redeliver(
    job_id: JobId,
    delivery_id: Annotated[
        str | None,
        typer.Argument(metavar="[DELIVERY]", show_default="the only one", help="Its id, as `job show` has it."),
    ] = None,
    as_json: AsJson = False,
    url: Url = None,
    key: Key = None,
) -> None:
    """Deliver the word of a job's end once more, with all attempts anew."""
    with connect(url, key) as muster:
        delivery = delivery_id or _only_one(muster.get_job(job_id).deliveries, job_id)
        answer = muster.redeliver_report(job_id, delivery)
    if as_json:
        print_json(answer.raw)
    else:
        print(f"{answer.job_id} {answer.delivery.id} {answer.delivery.status}: {answer.delivery.url}")


@app.command("test")
@command
def try_webhook(
    address: Annotated[str, typer.Argument(metavar="URL", help="Where to send.")],
    secret: Annotated[str, typer.Option(envvar=WEBHOOK_SECRET, metavar="whsec_…", help="What signs the message.")],
    as_json: AsJson = False,
    url: Url = None,
    key: Key = None,
) -> None:
    """Send one signed message now. Exit status 1 when it was not taken."""
    with connect(url, key) as muster:
        tried = muster.try_webhook(address, secret)
    if as_json:
        print_json(tried.raw)
    elif tried.delivered:
        print(f"delivered: {tried.status} in {tried.took_ms:,} ms")
    else:
        tables.show(Text(f"not delivered: {tried.problem or tried.status} ({tried.took_ms:,} ms)", style="bold red"))
    raise typer.Exit(OK if tried.delivered else ENDED_BADLY)


def _made(ask: Callable[[], T | None], wait: bool) -> T:
    """What is there once the report is made: now, or when we have waited for it."""
    pause = FASTEST_SECONDS
    while (answer := ask()) is None:
        if not wait:
            leave(NOT_YET, "the report is not made yet", "  --wait waits for it")
        time.sleep(pause)
        pause = min(SLOWEST_SECONDS, pause * 1.5)
    return answer


def _files(muster: Muster, job_id: str) -> ReportFiles | None:
    saved = muster.list_report_files(job_id)
    return None if saved.report == "PENDING" else saved


def _fetch(paths: Iterator[Path], told: TextIO) -> None:
    """Say of each file when it is there."""
    try:
        for path in paths:
            print(path, file=told, flush=True)
    except BrokenPipeError:
        raise
    except OSError as error:
        leave(USAGE, f"a file can not be written: {error}")


def _only_one(deliveries: list[Delivery], job_id: str) -> str:
    if not deliveries:
        leave(USAGE, f"{job_id} has no deliveries")
    if len(deliveries) > 1:
        leave(USAGE, "say which delivery", *(f"  {one.id}: {one.url}" for one in deliveries))
    return deliveries[0].id
