"""The figures as tables for people."""

from collections.abc import Iterable
from dataclasses import astuple
from typing import Any

from rich.console import Console
from rich.table import Table

from bench import bill
from bench.counting import Row
from bench.finish import MOST_EVENTS
from bench.prices import AS_OF, PRICES, REGION, usd_per_million_tasks


def show(console: Console, report: dict[str, Any]) -> None:
    """Every part of the report that was measured."""
    machine = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in report["machine"].items())
    console.print(machine, highlight=False)
    shown = {
        "counting": _counting,
        "reads": _reads,
        "creation": _creation,
        "bill": _bills,
        "cold_start": _cold_starts,
        "speed": _speed,
        "aggregation": _aggregation,
        "finish": _finishes,
    }
    for part, show_part in shown.items():
        if part in report:
            show_part(console, report[part])
    _targets(console, report)


def _print(console: Console, title: str, columns: str, rows: Iterable[Iterable[Any]], caption: str = "") -> None:
    cells = list(rows)
    if not cells:
        return
    table = Table(title=title, caption=caption or None, title_justify="left", caption_justify="left")
    for column in columns.split(" | "):
        table.add_column(column, justify="right")
    for row in cells:
        table.add_row(*(cell if isinstance(cell, str) else f"{cell:,}" for cell in row))
    console.print(table)


def _per_task(row: Row) -> list[str]:
    units = [f"{row[name]:.3f}" for name in ("write_units", "read_units", "requests")]
    return [*units, f"{usd_per_million_tasks(row):.2f}"]


_UNITS = "write units | read units | requests | USD per million"
_PRICED = f"per task; USD computed for DynamoDB on demand in {REGION}, {AS_OF}; API calls and functions not included"


def _counting(console: Console, part: dict[str, list[Row]]) -> None:
    batches = (
        [row["batch"], row["result_bytes"], f"{row['compressed_to']:.0%}", row["pace"], *_per_task(row)]
        for row in part["by_batch"]
    )
    _print(console, "By batch", f"batch | result bytes | compress to | pace | {_UNITS}", batches, _PRICED)
    settles = ([row["claim"], row["settle"], *_per_task(row)] for row in part["by_settle"])
    _print(
        console, "Claims of 50 settled in smaller batches, 200 bytes, slow pace", f"claim | settle | {_UNITS}", settles
    )
    sizes = ([row["job"], row["part"], *_per_task(row)] for row in part["by_job_size"])
    _print(console, "By job size, batch 50, 200 bytes, slow pace", f"tasks of the job | measured | {_UNITS}", sizes)
    columns = "operation | write units | read units | requests"
    _print(console, "By operation, per call, slow pace", columns, map(_call, part["by_operation"]))


def _call(row: Row) -> list[str]:
    return [row["operation"], *(f"{row[name]:.1f}" for name in ("write_units", "read_units", "requests"))]


def _reads(console: Console, rows: list[Row]) -> None:
    cells = ([*_call(row), f"{row['p50_ms']:.1f}"] for row in rows)
    columns = "read | write units | read units | requests | p50 ms"
    _print(
        console, "Reads of the largest job that was run whole", columns, cells, "each request over HTTP to the emulator"
    )


def _creation(console: Console, part: dict[str, list[Row]]) -> None:
    counted = ([row["job"], *_call(row)[1:]] for row in part.get("counted", []))
    _print(console, "Creating a job, per job", "tasks | write units | read units | requests", counted)
    timed = ([row["job"], row["runs"], f"{row['p50_ms']:.1f}", f"{row['max_ms']:.1f}"] for row in part.get("timed", []))
    _print(console, "Creating a job, over HTTP", "tasks | runs | p50 ms | longest ms", timed)


