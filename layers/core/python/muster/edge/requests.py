"""What an event of API Gateway says: body, parameters and headers, read strictly and refused in full.

Everything here turns what a stranger sent into typed values or raises MusterError; nothing of it can end in a 500.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any

from muster.core.errors import InvalidInput, MusterError, PayloadTooLarge
from muster.edge import strict_json

MAX_BODY_BYTES = 6 * 1024 * 1024
"""What Lambda takes in one call. API Gateway alone would take 10 MB."""

Event = Mapping[str, Any]
_WORD = re.compile(r"[A-Za-z0-9_.:-]{1,64}")


class UnsupportedMediaType(MusterError):
    """body must be application/json"""

    code = "UNSUPPORTED_MEDIA_TYPE"


def header(event: Event, name: str) -> str | None:
    """A header by its name in any case; None when it was not sent."""
    headers = event.get("headers") or {}
    wanted = name.lower()
    return next((value for key, value in headers.items() if key.lower() == wanted), None)


def request_id(event: Event) -> str:
    """The id that the gateway tells the client too, as x-amzn-RequestId."""
    return str((event.get("requestContext") or {}).get("requestId") or "")


def correlation_id(event: Event) -> str:
    """What the client calls this; else the request id. What is no plain word is not taken over."""
    sent = header(event, "X-Correlation-Id") or ""
    return sent if _WORD.fullmatch(sent) else request_id(event)


def query_of(event: Event) -> dict[str, str]:
    """Query parameters; one sent empty counts as not sent, one sent twice is refused."""
    many = event.get("multiValueQueryStringParameters") or {}
    twice = [name for name, values in many.items() if len(values) > 1]
    if twice:
        raise InvalidInput(details=[{"field": f"query.{name}", "problem": "is given twice"} for name in twice])
    once = event.get("queryStringParameters") or {name: values[0] for name, values in many.items() if values}
    return {name: value for name, value in once.items() if value}


def check_size(event: Event) -> None:
    """Refuse a body that Lambda could not take."""
    body = event.get("body") or ""
    limit = MAX_BODY_BYTES * 4 // 3 + 4 if event.get("isBase64Encoded") else MAX_BODY_BYTES
    if len(body) > limit or len(body.encode("utf-8", "replace")) > limit:
        raise PayloadTooLarge(f"request body too large: at most {MAX_BODY_BYTES} bytes")


def body_of(event: Event) -> dict[str, Any]:
    """The JSON object in the body."""
    text = _text_of(event)
    if not text.strip():
        raise _unreadable("a JSON object is required")
    # A form is what `curl -d` sends unless told otherwise; if it is JSON all the same, then JSON was meant.
    kind = (header(event, "Content-Type") or "").partition(";")[0].strip().lower()
    if kind not in ("", "application/json", "application/x-www-form-urlencoded"):
        raise UnsupportedMediaType
    try:
        value = strict_json.loads(text)
    except strict_json.NotStrictJson as error:
        raise _unreadable(str(error)) from None
    if not isinstance(value, dict):
        raise _unreadable("must be a JSON object")
    return value


def _text_of(event: Event) -> str:
    body = event.get("body") or ""
    try:
        if event.get("isBase64Encoded"):
            return base64.b64decode(body, validate=True).decode()
        # Bytes that are not UTF-8 arrive as surrogates or as the replacement character.
        return str(body.encode().decode())
    except (binascii.Error, UnicodeError, ValueError):
        raise _unreadable("not UTF-8 text") from None


def _unreadable(problem: str) -> InvalidInput:
    return InvalidInput(details=[{"field": "body", "problem": problem}])
