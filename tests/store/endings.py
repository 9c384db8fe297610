"""What comes after a job's end, put together for tests: executions are collected, messages go to a script."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from muster.core.clock import Clock
from muster.core.delivery import Receipt
from muster.core.finish import Execution
from muster.store.blobs import Blobs
from muster.store.finish.deliveries import Deliveries, Stack, Target
from muster.store.finish.ending import Ending
from muster.store.finish.finishes import Finishes
from muster.store.finish.saved import Saved
from muster.store.finish.steps import Finish, Switches
from muster.store.sweeps import Sweeps
from muster.store.table import Table
from muster.webhooks.sealing import Sealer

SEALER = Sealer([b"k" * 32])


@dataclass(frozen=True)
class Message:
    target: Target
    message_id: str
    body: str
    correlation: str


@dataclass
class PostOffice:
    """Takes messages and answers with the statuses that it is told, the last one for good; 204 unless told."""

    statuses: list[int | Receipt] = field(default_factory=list)
    sent: list[Message] = field(default_factory=list)
    meanwhile: Callable[[], None] | None = None

    def send(self, target: Target, message_id: str, _at: int, body: str, correlation: str) -> Receipt:
        self.sent.append(Message(target, message_id, body, correlation))
        if self.meanwhile:
            self.meanwhile()
        answer = self.statuses[0] if self.statuses else 204
        if len(self.statuses) > 1:
            self.statuses.pop(0)
        if isinstance(answer, Receipt):
            return answer
        return Receipt(answer, None, None if answer < 300 else f"answered {answer}", 1)

    @property
    def delivered(self) -> list[str]:
        return [message.message_id for message in self.sent]


def ending(
    table: Table,
    blobs: Blobs,
    clock: Clock,
    *,
    start: Callable[[Execution], None] = lambda _: None,
    post: PostOffice | None = None,
    stack: Stack | None = None,
    folder: Path | None = None,
) -> Ending:
    finishes = Finishes(table, start, clock)
    deliveries = Deliveries(table, finishes, SEALER, lambda _: None, stack or Stack(), clock)
    return Ending(finishes, deliveries, Saved(table, blobs, "results", folder, clock), (post or PostOffice()).send)


def sweeps(table: Table, blobs: Blobs, send: Any, clock: Clock, **ends: Any) -> Sweeps:
    """A process of the sweeps face; three attempts a task."""
    return Sweeps(table, blobs, send, clock, 3, ending(table, blobs, clock, **ends))


def finish(
    face: Sweeps, blobs: Blobs, ends: Ending, clock: Clock, *, saving: bool = True, sending: bool = True
) -> Finish:
    """A process of the workflow's functions."""
    return Finish(blobs, ends, {"sweeps": face.aggregation}, Switches(saving, sending=True, address=False), clock)
