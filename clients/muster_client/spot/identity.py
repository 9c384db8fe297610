"""Who this spot is to the coordinator: registered by hello, and anew when the coordinator forgot it."""

import logging
import socket
from collections.abc import Callable
from threading import Condition
from urllib.parse import urlsplit

from muster_client.spot.link import Link

log = logging.getLogger("muster.spot")


class Identity:
    """The spot id, known once `register` has succeeded."""

    def __init__(self, link: Link, ip_address: str, cores: int, pool: str) -> None:
        self._link = link
        self._known = Condition()
        self._spot_id = ""
        self.ip_address = ip_address
        self.cores = cores
        self.pool = pool
        self.heartbeat_seconds = 3.0

    @property
    def spot_id(self) -> str:
        with self._known:
            return self._spot_id

    def wait_for_id(self, ended: Callable[[], bool]) -> None:
        """Wait until `register` has succeeded once, or until `ended` holds."""
        with self._known:
            while not self._spot_id and not ended():
                self._known.wait(0.5)

    def register(self) -> None:
        """Say hello; MusterError when nobody heard."""
        hello = self._link.ask(
            lambda muster: muster.register_spot(self.ip_address, total_cores=self.cores, pool=self.pool)
        )
        with self._known:
            self._spot_id = hello.spot_id
            self.heartbeat_seconds = max(0.5, float(hello.heartbeat_seconds))
            self._known.notify_all()
        log.info("registered as %s, %d cores, pool %s", hello.spot_id, self.cores, self.pool)


def address_towards(url: str) -> str:
    """This machine's address as seen on the way to the coordinator; nothing is sent to find it."""
    parts = urlsplit(url)
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect((parts.hostname or "127.0.0.1", parts.port or 80))
            return str(probe.getsockname()[0])
    except OSError:
        return "127.0.0.1"
