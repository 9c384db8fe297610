"""The spot as a whole: puts its parts together, starts them, and ends them in an order that loses nothing."""

import logging
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from queue import SimpleQueue
from threading import Thread
from types import FrameType

from muster_client.api import Muster
from muster_client.errors import MusterError
from muster_client.spot.choice import RunnerChoice
from muster_client.spot.claimer import Claimer
from muster_client.spot.crew import Crew
from muster_client.spot.heart import Heart
from muster_client.spot.held import HeldTask
from muster_client.spot.holdings import Holdings
from muster_client.spot.identity import Identity, address_towards
from muster_client.spot.link import Link
from muster_client.spot.pace import Pace
from muster_client.spot.renewer import Renewer
from muster_client.spot.settler import Settler
from muster_client.transport import ONCE

log = logging.getLogger("muster.spot")

STOPPED, BROKEN, KEY_REFUSED = 0, 1, 3
CALL_SECONDS = 10.0
SETTLE_SECONDS = 10.0


@dataclass(frozen=True)
class SpotOptions:
    """How a spot is started. grace, until_idle: seconds; until_idle None: work until told to stop."""

    cores: int
    url: str | None = None
    agent_key: str | None = None
    key: str | None = None
    pool: str = "default"
    batch: int = 100
    choice: RunnerChoice = field(default_factory=RunnerChoice)
    paths: list[str] = field(default_factory=list)
    grace: float = 10.0
    until_idle: float | None = None
    ip_address: str | None = None


class Agent:
    """Runs until SIGTERM or SIGINT, until idle if so told, or until the coordinator refuses its key."""

    def __init__(self, options: SpotOptions) -> None:
        self._options = options
        self._stops: SimpleQueue[tuple[int, str]] = SimpleQueue()
        self._told = False
        muster = Muster(options.url, options.agent_key, options.key, timeout=CALL_SECONDS, retry=ONCE)
        self._muster = muster
        self._link = Link(muster, lambda problem: self._stops.put((KEY_REFUSED, problem)))
        self._holdings = Holdings()
        pace = Pace(options.cores, options.batch)
        address = options.ip_address or address_towards(muster.base_url)
        identity = Identity(self._link, address, options.cores, options.pool)
        self._claimer = Claimer(
            self._link, identity, self._holdings, pace, options.until_idle, lambda: self._stops.put((STOPPED, "idle"))
        )
        self._settler = Settler(self._link, self._holdings, self._claimer.expect_retry)
        self._crew = Crew(options.cores, options.choice, options.paths, self._holdings, self._settler, pace)
        self._heart = Heart(self._link, identity, self._holdings, self._drop)
        self._renewer = Renewer(self._link, self._holdings, self._drop)

    def run(self) -> int:
        """Work; the exit status. To be called on the main thread, which alone hears signals."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        log.info("spot at work for %s, ctrl-c to stop", self._muster.base_url)
        parts = {
            part.__class__.__name__.lower(): Thread(target=self._guarded, args=[part.run], daemon=True)
            for part in self._parts()
        }
        for thread in parts.values():
            thread.start()
        self._crew.start()
        status, reason = self._stops.get()
        log.info("stopping: %s", reason)
        self._stop(parts, status)
        log.info("stopped: %d completed, %d failed", self._settler.completed, self._settler.failed)
        return status

    def _parts(self) -> tuple[Heart, Renewer, Settler, Claimer]:
        return self._heart, self._renewer, self._settler, self._claimer

    def _guarded(self, run: Callable[[], None]) -> None:
        """A part that breaks takes the spot down with it, rather than leave it half alive."""
        try:
            run()
        except Exception:
            log.exception("the spot is broken")
            self._stops.put((BROKEN, "a part of the spot broke"))

    def _stop(self, parts: dict[str, Thread], status: int) -> None:
        """Claim no more, give back what never started, let the rest end, settle, and only then fall silent."""
        self._claimer.stop()
        self._link.wake()
        self._release(self._holdings.close())
        parts["claimer"].join(CALL_SECONDS + 1)
        self._release(self._holdings.close())  # what a claim under way may have brought
        self._crew.finish(0 if status == KEY_REFUSED else self._options.grace)
        self._settler.close(0 if status == KEY_REFUSED else SETTLE_SECONDS)
        self._link.wake()
        parts["settler"].join()
        self._holdings.end()
        self._heart.stop()
        self._link.wake()
        parts["heart"].join(CALL_SECONDS + 1)
        parts["renewer"].join(CALL_SECONDS + 1)
        self._muster.close()

    def _release(self, tasks: list[HeldTask]) -> None:
        """Best effort: what can not be given back now is taken back when this spot is seen to be gone."""
        by_spot: dict[str, list[str]] = {}
        for task in tasks:
            by_spot.setdefault(task.grant.spot_id, []).append(task.id)
        for spot_id, task_ids in by_spot.items():
            for start in range(0, len(task_ids), 500):
                self._release_some(spot_id, task_ids[start : start + 500])

    def _release_some(self, spot_id: str, task_ids: list[str]) -> None:
        try:
            self._link.ask(lambda muster: muster.release_tasks(spot_id, task_ids))
            log.info("released %d tasks that were not started", len(task_ids))
        except MusterError as error:
            log.warning("%d tasks that were not started could not be released: %s", len(task_ids), error)

    def _drop(self, names: set[str], reason: str) -> None:
        queued, running = self._holdings.drop(names)
        self._crew.drop(running)
        for task in [*queued, *running]:
            log.warning("%s dropped: %s", task.label, reason)

    def _on_signal(self, number: int, _: FrameType | None) -> None:
        if self._told:
            self._crew.kill()
            os._exit(128 + number)
        self._told = True
        self._stops.put((STOPPED, signal.Signals(number).name))
