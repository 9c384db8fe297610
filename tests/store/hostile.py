"""A DynamoDB as bad as the real one can be, through the client's own event hooks.

Conflicts and throttling are answered without asking the table. A lost answer is a write that happened and a connection
that broke. A death is a process that ends before or after a write: nothing of the operation runs any further. Index
reads may answer as the index was up to three seconds ago. All by a plan and a seed, so that a failure comes again.
"""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ConnectionClosedError, ReadTimeoutError

from tests.store.late_index import LateIndex

WRITES = frozenset({"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "PutObject"})


class Died(BaseException):
    """The process is gone. Not an Exception: no code of the engine may catch it and go on."""


@dataclass(frozen=True)
class Plan:
    """How likely each fault is per request; `late_ms`: how late an index may be at most."""

    name: str
    conflict: float = 0
    throttle: float = 0
    lost: float = 0
    death: float = 0
    late_ms: int = 0


CALM = Plan("calm")
CONFLICTS = Plan("conflicts", conflict=0.3)
THROTTLING = Plan("throttling", throttle=0.25)
LOST_ANSWERS = Plan("lost answers", lost=0.3)
LATE_INDEXES = Plan("late indexes", late_ms=3_000)
DEATHS = Plan("deaths", death=0.12)
EVERYTHING = Plan("everything", conflict=0.1, throttle=0.1, lost=0.1, late_ms=3_000)
HOSTILE = (CONFLICTS, THROTTLING, LOST_ANSWERS, LATE_INDEXES, DEATHS, EVERYTHING)


@dataclass
class Death:
    """Dies at the n-th write from now on (1 is the next), before it or after it."""

    at: int
    after: bool


@dataclass
class Interruption:
    """Before the n-th write from now on something else happens, from its beginning to its end."""

    at: int
    meanwhile: Callable[[], None]


@dataclass
class Injector:
    """Hooks into a client; counts what passes, and brings what the plan says."""

    plan: Plan
    chance: random.Random
    name: str = ""
    late_index: LateIndex | None = None
    operations: Counter[str] = field(default_factory=Counter)
    delivered: Counter[str] = field(default_factory=Counter)
    write_units: float = 0
    read_units: float = 0
    death: Death | None = None
    interruption: Interruption | None = None
    lose_once: Callable[[str, dict[str, Any]], bool] | None = None
    peaceful: bool = False
    immortal: bool = False

    def attach(self, client: Any) -> None:
        for event, handler in self._hooks():
            client.meta.events.register(event, handler)

    def detach(self, client: Any) -> None:
        for event, handler in self._hooks():
            client.meta.events.unregister(event, handler)

    def _hooks(self) -> list[tuple[str, Callable[..., Any]]]:
        return [("before-parameter-build", self._note), ("before-call", self._before), ("after-call", self._after)]

    def writes(self) -> int:
        return sum(self.operations[name] for name in WRITES)

    # --- hooks --------------------------------------------------------------------------------------------------------

    def _note(self, params: dict[str, Any], model: Any, context: dict[str, Any], **_: Any) -> None:
        if model.service_model.service_name == "dynamodb":
            params.setdefault("ReturnConsumedCapacity", "TOTAL")
        if "ClientRequestToken" in params:
            # Walks that repeat their ids repeat their tokens too, and the emulator remembers those of other tables.
            params["ClientRequestToken"] += self.name
        context["asked"] = params

    def _before(self, model: Any, context: dict[str, Any], **_: Any) -> tuple[Any, dict[str, Any]] | None:
        name = model.name
        self.operations[name] += 1
        if name in WRITES:
            self._maybe_interrupt()
            self._maybe_die(after=False)
        if self._happens(self.plan.throttle):
            return self._throttled(model)
        if self._happens(self.plan.conflict) and name in ("UpdateItem", "PutItem", "TransactWriteItems"):
            return self._conflict(name, context["asked"])
        if name == "Query" and self.plan.late_ms and "IndexName" in context["asked"] and self.late_index:
            self.delivered["late read"] += 1
            rows = self.late_index.answer(context["asked"], self.chance.choice([0, self.plan.late_ms, None]))
            return SimpleNamespace(status_code=200), rows
        return None

    def _after(self, parsed: dict[str, Any], model: Any, context: dict[str, Any], **_: Any) -> None:
        self._add_up(model.name, parsed.get("ConsumedCapacity"))
        if model.name not in WRITES:
            return
        if self.late_index and model.name != "PutObject" and "Error" not in parsed:
            self.late_index.written(model.name, context["asked"])
        if "Error" not in parsed or self.death:
            self._maybe_die(after=True)
        chosen = self.lose_once and self.lose_once(model.name, context["asked"])
        if chosen or self._happens(self.plan.lost):
            self.lose_once = None if chosen else self.lose_once
            self.delivered["lost answer"] += 1
            endpoint = "http://nowhere"
            raise self.chance.choice(
                [ConnectionClosedError(endpoint_url=endpoint), ReadTimeoutError(endpoint_url=endpoint)]
            )

    # --- what they bring ----------------------------------------------------------------------------------------------

    def _happens(self, likely: float) -> bool:
        return not self.peaceful and likely > 0 and self.chance.random() < likely

    def _maybe_interrupt(self) -> None:
        if self.interruption:
            self.interruption.at -= 1
            if self.interruption.at == 0:
                death, meanwhile = self.death, self.interruption.meanwhile
                self.death = self.interruption = None
                meanwhile()
                self.death = death

    def _maybe_die(self, *, after: bool) -> None:
        if self.death and self.death.after == after:
            self.death.at -= 1
            if self.death.at == 0:
                self.death = None
                self.delivered["death"] += 1
                raise Died
        if not self.immortal and self._happens(self.plan.death / 2):
            self.delivered["death"] += 1
            raise Died

    def _throttled(self, model: Any) -> tuple[Any, dict[str, Any]]:
        self.delivered["throttle"] += 1
        codes = ["ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded"]
        if model.service_model.service_name == "s3":
            codes = ["SlowDown", "InternalError"]
        elif model.name == "TransactWriteItems" and self.chance.random() < 0.5:
            return _refusal("TransactionCanceledException", ["ThrottlingError"])
        return _refusal(self.chance.choice(codes))

    def _conflict(self, name: str, asked: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        self.delivered["conflict"] += 1
        if name != "TransactWriteItems":
            return _refusal("TransactionConflictException")
        reasons = ["None"] * len(asked["TransactItems"])
        reasons[self.chance.randrange(len(reasons))] = "TransactionConflict"
        return _refusal(
            "TransactionCanceledException" if self.chance.random() < 0.8 else "TransactionInProgressException", reasons
        )

    def _add_up(self, name: str, consumed: Any) -> None:
        for part in consumed if isinstance(consumed, list) else [consumed] if consumed else []:
            if name in WRITES:
                self.write_units += part["CapacityUnits"]
            else:
                self.read_units += part["CapacityUnits"]


def _refusal(code: str, reasons: list[str] | None = None) -> tuple[Any, dict[str, Any]]:
    told: dict[str, Any] = {"Error": {"Code": code, "Message": "injected"}, "ResponseMetadata": {"HTTPStatusCode": 400}}
    if reasons and code == "TransactionCanceledException":
        told["CancellationReasons"] = [{"Code": reason} for reason in reasons]
    return SimpleNamespace(status_code=400), told
