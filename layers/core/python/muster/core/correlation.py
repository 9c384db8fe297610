"""One id from the request that began something to the last thing that came of it.

The edge sets it for the time of a call: what the client sent as X-Correlation-Id, else the gateway's request id. A job
keeps that of its submission, and the steps of its finish go on under it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_current: ContextVar[str] = ContextVar("correlation id", default="")


def correlation_id() -> str:
    """Empty where nothing began a call."""
    return _current.get()


@contextmanager
def correlated(identifier: str) -> Iterator[None]:
    """Everything in the block comes of this."""
    token = _current.set(identifier)
    try:
        yield
    finally:
        _current.reset(token)
