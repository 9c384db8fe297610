"""The steps of the finish workflow, one method for each state that calls a function.

    LoadJob ──► AggregateResults, each part ──► WriteReport ──► DeliverReport, each delivery ──► RecordFinish

What a step is given and what it answers are keys: job, generation, part, delivery. All else is in the table and the
bucket. What differs from face to face is what its `Aggregation` makes of a job.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from muster.core import finish as rules
from muster.core.clock import Clock
from muster.core.delivery import Outcome, Receipt, verdict
from muster.core.finish import Execution, ReportState, Size
from muster.store import keys
from muster.store.blobs import Blobs
from muster.store.finish.deliveries import NotNow, State, id_of
from muster.store.finish.ending import Ending
from muster.store.finish.saved import SavedFile
from muster.store.table import Item

_log = logging.getLogger("muster.AggregatedResultsHandler")
_delivery_log = logging.getLogger("muster.Delivery")

_SIZE_BYTES = 8
"""A stored short begins with the size of its part's lines."""

Step = dict[str, Any]
"""What passes between the states of an execution: `face`, `job`, `generation`, `size`, and what a state adds."""


@dataclass(frozen=True)
class Report:
    """What a face has to say of a finished job: files by format, what webhooks are told as JSON, lines for the log."""

    files: Mapping[str, str]
    told: str
    breakdown: Iterable[str]


SaveLines = Callable[[Iterator[bytes]], None]
"""Takes all lines to their end."""


class Aggregation(Protocol):
    """What one face makes of a job's outcomes."""

    def formats(self, job: str) -> frozenset[str]:
        """The formats that the job wants."""

    def aggregate(self, job: str, low: int, high: int, save: SaveLines | None) -> bytes:
        """The tasks [low, high) in short, such that shorts can be merged; on the way, every result as a line to `save`,
        so that outcomes are read once."""

    def report(self, job: str, shorts: Iterable[bytes]) -> Report:
        """The report, from the shorts of all parts."""


@dataclass(frozen=True)
class Switches:
    """What the stack is told to do with reports. `address` says whether there is anywhere to send to."""

    saving: bool
    sending: bool
    address: bool


