"""Why a call to Muster did not give what was asked for.

MusterError
├── Unreachable             no connection, or no answer in time
├── UnexpectedAnswer        something answered, but not in Muster's shape
└── MusterApiError          Muster refused; `status`, `code`, `message` and `details` say why
    ├── InvalidRequest      400, 413, 415, 422: the request itself is wrong
    ├── Unauthorized        401: no key, or a wrong one
    ├── Forbidden           403: the key is good, but not for this
    ├── NotFound            404, 405: no such route or resource
    ├── Conflict            409: the request is fine, the state says no
    ├── TooManyRequests     429: slow down
    └── ServerFailed        5xx: not the caller's fault
        └── Unavailable     502, 503, 504: the same call may succeed later
"""

from collections.abc import Sequence
from email.utils import parsedate_to_datetime
from time import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # a spot's worker processes read this module and have no use for an HTTP library
    import httpx


class MusterError(Exception):
    """Anything that this client raises on purpose."""


class Unreachable(MusterError):
    """No connection could be made, or it broke before an answer came."""


class UnexpectedAnswer(MusterError):
    """The answer is not JSON, or lacks a field that the contract promises."""


class MusterApiError(MusterError):
    """A refusal. `details` holds one {"field", "problem"} for each fault of a request."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        details: Sequence[dict[str, Any]] = (),
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.details = list(details)
        self.retry_after = retry_after


class InvalidRequest(MusterApiError):
    """The request can not be understood or is too large."""


class Unauthorized(MusterApiError):
    """No key was sent, or a wrong one."""


class Forbidden(MusterApiError):
    """The key does not allow this."""


class NotFound(MusterApiError):
    """There is no such route or resource."""


class Conflict(MusterApiError):
    """The current state does not allow this."""


class TooManyRequests(MusterApiError):
    """The caller is asked to slow down."""


class ServerFailed(MusterApiError):
    """The server could not do it."""


class Unavailable(ServerFailed):
    """The server can not do it now."""


_BY_STATUS: dict[int, type[MusterApiError]] = {
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    405: NotFound,
    409: Conflict,
    429: TooManyRequests,
    502: Unavailable,
    503: Unavailable,
    504: Unavailable,
}


def refusal(answer: "httpx.Response") -> MusterApiError:
    """The error that an answer with a status of 400 or more stands for."""
    status = answer.status_code
    kind = _BY_STATUS.get(status, ServerFailed if status >= 500 else InvalidRequest)
    body = _object(answer)
    message = str(body.get("error") or body.get("message") or answer.reason_phrase or "refused")
    details = [fault for fault in body.get("details") or [] if isinstance(fault, dict)]
    return kind(status, str(body.get("code") or status), message, details, _retry_after(answer))


def _object(answer: "httpx.Response") -> dict[str, Any]:
    try:
        body = answer.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _retry_after(answer: "httpx.Response") -> float | None:
    """Seconds to wait; the header holds seconds or a date."""
    value = answer.headers.get("Retry-After", "").strip()
    if not value:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time())
    except ValueError:
        return None
