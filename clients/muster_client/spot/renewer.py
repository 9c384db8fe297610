"""Holds on to tasks: one thread that renews each grant when a third of its lease has passed."""

import logging
from collections.abc import Callable

from muster_client.errors import MusterError
from muster_client.spot.held import Grant
from muster_client.spot.holdings import Holdings
from muster_client.spot.link import Backoff, Link

log = logging.getLogger("muster.spot")

# A renewal that says this of a task means: stop working on it.
LOST = frozenset({"wrong_spot", "cancelled", "not_found"})


class Renewer:
    """`lost` is told the ids of tasks that are ours no more, and why."""

    def __init__(self, link: Link, holdings: Holdings, lost: Callable[[set[str], str], None]) -> None:
        self._link = link
        self._holdings = holdings
        self._lost = lost
        self._backoff = Backoff(link, holdings.has_ended)

    def run(self) -> None:
        while (due := self._holdings.wait_for_renewal()) is not None:
            for grant, task_ids in due:
                self._renew(grant, task_ids)

    def _renew(self, grant: Grant, task_ids: list[str]) -> None:
        """All of a grant in one call: what a lease owes and is not listed would be taken from us."""
        try:
            answer = self._link.ask(lambda muster: muster.renew_tasks(grant.spot_id, task_ids))
        except MusterError as error:
            self._backoff.wait(error)
            return
        self._backoff.reset()
        self._holdings.renew_in(grant, grant.renewal_seconds)
        for reason in LOST:
            lost = {result.id for result in answer.results if result.outcome == reason}
            if lost:
                self._lost(lost, reason)
