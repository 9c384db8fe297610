"""Tells the coordinator what became of tasks: one thread that sends outcomes in batches until they are answered."""

import logging
import time
from collections.abc import Callable, Iterable
from threading import Condition
from typing import Any

from muster_client.errors import InvalidRequest, MusterError, ServerFailed
from muster_client.records import SettledItem
from muster_client.spot.held import Completion, Failure, HeldTask, Outcome
from muster_client.spot.holdings import Holdings
from muster_client.spot.link import Backoff, Link

log = logging.getLogger("muster.spot")

FLUSH_SECONDS = 0.25
FLUSH_TASKS = 100
REPORT_SECONDS = 10.0
CALL_TASKS = 500
# Lambda takes 6 MB in one request; JSON inside JSON grows by its quotes.
CALL_CHARACTERS = 2_500_000
NOT_OURS = frozenset({"wrong_spot", "cancelled", "not_found"})

Item = tuple[HeldTask, Outcome]


class Settler:
    """Counts, since the start, what the coordinator took. `will_retry` is called when a failed task will run again."""

    def __init__(self, link: Link, holdings: Holdings, will_retry: Callable[[], None]) -> None:
        self._link = link
        self._holdings = holdings
        self._will_retry = will_retry
        self._changed = Condition()
        self._waiting: list[Item] = []
        self._call_tasks = CALL_TASKS
        self._oldest_at = 0.0
        self._give_up_at: float | None = None
        self._backoff = Backoff(link, self._out_of_time)
        self.completed = 0
        self.failed = 0
        self._reported_at = time.monotonic()

    def put(self, task: HeldTask, outcome: Outcome) -> None:
        with self._changed:
            if not self._waiting:
                self._oldest_at = time.monotonic()
            self._waiting.append((task, outcome))
            if len(self._waiting) in (1, FLUSH_TASKS):
                self._changed.notify_all()

    def close(self, within_seconds: float) -> None:
        """Send what there is at once, and stop when that is done or the time is over."""
        with self._changed:
            self._give_up_at = time.monotonic() + within_seconds
            self._changed.notify_all()

    def run(self) -> None:
        while batch := self._batch():
            unsent = self._send(batch)
            with self._changed:
                self._waiting += unsent
            if unsent and self._out_of_time():
                log.error("%d outcomes could not be delivered", len(self._waiting))
                return

    def _batch(self) -> list[Item]:
        """The next outcomes to send, of one kind and one spot id; waits for them. Empty: closed, and nothing left."""
        with self._changed:
            while len(self._waiting) < FLUSH_TASKS and self._give_up_at is None:
                due_in = self._oldest_at + FLUSH_SECONDS - time.monotonic() if self._waiting else None
                if due_in is not None and due_in <= 0:
                    break
                self._changed.wait(due_in)
            batch, self._waiting = _alike(self._waiting, self._call_tasks)
            self._oldest_at = time.monotonic()
            return batch

    def _send(self, batch: list[Item]) -> list[Item]:
        """Send a batch; what could not be delivered."""
        task, outcome = batch[0]
        spot_id, bodies = task.grant.spot_id, [_body(*item) for item in batch]
        completing = isinstance(outcome, Completion)
        try:
            answer = self._link.ask(
                lambda muster: (
                    muster.complete_tasks(spot_id, bodies) if completing else muster.fail_tasks(spot_id, bodies)
                )
            )
        except InvalidRequest as error:
            return self._refused(batch, str(error))
        except MusterError as error:
            if isinstance(error, ServerFailed) and error.status != 503:
                # Smaller calls, and others first: an outcome that the coordinator chokes on must not hold up the rest.
                self._call_tasks = max(1, len(batch) // 2)
            self._backoff.wait(error)
            return batch
        self._call_tasks = min(CALL_TASKS, 2 * self._call_tasks)
        self._backoff.reset()
        self._read(batch, answer.results)
        return []

    def _read(self, batch: list[Item], results: Iterable[SettledItem]) -> None:
        found = {result.id: result for result in results}
        done: list[str] = []
        for task, outcome in batch:
            result = found.get(task.id)
            if result and result.outcome == "invalid":
                self._refused([(task, outcome)], result.error or "invalid")
                continue
            done.append(task.id)
            if result and result.outcome in NOT_OURS:
                log.warning("%s dropped: %s", task.label, result.outcome)
            elif isinstance(outcome, Completion):
                self.completed += 1
            else:
                self.failed += 1
                again = "will run again" if result and result.will_retry else "for good"
                log.warning("%s failed %s: %s", task.label, again, outcome.error.splitlines()[0])
                if result and result.will_retry:
                    self._will_retry()
        self._holdings.forget(done)
        self._report_progress()

    def _report_progress(self) -> None:
        now = time.monotonic()
        if now - self._reported_at >= REPORT_SECONDS:
            self._reported_at = now
            held = self._holdings.counts()
            counts = (self.completed, self.failed, held.running, held.queued)
            log.info("%d completed, %d failed, %d running, %d queued", *counts)

    def _refused(self, batch: list[Item], problem: str) -> list[Item]:
        """The coordinator can not take this as it is: halve it to find the culprit, and fail that task."""
        if len(batch) > 1:
            half = len(batch) // 2
            return self._send(batch[:half]) + self._send(batch[half:])
        task, outcome = batch[0]
        if isinstance(outcome, Completion):
            failure = Failure(f"ResultRefused: {problem}"[:500], retriable=False)
            with self._changed:
                self._waiting.append((task, failure))
        else:
            log.error("%s: the coordinator refuses its failure: %s", task.label, problem)
            self._holdings.forget([task.id])
        return []

    def _out_of_time(self) -> bool:
        with self._changed:
            return self._give_up_at is not None and time.monotonic() >= self._give_up_at


def _alike(waiting: list[Item], at_most: int) -> tuple[list[Item], list[Item]]:
    """What one call can carry, of the kind and spot id of the oldest and within the limits of a request; the rest."""
    batch: list[Item] = []
    rest: list[Item] = []
    weight = 0
    for item in waiting:
        first = batch[0] if batch else item
        weight += _weight(item[1])
        fits = not batch or (len(batch) < at_most and weight <= CALL_CHARACTERS)
        (batch if fits and _address(item) == _address(first) else rest).append(item)
    return batch, rest


def _address(item: Item) -> tuple[type[Outcome], str]:
    """Which call an outcome belongs into."""
    task, outcome = item
    return type(outcome), task.grant.spot_id


def _weight(outcome: Outcome) -> int:
    text = (outcome.result_json if isinstance(outcome, Completion) else outcome.output) or ""
    return 200 + len(text) * (1 if text.isascii() else 4)


def _body(task: HeldTask, outcome: Outcome) -> dict[str, Any]:
    body: dict[str, Any]
    if isinstance(outcome, Completion):
        body = {
            "runtimeMs": outcome.runtime_ms,
            "iter": outcome.iter,
            "fopt": outcome.fopt,
            "resultJson": outcome.result_json,
        }
    else:
        # A lone surrogate, as in the name of an odd file, is no character that JSON in UTF-8 could carry.
        error = outcome.error.encode(errors="replace").decode()
        body = {"error": error, "retriable": outcome.retriable, "output": outcome.output}
    return {"id": task.id, **{name: value for name, value in body.items() if value is not None}}
