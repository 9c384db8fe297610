"""`muster job …`: submit, follow and end jobs."""

from typing import Annotated

import typer

from muster_client.api import Muster
from muster_client.cli import tables
from muster_client.cli.exits import ENDED_BADLY, OK, command
from muster_client.cli.job_file import apply, read_job, set_webhook
from muster_client.cli.job_results import results, tasks
from muster_client.cli.options import (
    WEBHOOK_SECRET,
    AsJson,
    JobId,
    JobStatus,
    Key,
    Limit,
    Url,
    connect,
    more,
    print_json,
    some,
)
from muster_client.cli.report import files, redeliver, report
from muster_client.cli.watching import watch
from muster_client.records import Job, JobSubmitted

app = typer.Typer(help="Submit, follow and end jobs.", no_args_is_help=True)
app.command()(results)
app.command()(tasks)
app.command()(report)
app.command()(files)
app.command()(redeliver)

# A watch outlasts a restart of the coordinator.
WATCH_RETRY_SECONDS = 60.0


@app.command()
@command
def submit(  # noqa: PLR0913, PLR0917 - a parameter is an option
    file: Annotated[str, typer.Argument(metavar="FILE", help="The job as JSON; - reads standard input.")],
    changes: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Change a field; repeatable.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="A name to find the job by.")] = None,
    priority: Annotated[int | None, typer.Option(help="0 to 9, 9 first.")] = None,
    pool: Annotated[str | None, typer.Option(help="The pool of spots that runs it.")] = None,
    max_attempts: Annotated[int | None, typer.Option(help="Runs of one task in all.")] = None,
    timeout: Annotated[int | None, typer.Option(help="Seconds that one task may run.")] = None,
    webhook: Annotated[str | None, typer.Option(metavar="URL", help="Who is told when the job has ended.")] = None,
    webhook_secret: Annotated[
        str | None, typer.Option(envvar=WEBHOOK_SECRET, metavar="whsec_…", help="What signs that.")
    ] = None,
    follow: Annotated[bool, typer.Option("--watch", help="Watch it to its end.")] = False,
    as_json: AsJson = False,
    url: Url = None,
    key: Key = None,
) -> None:
    """Submit a job."""
    job = read_job(file)
    named = {"name": name, "priority": priority, "pool": pool, "maxAttempts": max_attempts}
    named["taskTimeoutSeconds"] = timeout
    job |= {field: value for field, value in named.items() if value is not None}
    if webhook:
        set_webhook(job, webhook, webhook_secret)
    apply(job, changes or [])
    with connect(url, key, WATCH_RETRY_SECONDS if follow else 8.0) as muster:
        submitted = muster.submit_job(job)
        if not (as_json and follow):
            _show_submitted(submitted, as_json)
        if follow:
            _watch(muster, submitted.job_id, as_json)


@app.command("list")
@command
def list_jobs(
    status: Annotated[JobStatus | None, typer.Option(help="Only jobs in this state.")] = None,
    name: Annotated[str | None, typer.Option(help="Only jobs of this name.")] = None,
    limit: Limit = 50,
    as_json: AsJson = False,
    url: Url = None,
    key: Key = None,
) -> None:
    """List jobs, newest first."""
    with connect(url, key) as muster:
        found, rest = some(muster.iterate_jobs(status=status, name=name), limit)
    if as_json:
        print_json({"jobs": [job.raw for job in found]})
    else:
        tables.show(tables.jobs(found), *more(rest))


@app.command()
@command
def show(job_id: JobId, as_json: AsJson = False, url: Url = None, key: Key = None) -> None:
    """Show one job and its counts."""
    with connect(url, key) as muster:
        _show(muster.get_job(job_id), as_json)


@app.command("watch")
@command
def watch_job(job_id: JobId, as_json: AsJson = False, url: Url = None, key: Key = None) -> None:
    """Watch a job to its end. Exit status 1 when it failed or was cancelled."""
    with connect(url, key, WATCH_RETRY_SECONDS) as muster:
        _watch(muster, job_id, as_json)


@app.command()
@command
def cancel(job_id: JobId, as_json: AsJson = False, url: Url = None, key: Key = None) -> None:
    """Cancel a job: nothing more is handed out, running tasks are dropped."""
    with connect(url, key) as muster:
        cancelled = muster.cancel_job(job_id)
    if as_json:
        print_json(cancelled.raw)
    else:
        print(f"{cancelled.job_id} {cancelled.message or cancelled.status}")


@app.command()
@command
def retry(
    job_id: JobId,
    follow: Annotated[bool, typer.Option("--watch", help="Watch the new job to its end.")] = False,
    as_json: AsJson = False,
    url: Url = None,
    key: Key = None,
) -> None:
    """Submit a new job of the tasks that failed."""
    with connect(url, key, WATCH_RETRY_SECONDS if follow else 8.0) as muster:
        submitted = muster.retry_job(job_id)
        if not (as_json and follow):
            _show_submitted(submitted, as_json)
        if follow:
            _watch(muster, submitted.job_id, as_json)


def _show_submitted(submitted: JobSubmitted, as_json: bool) -> None:
    if as_json:
        print_json(submitted.raw)
    else:
        origin = f", retry of {submitted.retry_of}" if submitted.retry_of else ""
        print(f"{submitted.job_id} submitted: {submitted.total_tasks:,} tasks{origin}", flush=True)


def _watch(muster: Muster, job_id: str, as_json: bool) -> None:
    job = watch(muster, job_id, silent=as_json)
    if as_json:
        print_json(job.raw)
    raise typer.Exit(OK if job.status == "COMPLETED" else ENDED_BADLY)


def _show(job: Job, as_json: bool) -> None:
    if as_json:
        print_json(job.raw)
    else:
        tables.show(tables.job(job), *([tables.deliveries(job.deliveries)] if job.deliveries else []))
