"""The spot's line to the coordinator: who we are there, whether it answers, and how long to wait when it does not."""

import logging
import random
import time
from collections.abc import Callable
from threading import Condition
from typing import TypeVar

from muster_client.api import Muster
from muster_client.errors import Forbidden, MusterApiError, MusterError, Unauthorized

T = TypeVar("T")

LONGEST_WAIT_SECONDS = 15.0
_FIRST_WAIT_SECONDS = 0.2

log = logging.getLogger("muster.spot")


class Link:
    """Shared by all parts of the spot. Says once that the coordinator is lost and once that it is back."""

    def __init__(self, muster: Muster, refused: Callable[[str], None]) -> None:
        self._muster = muster
        self._refused = refused
        self._changed = Condition()
        self._lost_at: float | None = None
        self._returns = 0

    def ask(self, call: Callable[[Muster], T]) -> T:
        """One call, made once; MusterError when it failed. A refused key ends the spot."""
        try:
            answer = call(self._muster)
        except (Unauthorized, Forbidden) as error:
            self._refused(f"{error.message}: set ORHESTRA_AGENT_KEY to the agent key, or MUSTER_KEY to an agent's")
            raise
        except MusterError as error:
            if not isinstance(error, MusterApiError) or error.status >= 429:
                self._lost(error)
            raise
        self._back()
        return answer

    def pause(self, seconds: float, ended: Callable[[], bool], until_back: bool) -> None:
        """Wait; less when `ended` holds, or (until_back) when another part finds the coordinator back."""
        with self._changed:
            returns = self._returns
            self._changed.wait_for(lambda: ended() or (until_back and self._returns > returns), seconds)

    def wake(self) -> None:
        """Some part has ended: those that pause look whether it was theirs."""
        with self._changed:
            self._changed.notify_all()

    def _lost(self, error: MusterError) -> None:
        with self._changed:
            if self._lost_at is None:
                self._lost_at = time.monotonic()
                log.warning("coordinator lost, trying on: %s", error)

    def _back(self) -> None:
        with self._changed:
            if self._lost_at is not None:
                log.info("coordinator is back after %.1f s", time.monotonic() - self._lost_at)
                self._lost_at = None
                self._returns += 1
                self._changed.notify_all()


class Backoff:
    """One part's waits after failed calls: they double from 0.2 s up to 15 s, with jitter.

    `ended`: the part has been told to stop, so it waits no more.
    """

    def __init__(self, link: Link, ended: Callable[[], bool]) -> None:
        self._link = link
        self._ended = ended
        self._window = _FIRST_WAIT_SECONDS

    def reset(self) -> None:
        self._window = _FIRST_WAIT_SECONDS

    def wait(self, error: MusterError) -> None:
        """At least as long as the coordinator asked for, if it did; else until it is known to be back."""
        seconds = random.uniform(self._window / 2, self._window)
        self._window = min(LONGEST_WAIT_SECONDS, 2 * self._window)
        asked = error.retry_after if isinstance(error, MusterApiError) else None
        self._link.pause(max(seconds, min(asked or 0.0, 60.0)), self._ended, until_back=asked is None)
