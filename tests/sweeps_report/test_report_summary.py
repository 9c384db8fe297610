"""Parts put together in any order are the whole; figures are those of a plain computation over the same numbers."""

import itertools
import json
import random
import statistics
from collections import defaultdict
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muster.sweeps.report import Summary, as_json
from muster.sweeps.report.document import Statistics
from muster.sweeps.report.failures import LONGEST_REASON, NO_MESSAGE, Failures, reason_of
from muster.sweeps.report.summary import EXACT_TASKS
from tests.sweeps_report.jobs import JOB, LARGE, SWEEP, outcomes, report, space, summary

doubles = st.floats(allow_nan=False, allow_infinity=False)


def part_of(size: int, most_buckets: int) -> Callable[[list[dict[str, Any]]], Summary]:
    """A maker of parts: exact ones of a small job, or bucketed ones of a large job."""

    def make(found: list[dict[str, Any]]) -> Summary:
        part = Summary(space(SWEEP if size <= EXACT_TASKS else LARGE), most_buckets)
        part.add_many(found)
        return part

    return make


@pytest.mark.parametrize("make", [part_of(480, 1), part_of(100_004, 10**6), part_of(100_004, 60)])
@settings(deadline=None, max_examples=25)
@given(cuts=st.lists(st.integers(0, 120), max_size=5), seed=st.integers(0, 99), values=st.lists(doubles, max_size=20))
def test_parts_in_any_order_are_the_whole(
    make: Callable[[list[dict[str, Any]]], Summary], cuts: list[int], seed: int, values: list[float]
) -> None:
    found = outcomes(range(120), seed)
    found += [{"index": 120 + place, "fopt": value, "runtimeMs": place} for place, value in enumerate(values)]
    whole = as_json(report(make(found)))

    random.Random(seed).shuffle(found)
    edges = [0, *sorted(cuts), len(found)]
    parts = [make(found[low:high]) for low, high in itertools.pairwise(edges)]
    while len(parts) > 1:  # in any nesting as well
        first, second = random.Random(seed).sample(range(len(parts)), 2)
        parts[first].merge(parts[second])
        del parts[second]
    assert as_json(report(parts[0])) == whole


@pytest.mark.parametrize("spec", [SWEEP, LARGE])
def test_a_part_survives_being_stored(spec: dict[str, Any]) -> None:
    made = summary(space(spec), outcomes(range(400)))
    made.add_done(478, {"runtimeMs": 1, "fopt": 5e-324})
    made.add_done(479, {"runtimeMs": 10**12, "fopt": -1.7976931348623157e308})
    stored = Summary.from_bytes(space(spec), made.to_bytes())

    assert report(stored) == report(made)
    assert stored.to_bytes() == made.to_bytes()
    stored.merge(Summary(space(spec)))
    assert report(stored) == report(made)


def test_a_part_of_another_job_is_refused() -> None:
    content = summary(space(SWEEP), outcomes(range(9))).to_bytes()
    with pytest.raises(ValueError, match="not a part of this job"):
        Summary.from_bytes(space(LARGE), content)


def plainly(values: list[float]) -> dict[str, float]:
    """The same by the standard library, in rational numbers."""
    exact = [Fraction(value) for value in values]
    q1, median, q3 = statistics.quantiles(exact if len(exact) > 1 else exact * 2, method="inclusive")
    found = {"best": min(exact), "q1": q1, "median": median, "q3": q3, "mean": statistics.mean(exact)}
    return {name: float(value) for name, value in (found | {"worst": max(exact)}).items()}


def test_every_group_has_the_figures_of_its_tasks() -> None:
    of = space(SWEEP)
    found = outcomes(range(of.total))
    done = [(json.loads(of.payload(one["index"])), one) for one in found if "error" not in one]
    made = report(summary(of, found))

    def check(statistics: Statistics | None, wanted: dict[str, Any], metric: str) -> None:
        values = [one[metric] for payload, one in done if wanted.items() <= payload.items() and metric in one]
        assert statistics is not None
        assert statistics.model_dump() == plainly(values)

    assert made.overall.count == len(done)
    assert made.overall.with_fopt == sum("fopt" in one for _, one in done) < len(done)
    groups = [({}, made.overall), *(({"alg": one.algorithm}, one) for one in made.algorithms or [])]
    groups += [({"agents": one.value}, one) for one in (made.axes or [])[0].groups]
    assert [wanted for wanted, _ in groups] == [{}, {"alg": "PSO"}, {"alg": "GA"}, {"agents": 10}, {"agents": 20}]
    for wanted, group in groups:
        check(group.fopt, wanted, "fopt")
        check(group.runtime_ms, wanted, "runtimeMs")


