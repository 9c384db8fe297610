"""Logarithmic buckets of doubles, with a bounded relative error.

Bucket i holds the magnitudes in (g^(i-1), g^i] with g = (1 + e) / (1 - e), and stands for the one number that is within
e of all of them, e being RELATIVE_ERROR. All finite doubles fall into 290,845 buckets, 145,422 of either sign and zero.
A level above, neighbours are united in pairs and the error is twice as large.
"""

import math
import sys
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate

RELATIVE_ERROR = 0.005

# A little less than promised, for the roundings of logarithm and power.
_WIDTH = 2 * math.atanh(RELATIVE_ERROR) * (1 - 1e-9)
_ORIGIN = 1 << 17  # beyond any double's logarithm: keys of positive numbers are positive, and keys ascend with numbers
_LARGEST = math.log(sys.float_info.max)


def relative_error(level: int) -> float:
    return RELATIVE_ERROR if level == 0 else math.tanh(math.atanh(RELATIVE_ERROR) * (1 << level))


def bucket_of(value: float, level: int = 0) -> int:
    """The key of a finite number's bucket."""
    if value == 0:
        return 0
    key = _ORIGIN - (-math.ceil(math.log(abs(value)) / _WIDTH) >> level)
    return key if value > 0 else -key


def value_of(key: int, level: int = 0) -> float:
    """The number that a bucket stands for."""
    if key == 0:
        return 0.0
    width = _WIDTH * (1 << level)
    power = (abs(key) - _ORIGIN) * width - math.log1p(math.expm1(width) / 2)
    return math.copysign(math.exp(min(power, _LARGEST)), key)


def _raised(key: int, levels: int) -> int:
    """The bucket, so many levels above, that holds what this one holds."""
    if key == 0:
        return 0
    raised = _ORIGIN - (_ORIGIN - abs(key) >> levels)
    return raised if key > 0 else -raised


class Buckets:
    """How many numbers are in which bucket: eight bytes for each that holds any, in ascending order."""

    __slots__ = ("_counts", "_keys")

    def __init__(self, keys: Sequence[int] = (), counts: Sequence[int] = ()) -> None:
        self._keys, self._counts = array("i", keys), array("I", counts)  # a job has less than 2^32 tasks

    def __len__(self) -> int:
        return len(self._keys)

    def items(self) -> Iterator[tuple[int, int]]:
        return zip(self._keys, self._counts, strict=True)

    def add(self, found: Mapping[int, int]) -> None:
        """Count more numbers: how many of them are in which bucket."""
        fresh, at, end = [], 0, len(self._keys)
        for key in sorted(found):
            at = bisect_left(self._keys, key, at)
            if at < end and self._keys[at] == key:
                self._counts[at] += found[key]
            else:
                fresh.append((at, key))
        if fresh:
            self._insert(fresh, found)

    def _insert(self, fresh: list[tuple[int, int]], found: Mapping[int, int]) -> None:
        keys, counts, done = array("i"), array("I"), 0
        for at, key in fresh:
            if at > done:
                keys.extend(self._keys[done:at])
                counts.extend(self._counts[done:at])
                done = at
            keys.append(key)
            counts.append(found[key])
        keys.extend(self._keys[done:])
        counts.extend(self._counts[done:])
        self._keys, self._counts = keys, counts

    def raised(self, levels: int) -> Mapping[int, int]:
        """The same numbers in the buckets so many levels above."""
        if levels == 0:
            return dict(self.items())
        found: Counter[int] = Counter()
        for key, count in self.items():
            found[_raised(key, levels)] += count
        return found

    def at(self, ranks: Sequence[int], level: int) -> Iterator[float]:
        """What the buckets of ascending ranks stand for, 0 being the lowest number's."""
        ends = zip(self._keys, accumulate(self._counts), strict=True)
        key, end = next(ends)
        for rank in ranks:
            while end <= rank:
                key, end = next(ends)
            yield value_of(key, level)
