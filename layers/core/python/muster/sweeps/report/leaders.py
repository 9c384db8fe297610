"""The best tasks: ten of all, and one of each algorithm."""

import heapq
from collections.abc import Sequence
from typing import Any

from muster.sweeps.report.groups import Dimension
from muster.sweeps.report.rows import Row
from muster.sweeps.space import Space

MOST_BEST = 10


class Leaders:
    def __init__(self, space: Space, algorithms: Dimension | None) -> None:
        self.best: list[Row] = []
        self.of_algorithm: dict[int, Row] = {}
        self._space, self._algorithms = space, algorithms

    def add(self, rows: Sequence[Row]) -> None:
        """Take in rows that have an fopt, each of them once or more often."""
        self.best = heapq.nsmallest(MOST_BEST, {*self.best, *rows})
        if self._algorithms:
            places = (self._space.place(row.task) for row in rows)
            for bin, row in zip(self._algorithms.bins_of(places), rows, strict=True):
                self.of_algorithm[bin] = min(self.of_algorithm.get(bin, row), row)

    def merge(self, other: "Leaders") -> None:
        self.add([*other.best, *other.of_algorithm.values()])

    def state(self) -> list[Any]:
        """As JSON holds it."""
        return [self.best, list(self.of_algorithm.values())]

    def restore(self, state: list[Any]) -> None:
        """Become the leaders that a state was taken of."""
        self.add([Row(*row) for rows in state for row in rows])
