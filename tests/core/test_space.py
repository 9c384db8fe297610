"""Task i is computed: every combination once, in order, exactly."""

import itertools
import json
import time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.core.errors import InvalidInput
from muster.sweeps.models import MAX_TASKS, SubmitJob
from muster.sweeps.space import Space, checked_space, radix_of

CONTRACT = {
    "algorithms": ["PSO", "GA", "DE"],
    "iterations": {"min": 100, "max": 500, "step": 100},
    "agents": {"min": 10, "max": 50, "step": 10},
    "dimension": {"min": 2, "max": 10, "step": 2},
}


def space(subset: list[int] | None = None, **spec: Any) -> Space:
    return Space(SubmitJob.model_validate(spec), subset)


def test_the_contracts_sample_has_375_tasks_in_the_order_of_nested_loops() -> None:
    sample = space(**CONTRACT)
    assert sample.total == 375
    expected = [
        {"alg": alg, "iterations": iterations, "agents": agents, "dimension": dimension}
        for alg in ("PSO", "GA", "DE")
        for iterations in range(100, 501, 100)
        for agents in range(10, 51, 10)
        for dimension in range(2, 11, 2)
    ]
    payloads = [sample.payload(index) for index in range(375)]
    assert [json.loads(payload) for payload in payloads] == expected
    assert list(json.loads(payloads[0])) == ["alg", "iterations", "agents", "dimension"]


@given(
    st.lists(st.sampled_from(["a", "b", "c", "d"]), min_size=1, max_size=3, unique=True),
    st.lists(st.lists(st.integers(-9, 9), min_size=1, max_size=4), min_size=1, max_size=3),
)
def test_any_axes_give_every_combination_once_in_order(algorithms: list[str], axes: list[list[int]]) -> None:
    made = space(algorithms=algorithms, parameters={f"p{place}": axis for place, axis in enumerate(axes)})
    found = [tuple(json.loads(made.payload(index)).values()) for index in range(made.total)]
    assert found == list(itertools.product(algorithms, *axes))


@given(
    st.decimals(-1000, 1000, places=3), st.decimals("0.001", 10, places=3), st.integers(0, 10_000)
)  # fmt: skip
def test_steps_are_exact_at_any_distance(first: Decimal, step: Decimal, count: int) -> None:
    made = space(parameters={"x": {"min": first, "max": first + step * count, "step": step}})
    assert made.total == count + 1
    last = json.loads(made.payload(count), parse_float=Decimal)["x"]
    assert Decimal(last) == first + step * count


def test_steps_of_a_tenth_are_written_as_a_person_would() -> None:
    made = space(parameters={"x": {"min": 0, "max": 1, "step": Decimal("0.1")}})
    assert [made.payload(index) for index in (0, 3, 7, 10)] == ['{"x":0}', '{"x":0.3}', '{"x":0.7}', '{"x":1}']


def test_a_range_may_run_through_zero_and_need_not_hit_its_end() -> None:
    made = space(parameters={"x": {"min": Decimal("-0.2"), "max": Decimal("0.25"), "step": Decimal("0.1")}})
    values = [json.loads(made.payload(index), parse_float=Decimal)["x"] for index in range(made.total)]
    assert values == [Decimal("-0.2"), Decimal("-0.1"), 0, Decimal("0.1"), Decimal("0.2")]


def test_listed_values_keep_their_types() -> None:
    made = space(parameters={"x": [1, Decimal("1.50"), "1", True]})
    assert [made.payload(index) for index in range(4)] == ['{"x":1}', '{"x":1.50}', '{"x":"1"}', '{"x":true}']


def test_names_and_values_are_escaped() -> None:
    made = space(algorithms=['a"b\\'])
    assert json.loads(made.payload(0)) == {"alg": 'a"b\\'}


def test_any_task_of_a_billion_costs_as_much_as_the_first() -> None:
    made = space(parameters={name: {"min": 1, "max": 1000, "step": 1} for name in ("x", "y", "z")})
    assert made.total == MAX_TASKS
    began = time.perf_counter()
    assert json.loads(made.payload(MAX_TASKS - 1)) == {"x": 1000, "y": 1000, "z": 1000}
    assert json.loads(made.payload(123_456_789)) == {"x": 124, "y": 457, "z": 790}
    assert time.perf_counter() - began < 0.1


def test_a_subset_picks_tasks_of_the_whole() -> None:
    made = space([3, 1], parameters={"x": [10, 11, 12, 13]})
    assert made.total == 2
    assert [made.payload(index) for index in range(2)] == ['{"x":13}', '{"x":11}']


@given(st.lists(st.integers(1, 5), min_size=1, max_size=4), st.integers(0, 10**6))
def test_the_digits_of_a_place_are_the_places_of_the_values(radices: list[int], number: int) -> None:
    made = space(parameters={f"p{axis}": list(range(radix)) for axis, radix in enumerate(radices)})
    index = number % made.total
    place, digits = made.place(index), []
    for _, values in reversed(made.axes):
        place, digit = divmod(place, radix_of(values))
        digits.append(values[digit])
    assert digits[::-1] == [str(value) for value in json.loads(made.payload(index)).values()]


def test_a_task_of_a_subset_has_the_place_of_the_original() -> None:
    assert [space([3, 1], parameters={"x": [10, 11, 12, 13]}).place(index) for index in (0, 1)] == [3, 1]


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        ({"name": "x"}, "nothing to run"),
        ({"tasks": [1], "algorithms": ["a"]}, "can not be combined"),
        ({"parameters": {"x": {"min": 0, "max": MAX_TASKS, "step": 1}}}, "at most 1000000000"),
        ({"parameters": {"x": {"min": 0, "max": 10**18, "step": Decimal("1e-30")}}}, "at most 1000000000"),
        ({"agents": [1], "parameters": {"agents": [1]}}, "agents is given twice"),
        ({"algorithms": ["a"], "parameters": {"alg": [1]}}, "collides"),
    ],
)
def test_spaces_that_make_no_sense_are_refused(spec: dict[str, Any], problem: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        checked_space(SubmitJob.model_validate(spec))
    assert problem in refused.value.details[0]["problem"]


def test_the_largest_space_is_accepted() -> None:
    axis = {"min": 1, "max": MAX_TASKS, "step": 1}
    assert checked_space(SubmitJob.model_validate({"parameters": {"x": axis}})).total == MAX_TASKS
