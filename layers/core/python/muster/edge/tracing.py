"""X-Ray, only where it is switched on: importing the tracer makes a cold start about half as long again."""

from collections.abc import Callable
from typing import Any

from muster.settings import settings


def traced(operation: Callable[..., Any]) -> Callable[..., Any]:
    """The operation as a subsegment of the function's trace; arguments, answers and refusals stay out of it."""
    if not settings().tracing:
        return operation
    from aws_lambda_powertools import Tracer

    return Tracer().capture_method(capture_response=False, capture_error=False)(operation)
