"""A report as JSON, text, table and lines of a log."""

import csv
import io
import json
from decimal import Decimal
from typing import Any

from muster.sweeps.formats import render, results_as_ndjson
from muster.sweeps.models import ResultList, ResultView
from muster.sweeps.report import Report, Summary, as_csv, as_json, as_text, breakdown_lines, report_of
from tests.sweeps_report.jobs import JOB, SWEEP, facts, outcomes, report, space, summary

SMALL: dict[str, Any] = {"algorithms": ["PSO", "=1+1"], "parameters": {"x": [-1, "-1", True]}}

TEXT = f"""\
Job       {JOB}
Name      a sweep
Status    FAILED
Tasks     6: 4 completed, 1 failed, 1 cancelled
Created   2026-11-24T08:00:00.000Z
Finished  2026-11-24T08:10:00.000Z
Quartiles exact; lower fopt is better

All tasks
fopt                           count          best            q1        median            q3          mean         worst
all                                3             0      0.166667      0.333333        5e+299  3.33333e+299        1e+300
runtime in ms                  count          best            q1        median            q3          mean         worst
all                                4             7         76.75         100.5         101.5         77.75           103

By algorithm
fopt                           count          best            q1        median            q3          mean         worst
PSO                                2      0.333333      2.5e+299        5e+299      7.5e+299        5e+299        1e+300
=1+1                               1             0             0             0             0             0             0
runtime in ms                  count          best            q1        median            q3          mean         worst
PSO                                2           100        100.25         100.5        100.75         100.5           101
=1+1                               2             7            31            55            79            55           103

By x
fopt                           count          best            q1        median            q3          mean         worst
-1                                 2             0      2.5e+299        5e+299      7.5e+299        5e+299        1e+300
-1                                 1      0.333333      0.333333      0.333333      0.333333      0.333333      0.333333
true                               0             -             -             -             -             -             -
runtime in ms                  count          best            q1        median            q3          mean         worst
-1                                 2           100        100.75         101.5        102.25         101.5           103
-1                                 2             7          30.5            54          77.5            54           101
true                               0             -             -             -             -             -             -

Best tasks
  fopt 0.0, 103 ms, task {JOB}.3
    {{"alg":"=1+1","x":-1}}
  fopt 0.3333333333333333, 101 ms, task {JOB}.1
    {{"alg":"PSO","x":"-1"}}
  fopt 1e+300, 100 ms, task {JOB}.0
    {{"alg":"PSO","x":-1}}

Failures: 1
  1, such as {JOB}.5: ValueError: \\u001b[2Jno such seed
"""


def small() -> Report:
    """Six tasks: four completed, one of them without an fopt, one failed, one cancelled."""
    of = space(SMALL)
    made = Summary(of)
    for index, fopt in ((0, 1e300), (1, 1 / 3), (3, 0.0)):
        made.add_done(index, {"fopt": fopt, "runtimeMs": 100 + index})
    made.add_done(4, {"runtimeMs": 7})
    made.add_failed(5, "ValueError: \x1b[2Jno such seed")
    counts = {"status": "FAILED", "completed_tasks": 4, "failed_tasks": 1, "cancelled_tasks": 1}
    return report_of(facts(of, **counts), made)


def test_a_report_is_a_text_with_aligned_columns() -> None:
    assert as_text(small()) == TEXT


def test_a_text_is_at_most_120_columns_wide_whatever_the_names() -> None:
    of = space({"algorithms": ["x" * 128, "\n\u202e" * 64], "parameters": {"y": ["z" * 1024], "w" * 64: [1]}})
    made = Summary(of)
    made.add_done(0, {"fopt": -1.2345678901234567e-300, "runtimeMs": 10**12})
    made.add_failed(1, "\x1b" * 300)
    text = as_text(report_of(facts(of, name="n" * 200), made))

    assert max(map(len, text.split("\n"))) <= 120
    assert all(line.isprintable() for line in text.split("\n"))


def test_without_results_the_text_says_so() -> None:
    text = as_text(report(Summary(space(SWEEP))))
    assert "Best tasks: none reported an fopt" in text
    assert "Failures: none" in text


