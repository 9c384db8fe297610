"""What functions print: JSON on AWS, the contract's plain lines elsewhere.

Any module logs by the standard library under a name of the form `muster.<Component>`:

    logging.getLogger("muster.TaskReaper").info("Reaped task %s for retry", task_id)

prints `INFO  TaskReaper - Reaped task job-main-1.7 for retry` as text; as JSON, `component` is a field beside the
request id, the operation and the organization of the call that logged it. Keys and bodies are never logged.

On one machine the same goes to a file, in the format that the computations documents have, and so does every request:

    2026-11-24T09:18:37.665Z INFO [TaskReaper] [computations-orchestrator] Reaped task job-main-1.7 for retry
"""

import logging
import logging.handlers
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from types import MappingProxyType

from muster.core.clock import iso
from muster.core.correlation import correlation_id
from muster.settings import settings

FILE_BYTES, FILES_KEPT = 10_000_000, 5
REQUESTS = "muster-requests"
"""The logger of requests as the local cloud's gateway sees them: they go to the file alone."""

_SHORT_LEVELS = {"WARNING": "WARN", "CRITICAL": "FATAL"}
_fields: ContextVar[Mapping[str, str]] = ContextVar("fields of the call", default=MappingProxyType({}))


class TextFormatter(logging.Formatter):
    """`INFO  TaskReaper - Reaped task …`, with the stack below when there is one."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        level = _SHORT_LEVELS.get(record.levelname, record.levelname)
        return f"{level:<5} {_component(record)} - {record.message}"


class FileFormatter(logging.Formatter):
    """`timestamp LEVEL [component] [computations-orchestrator] message`, times in UTC; each line of a stack as well."""

    def format(self, record: logging.LogRecord) -> str:
        moment = iso(int(record.created * 1000))
        begin = f"{moment} {record.levelname} [{_component(record)}] [computations-orchestrator] "
        return "\n".join(begin + line for line in super().format(record).splitlines() if line)


class _Stdout(logging.StreamHandler):  # type: ignore[type-arg]
    """Writes to what sys.stdout is now, not to what it was when logging was set up."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self):  # type: ignore[no-untyped-def]
        return sys.stdout


def _component(record: logging.LogRecord) -> str:
    return record.name.removeprefix(f"{REQUESTS}.").removeprefix("muster.")


def _add_fields(record: logging.LogRecord) -> bool:
    record.component = _component(record)
    record.__dict__.update(_fields.get())
    if correlation_id():
        record.correlation_id = correlation_id()
    return True


def _is_foreign(record: logging.LogRecord) -> bool:
    return record.name.partition(".")[0] != "muster"


def set_up() -> None:
    """As the settings say. Once for each handler of a process: only a change has any effect."""
    told = settings()
    configure(told.log_format, told.log_level, told.log_file)


def configure(log_format: str, level: str = "INFO", file: str = "") -> None:
    """Give the logger `muster` its handlers: one that prints `json` or `text`, one for the file if there is one. A
    second call replaces them."""
    ours, requests = logging.getLogger("muster"), logging.getLogger(REQUESTS)
    requests.propagate = False
    for logger in (ours, requests):
        logger.setLevel(level)
        for handler in logger.handlers[:]:
            logger.removeHandler(handler)
            handler.close()
    handler = _Stdout()
    handler.setFormatter(_json_formatter() if log_format == "json" else TextFormatter())
    handler.addFilter(_add_fields)
    ours.addHandler(handler)
    if file:
        to_file = _file_handler(Path(file))
        ours.addHandler(to_file)
        requests.addHandler(to_file)
    # The runtime's own handler would print every record a second time.
    for theirs in logging.getLogger().handlers:
        if type(theirs) is logging.StreamHandler or type(theirs).__name__ == "LambdaLoggerHandler":
            theirs.addFilter(_is_foreign)


def _file_handler(file: Path) -> logging.Handler:
    """Written on by every function of the process; begun anew when it is full, the last few kept."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handler = logging.handlers.RotatingFileHandler(file, maxBytes=FILE_BYTES, backupCount=FILES_KEPT, delay=True)
    handler.setFormatter(FileFormatter())
    return handler


def _json_formatter() -> logging.Formatter:
    from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter

    return LambdaPowertoolsFormatter(
        log_record_order=["level", "component", "message", "timestamp"], use_rfc3339=True, utc=True, location=None
    )


@contextmanager
def fields(**names: str) -> Iterator[None]:
    """Put these fields on every record of the block, in this thread alone."""
    token = _fields.set({**_fields.get(), **names})
    try:
        yield
    finally:
        _fields.reset(token)
