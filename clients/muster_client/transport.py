"""One HTTP call to Muster, repeated while repeating can help.

Every call of the contract may be repeated: claims carry a claim id, submits an idempotency key, the rest changes
nothing the second time.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_before_delay, wait_random_exponential

from muster_client import __version__
from muster_client.errors import MusterApiError, TooManyRequests, Unavailable, UnexpectedAnswer, Unreachable, refusal


@dataclass(frozen=True)
class RetryPolicy:
    """How long to repeat a call that found nobody or was told to come back, in seconds; 0 tries once."""

    seconds: float = 10.0
    longest_wait: float = 5.0


ONCE = RetryPolicy(seconds=0)


def passes(error: BaseException) -> bool:
    """Whether the same call may succeed later."""
    return isinstance(error, Unreachable | TooManyRequests | Unavailable)


class Transport:
    """A connection pool to one Muster, safe to share between threads."""

    def __init__(self, base_url: str, headers: Mapping[str, str], timeout: float, retry: RetryPolicy) -> None:
        self.base_url = base_url.rstrip("/")
        self._retry = retry
        self._http = httpx.Client(
            timeout=timeout,
            headers={"User-Agent": f"muster-client/{__version__}", "Accept": "application/json", **headers},
            limits=httpx.Limits(max_connections=20),
        )

    def close(self) -> None:
        self._http.close()

    def call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """The answer to one call; Unreachable or a MusterApiError when all repeats are used up."""
        wanted = {name: value for name, value in (params or {}).items() if value is not None}

        def attempt() -> httpx.Response:
            return self._once(method, path, wanted, body, headers)

        if not self._retry.seconds:
            return attempt()
        return self._repeating()(attempt)

    def json(self, method: str, path: str, **call: Any) -> Any:
        """As `call`, the body parsed."""
        answer = self.call(method, path, **call)
        try:
            return answer.json()
        except ValueError:
            raise UnexpectedAnswer(f"{method} {self.base_url}{path} did not answer JSON") from None

    def _repeating(self) -> Retrying:
        backoff = wait_random_exponential(multiplier=0.2, max=self._retry.longest_wait)

        def wait(state: RetryCallState) -> float:
            error = state.outcome.exception() if state.outcome else None
            asked = error.retry_after if isinstance(error, MusterApiError) else None
            return max(backoff(state), asked or 0.0)

        stop = stop_before_delay(self._retry.seconds)
        return Retrying(retry=retry_if_exception(passes), wait=wait, stop=stop, reraise=True)

    def _once(
        self, method: str, path: str, params: dict[str, Any], body: Any, headers: Mapping[str, str] | None
    ) -> httpx.Response:
        try:
            answer = self._http.request(method, self.base_url + path, params=params, json=body, headers=headers)
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            raise Unreachable(f"{self.base_url} is not a URL to call: {error}") from error
        except httpx.HTTPError as error:
            raise Unreachable(f"no answer from {self.base_url}: {error or type(error).__name__}") from error
        if answer.status_code >= 400:
            raise refusal(answer)
        if answer.status_code >= 300:
            raise UnexpectedAnswer(f"{method} {self.base_url}{path} answered {answer.status_code}")
        return answer
