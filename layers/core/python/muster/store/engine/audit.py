"""The audit: what a crash between two requests left behind, found and mended. Safe to run many times at once.

For each job whose end is not recorded: a cancelled one loses what is still owed; ranges that the cursor passed without
a lease (a claim died between its two requests) are fenced and wait to be claimed; a job whose last settle died before
the gate is ended. A watermark on the head remembers below which index no gap can be: leases never vanish.
"""

import logging
from collections.abc import Iterable

from muster.core import lease as rules
from muster.core.clock import Clock
from muster.core.errors import SchemaNewer
from muster.core.ids import LeaseRef
from muster.core.job import ENDED, JobStatus
from muster.core.lease import Lease
from muster.store import keys
from muster.store.engine import leases, moves
from muster.store.engine.claims import STEPS_NOTED
from muster.store.engine.jobs import Jobs
from muster.store.engine.leases import Leases
from muster.store.engine.spots import Spots
from muster.store.finish.finishes import Finishes
from muster.store.table import Item, Refused, Table, update

LEASES_PER_RUN = 20_000
"""Leases read for one job in one run, about; the next run goes on from there."""
_STRETCH = 8 * keys.BLOCK
_FENCES_PER_WRITE = 50
_CLAIM_MAY_TAKE_MS = 30_000
"""A claim that has not put its lease after so long never will: functions are stopped before."""
log = logging.getLogger("muster.Audit")

Gap = tuple[int, int]


def gaps_between(spans: Iterable[Gap], low: int, high: int) -> Iterable[Gap]:
    """The parts of [low, high) that no span covers; spans ascend."""
    for start, end in spans:
        if start > low:
            yield low, min(start, high)
        low = max(low, end)
        if low >= high:
            return
    if low < high:
        yield low, high


class Audit:
    def __init__(self, table: Table, jobs: Jobs, spots: Spots, finishes: Finishes, clock: Clock) -> None:
        self._table, self._jobs, self._spots, self._finishes, self._clock = table, jobs, spots, finishes, clock
        self._leases = Leases(table)

    def all_jobs(self) -> int:
        """Every job by itself: one that a newer version wrote is left to it. How many finishes were overdue."""
        return sum(self._job_if_known(job) for job in list(self._jobs.unfinished()))

    def _job_if_known(self, job: str) -> bool:
        try:
            return self.job(job)
        except SchemaNewer:
            log.warning("Left %s alone: it was written by a newer version", job)
            return False

    def job(self, job: str) -> bool:
        """Mend one job, as far as one run goes. Whether its finish was overdue."""
        head = self._table.get(keys.head(job))
        if head is None:
            return False
        status = JobStatus(head["status"])
        if "finish" in head:
            return self._finishes.take_over_if_overdue(job, head)
        if status is JobStatus.CANCELLED:
            self._drop_leases(job, head)
        elif status not in ENDED and not self._mend_gaps(job, head):
            self._jobs.end_if_settled(job)
        return False

    # --- cancelled jobs ---------------------------------------------------------------------------------------------

    def _drop_leases(self, job: str, head: Item) -> None:
        """Once at once and once when no claim can be on its way any more; then the job is done with."""
        low, handed_out = head.get("dropped_to", 0), min(head["cursor"], head["total"])
        read = 0
        holders: set[str | None] = set()
        while low < handed_out and read < LEASES_PER_RUN:
            high = min(handed_out, low + _STRETCH)
            for lease in self._leases.around(job, low, high, consistent=True):
                read += 1
                holders.add(self._drop(lease))
            low = high
        for holder in filter(None, holders):
            self._spots.tell_of_cancelled(holder)
        if low < handed_out:
            self._note(job, "SET #dropped_to = :low", low=low)
        elif self._clock() - head["finished"] < _CLAIM_MAY_TAKE_MS:
            self._note(job, "SET #dropped_to = :low", low=0)
        else:
            self._finish_cancelled(job)

    def _finish_cancelled(self, job: str) -> None:
        """Nothing of it runs any more: what was done until then is reported."""
        due = self._finishes.due()
        expression = "SET " + ", ".join(f"#{name} = :{name}" for name in due) + " REMOVE #dropped_to"
        try:
            write = update(keys.head(job), expression, "attribute_not_exists(#finish)", **due)
            head = self._table.write(write, returning="ALL_NEW")
        except Refused:
            return
        self._finishes.begin(job, head)

    def _drop(self, lease: Lease) -> str | None:
        """Who has to be told; also of what was dropped before, by a process that may have died before it told."""
        found: Lease | None = lease
        while found and (found.owed or found.waiting):
            try:
                moves.move(self._table, found, rules.drop(found))
            except moves.LeaseChanged as changed:
                found = changed.lease
            else:
                found = rules.drop(found)
        return found.spot if found and found.dropped else None

    # --- lost ranges ------------------------------------------------------------------------------------------------

    def _mend_gaps(self, job: str, head: Item) -> bool:
        """Whether there are ranges without a lease. Those of claims that may be on their way are left alone."""
        before = low = head.get("audited_to", 0)
        handed_out = min(head["cursor"], head["total"])
        read = 0
        gaps: list[Gap] = []
        while low < handed_out and read < LEASES_PER_RUN:
            high = min(handed_out, low + _STRETCH)
            firsts = [one for one in self._leases.around(job, low, high, consistent=True) if one.ref.gen == 1]
            read += len(firsts)
            spans = ((one.ref.start, one.ref.start + one.ref.size) for one in firsts)
            gaps += gaps_between(spans, low, high)
            low = high
        for gap in gaps:
            if not self._on_its_way(head, gap):
                self._fence(job, head, *gap)
        whole_below = gaps[0][0] if gaps else low
        if whole_below != before:
            self._note(job, "SET #audited_to = :high", high=whole_below)
        return bool(gaps) or low < handed_out

    def _on_its_way(self, head: Item, gap: Gap) -> bool:
        since = self._clock() - _CLAIM_MAY_TAKE_MS
        return any(
            head[f"from{slot}"] < gap[1] and gap[0] < head[f"from{slot}"] + head[f"wanted{slot}"]
            for slot in range(STEPS_NOTED)
            if head.get(f"at{slot}", 0) > since
        )

    def _fence(self, job: str, head: Item, low: int, high: int) -> None:
        """A lease for every single index, so that no claim still under way can own one of them; ascending, and no
        further once one is refused: then the claim was alive."""
        for first in range(low, high, _FENCES_PER_WRITE):
            indices = range(first, min(high, first + _FENCES_PER_WRITE))
            fences = [leases.put_new(self._fenced(job, index, head["max_attempts"])) for index in indices]
            try:
                self._table.transact(moves.waiting_again(job, len(fences)), *fences)
            except Refused:
                return
        log.info("Fenced tasks %d to %d of %s: their claim was lost", low, high - 1, job)

    @staticmethod
    def _fenced(job: str, index: int, max_attempts: int) -> Lease:
        waiting = frozenset({index})
        return Lease(LeaseRef(job, index, 1, 1), "", "", 0, max_attempts, 0, 0, returned=waiting)

    def _note(self, job: str, expression: str, **values: int) -> None:
        try:
            self._table.write(update(keys.head(job), expression, "attribute_exists(#pk)", **values))
        except Refused:
            return
