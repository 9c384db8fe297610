"""Failures by reason, counted exactly in bounded memory and in any order.

Kept are the MOST_REASONS reasons with the lowest hashes. What belongs to the lowest of a whole belongs to the lowest of
each of its parts, so what is kept in the end was never dropped on the way, and its count is right. Failures for other
reasons are counted together: then it is the hash that chose, not the count.
"""

import hashlib
import heapq
from dataclasses import dataclass
from typing import Any

MOST_REASONS = 10_000
LONGEST_REASON = 200
"""Characters of the first line of an error; errors that agree in so many have one reason."""
NO_MESSAGE = "no message"


@dataclass
class Reason:
    """How many tasks failed for it, and the lowest index among them."""

    count: int
    example: int


def reason_of(error: str | None) -> str:
    """The first line that says something."""
    lines = (error or "").strip().splitlines()
    return lines[0].rstrip()[:LONGEST_REASON] if lines else NO_MESSAGE


class Failures:
    def __init__(self, most_reasons: int = MOST_REASONS) -> None:
        self.count = 0
        self._most_reasons = most_reasons
        self._reasons: dict[str, Reason] = {}

    def add(self, index: int, error: str | None) -> None:
        self._count(reason_of(error), 1, index)
        self.count += 1

    def merge(self, other: "Failures") -> None:
        for text, reason in other._reasons.items():
            self._count(text, reason.count, reason.example)
        self.count += other.count

    def most_frequent(self, limit: int) -> list[tuple[str, Reason]]:
        """Of equally frequent ones, that of the lowest index comes first."""
        self._drop(self._most_reasons)
        return heapq.nsmallest(limit, self._reasons.items(), key=lambda item: (-item[1].count, item[1].example))

    def _count(self, text: str, count: int, example: int) -> None:
        known = self._reasons.get(text)
        if known is None:
            self._drop(2 * self._most_reasons - 1)
            self._reasons[text] = Reason(count, example)
        else:
            known.count += count
            known.example = min(known.example, example)

    def _drop(self, limit: int) -> None:
        """Once there are more than `limit`, keep those with the lowest hashes; seldom, since it looks at all."""
        if len(self._reasons) > limit:
            kept = heapq.nsmallest(self._most_reasons, self._reasons, key=_hash)
            self._reasons = {text: self._reasons[text] for text in kept}

    def state(self) -> list[Any]:
        """As JSON holds it."""
        self._drop(self._most_reasons)
        return [self.count, [[text, reason.count, reason.example] for text, reason in self._reasons.items()]]

    def restore(self, state: list[Any]) -> None:
        """Become the failures that a state was taken of."""
        self.count, reasons = state
        self._reasons = {text: Reason(count, example) for text, count, example in reasons}


def _hash(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=16).digest()