def test_a_table_reads_back_as_the_reports_numbers() -> None:
    made = report(summary(space(SWEEP), outcomes(range(480))))
    rows = list(csv.DictReader(io.StringIO(as_csv(made), newline="")))

    groups = [made.overall, *(made.algorithms or []), *(group for axis in made.axes or [] for group in axis.groups)]
    assert len(rows) == 2 * len(groups) == 2 * (1 + 2 + 2 + 50)
    for place, group in enumerate(groups):
        for row, count, of in zip(
            rows[2 * place : 2 * place + 2],
            (group.with_fopt, group.count),
            (group.fopt, group.runtime_ms),
            strict=True,
        ):
            assert of is not None
            assert int(row["count"]) == count
            assert {name: float(row[name]) for name in of.model_dump()} == of.model_dump()
    assert [row["metric"] for row in rows[:2]] == ["fopt", "runtimeMs"]
    assert [(row["first"], row["last"]) for row in rows[-2:]] == [("119", "120")] * 2


def test_a_table_ends_its_lines_as_the_standard_says() -> None:
    text = as_csv(small())
    assert text.endswith("\r\n")
    assert text.count("\n") == text.count("\r\n") == 1 + 2 * (1 + 2 + 3)


def test_a_spreadsheet_runs_no_text_of_a_table_and_numbers_stay_numbers() -> None:
    rows = list(csv.reader(io.StringIO(as_csv(small()), newline="")))
    assert [row[:4] for row in rows[1::2]] == [
        ["all", "", "", ""],
        ["algorithm", "PSO", "", ""],
        ["algorithm", "'=1+1", "", ""],
        ["axis", "x", "-1", "-1"],
        ["axis", "x", "'-1", "'-1"],
        ["axis", "x", "true", "true"],
    ]


def test_json_says_what_is_there_in_the_names_of_the_wire() -> None:
    shown = json.loads(as_json(small()))
    assert shown["job"] == {
        "id": JOB, "name": "a sweep", "status": "FAILED", "totalTasks": 6, "completedTasks": 4, "failedTasks": 1,
        "cancelledTasks": 1, "createdAt": "2026-11-24T08:00:00.000Z", "finishedAt": "2026-11-24T08:10:00.000Z",
    }  # fmt: skip
    assert shown["quantiles"] == {"method": "exact", "relativeError": 0}
    assert shown["algorithms"][1] == {
        "algorithm": "=1+1", "count": 2, "withFopt": 1,
        "fopt": dict.fromkeys(("best", "q1", "median", "q3", "mean", "worst"), 0.0),
        "runtimeMs": {"best": 7, "q1": 31, "median": 55, "q3": 79, "mean": 55, "worst": 103},
        "bestTask": {
            "taskId": f"{JOB}.3", "index": 3, "fopt": 0, "runtimeMs": 103, "payload": {"alg": "=1+1", "x": -1},
        },
    }  # fmt: skip
    assert [group["value"] for group in shown["axes"][0]["groups"]] == [-1, "-1", True]


def test_values_are_written_as_they_were_specified_and_numbers_as_they_were_sent() -> None:
    of = space({"parameters": {"x": [Decimal("0.10"), Decimal("12345678901234567890.5"), "y" * 600]}})
    made = as_json(report(summary(of, [{"index": 0, "runtimeMs": 1, "fopt": 5e-324}])))
    assert '"value":0.10}' in made
    assert '"value":12345678901234567890.5}' in made
    assert f'"value":"\\"{"y" * 59}…"}}' in made
    assert '"fopt":5e-324' in made
    assert '"payload":{"x":0.10}' in made


