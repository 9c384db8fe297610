"""Figures are those of plain arithmetic on rational numbers, for any doubles."""

import math
import statistics
import sys
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.sweeps.report.buckets import RELATIVE_ERROR, bucket_of, relative_error, value_of
from muster.sweeps.report.figures import figures_of, mean, units

LARGEST, SMALLEST = sys.float_info.max, math.ulp(0.0)
doubles = st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from(
    [0.0, -0.0, LARGEST, -LARGEST, SMALLEST, -SMALLEST, 1e-300, 1e308, -1e308, sys.float_info.min]
)


@given(st.lists(doubles, min_size=1, max_size=30))
def test_quartiles_are_those_of_the_standard_library_on_fractions(values: list[float]) -> None:
    found = figures_of(values)

    exact = [Fraction(value) for value in values]
    expected = statistics.quantiles(exact if len(exact) > 1 else exact * 2, method="inclusive")
    assert [found.q1, found.median, found.q3] == [float(quartile) for quartile in expected]


@given(st.lists(doubles, min_size=1, max_size=30))
def test_the_mean_is_the_double_next_to_the_true_one(values: list[float]) -> None:
    assert figures_of(values).mean == float(sum(map(Fraction, values)) / len(values))


@given(st.lists(st.floats(-1e100, 1e100), min_size=1, max_size=30))
def test_the_mean_agrees_with_the_standard_library_to_the_last_place(values: list[float]) -> None:
    expected = statistics.fmean(values)
    assert abs(figures_of(values).mean - expected) <= math.ulp(expected)


@given(st.lists(doubles, min_size=1, max_size=30))
def test_best_is_the_lowest_and_worst_the_highest(values: list[float]) -> None:
    found = figures_of(values)
    assert (found.count, found.best, found.worst) == (len(values), min(values), max(values))


def test_the_largest_doubles_do_not_overflow_nor_swallow_small_ones() -> None:
    found = figures_of([1e308, 1e308, 1e308, -1e308, -1e308, -1e308, 7.0, -0.5])
    assert found.mean == 6.5 / 8
    assert figures_of([LARGEST, LARGEST]).median == LARGEST
    assert figures_of([SMALLEST, SMALLEST, SMALLEST]).mean == SMALLEST


def test_a_negative_zero_is_zero() -> None:
    assert math.copysign(1, figures_of([-0.0, -0.0]).best) == 1


@given(doubles)
def test_units_are_the_double_itself(value: float) -> None:
    assert mean(units(value), 1) == value


@given(doubles)
def test_a_bucket_is_within_its_error_of_every_double(value: float) -> None:
    stands_for = value_of(bucket_of(value))
    # Below some 1e-321 doubles themselves lie further apart than the error: there it is the nearest one but one.
    assert abs(Fraction(stands_for) - Fraction(value)) <= Fraction(RELATIVE_ERROR) * abs(Fraction(value)) + Fraction(
        SMALLEST
    )


@given(doubles, st.integers(0, 8))
def test_united_buckets_are_within_the_error_of_their_level(value: float, level: int) -> None:
    stands_for = value_of(bucket_of(value, level), level)
    allowed = Fraction(relative_error(level)) * abs(Fraction(value)) + Fraction(SMALLEST)
    assert abs(Fraction(stands_for) - Fraction(value)) <= allowed or stands_for == math.copysign(LARGEST, value)


@given(doubles, doubles)
def test_buckets_ascend_with_their_numbers(one: float, other: float) -> None:
    low, high = sorted([one, other])
    assert bucket_of(low) <= bucket_of(high)


def test_all_doubles_fall_into_290845_buckets() -> None:
    positive = bucket_of(LARGEST) - bucket_of(SMALLEST) + 1
    assert (positive, 2 * positive + 1) == (145_422, 290_845)
    assert bucket_of(-LARGEST) == -bucket_of(LARGEST)
    assert bucket_of(SMALLEST) > bucket_of(0.0) == bucket_of(-0.0)


@pytest.mark.parametrize(("level", "error"), [(0, 0.005), (1, 0.01), (2, 0.02)])
def test_the_error_doubles_with_each_level(level: int, error: float) -> None:
    assert relative_error(level) == pytest.approx(error, rel=0.001)
