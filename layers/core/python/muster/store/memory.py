"""What this process knows for a moment: short-lived, bounded, safe to lose. Never the truth, only a saved request."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

from muster.core.clock import Clock

Value = TypeVar("Value")


class Memory(Generic[Value]):
    """Values by key, each forgotten after `lifetime_ms`, the oldest beyond `size`."""

    def __init__(self, clock: Clock, lifetime_ms: int, size: int = 10_000) -> None:
        self._clock, self._lifetime, self._size = clock, lifetime_ms, size
        self._held: OrderedDict[Hashable, tuple[int, Value]] = OrderedDict()

    def get(self, key: Hashable) -> Value | None:
        until, value = self._held.get(key, (0, None))
        return value if until > self._clock() else None

    def put(self, key: Hashable, value: Value, until: int | None = None) -> None:
        self._held[key] = (until if until is not None else self._clock() + self._lifetime, value)
        while len(self._held) > self._size:
            self._held.popitem(last=False)

    def forget(self, key: Hashable) -> None:
        self._held.pop(key, None)
