"""The groups of a report, known from the specification before any result: all tasks, those of each algorithm, and
those of each value of each axis, or of neighbouring values where an axis has many.

A job has at most 10^9 tasks, so its axes can not all be long: all groups together are 1,190 at most, which is 1,000
algorithms times three axes of 50 values and one of eight, and 31 axes of one value.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from muster.sweeps import exact_json
from muster.sweeps.space import Digits, Space, radix_of

MOST_BINS = 50
"""An axis of more values than this is split into so many bins."""


@dataclass(frozen=True)
class Dimension:
    """One way to split the tasks of a job: by all (None), by algorithm or by one axis.

    A task's digit is `place // stride % radix`; bin b of n holds the digits from b * radix / n, rounded up, to the next
    bin's first. With as many bins as values a bin is a value.
    """

    name: str | None
    digits: Digits | None
    stride: int
    radix: int
    bins: int

    @property
    def is_binned(self) -> bool:
        return self.bins < self.radix

    def bins_of(self, places: Iterable[int]) -> list[int]:
        stride, radix, bins = self.stride, self.radix, self.bins
        return [place // stride % radix * bins // radix for place in places]

    def values_of(self, bin: int) -> tuple[Any, Any]:
        """The first and the last value of a bin, numbers exact."""
        assert self.digits is not None
        first, behind = (-(-edge * self.radix // self.bins) for edge in (bin, bin + 1))
        return exact_json.loads(self.digits[first]), exact_json.loads(self.digits[behind - 1])


ALL = Dimension(None, None, 1, 1, 1)


@dataclass(frozen=True)
class Dimensions:
    """`algorithms` is there if the job names any; a job of listed tasks has neither algorithms nor axes."""

    algorithms: Dimension | None
    axes: list[Dimension]

    @classmethod
    def of(cls, space: Space) -> "Dimensions":
        found: list[Dimension] = []
        stride = 1
        for name, digits in reversed(space.axes):
            radix = radix_of(digits)
            found.append(Dimension(name, digits, stride, radix, min(radix, MOST_BINS)))
            stride *= radix
        found.reverse()
        if not space.job.algorithms:
            return cls(None, found)
        name, digits = space.axes[0]
        count = len(space.job.algorithms)
        return cls(Dimension(name, digits, found[0].stride, count, count), found[1:])

    @property
    def all(self) -> list[Dimension]:
        return [ALL, *([self.algorithms] if self.algorithms else []), *self.axes]


def split(dimension: Dimension, places: Iterable[int]) -> dict[int, list[int]]:
    """The positions, in `places`, of the tasks in each bin that has any."""
    positions: dict[int, list[int]] = defaultdict(list)
    for position, bin in enumerate(dimension.bins_of(places)):
        positions[bin].append(position)
    return positions
