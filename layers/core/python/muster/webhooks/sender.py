"""One attempt to deliver one message. What the network does ends up in the receipt, never in an exception.

The standard library's client is what is wanted here: it follows no redirect, knows no proxies and no .netrc, repeats
nothing and logs nothing. Libraries above it do so unless told not to, and log the URL of an answer with odd headers.
"""

import ssl
from collections.abc import Sequence
from functools import cached_property
from http.client import HTTPException, HTTPResponse
from time import monotonic

from muster.core.delivery import SECRET_PREFIX, Receipt, retry_after_seconds
from muster.webhooks.addresses import AddressRefused, Policy, endpoint_of, resolve
from muster.webhooks.connections import Deadline, conversation, dial
from muster.webhooks.signing import signed_headers

USER_AGENT = "Muster-Webhooks/1"
CONNECT_SECONDS = 5.0
"""For looking up the name, and for each of its addresses."""
TOTAL_SECONDS = 15.0
MAX_PROBLEM = 200
_EXCERPT_BYTES = 4 * MAX_PROBLEM


class Sender:
    """Sends under a policy; may be shared by threads. Trusts the certificates that OpenSSL does (`SSL_CERT_FILE`)."""

    def __init__(
        self, policy: Policy, connect_seconds: float = CONNECT_SECONDS, total_seconds: float = TOTAL_SECONDS
    ) -> None:
        self._policy, self._connect_seconds, self._total_seconds = policy, connect_seconds, total_seconds

    def send(
        self,
        endpoint_url: str,
        secrets: Sequence[str],
        message_id: str,
        sent_at_ms: int,
        body: str,
        correlation_id: str = "",
    ) -> Receipt:
        """POST the body, signed with each secret, within the total of seconds.

        Raises ValueError only for what is ours: no secret, or ids that can not stand in a header.
        """
        began = monotonic()
        headers = signed_headers(secrets, message_id, sent_at_ms, body) | {
            "Content-Type": "application/json",
            "User-Agent": USER_AGENT,
            "Connection": "close",
        }
        if correlation_id:
            headers["X-Correlation-Id"] = correlation_id
        deadline = Deadline(self._total_seconds)
        status, asked, problem = None, None, None
        try:
            status, asked, told = self._exchange(endpoint_url, headers, body.encode(), deadline)
            problem = None if 200 <= status < 300 else _printable(f"answered {status} {told}", secrets)
        except (OSError, HTTPException, AddressRefused) as error:
            late = f"no answer within {self._total_seconds:g} s"
            problem = late if deadline.passed else _printable(_what_went_wrong(error), secrets)
        took_ms = round((monotonic() - began) * 1000)
        return Receipt(status, retry_after_seconds(asked, sent_at_ms + took_ms), problem, took_ms)

    def _exchange(
        self, url: str, headers: dict[str, str], payload: bytes, deadline: Deadline
    ) -> tuple[int, str | None, str]:
        """Status, Retry-After and the beginning of what was said with an error."""
        endpoint = endpoint_of(url, self._policy)
        addresses = resolve(endpoint.host, self._policy, min(self._connect_seconds, deadline.remaining()))
        connection = dial(addresses, endpoint.port, self._connect_seconds, deadline)
        with conversation(endpoint, connection, self._tls, deadline) as http:
            http.request("POST", endpoint.target, payload, headers)
            answer = http.getresponse()
            # Headers that were cut off look as if they had ended there.
            deadline.check()
            told = "" if 200 <= answer.status < 300 else _excerpt(answer)
            return answer.status, answer.headers.get("Retry-After"), told

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return ssl.create_default_context()


def _excerpt(answer: HTTPResponse) -> str:
    """The beginning of the answer's text; empty when it breaks off."""
    if 300 <= answer.status < 400:
        return "(redirects are not followed)"
    try:
        return answer.read(_EXCERPT_BYTES).decode(errors="replace")
    except (OSError, HTTPException):
        return ""


def _printable(text: str, secrets: Sequence[str]) -> str:
    """In one line, and without a secret, should a receiver send it back."""
    for secret in secrets:
        text = text.replace(secret.removeprefix(SECRET_PREFIX), "…")
    words = "".join(letter if letter.isprintable() else " " for letter in text).split()
    return " ".join(words)[:MAX_PROBLEM]


def _what_went_wrong(error: Exception) -> str:
    match error:
        case ssl.SSLCertVerificationError():
            return f"its certificate is refused: {error.verify_message}"
        case ssl.SSLError():
            return f"TLS failed: {error.reason or 'the connection broke off'}"
        case ConnectionResetError() | BrokenPipeError():
            return "the connection was closed without an answer"
        case HTTPException():
            return "the answer is not HTTP"
        case OSError():
            return error.strerror or str(error)
    return str(error)