def _speed(console: Console, rows: list[Row]) -> None:
    cells = (
        [row["name"], row["tasks"], row["batch"], f"{row['tasks_per_second']:,.0f}", f"{row['noise']:.0%}"]
        + [f"{row[f'{name}_p{rank}_ms']:.0f}" for name in ("claim", "settle") for rank in (50, 99)]
        + [f"{row[f'{side}_cpu_ms_per_task']:.2f}" for side in ("coordinator", "snapshots", "generator")]
        for row in rows
    )
    columns = "run | tasks | batch | tasks/s | noise | claim p50 | p99 | settle p50 | p99 | CPU | snapshots | load"
    caption = (
        "latencies in ms; CPU ms per task of coordinator, its snapshots, and the load generator; medians of the rounds,"
    )
    caption += " noise is (fastest - slowest) / median"
    _print(console, "Speed over HTTP on the local cloud, 200 bytes", columns, cells, caption)


def _bills(console: Console, lines: list[Row]) -> None:
    columns = "of | quantity | unit | USD | beyond the free tier"
    for scenario, total in bill.totals(lines).items():
        cells = [
            [line["line"], f"{line['quantity']:,.0f}", line["unit"], *_dollars(line["usd"], line["usd_beyond_free"])]
            for line in lines
            if line["scenario"] == scenario
        ]
        _print(console, f"Bill: {scenario}", columns, [*cells, ["together", "", "", *_dollars(*astuple(total))]])
    console.print(f"prices of {REGION}, {AS_OF}; {bill.ASSUMED}", highlight=False)
    prices = (
        [
            name,
            f"{price.usd:.10f}".rstrip("0").rstrip("."),
            f"{price.per:,.0f} {price.unit}",
            f"{price.free:,.0f}",
            price.page,
        ]
        for name, price in PRICES.items()
    )
    _print(console, f"Prices, {REGION}, {AS_OF}", "of | USD | per | free in a month | page", prices)


def _dollars(*amounts: float) -> list[str]:
    return [f"{amount:.3f}" for amount in amounts]


def _cold_starts(console: Console, rows: list[Row]) -> None:
    cells = (
        [row["start"], row["answer"], row["starts"], f"{row['cpu_ms']:.0f}", f"{row['ratio']:.2f}"] for row in rows
    )
    caption = (
        "CPU of a fresh process up to the first answer, median; boto3 is its plain installation, botocore the layer's,"
    )
    caption += " each up to a client of DynamoDB"
    _print(console, "Cold starts", "start | answer | starts | CPU ms | ratio to boto3", cells, caption)


def _aggregation(console: Console, rows: list[Row]) -> None:
    names = ("results", "spread", "cpu_seconds", "peak_mb", "grown_mb", "part_kb", "relative_error")
    cells = ([row[name] for name in names] for row in rows)
    columns = "results | spread over | CPU s | peak MB | of these grown | largest part, KB | relative error"
    _print(console, "Summing up results alone, in parts of 20,000", columns, cells)


def _finishes(console: Console, jobs: list[Row]) -> None:
    columns = "function | calls | seconds | of these CPU | waiting | longest, s | peak MB"
    for job in jobs:
        caption = (
            "waiting: for the emulator, whose queries take longer the more lies in a partition, and for others; "
            f"{job['lines']:,} lines of {job['lines_mb']:.1f} MB in {job['files']} files; {job['history_events']:,} "
            f"events in the history of an execution, {job['history_events_at_most']:,} of one with the most parts, of "
            f"{MOST_EVENTS:,}"
        )
        title = f"Finishing a job of {job['job']}, each call a process"
        _print(console, title, columns, map(_function, job["functions"]), caption)


def _function(row: Row) -> list[str]:
    seconds = (f"{row[name]:.1f}" for name in ("seconds", "cpu_seconds"))
    rest = (f"{row['waiting']:.0%}", f"{row['longest_seconds']:.1f}", f"{row['peak_mb']:.0f}")
    return [row["function"], str(row["calls"]), *seconds, *rest]


def _targets(console: Console, report: dict[str, Any]) -> None:
    verdicts: Row = report["targets"]
    for name, met in verdicts.items():
        if name.endswith("_met"):
            subject = name.removesuffix("_met")
            figures = f"{verdicts[subject]:,.2f} (target {verdicts[f'{subject}_target']:,})"
            console.print(f"{'met' if met else 'MISSED'}: {subject.replace('_', ' ')} {figures}", highlight=False)
