"""The finish of a job on its head: due, in which generation, until when its next step must have begun, done.

A step writes before it works (`step`): that shows that the execution lives, and is refused when another generation has
taken over. The audit takes over what is overdue.
"""

import logging
from collections.abc import Callable

from muster.core.clock import Clock
from muster.core.errors import StaleFinish
from muster.core.finish import STEP_PATIENCE_MS, Execution, ReportState, patience_ms, size_of
from muster.store import keys
from muster.store.table import Item, Refused, Table, Write, update

FACE = "sweeps"
_log = logging.getLogger("muster.Finish")

Start = Callable[[Execution], None]
"""Starts an execution; started before under the same name, it does nothing. Raises what the service raises."""


class Finishes:
    def __init__(self, table: Table, start: Start, clock: Clock) -> None:
        self._table, self._start, self._clock = table, start, clock

    def due(self) -> Item:
        """What the write that ends a job sets on its head, by attribute."""
        return {"finish": "due", "generation": 1, "finish_by": self._clock() + STEP_PATIENCE_MS}

    def begin(self, job: str, head: Item) -> None:
        """Start the execution of the head's generation. One that can not be started is overdue soon."""
        self.start(Execution(FACE, job, head["generation"], size_of(head["total"]), head.get("correlation", "")))

    def start(self, execution: Execution) -> None:
        try:
            self._start(execution)
        except Exception:
            _log.exception("The finish of %s did not start; it will be tried again", execution.job)

    def step(self, job: str, generation: int, patience: int = STEP_PATIENCE_MS) -> Item:
        """A step begins: the head as it is. Raises StaleFinish when this generation has no say any more."""
        still = update(
            keys.head(job),
            "SET #finish_by = :by",
            "#generation = :generation AND #finish = :due",
            by=self._clock() + patience,
            generation=generation,
            due="due",
        )
        try:
            return self._table.write(still, returning="ALL_NEW")
        except Refused:
            raise StaleFinish from None

    def keep(self, job: str, generation: int, until: int) -> None:
        """Something of this generation goes on until then, ms since 1970; maybe beside something that goes on for
        longer. Raises StaleFinish."""
        longer = update(
            keys.head(job),
            "SET #finish_by = :by",
            "#generation = :generation AND #finish = :due AND #finish_by < :by",
            by=until + STEP_PATIENCE_MS,
            generation=generation,
            due="due",
        )
        try:
            self._table.write(longer)
        except Refused as refused:
            head = refused.item or {}
            if (head.get("generation"), head.get("finish")) != (generation, "due"):
                raise StaleFinish from None

    def note_report(self, job: str, generation: int, state: ReportState) -> None:
        """The report is where it shall be."""
        ready = update(
            keys.head(job), "SET #report = :state", "#generation = :mine", state=state.value, mine=generation
        )
        try:
            self._table.write(ready)
        except Refused:
            raise StaleFinish from None

    def done(self, job: str, generation: int) -> None:
        """All that was to be done is done; nothing looks after the job any more."""
        end = update(
            keys.head(job),
            "SET #finish = :done REMOVE #finish_by, #audit_pk, #audit_sk",
            "#generation = :mine AND #finish = :due",
            done="done",
            due="due",
            mine=generation,
        )
        try:
            self._table.write(end)
        except Refused:
            raise StaleFinish from None

    def take_over_if_overdue(self, job: str, head: Item) -> bool:
        """Begin the next generation when the present one has died. True if this call did."""
        now, generation = self._clock(), head["generation"] + 1
        if head["finish_by"] > now:
            return False
        takeover = update(
            keys.head(job),
            "SET #generation = :next, #finish_by = :by",
            "#generation = :was AND #finish = :due AND #finish_by = :seen",
            next=generation,
            by=now + patience_ms(generation),
            was=head["generation"],
            due="due",
            seen=head["finish_by"],
        )
        try:
            taken = self._table.write(takeover, returning="ALL_NEW")
        except Refused:
            return False
        _log.warning("The finish of %s was overdue: generation %d begins", job, generation)
        self.begin(job, taken)
        return True

    def again(self, job: str) -> Write:
        """Part of the transaction that opens a finished job's finish once more; refused while it is under way."""
        return update(
            keys.head(job),
            "SET #finish = :due, #generation = #generation + :one, #finish_by = :by, #audit_pk = :shelf,"
            " #audit_sk = :job",
            "#finish = :done",
            due="due",
            done="done",
            one=1,
            by=self._clock() + STEP_PATIENCE_MS,
            shelf=keys.unfinished(job),
            job=job,
        )
