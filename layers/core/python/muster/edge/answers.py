"""What goes back to the gateway: models as JSON, refusals in the one error shape."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from muster.core.errors import (
    Conflict,
    Forbidden,
    IdempotencyMismatch,
    InvalidInput,
    MusterError,
    NotFound,
    PayloadTooLarge,
    TooManyRequests,
    Unauthorized,
    Unavailable,
)
from muster.edge import strict_json
from muster.edge.requests import UnsupportedMediaType

STATUS: Mapping[type[MusterError], int] = {
    InvalidInput: 400,
    Unauthorized: 401,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    PayloadTooLarge: 413,
    UnsupportedMediaType: 415,
    IdempotencyMismatch: 422,
    TooManyRequests: 429,
    Unavailable: 503,
}
"""The HTTP status of every refusal; a class that is not named has its parent's."""

Answer = dict[str, Any]


@dataclass(frozen=True)
class Document:
    """An answer that is not JSON: its text and what to say about it."""

    content_type: str
    text: str
    headers: Mapping[str, str] = field(default_factory=dict)


class Media:
    """The content types of a Document, said where an operation declares what it returns.

        -> Annotated[Document, Media("text/csv; charset=utf-8")]

    `headers`: what the answer carries besides, each by its name with a sentence about it.
    """

    def __init__(self, *content_types: str, headers: Mapping[str, str] | None = None) -> None:
        self.content_types, self.headers = content_types, headers or {}


class Refuses:
    """Statuses of refusals that the form of a route does not show; declared like Media, around what is returned."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = statuses


def status_of(error: MusterError) -> int:
    """The status of the nearest class in the table; 500 for none, which a test rules out."""
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)


def answer(status: int, outcome: BaseModel | Document) -> Answer:
    """What an operation returned, as the gateway wants it."""
    if isinstance(outcome, Document):
        return _answer(status, outcome.text, {"Content-Type": outcome.content_type, **outcome.headers})
    text = outcome.model_dump_json(by_alias=True, exclude_none=True)
    return _answer(status, text, {"Content-Type": "application/json"})


def refusal(error: MusterError) -> Answer:
    """The error answer; `details` is left out when there are none."""
    body: dict[str, Any] = {"success": False, "error": error.message, "code": error.code}
    if error.details:
        body["details"] = error.details
    retry = {"Retry-After": str(error.retry_after_seconds)} if error.retry_after_seconds else {}
    return _json(status_of(error), body, retry)


def breakdown(request_id: str) -> Answer:
    """The answer to what nobody foresaw: where to look it up, and nothing of what happened."""
    body = {"success": False, "error": "internal error", "code": "INTERNAL_ERROR", "requestId": request_id}
    return _json(500, body)


def _json(status: int, body: Any, headers: Mapping[str, str] | None = None) -> Answer:
    return _answer(status, strict_json.dumps(body), {"Content-Type": "application/json", **(headers or {})})


def _answer(status: int, text: str, headers: dict[str, str]) -> Answer:
    return {"statusCode": status, "headers": headers, "body": text, "isBase64Encoded": False}
