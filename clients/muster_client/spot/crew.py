"""The cores of a spot at work: one thread and one slot each."""

import time
from collections.abc import Iterable
from threading import Thread

from muster_client.spot.choice import RunnerChoice
from muster_client.spot.held import Failure, HeldTask, Outcome
from muster_client.spot.holdings import Holdings
from muster_client.spot.pace import Pace
from muster_client.spot.settler import Settler
from muster_client.spot.slot import Slot


class Crew:
    """Takes tasks from the holdings, runs them, and passes every outcome to the settler."""

    def __init__(
        self, cores: int, choice: RunnerChoice, paths: list[str], holdings: Holdings, settler: Settler, pace: Pace
    ) -> None:
        self._holdings = holdings
        self._settler = settler
        self._pace = pace
        self._slots = [Slot(choice, paths) for _ in range(cores)]
        self._threads = [
            Thread(target=self._work, args=[slot], name=f"slot-{number}", daemon=True)
            for number, slot in enumerate(self._slots)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def drop(self, tasks: Iterable[HeldTask]) -> None:
        """Stop working on these at once; nothing is reported of them."""
        for task in tasks:
            for slot in self._slots:
                if slot.abort(task.id):
                    break

    def finish(self, grace_seconds: float) -> None:
        """After the holdings were closed: let running tasks end; those that do not in time fail."""
        if not self._holdings.wait_until_nothing_runs(grace_seconds):
            for slot in self._slots:
                slot.interrupt(Failure(f"SpotStopped: not done {grace_seconds:g} s after the spot was told to stop"))
        for thread in self._threads:
            thread.join()

    def kill(self) -> None:
        """The agent is about to die: so does all it runs."""
        for slot in self._slots:
            slot.kill()

    def _work(self, slot: Slot) -> None:
        try:
            while task := self._holdings.take():
                began = time.monotonic()
                self._report(task, slot.run(task))
                self._pace.task_took(time.monotonic() - began)
        finally:
            slot.close()

    def _report(self, task: HeldTask, outcome: Outcome | None) -> None:
        if outcome is None:
            self._holdings.forget([task.id])
        else:
            self._holdings.finish(task)
            self._settler.put(task, outcome)
