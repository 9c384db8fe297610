"""The job that `muster job submit` sends: a JSON file, changed by what the command line says."""

import json
import sys
from pathlib import Path
from typing import Any, NoReturn

import typer

from muster_client.cli.options import WEBHOOK_SECRET


def read_job(file: str) -> dict[str, Any]:
    """The JSON object in a file; `-` is standard input. BadParameter when it holds anything else."""
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"{file} can not be read: {error}") from None
    try:
        job = json.loads(text, parse_constant=_refuse, parse_float=_finite)
    except ValueError as error:
        raise typer.BadParameter(f"{file} is not JSON: {error}") from None
    if not isinstance(job, dict):
        raise typer.BadParameter(f"{file} does not hold a JSON object")
    return job


def apply(job: dict[str, Any], changes: list[str]) -> None:
    """Carry out `name=value` and `outer.name=value`; a value is JSON if it can be, else text."""
    for change in changes:
        name, equals, text = change.partition("=")
        if not equals or not name:
            raise typer.BadParameter(f"--set {change}: expected name=value")
        outer, dot, inner = name.partition(".")
        target = job
        if dot:
            target = job.setdefault(outer, {})
            if not isinstance(target, dict):
                raise typer.BadParameter(f"--set {change}: {outer} is not an object")
        target[inner if dot else outer] = _value(text)


def set_webhook(job: dict[str, Any], url: str, secret: str | None) -> None:
    """Have the job's end told to this address, in place of the file's; its formats stay. BadParameter without a
    secret, which messages are signed with."""
    if not secret:
        raise typer.BadParameter(f"--webhook needs --webhook-secret or {WEBHOOK_SECRET}")
    delivery = job.setdefault("delivery", {})
    if not isinstance(delivery, dict):
        raise typer.BadParameter("--webhook: delivery is not an object")
    delivery["webhook"] = {"url": url, "secret": secret}


def _value(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_refuse, parse_float=_finite)
    except ValueError:
        return text


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a JSON number")


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError(f"{text} is beyond the range of a double")
    return number
