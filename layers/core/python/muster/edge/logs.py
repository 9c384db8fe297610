"""What functions print: JSON on AWS, the contract's plain lines elsewhere.

Any module logs by the standard library under a name of the form `muster.<Component>`:

    logging.getLogger("muster.TaskReaper").info("Reaped task %s for retry", task_id)

prints `INFO  TaskReaper - Reaped task job-main-1.7 for retry` as text; as JSON, `component` is a field beside the
request id, the operation and the organization of the call that logged it. Keys and bodies are never logged.
"""

import logging
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType

_SHORT_LEVELS = {"WARNING": "WARN", "CRITICAL": "FATAL"}
_fields: ContextVar[Mapping[str, str]] = ContextVar("fields of the call", default=MappingProxyType({}))


class TextFormatter(logging.Formatter):
    """`INFO  TaskReaper - Reaped task …`, with the stack below when there is one."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        level = _SHORT_LEVELS.get(record.levelname, record.levelname)
        return f"{level:<5} {_component(record)} - {record.message}"


class _Stdout(logging.StreamHandler):  # type: ignore[type-arg]
    """Writes to what sys.stdout is now, not to what it was when logging was set up."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self):  # type: ignore[no-untyped-def]
        return sys.stdout


def _component(record: logging.LogRecord) -> str:
    return record.name.removeprefix("muster.")


def _add_fields(record: logging.LogRecord) -> bool:
    record.component = _component(record)
    record.__dict__.update(_fields.get())
    return True


def _is_foreign(record: logging.LogRecord) -> bool:
    return record.name.partition(".")[0] != "muster"


def configure(log_format: str) -> None:
    """Give the logger `muster` its one handler, `json` or `text`. A second call replaces it."""
    ours = logging.getLogger("muster")
    ours.setLevel(logging.INFO)
    for handler in ours.handlers[:]:
        ours.removeHandler(handler)
    handler = _Stdout()
    handler.setFormatter(_json_formatter() if log_format == "json" else TextFormatter())
    handler.addFilter(_add_fields)
    ours.addHandler(handler)
    # The runtime's own handler would print every record a second time.
    for theirs in logging.getLogger().handlers:
        if type(theirs) is logging.StreamHandler or type(theirs).__name__ == "LambdaLoggerHandler":
            theirs.addFilter(_is_foreign)


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
