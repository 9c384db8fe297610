"""Options that many commands share, and the connection that they describe."""

import json
import sys
from collections.abc import Iterable
from enum import StrEnum
from itertools import islice
from typing import Annotated, Any, TypeVar

import typer
from rich.text import Text

from muster_client.api import DEFAULT_URL, Muster
from muster_client.transport import RetryPolicy

Url = Annotated[
    str | None,
    typer.Option("--url", envvar="MUSTER_URL", metavar="URL", show_default=DEFAULT_URL, help="The coordinator."),
]
Key = Annotated[
    str | None,
    typer.Option("--key", envvar="MUSTER_KEY", metavar="KEY", help="Your key, if the coordinator asks for one."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the server's JSON, one document.")]
Organization = Annotated[
    str | None, typer.Option(show_default="the key's", help="The organization; another than its own, an operator's.")
]
JobId = Annotated[str, typer.Argument(metavar="JOB", help="The id of a job.")]
WEBHOOK_SECRET = "MUSTER_WEBHOOK_SECRET"  # noqa: S105 - the variable, so that a secret need not stand in a command
Limit = Annotated[int, typer.Option("--limit", min=1, help="Show so many at most.")]


T = TypeVar("T")


class KeyRole(StrEnum):
    ADMIN = "admin"
    USER = "user"
    AGENT = "agent"


class JobStatus(StrEnum):
    PENDING = "PENDING"
    RUNNING = "RUNNING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


class TaskStatus(StrEnum):
    NEW = "NEW"
    RUNNING = "RUNNING"
    DONE = "DONE"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


class ResultFormat(StrEnum):
    TABLE = "table"
    CSV = "csv"
    NDJSON = "ndjson"


class ReportFormat(StrEnum):
    TXT = "txt"
    JSON = "json"
    CSV = "csv"


def connect(url: str | None, key: str | None, retry_seconds: float = 8.0) -> Muster:
    """The coordinator; calls are repeated for some seconds while it does not answer."""
    return Muster(url, key=key, retry=RetryPolicy(seconds=retry_seconds))


def print_json(document: Any) -> None:
    """One document, for other programs: no colours, no wrapping."""
    json.dump(document, sys.stdout, indent=2 if sys.stdout.isatty() else None, ensure_ascii=False)
    sys.stdout.write("\n")
    sys.stdout.flush()


def some(found: Iterable[T], limit: int | None) -> tuple[list[T], bool]:
    """The first so many (None: all), and whether there are more."""
    every = iter(found)
    return list(islice(every, limit)), next(every, None) is not None


def more(rest: bool) -> list[Text]:
    """What to say below a list that was cut."""
    return [Text("there are more: --limit", style="dim")] if rest else []
