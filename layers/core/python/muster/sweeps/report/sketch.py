"""Figures of any number of numbers in bounded memory, for all groups of a job.

Should the groups together fill more than MOST_BUCKETS, buckets are united in pairs, in all groups, as often as it
takes, and the error doubles each time. How often depends on the numbers alone, for what some of them fill, all of them
fill as well: parts can be put together in any order.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from operator import itemgetter
from typing import Any

from muster.sweeps.report.buckets import Buckets, bucket_of, relative_error
from muster.sweeps.report.figures import Figures, mean, quartiles, units
from muster.sweeps.report.groups import Dimension, split

MOST_BUCKETS = 4_000_000
"""32 MB. Times in ms need 3,300,000 at most; results need more if they are spread over hundreds of powers of ten."""


class Tally:
    """The numbers of one group: how many, their sum, lowest and highest exactly; and how many in each bucket."""

    __slots__ = ("buckets", "count", "highest", "lowest", "total")

    def __init__(self) -> None:
        self.count, self.total, self.lowest, self.highest = 0, 0, math.inf, -math.inf
        self.buckets = Buckets()

    def add(self, values: Sequence[float], in_units: Iterable[int], keys: Iterable[int]) -> None:
        self._add(len(values), sum(in_units), min(values), max(values), Counter(keys))

    def merge(self, other: "Tally", levels: int) -> None:
        """Add the numbers of a tally that is so many levels below."""
        self._add(other.count, other.total, other.lowest, other.highest, other.buckets.raised(levels))

    def _add(self, count: int, total: int, lowest: float, highest: float, found: Mapping[int, int]) -> None:
        self.count += count
        self.total += total
        self.lowest, self.highest = min(self.lowest, lowest), max(self.highest, highest)
        self.buckets.add(found)

    def unite(self) -> None:
        """Go up one level."""
        found, self.buckets = self.buckets.raised(1), Buckets()
        self.buckets.add(found)

    def figures(self, level: int) -> Figures:
        q1, median, q3 = quartiles(self.count, lambda ranks: map(self._within, self.buckets.at(ranks, level)))
        return Figures(self.count, self.lowest, q1, median, q3, mean(self.total, self.count), self.highest)

    def _within(self, value: float) -> float:
        return min(max(value, self.lowest), self.highest)

    def state(self) -> list[Any]:
        """As JSON holds it: buckets by their distances, the sum without its trailing zeros."""
        zeros = max((self.total & -self.total).bit_length() - 1, 0)
        keys, counts = zip(*self.buckets.items(), strict=True)
        distances = [key - before for before, key in zip((0, *keys), keys, strict=False)]
        return [self.count, self.total >> zeros, zeros, self.lowest, self.highest, distances, counts]

    @classmethod
    def of_state(cls, state: list[Any]) -> "Tally":
        tally = cls()
        tally.count, total, zeros, tally.lowest, tally.highest, distances, counts = state
        tally.total = total << zeros
        tally.buckets = Buckets(list(accumulate(distances)), counts)
        return tally


class Sketch:
    """The tallies of one metric."""

    def __init__(self, dimensions: Sequence[Dimension], most_buckets: int = MOST_BUCKETS) -> None:
        self._level, self._dimensions, self._most_buckets = 0, dimensions, most_buckets
        self._tallies: list[dict[int, Tally]] = [defaultdict(Tally) for _ in dimensions]

    @property
    def relative_error(self) -> float:
        return relative_error(self._level)

    def add(self, places: Sequence[int], values: Sequence[float]) -> None:
        """Count numbers, each in the groups of its task's place."""
        values = [value + 0.0 for value in values]  # + 0.0 makes -0.0 the zero that it equals
        in_units = list(map(units, values))
        keys = [bucket_of(value, self._level) for value in values]
        for dimension, tallies in zip(self._dimensions, self._tallies, strict=True):
            for bin, positions in split(dimension, places).items():
                of_bin = itemgetter(*positions, positions[0])  # of one position alone it would answer no tuple
                tallies[bin].add(of_bin(values)[:-1], of_bin(in_units)[:-1], of_bin(keys)[:-1])
        self._keep_bounds()

    def merge(self, other: "Sketch") -> None:
        while self._level < other._level:
            self._unite()
        for mine, theirs in zip(self._tallies, other._tallies, strict=True):
            for bin, tally in theirs.items():
                mine[bin].merge(tally, self._level - other._level)
        self._keep_bounds()

    def _keep_bounds(self) -> None:
        while sum(len(tally.buckets) for tallies in self._tallies for tally in tallies.values()) > self._most_buckets:
            self._unite()

    def _unite(self) -> None:
        self._level += 1
        for tallies in self._tallies:
            for tally in tallies.values():
                tally.unite()

    def figures(self, dimension: int) -> dict[int, Figures]:
        """By bin, of those that have a number."""
        return {bin: tally.figures(self._level) for bin, tally in self._tallies[dimension].items()}

    @property
    def lines(self) -> int:
        """How many `states` there are."""
        return 1 + sum(map(len, self._tallies))

    def states(self) -> Iterator[list[Any]]:
        """As JSON holds it: its level, then a tally at a time."""
        yield [self._level]
        for number, tallies in enumerate(self._tallies):
            for bin, tally in tallies.items():
                yield [number, bin, *tally.state()]

    def restore(self, states: Iterable[list[Any]]) -> None:
        """Become the sketch that states were taken of."""
        states = iter(states)
        (self._level,) = next(states)
        for number, bin, *state in states:
            self._tallies[number][bin] = Tally.of_state(state)
