"""The shells of functions that nobody calls by HTTP: a queue's messages and the scheduler's minute.

    @queue
    def keep_watch(call: Call, message: dict[str, Any], receive_count: int) -> None: ...

    @schedule
    def audit_jobs(call: Call) -> None: ...

What raises is logged in full here; AWS then delivers it again and in the end puts it among the dead letters.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from typing import Any

from muster.core.caller import Caller
from muster.edge import logs, strict_json
from muster.edge.call import Call
from muster.edge.metrics import count_call
from muster.edge.tracing import traced
from muster.settings import settings

log = logging.getLogger("muster.Schedule")

Handler = Callable[[Mapping[str, Any], object], dict[str, Any]]


def queue(operation: Callable[[Call, dict[str, Any], int], None]) -> Handler:
    """The handler of a queue: one run of the operation per message, with how often it was received.

    A message whose run raises is reported alone, so that the others of its batch are not delivered again.
    """
    run = traced(operation)
    logs.set_up()

    @wraps(operation)
    def handle(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
        failed = []
        for record in event["Records"]:
            try:
                with _logged(operation.__name__) as call:
                    message = strict_json.loads(record["body"])
                    run(call, message, int(record["attributes"]["ApproximateReceiveCount"]))
            except Exception:
                failed.append({"itemIdentifier": record["messageId"]})
        return {"batchItemFailures": failed}

    return handle


def schedule(operation: Callable[[Call], None]) -> Handler:
    """The handler of a schedule; raises what the operation raises."""
    run = traced(operation)
    logs.set_up()

    @wraps(operation)
    def handle(_event: Mapping[str, Any], _context: object) -> dict[str, Any]:
        with _logged(operation.__name__) as call:
            run(call)
        return {}

    return handle


@contextmanager
def _logged(operation: str) -> Iterator[Call]:
    """Log and count what it raises, before passing it on. Runs that went well Lambda counts itself, free of charge."""
    call = Call(Caller(settings().organization))
    with logs.fields(operation=operation, organization=call.organization):
        try:
            yield call
        except Exception:
            log.exception("%s failed", operation)
            count_call(operation, 500)
            raise
