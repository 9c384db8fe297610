"""Counts requests and capacity units of AWS clients, by the operation of Muster that sent them."""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from bench.units import Raw, read_units_of, write_units_of

_ASKED = "bench_request"
_REPORTS_CAPACITY = {"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems"}


@dataclass
class Spent:
    """What calls of one operation cost."""

    calls: int = 0
    requests: Counter[str] = field(default_factory=Counter)
    """By service and request, e.g. `dynamodb.UpdateItem`; the client library's own retries included."""
    write_units: float = 0.0
    read_units: float = 0.0
    refused: int = 0
    """Writes whose condition did not hold; their units are in `write_units`."""
    seconds: list[float] = field(default_factory=list)
    """How long each call took."""

    def __add__(self, other: "Spent") -> "Spent":
        return Spent(
            self.calls + other.calls,
            self.requests + other.requests,
            self.write_units + other.write_units,
            self.read_units + other.read_units,
            self.refused + other.refused,
            self.seconds + other.seconds,
        )


Ledger = dict[str, Spent]
"""What was spent, by operation."""


def total(ledger: Ledger) -> Spent:
    return sum(ledger.values(), Spent())


class Meter:
    """Attach it to clients, name what runs by `during`, then `take` what it cost. For one thread."""

    def __init__(self) -> None:
        self._ledger: Ledger = {}
        self._open: Spent | None = None

    def attach(self, client: Any) -> None:
        service = client.meta.service_model.service_name
        client.meta.events.register(f"provide-client-params.{service}.*", self._before)
        client.meta.events.register(f"after-call.{service}.*", self._after)

    @contextmanager
    def during(self, operation: str) -> Iterator[None]:
        """Count what the block sends as one call of `operation`."""
        self._open = self._ledger.setdefault(operation, Spent())
        began = time.perf_counter()
        try:
            yield
        finally:
            self._open.seconds.append(time.perf_counter() - began)
            self._open.calls += 1
            self._open = None

    def take(self) -> Ledger:
        """What was spent since the last time. Refuses a Scan: no operation of Muster may contain one."""
        taken, self._ledger = self._ledger, {}
        scanning = [name for name, spent in taken.items() if spent.requests["dynamodb.Scan"]]
        if scanning:
            raise AssertionError(f"{', '.join(scanning)} scanned the table")
        return taken

    @staticmethod
    def _before(params: dict[str, Any], model: Any, context: dict[str, Any], **_: Any) -> dict[str, Any]:
        context[_ASKED] = params
        return {**params, "ReturnConsumedCapacity": "INDEXES"} if model.name in _REPORTS_CAPACITY else params

    def _after(self, parsed: Raw, model: Any, context: dict[str, Any], **_: Any) -> None:
        if self._open is None:
            return
        service = model.service_model.service_name
        self._open.requests[f"{service}.{model.name}"] += 1 + parsed["ResponseMetadata"].get("RetryAttempts", 0)
        if service == "dynamodb":
            self._open.write_units += write_units_of(model.name, context[_ASKED], parsed)
            self._open.read_units += read_units_of(model.name, context[_ASKED], parsed)
            self._open.refused += "Error" in parsed
