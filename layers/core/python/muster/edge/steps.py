"""The shell of a function that a state of a workflow calls.

    @step
    def load_job(call: Call, state: Step) -> Step: ...

What raises is logged in full here and raised: the name of its class is what Retry and Catch of the workflow go by.
"""

import logging
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from muster.core.caller import Caller
from muster.core.correlation import correlated
from muster.core.errors import StaleFinish
from muster.core.ids import organization_of
from muster.edge import logs
from muster.edge.call import Call
from muster.edge.metrics import count_call
from muster.edge.tracing import traced
from muster.settings import settings

log = logging.getLogger("muster.Workflow")

Step = dict[str, Any]


def step(operation: Callable[[Call, Step], Step]) -> Callable[[Mapping[str, Any], object], Step]:
    """The handler of a state; raises what the operation raises."""
    run = traced(operation)
    logs.set_up()

    @wraps(operation)
    def handle(event: Mapping[str, Any], _context: object) -> Step:
        organization = organization_of(event["job"]) or settings().organization
        with (
            correlated(event["correlation"]),
            logs.fields(operation=operation.__name__, organization=organization, job=event["job"]),
        ):
            try:
                answer: Step = run(Call(Caller(organization)), dict(event))
            except StaleFinish:
                log.info("%s: another execution finishes %s", operation.__name__, event["job"])
                raise
            except Exception:
                log.exception("%s failed", operation.__name__)
                count_call(operation.__name__, 500)
                raise
        return answer

    return handle
