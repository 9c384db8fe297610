"""Figures of a group's numbers: lowest, quartiles, mean, highest; and exact arithmetic on doubles.

A sum is kept as a whole number of 2^-1074, the smallest double: nothing is rounded before the mean, nothing overflows,
and the order in which parts are added can not matter.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

_SMALLEST = 1074


@dataclass(frozen=True)
class Figures:
    """Of `count` numbers, one or more."""

    count: int
    best: float
    q1: float
    median: float
    q3: float
    mean: float
    worst: float


def units(value: float) -> int:
    """How many times 2^-1074 a finite double is."""
    numerator, denominator = value.as_integer_ratio()
    return numerator << _SMALLEST + 1 - denominator.bit_length()


def mean(total: int, count: int) -> float:
    """The double nearest to the mean of numbers whose units sum up to `total`."""
    return total / (count << _SMALLEST)


def quartiles(count: int, at: Callable[[Sequence[int]], Iterable[float]]) -> tuple[float, float, float]:
    """By linear interpolation between ranks (type 7, `inclusive` in Python's statistics).

    `at` answers the numbers at ascending ranks, 0 being the lowest. The interpolation itself is exact, then rounded.
    """
    steps = [divmod(quarter * (count - 1), 4) for quarter in (1, 2, 3)]
    ranks = sorted({rank for low, _ in steps for rank in (low, min(low + 1, count - 1))})
    values = dict(zip(ranks, at(ranks), strict=True))
    q1, median, q3 = (_between(values[low], values[min(low + 1, count - 1)], fourths) for low, fourths in steps)
    return q1, median, q3


def _between(low: float, high: float, fourths: int) -> float:
    if fourths == 0 or low == high:
        return low
    return float((Fraction(low) * (4 - fourths) + Fraction(high) * fourths) / 4)


def figures_of(values: Iterable[float]) -> Figures:
    """The exact figures of numbers that are all at hand."""
    ascending = sorted(value + 0.0 for value in values)  # + 0.0 makes -0.0 the zero that it equals
    count = len(ascending)
    q1, median, q3 = quartiles(count, lambda ranks: [ascending[rank] for rank in ranks])
    return Figures(
        count=count,
        best=ascending[0],
        q1=q1,
        median=median,
        q3=q3,
        mean=mean(sum(map(units, ascending)), count),
        worst=ascending[-1],
    )