class Finish:
    def __init__(
        self,
        blobs: Blobs,
        ending: Ending,
        aggregations: Mapping[str, Aggregation],
        switches: Switches,
        clock: Clock,
    ) -> None:
        self._finishes, self._deliveries = ending.finishes, ending.deliveries
        self._saved, self._send = ending.saved, ending.send
        self._blobs, self._aggregations, self._switches, self._clock = blobs, aggregations, switches, clock

    # --- load, aggregate, write ---------------------------------------------------------------------------------------

    def load_job(self, step: Step) -> Step:
        """What there is to do: the parts to aggregate, none when the report is made; the deliveries to try."""
        execution = Execution.of(step)
        head = self._finishes.step(execution.job, execution.generation)
        self._deliveries.plan_stacks(execution.job)
        made = head.get("report", ReportState.PENDING) != ReportState.PENDING
        parts = [] if made else rules.parts_of(_reached(head))
        return execution.state() | {
            "made": made,
            "parts": parts,
            "deliveries": self._deliveries.pending(execution.job),
        }

    def aggregate_results(self, step: Step) -> Step:
        """One part in short; and its results as lines, if the job wants them."""
        execution, part = Execution.of(step), step["part"]
        head = self._finishes.step(execution.job, execution.generation, rules.PART_PATIENCE_MS)
        aggregation = self._aggregations[execution.face]
        wanted = self._switches.saving and "ndjson" in aggregation.formats(execution.job)
        sizes: list[int] = []

        def save(lines: Iterator[bytes]) -> None:
            name = _lines_name(part, rules.parts_of(_reached(head)))
            sizes.append(self._saved.save(execution.job, name, lines).size)

        low, high = rules.stretch(_reached(head), part)
        short = aggregation.aggregate(execution.job, low, high, save if wanted else None)
        self._blobs.put(_short_key(execution, part), sum(sizes).to_bytes(_SIZE_BYTES, "big") + short)
        return {}

    def write_report(self, step: Step) -> Step:
        """All parts together: the files, and what deliveries will say."""
        execution = Execution.of(step)
        head = self._finishes.step(execution.job, execution.generation, rules.PART_PATIENCE_MS)
        parts, sizes = rules.parts_of(_reached(head)), []

        def shorts() -> Iterator[bytes]:
            for part in parts:
                content = self._blobs.get(_short_key(execution, part))
                sizes.append(int.from_bytes(content[:_SIZE_BYTES], "big"))
                yield content[_SIZE_BYTES:]

        aggregation = self._aggregations[execution.face]
        report = aggregation.report(execution.job, shorts())
        self._deliveries.say(execution.job, report.told)
        if self._switches.saving:
            lines = [SavedFile(_lines_name(part, parts), size) for part, size in zip(parts, sizes, strict=True)]
            self._save(execution.job, report, aggregation.formats(execution.job), lines)
        self._say_what_is_off(execution, report)
        state = ReportState.READY if self._switches.saving else ReportState.OFF
        self._finishes.note_report(execution.job, execution.generation, state)
        _log.info("Report of %s made from %d parts", execution.job, len(parts))
        return {}

    def _save(self, job: str, report: Report, formats: frozenset[str], lines: list[SavedFile]) -> None:
        """The files of the formats that the job wants; those of its lines are there already."""
        files = [
            self._saved.save(job, f"report.{kind}", [text.encode()])
            for kind, text in report.files.items()
            if kind in formats
        ]
        self._saved.note(job, files + (lines if "ndjson" in formats else []))

    def _say_what_is_off(self, execution: Execution, report: Report) -> None:
        if self._switches.sending and not self._switches.address:
            _log.info("Sending is on, but RESULTS_API_URL names no address")
        if not self._switches.saving and not self._deliveries.of(execution.job):
            for line in report.breakdown:
                _log.info("%s", line)

    # --- deliver ------------------------------------------------------------------------------------------------------

    def deliver_report(self, step: Step) -> Step:
        """One attempt, if it is time for one; `again` in `wait` seconds unless the delivery is over, or waits longer
        than an Express execution may live."""
        execution, delivery_id = Execution.of(step), step["delivery"]
        self._finishes.keep(execution.job, execution.generation, self._clock())
        taken = self._deliveries.take(execution.job, delivery_id)
        until = taken.until if isinstance(taken, NotNow) else self._attempt(execution, taken)
        wait = 0 if until is None else max(1, -(-(until - self._clock()) // 1000))
        again = until is not None and (execution.size is Size.LARGE or wait <= rules.LONGEST_SMALL_WAIT_SECONDS)
        if again and until is not None:
            self._finishes.keep(execution.job, execution.generation, until)
        return execution.state() | {"delivery": delivery_id, "again": again, "wait": wait}

    def _attempt(self, execution: Execution, row: Item) -> int | None:
        """Send, note what came of it; when to try again, None when that is all."""
        receipt = self._receipt(execution, row)
        found = verdict(receipt, row["attempts"])
        if found.outcome is Outcome.GONE:
            self._deliveries.note_gone(execution.job, row["url"])
        state = self._deliveries.note(row, receipt, found)
        _delivery_log.info(
            "Delivery %s of %s, attempt %d: %s", id_of(row), execution.job, row["attempts"], receipt.problem or state
        )
        return self._clock() + (found.wait_seconds or 0) * 1000 if state is State.PENDING else None

    def _receipt(self, execution: Execution, row: Item) -> Receipt:
        if self._deliveries.is_gone(execution.job, row["url"]):
            return Receipt(410, None, "the address answered 410 before", 0)
        body = self._deliveries.said(execution.job)
        message_id = f"msg-{execution.job}-{id_of(row)}"
        try:
            target = self._deliveries.target(row)
            return self._send(target, message_id, self._clock(), body, execution.correlation)
        except ValueError:
            # The stack's own comes unchecked from a parameter, and what sealed the others may have been changed.
            # Whoever mends it in time loses no message.
            return Receipt(None, None, "its secret is missing, malformed or sealed under another key", 0)

    # --- record -------------------------------------------------------------------------------------------------------

    def record_finish(self, step: Step) -> Step:
        """The end; unless deliveries wait for longer than this execution lives: then the one that has the time is
        started, under the same name."""
        execution = Execution.of(step)
        pending = self._deliveries.pending(execution.job)
        if not pending:
            self._finishes.done(execution.job, execution.generation)
        elif execution.size is Size.SMALL:
            self._finishes.step(execution.job, execution.generation)
            self._finishes.start(replace(execution, size=Size.LARGE))
        return execution.state() | {"pending": pending}


def _reached(head: Item) -> int:
    """How far tasks were handed out: behind it there are no outcomes."""
    return int(min(head["cursor"], head["total"]))


def _short_key(execution: Execution, part: int) -> str:
    """Kept for days only: the bucket's lifecycle clears `finish/`."""
    return f"finish/{keys.folder(execution.job)}/{execution.generation}/{part:04d}"


def _lines_name(part: int, parts: list[int]) -> str:
    return "results.ndjson" if len(parts) == 1 else f"results-{part:04d}.ndjson"
