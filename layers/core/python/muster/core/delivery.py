"""A delivery: one message to one endpoint, sent until it is taken.

                 ┌──other answer, or none──► (wait) ──► sent again, or FAILED when the attempts are used up
    sent ────────┼──2xx──► DELIVERED
                 └──410──► GONE      the endpoint wants nothing more, of this message or any other

A redirect is an answer like any other: it is not followed, since it could lead where the endpoint itself may not. An
address that is refused counts like a server that is down: what a name resolves to is put right within hours, and
trying again costs a look-up.
"""

import base64
import re
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, AnyHttpUrl, Field, SecretStr, ValidationInfo, field_validator

from muster.core.wire import Request

MAX_URL = 2048
SECRET_PREFIX = "whsec_"  # noqa: S105

RETRY_SECONDS = (2, 10, 60, 300, 1800, 7200, 28_800)
"""What is waited after the first attempt, the second, …"""
MAX_ATTEMPTS = len(RETRY_SECONDS) + 1
LONGEST_WAIT_SECONDS = 86_400
"""As long as an endpoint may ask us to wait."""

Format = Literal["json", "txt", "csv", "ndjson"]
FORMATS: tuple[Format, ...] = ("json", "txt", "csv", "ndjson")


def endpoint_url(text: str) -> str:
    """The URL as browsers read it: the host in lower case and ASCII, an IPv4 address in four decimal numbers.

    Raises ValueError for what is not http or https, carries credentials or a fragment, or is too long.
    """
    try:
        url = AnyHttpUrl(text)
    except ValueError:
        raise ValueError("must be an http or https URL") from None
    if url.username or url.password:
        raise ValueError("must not carry credentials")
    if url.fragment is not None:
        raise ValueError("must not have a fragment")
    if len(str(url)) > MAX_URL:
        raise ValueError(f"must have at most {MAX_URL} characters")
    return str(url)


def _as_secret(secret: SecretStr) -> SecretStr:
    """With its prefix. The message says what is wanted and nothing of what came."""
    encoded = secret.get_secret_value().removeprefix(SECRET_PREFIX)
    try:
        size = len(base64.b64decode(encoded, validate=True))
    except ValueError:
        size = 0
    if not 24 <= size <= 64:
        raise ValueError(f"must be {SECRET_PREFIX} and the base64 of 24 to 64 bytes")
    return SecretStr(SECRET_PREFIX + encoded)


EndpointUrl = Annotated[str, Field(max_length=MAX_URL), AfterValidator(endpoint_url)]
Secret = Annotated[SecretStr, AfterValidator(_as_secret)]


class Webhook(Request):
    """Where to send, and what to sign with. While `previous_secret` is set, both sign."""

    url: EndpointUrl
    secret: Secret
    previous_secret: Secret | None = None

    @field_validator("previous_secret")
    @classmethod
    def _differs(cls, previous: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if previous is not None and previous == info.data.get("secret"):
            raise ValueError("must differ from secret")
        return previous


class Delivery(Request):
    """What becomes of a job's report: which files are written, and who is told."""

    webhook: Webhook | None = None
    formats: Annotated[list[Format], Field(min_length=1)] = list(FORMATS)

    @field_validator("formats")
    @classmethod
    def _names_each_once(cls, formats: list[Format]) -> list[Format]:
        if len(set(formats)) < len(formats):
            raise ValueError("must name each format once")
        return formats


class SealBroken(ValueError):
    """sealed with none of our keys, or altered since"""

    def __init__(self) -> None:
        super().__init__(type(self).__doc__)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What one attempt came to.

    `status` is None when there was no answer; `problem`, printable, is None after a 2xx alone. `retry_after_seconds`
    is what the endpoint asked for, up to a day.
    """

    status: int | None
    retry_after_seconds: int | None
    problem: str | None
    took_ms: int


class Outcome(StrEnum):
    DELIVERED = "DELIVERED"
    RETRY = "RETRY"
    GONE = "GONE"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class Verdict:
    """`wait_seconds` is set for RETRY alone."""

    outcome: Outcome
    wait_seconds: int | None = None


def verdict(receipt: Receipt, attempts: int) -> Verdict:
    """What follows from an attempt; `attempts` counts it and those before it.

    A wait is the schedule's, or what the endpoint asked for when that is longer.
    """
    if receipt.status is not None and 200 <= receipt.status < 300:
        return Verdict(Outcome.DELIVERED)
    if receipt.status == 410:
        return Verdict(Outcome.GONE)
    if attempts >= MAX_ATTEMPTS:
        return Verdict(Outcome.FAILED)
    return Verdict(Outcome.RETRY, max(RETRY_SECONDS[attempts - 1], receipt.retry_after_seconds or 0))


def retry_after_seconds(header: str | None, now_ms: int) -> int | None:
    """The header Retry-After, in seconds from 0 to a day; None for what is neither a number of seconds nor a date."""
    text = (header or "").strip()
    if re.fullmatch("[0-9]+", text):
        return min(int(text[:19]), LONGEST_WAIT_SECONDS)
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    # The oldest of the three forms names no zone; all of them mean UTC.
    aware = date if date.tzinfo else date.replace(tzinfo=UTC)
    return min(max(0, round(aware.timestamp() - now_ms / 1000)), LONGEST_WAIT_SECONDS)