def test_the_log_names_every_group_and_its_figures() -> None:
    assert breakdown_lines(small()) == [
        f"[Aggregator] Job {JOB}: FAILED, 4 of 6 completed, 1 failed, 1 cancelled",
        "[Aggregator] Group 1/6: all tasks",
        "[Aggregator]   → Count: 4, Best: 0, Mean: 3.33333e+299, Median: 0.333333, Worst: 1e+300",
        "[Aggregator]   → Runtime in ms, Best: 7, Mean: 77.75, Median: 100.5, Worst: 103",
        "[Aggregator] Group 2/6: alg PSO",
        "[Aggregator]   → Count: 2, Best: 0.333333, Mean: 5e+299, Median: 5e+299, Worst: 1e+300",
        "[Aggregator]   → Runtime in ms, Best: 100, Mean: 100.5, Median: 100.5, Worst: 101",
        "[Aggregator] Group 3/6: alg =1+1",
        "[Aggregator]   → Count: 2, Best: 0, Mean: 0, Median: 0, Worst: 0",
        "[Aggregator]   → Runtime in ms, Best: 7, Mean: 55, Median: 55, Worst: 103",
        "[Aggregator] Group 4/6: x -1",
        "[Aggregator]   → Count: 2, Best: 0, Mean: 5e+299, Median: 5e+299, Worst: 1e+300",
        "[Aggregator]   → Runtime in ms, Best: 100, Mean: 101.5, Median: 101.5, Worst: 103",
        "[Aggregator] Group 5/6: x -1",
        "[Aggregator]   → Count: 2, Best: 0.333333, Mean: 0.333333, Median: 0.333333, Worst: 0.333333",
        "[Aggregator]   → Runtime in ms, Best: 7, Mean: 54, Median: 54, Worst: 101",
        "[Aggregator] Group 6/6: x true",
        "[Aggregator]   → Count: 0",
        f'[Aggregator] Best: fopt 0.0, 103 ms, task {JOB}.3 {{"alg":"=1+1","x":-1}}',
        f"[Aggregator] Failed: 1, such as {JOB}.5: ValueError: \\u001b[2Jno such seed",
    ]


def test_the_log_of_many_groups_names_the_first_and_counts_the_rest() -> None:
    of = space({"algorithms": [f"a{number}" for number in range(300)]})
    lines = breakdown_lines(report(summary(of, outcomes(range(300)))))
    assert "[Aggregator] Group 200/301: alg a198" in lines
    assert "[Aggregator] 101 more groups" in lines
    assert not any("201/301" in line for line in lines)


def test_results_are_lines_that_a_page_of_results_has_too() -> None:
    views = [
        ResultView(
            task_id=f"{JOB}.{index}", index=index, attempt=1, fopt=1e-300, runtime_ms=1, spot_id="s", finished_at="x"
        )
        for index in range(3)
    ]
    text = results_as_ndjson(views)
    assert text == render(ResultList(job_id=JOB, total_completed=3, results=views), "ndjson")
    assert [json.loads(line)["fopt"] for line in text.splitlines()] == [1e-300] * 3


def largest_report() -> Report:
    """As many groups as 10^9 tasks allow, and everything about them as long as can be."""
    axes: dict[str, Any] = {
        f"a{number}": [f"\x01{value:03}" for value in range(size)] for number, size in enumerate((50, 50, 50, 8))
    } | {f"p{number}": ["\x01" * 4] for number in range(28)}
    fixed = {name: ["\x01" * 4] for name in ("iterations", "agents", "dimension")}
    of = space(
        {"algorithms": [f"\x01{number:04}" + "\x01" * 123 for number in range(1000)], "parameters": axes} | fixed
    )
    made = Summary(of)
    for index in range(0, of.total, of.total // 12_000 + 7):
        made.add_done(index, {"fopt": -1.2345678901234567e-300 / (1 + index), "runtimeMs": 10**12 - index})
    for index in range(60):
        made.add_failed(index, f"\x01{index:02}" + "\x01" * 300)
    return report_of(facts(of, name="\x01" * 200), made)


def test_the_largest_report_is_below_five_megabytes() -> None:
    made = largest_report()
    groups = 1 + len(made.algorithms or []) + sum(len(axis.groups) for axis in made.axes or [])
    payloads = [group.best_task.payload for group in made.algorithms or [] if group.best_task]

    assert groups == 1_190
    assert len(payloads) == 1_000
    assert None not in payloads
    assert 3_000_000 < len(as_json(made).encode()) < 5_000_000
    assert len(as_text(made).encode()) < 1_000_000
    assert len(as_csv(made).encode()) < 2_000_000
