"""`python -m bench [--quick] [--only PART] [--out FILE]`: measure, print tables, write JSON."""

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from rich.console import Console

from bench import aggregation, bill, cold_start, counting, creation, finish, machine, operations, reads, speed, tables
from bench.scale import FULL, QUICK, Scale
from bench.stand import stand
from local import cloud
from local.settings import REPOSITORY
from tests.deploy.runtime import Impossible

PARTS = ("counting", "bill", "cold-start", "speed", "aggregation", "finish")


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description="What Muster costs and how fast it is.")
    parser.add_argument("--quick", action="store_true", help="a minute's look at smaller sizes")
    parser.add_argument("--only", choices=PARTS, help="counts, their bill, cold starts, seconds, or ends of jobs")
    parser.add_argument("--out", type=Path, default=REPOSITORY / "build" / "bench.json", help="where the JSON goes")
    options = parser.parse_args(arguments)
    report = measure(QUICK if options.quick else FULL, parts={options.only} if options.only else set(PARTS))
    tables.show(Console(width=160), report)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(report, indent=2) + "\n")
    print(f"written to {options.out}")


def measure(scale: Scale, parts: set[str]) -> dict[str, Any]:
    """The report: everything that is printed, as JSON holds it."""
    report: dict[str, Any] = {"machine": machine.describe(), "targets": {}}
    if "counting" in parts:
        _say("counting requests and units")
        report |= _counts(scale)
        report["targets"] |= counting.verdict(report["counting"]["by_batch"], report["counting"]["by_job_size"])
    if "bill" in parts:
        _say("counting what is billed")
        with stand() as fresh:
            report["bill"] = bill.bills(fresh, scale)
        report["targets"] |= bill.verdict(report["bill"])
    if "cold-start" in parts:
        report |= _cold_starts(scale)
        report["targets"] |= cold_start.verdict(report["cold_start"]) if "cold_start" in report else {}
    if "speed" in parts:
        report["speed"] = speed.measure(scale, _say)
        _say("creating jobs")
        report["targets"] |= speed.verdict(report["speed"])
        report["creation"] = report.get("creation", {}) | {"timed": _time_creations(scale)}
    if "aggregation" in parts:
        _say(f"summing up {scale.aggregated:,} results")
        report["aggregation"] = aggregation.measure(scale.aggregated)
    if "finish" in parts:
        report["finish"] = finish.measure(scale, _say)
    return report


def _say(step: str) -> None:
    print(f"bench: {step}", file=sys.stderr, flush=True)


def _counts(scale: Scale) -> dict[str, Any]:
    with stand() as small:
        by_operation = operations.by_operation(small)
        by_batch, by_settle = counting.by_batch(small, scale), counting.by_settle(small, scale)
        by_job_size, created = counting.by_job_size(small, scale), creation.counted(small, scale)
    _say(f"a job of {scale.read_job:,} tasks, its reads and audits")
    with stand() as other:
        large, read = reads.of_a_large_job(other, scale)
    sizes = sorted([*by_job_size, large], key=lambda row: row["job"])
    return {
        "counting": {"by_batch": by_batch, "by_settle": by_settle, "by_job_size": sizes, "by_operation": by_operation},
        "creation": {"counted": created},
        "reads": read,
    }


def _cold_starts(scale: Scale) -> dict[str, Any]:
    _say("building packages, starting functions")
    try:
        with cold_start.built() as subject:
            return {"cold_start": cold_start.measure(subject, scale.starts)}
    except Impossible as missing:
        _say(f"cold starts not measured: {missing}")
        return {}


def _time_creations(scale: Scale) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory(prefix="muster-bench-") as folder, cloud.start(state=Path(folder)) as running:
        return creation.timed(running.api, scale)


if __name__ == "__main__":
    main()
