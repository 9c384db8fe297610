"""The entry point of `muster`: what it offers at the top."""

from typing import Annotated

import typer

from muster_client import __version__
from muster_client.cli import job, keys, report, tables
from muster_client.cli.exits import command
from muster_client.cli.options import AsJson, Key, Url, connect, print_json
from muster_client.cli.spot import spot

app = typer.Typer(help="Muster: submit jobs, follow them, lend a machine to them.", no_args_is_help=True)
task_app = typer.Typer(help="Single tasks.", no_args_is_help=True)
app.add_typer(job.app, name="job")
app.add_typer(task_app, name="task")
app.add_typer(keys.app, name="keys")
app.add_typer(report.app, name="webhook")
app.command("trail")(keys.trail)
app.command("spot")(spot)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"muster {__version__}")
        raise typer.Exit


@app.callback()
def options(
    _: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Muster: submit jobs, follow them, lend a machine to them."""


@app.command()
@command
def spots(as_json: AsJson = False, url: Url = None, key: Key = None) -> None:
    """List the spots: up or down, how busy."""
    with connect(url, key) as muster:
        found = list(muster.iterate_spots())
    if as_json:
        print_json({"spots": [one.raw for one in found]})
    else:
        tables.show(tables.spots(found))


@app.command()
@command
def health(as_json: AsJson = False, url: Url = None, key: Key = None) -> None:
    """Ask the coordinator how it is. Exit status 4 when it is not well."""
    with connect(url, key, retry_seconds=2.0) as muster:
        answer = muster.get_health()
    if as_json:
        print_json(answer.raw)
    else:
        tables.show(tables.health(answer))


@task_app.command()
@command
def reset(
    task_id: Annotated[str, typer.Argument(metavar="TASK", help="The id of a task, as `muster job tasks` shows it.")],
    as_json: AsJson = False,
    url: Url = None,
    key: Key = None,
) -> None:
    """Take a stuck task from its spot, so that another can claim it."""
    with connect(url, key) as muster:
        answer = muster.reset_task(task_id)
    if as_json:
        print_json(answer.raw)
    else:
        print(f"{task_id} {answer.message or 'reset'}")


def run() -> None:
    app(prog_name="muster")
