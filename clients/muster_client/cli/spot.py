"""`muster spot`: lend this machine to the coordinator."""

import logging
import os
import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from muster_client.cli.exits import USAGE, command, leave
from muster_client.cli.options import Key, Url
from muster_client.spot.agent import Agent, SpotOptions
from muster_client.spot.choice import RunnerChoice
from muster_client.spot.python_worker import PythonWorker


@command
def spot(  # noqa: PLR0913, PLR0917 - a parameter is an option
    python: Annotated[
        str | None, typer.Option(metavar="MODULE:FUNCTION", help="Run every task with this Python callable.")
    ] = None,
    command_line: Annotated[
        str | None, typer.Option("--command", metavar="COMMAND", help="Run every task with this command line.")
    ] = None,
    allow_commands: Annotated[bool, typer.Option("--allow-commands", help="Run command lines that jobs name.")] = False,
    path: Annotated[list[Path] | None, typer.Option(help="A folder to import callables from; repeatable.")] = None,
    cores: Annotated[int | None, typer.Option(min=1, show_default="the cores here", help="Tasks at a time.")] = None,
    pool: Annotated[str, typer.Option(help="The pool to work for.")] = "default",
    batch: Annotated[int, typer.Option(min=1, max=500, help="Tasks that one claim takes at most.")] = 100,
    grace: Annotated[float, typer.Option(min=0, help="Seconds that running tasks get when the spot is stopped.")] = 10,
    until_idle: Annotated[
        float | None, typer.Option(min=0, metavar="SECONDS", help="Stop when there was no work for so long.")
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Stop when there is no more work to claim.")] = False,
    address: Annotated[str | None, typer.Option(show_default="found out", help="The address to register.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Log only what goes wrong.")] = False,
    agent_key: Annotated[
        str | None, typer.Option(envvar="ORHESTRA_AGENT_KEY", help="The agent key, if the coordinator has one.")
    ] = None,
    url: Url = None,
    key: Key = None,
) -> None:
    """Work for the coordinator: claim tasks, run them, report what came of them."""
    _log_to_stderr(logging.WARNING if quiet else logging.INFO)
    options = SpotOptions(
        cores=cores or _cores_here(),
        url=url,
        agent_key=agent_key,
        key=key,
        pool=pool,
        batch=batch,
        choice=_choice(python, command_line, allow_commands),
        paths=[str(folder.resolve()) for folder in path or []],
        grace=grace,
        until_idle=0.0 if once else until_idle,
        ip_address=address,
    )
    _check(options)
    raise typer.Exit(Agent(options).run())


def _choice(python: str | None, command_line: str | None, allow_commands: bool) -> RunnerChoice:
    if python and command_line:
        raise typer.BadParameter("--python and --command exclude each other")
    if python and ":" not in python:
        raise typer.BadParameter("--python: expected module:function")
    return RunnerChoice(python, shlex.split(command_line or ""), allow_commands)


def _check(options: SpotOptions) -> None:
    """A spot that can run nothing would fail every task it claims: better not to start."""
    missing = options.choice.unknown_command()
    if missing:
        leave(USAGE, f"there is no program {missing!r}")
    if options.choice.python:
        worker = PythonWorker(options.paths)
        failure = worker.prepare(options.choice.python)
        worker.close()
        if failure:
            leave(USAGE, failure.error, *(failure.output or "").splitlines()[-5:])


def _cores_here() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _log_to_stderr(level: int) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S"))
    log = logging.getLogger("muster.spot")
    log.handlers[:] = [handler]
    log.setLevel(level)
    log.propagate = False