def test_a_long_axis_is_binned_by_neighbouring_values() -> None:
    of = space(SWEEP)
    found = outcomes(range(of.total))
    seeds = (report(summary(of, found)).axes or [])[1]
    counts: dict[int, int] = defaultdict(int)
    for one in found:
        counts[json.loads(of.payload(one["index"]))["seed"]] += "error" not in one

    assert (seeds.axis, seeds.values, len(seeds.groups)) == ("seed", 120, 50)
    assert (seeds.groups[0].first, seeds.groups[-1].last) == (1, 120)
    for before, after in zip(seeds.groups, seeds.groups[1:], strict=False):
        assert after.first == before.last + 1
    assert {group.last - group.first + 1 for group in seeds.groups} == {2, 3}
    assert [group.count for group in seeds.groups] == [
        sum(counts[seed] for seed in range(group.first, group.last + 1)) for group in seeds.groups
    ]


@pytest.mark.parametrize(("values", "bins"), [(50, 50), (51, 50), (1, 1)])
def test_an_axis_of_fifty_values_is_not_binned(values: int, bins: int) -> None:
    of = space({"parameters": {"x": {"min": 1, "max": values, "step": 1}}})
    (axis,) = report(summary(of, outcomes(range(values)))).axes or []
    assert len(axis.groups) == bins
    assert (axis.groups[0].value is None) == (values > bins)


def test_above_a_hundred_thousand_tasks_quartiles_are_within_half_a_percent() -> None:
    exact = space({"parameters": {"x": {"min": 1, "max": EXACT_TASKS, "step": 1}}})
    bucketed = space({"parameters": {"x": {"min": 1, "max": EXACT_TASKS + 1, "step": 1}}})
    found = [{"index": i, "runtimeMs": i % 977, "fopt": ((-1) ** i) * 1.001**i % 1e9} for i in range(3_000)]
    one, other = report(summary(exact, found)), report(summary(bucketed, found))

    assert (one.quantiles.method, one.quantiles.relative_error) == ("exact", 0)
    assert (other.quantiles.method, other.quantiles.relative_error) == ("logarithmic buckets", 0.005)
    for true, found_ in ((one.overall.fopt, other.overall.fopt), (one.overall.runtime_ms, other.overall.runtime_ms)):
        assert true is not None
        assert found_ is not None
        assert (true.best, true.mean, true.worst) == (found_.best, found_.mean, found_.worst)
        for name in ("q1", "median", "q3"):
            assert getattr(found_, name) == pytest.approx(getattr(true, name), rel=0.005)
    assert one.best_tasks[0].fopt == other.best_tasks[0].fopt


@settings(deadline=None)
@given(st.lists(doubles, min_size=1, max_size=40))
def test_bucketed_quartiles_lie_between_numbers_that_are_close_to_the_true_ones(values: list[float]) -> None:
    found = [{"index": place, "runtimeMs": 0, "fopt": value} for place, value in enumerate(values)]
    statistics = report(summary(space(LARGE), found)).overall.fopt
    assert statistics is not None
    ascending = [Fraction(value) for value in sorted(values)]
    for quarter, quartile in enumerate([statistics.q1, statistics.median, statistics.q3], 1):
        low, fourths = divmod(quarter * (len(values) - 1), 4)
        ends = ascending[low] * (4 - fourths), ascending[min(low + 1, len(values) - 1)] * fourths
        allowed = Fraction(0.005) * sum(map(abs, ends)) / 4 + Fraction(2, 2**1074) + Fraction(1, 2**52) * abs(ends[0])
        assert abs(Fraction(quartile) - sum(ends, Fraction(0)) / 4) <= allowed


def test_few_buckets_cost_precision_and_the_report_says_how_much() -> None:
    made = Summary(space(LARGE), most_buckets=500)
    made.add_many(outcomes(range(3_000)))
    assert 0.01 < report(made).quantiles.relative_error < 1


def test_the_best_tasks_are_the_ten_lowest_and_of_equal_ones_the_first() -> None:
    of = space(SWEEP)
    found = [{"index": i, "runtimeMs": i, "fopt": float(i % 7) - 3} for i in reversed(range(of.total))]
    found[0]["fopt"] = -0.0
    made = report(summary(of, found))

    assert [task.index for task in made.best_tasks] == list(range(0, 70, 7))
    assert made.best_tasks[1].task_id == f"{JOB}.7"
    assert made.best_tasks[1].payload == {"alg": "PSO", "agents": 10, "seed": 8}
    best = [group.best_task.index for group in made.algorithms or [] if group.best_task]
    assert best == [0, next(i for i in range(240, 480) if i % 7 == 0)]


