"""Parameters of routes, in the types that every face shares; clients read the descriptions."""

from typing import Annotated

from pydantic import Field

from muster.core.wire import Organization

__all__ = ["Cursor", "IdempotencyKey", "Limit", "ManyLimit", "Organization"]

Limit = Annotated[int, Field(ge=1, le=1000, description="How many items one page has at most.")]

ManyLimit = Annotated[int, Field(ge=1, le=10_000, description="How many items one page has at most.")]
"""For pages that programs read."""

Cursor = Annotated[str, Field(max_length=4096, description="`next` of the page before.")]

IdempotencyKey = Annotated[
    str,
    Field(
        min_length=1,
        max_length=255,
        pattern=r"^[ -~]+$",
        description="Printable ASCII. The same key with the same request is done once, however often it is sent.",
    ),
]
"""The header Idempotency-Key."""
