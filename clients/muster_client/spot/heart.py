"""Keeps the spot UP: a heartbeat every few seconds, on a thread that nothing else can hold up."""

from collections.abc import Callable
from threading import Event

import psutil  # type: ignore[import-untyped]

from muster_client.errors import MusterError
from muster_client.spot.holdings import Holdings
from muster_client.spot.identity import Identity
from muster_client.spot.link import Backoff, Link


class Heart:
    """`cancelled` is told the ids of tasks that the spot holds although their job was cancelled."""

    def __init__(
        self, link: Link, identity: Identity, holdings: Holdings, cancelled: Callable[[set[str], str], None]
    ) -> None:
        self._link = link
        self._identity = identity
        self._holdings = holdings
        self._cancelled = cancelled
        self._stopping = Event()
        self._backoff = Backoff(link, self._stopping.is_set)

    def stop(self) -> None:
        self._stopping.set()

    def run(self) -> None:
        psutil.cpu_percent(None)  # the first call only sets the mark that the next one measures from
        self._identity.wait_for_id(self._stopping.is_set)
        while not self._stopping.wait(self._identity.heartbeat_seconds):
            while not self._stopping.is_set() and not self._beat():
                pass

    def _beat(self) -> bool:
        """Whether it was heard; if not, some time has passed."""
        spot_id = self._identity.spot_id
        counts = self._holdings.counts()
        try:
            answer = self._link.ask(
                lambda muster: muster.record_heartbeat(
                    spot_id,
                    ip_address=self._identity.ip_address,
                    pool=self._identity.pool,
                    cpu_load=min(100.0, max(0.0, psutil.cpu_percent(None))),
                    running_tasks=counts.running,
                    total_cores=self._identity.cores,
                )
            )
        except MusterError as error:
            self._backoff.wait(error)
            return False
        self._backoff.reset()
        if answer.cancelled_tasks:
            self._cancelled(set(answer.cancelled_tasks), "cancelled")
        return True