def test_nothing_completed_is_a_report_of_nothing() -> None:
    made = report(Summary(space(SWEEP)))
    assert (made.overall.count, made.overall.fopt, made.overall.runtime_ms) == (0, None, None)
    assert [group.count for group in made.algorithms or []] == [0, 0]
    assert (made.best_tasks, made.failures.count) == ([], 0)


def test_all_failed_is_a_report_of_failures() -> None:
    made = Summary(space(SWEEP))
    for index in range(480):
        made.add_failed(index, "no such file\nTraceback" if index % 3 else "killed")
    failures = report(made).failures
    assert failures.model_dump(by_alias=True) == {
        "count": 480,
        "reasons": [
            {"reason": "no such file", "count": 320, "taskId": f"{JOB}.1"},
            {"reason": "killed", "count": 160, "taskId": f"{JOB}.0"},
        ],
        "other": 0,
    }


def test_without_any_fopt_runtimes_remain() -> None:
    made = report(summary(space(SWEEP), [{"index": 3, "runtimeMs": 12}, {"index": 4, "runtimeMs": 14, "fopt": None}]))
    assert (made.overall.count, made.overall.with_fopt, made.overall.fopt) == (2, 0, None)
    assert made.overall.runtime_ms is not None
    assert made.overall.runtime_ms.mean == 13
    assert made.best_tasks == []


def test_listed_tasks_have_the_overall_group_only_and_their_payloads_are_exact() -> None:
    of = space({"tasks": [{"a": None, "b": 1}, "x" * 30_000]})
    made = report(summary(of, [{"index": i, "runtimeMs": 1, "fopt": float(i)} for i in range(2)]))
    shown = json.loads(as_json(made))

    assert "algorithms" not in shown
    assert "axes" not in shown
    assert [task.get("payload") for task in shown["bestTasks"]] == [{"a": None, "b": 1}, None]


def test_a_retry_groups_by_the_values_of_the_original_tasks() -> None:
    of = space(SWEEP, [479, 0, 240])
    made = report(summary(of, [{"index": i, "runtimeMs": 1, "fopt": float(i)} for i in range(3)]))

    assert [(group.algorithm, group.count) for group in made.algorithms or []] == [("PSO", 1), ("GA", 2)]
    assert made.best_tasks[0].payload == {"alg": "GA", "agents": 20, "seed": 120}
    assert made.best_tasks[0].task_id == f"{JOB}.0"


@pytest.mark.parametrize(
    ("error", "reason"),
    [("a\nb", "a"), ("\n \n  a  \r\nb", "a"), ("", NO_MESSAGE), (None, NO_MESSAGE), ("x" * 900, "x" * LONGEST_REASON)],
)
def test_the_reason_is_the_first_line_that_says_something(error: str | None, reason: str) -> None:
    assert reason_of(error) == reason


@given(
    st.lists(st.tuples(st.integers(0, 25), st.booleans()), max_size=120), st.randoms(use_true_random=False)
)  # fmt: skip
def test_reasons_that_are_kept_are_counted_exactly_in_any_order(
    failed: list[tuple[int, bool]], rng: random.Random
) -> None:
    one, parts = Failures(most_reasons=8), [Failures(most_reasons=8) for _ in range(3)]
    numbered = [(index, f"reason {number}") for index, (number, _) in enumerate(failed)]
    for index, text in numbered:
        one.add(index, text)
    rng.shuffle(numbered)
    for index, text in numbered:
        rng.choice(parts).add(index, text)
    rng.shuffle(parts)
    merged, *others = parts
    for other in others:
        stored = Failures(most_reasons=8)
        stored.restore(json.loads(json.dumps(other.state())))
        merged.merge(stored)

    found = merged.most_frequent(50)
    assert found == one.most_frequent(50)
    assert merged.count == len(failed)
    assert len(found) == min(8, len({text for _, text in numbered}))
    for text, reason in found:
        having = [index for index, other in numbered if other == text]
        assert (reason.count, reason.example) == (len(having), min(having))


def test_of_many_reasons_fifty_are_listed_and_the_rest_counted() -> None:
    made = Summary(space(SWEEP))
    for index in range(480):
        made.add_failed(index, "often" if index % 2 else f"once {index}")
    failures = report(made).failures
    assert (failures.reasons[0].reason, failures.reasons[0].count, len(failures.reasons)) == ("often", 240, 50)
    assert failures.other == 480 - 240 - 49


def test_one_task_at_a_time_is_the_same_as_many() -> None:
    found = outcomes(range(200))
    single = Summary(space(SWEEP))
    for one in found:
        if "error" in one:
            single.add_failed(one["index"], one["error"])
        else:
            single.add_done(one["index"], one)
    assert report(single) == report(summary(space(SWEEP), found))
