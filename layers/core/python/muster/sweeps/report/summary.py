"""What came of a job's tasks, gathered in parts that can be stored and put together in any order.

Up to EXACT_TASKS tasks, all results are kept, 24 bytes each, and every figure is exact. Above, they are counted in
logarithmic buckets; only quartiles are then within `relative_error`, everything else stays exact.
"""

import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Literal

from muster.sweeps.report.failures import Failures
from muster.sweeps.report.figures import Figures, figures_of
from muster.sweeps.report.groups import Dimensions, split
from muster.sweeps.report.leaders import Leaders
from muster.sweeps.report.rows import Rows
from muster.sweeps.report.sketch import MOST_BUCKETS, Sketch
from muster.sweeps.space import Space

EXACT_TASKS = 100_000
"""A job of more tasks than this is summed up in buckets."""
_ROWS_AT_ONCE = 32_768
_VERSION = 1

Metric = Literal["fopt", "runtimeMs"]
METRICS: tuple[Metric, Metric] = ("fopt", "runtimeMs")


class Summary:
    """Of some or all tasks of a job; each is added once, to one part.

    Parts are of the same job: its space decides which groups there are and whether figures are exact.
    """

    def __init__(self, space: Space, most_buckets: int = MOST_BUCKETS) -> None:
        self.space, self.dimensions = space, Dimensions.of(space)
        self.is_exact = space.total <= EXACT_TASKS
        self.failures = Failures()
        self._rows = Rows()
        self._leaders = Leaders(space, self.dimensions.algorithms)
        self._sketches: dict[Metric, Sketch] = {}
        if not self.is_exact:
            self._sketches = {metric: Sketch(self.dimensions.all, most_buckets) for metric in METRICS}

    def add_done(self, index: int, outcome: Mapping[str, Any]) -> None:
        """A completed task: `runtimeMs`, and `fopt` where the spot reported one."""
        self._rows.add(index, outcome)
        if len(self._rows) >= _ROWS_AT_ONCE and not self.is_exact:
            self._count_rows()

    def add_failed(self, index: int, error: str | None) -> None:
        """A task that failed for good."""
        self.failures.add(index, error)

    def add_many(self, outcomes: Iterable[Mapping[str, Any]]) -> None:
        """Outcomes with their `index`; those with an `error` failed."""
        for outcome in outcomes:
            if "error" in outcome:
                self.add_failed(outcome["index"], outcome["error"])
            else:
                self.add_done(outcome["index"], outcome)

    def merge(self, other: "Summary") -> None:
        """Take in what another part holds; `other` goes on meaning what it meant."""
        other._count_rows()
        self.failures.merge(other.failures)
        self._leaders.merge(other._leaders)
        self._rows.extend(other._rows)
        for metric, sketch in self._sketches.items():
            sketch.merge(other._sketches[metric])

    def figures(self, metric: Metric) -> list[dict[int, Figures]]:
        """For each of `dimensions.all`, by bin: those of the completed tasks that have the metric."""
        self._count_rows()
        if not self.is_exact:
            return [self._sketches[metric].figures(number) for number in range(len(self.dimensions.all))]
        places, values = self._column(metric)
        return [
            {bin: figures_of([values[at] for at in positions]) for bin, positions in split(dimension, places).items()}
            for dimension in self.dimensions.all
        ]

    def leaders(self) -> Leaders:
        self._leaders.add(list(self._rows.with_fopt()))
        return self._leaders

    def relative_error(self) -> float:
        """Of the numbers between which quartiles are interpolated; 0 if these are exact."""
        self._count_rows()
        return max((sketch.relative_error for sketch in self._sketches.values()), default=0.0)

    def to_bytes(self) -> bytes:
        """Compressed lines of JSON; doubles are written so that they read back bit for bit."""
        self._count_rows()
        packer = zlib.compressobj()
        return b"".join(packer.compress(_line(state)) for state in self._states()) + packer.flush()

    @classmethod
    def from_bytes(cls, space: Space, content: bytes) -> "Summary":
        """Raises ValueError for a part of another job, or of another version of Muster."""
        part = cls(space)
        states = map(json.loads, zlib.decompress(content).splitlines())
        if next(states) != part._shape:
            raise ValueError("not a part of this job's summary")
        part._rows = Rows.of_state(next(states))
        part._leaders.restore(next(states))
        part.failures.restore(next(states))
        for sketch in part._sketches.values():
            sketch.restore(islice(states, next(states)))
        return part

    def _states(self) -> Iterator[Any]:
        """As JSON holds it, a line at a time; what precedes a sketch's lines is their number."""
        yield self._shape
        yield self._rows.state()
        yield self._leaders.state()
        yield self.failures.state()
        for sketch in self._sketches.values():
            yield sketch.lines
            yield from sketch.states()

    @property
    def _shape(self) -> list[Any]:
        return [_VERSION, self.space.total, *(dimension.radix for dimension in self.dimensions.all)]

    def _count_rows(self) -> None:
        """Move rows into the sketches, if this job has any."""
        if self.is_exact or not self._rows:
            return
        self._leaders.add(list(self._rows.with_fopt()))
        for metric, sketch in self._sketches.items():
            sketch.add(*self._column(metric))
        self._rows = Rows()

    def _column(self, metric: Metric) -> tuple[list[int], list[float]]:
        """Places and numbers of the rows that have the metric."""
        place = self.space.place
        if metric == "runtimeMs":
            return list(map(place, self._rows.indices)), list(map(float, self._rows.runtimes))
        rows = list(self._rows.with_fopt())
        return [place(row.task) for row in rows], [row.fopt for row in rows]


def _line(state: Any) -> bytes:
    return json.dumps(state, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
