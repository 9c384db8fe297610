"""`muster job results` and `muster job tasks`: what came of a job, and what became of its tasks."""

import heapq
import sys
from itertools import chain
from typing import Annotated

import typer
from rich.text import Text

from muster_client.cli import tables
from muster_client.cli.exits import command
from muster_client.cli.options import (
    AsJson,
    JobId,
    Key,
    Limit,
    ResultFormat,
    TaskStatus,
    Url,
    connect,
    more,
    print_json,
    some,
)
from muster_client.records import Result

PAGE = 1000
TABLE_ROWS = 50


@command
def results(
    job_id: JobId,
    best: Annotated[int | None, typer.Option(min=1, metavar="N", help="The N smallest fopt, best first.")] = None,
    format: Annotated[ResultFormat, typer.Option(help="table, or all results as csv or ndjson.")] = ResultFormat.TABLE,
    limit: Annotated[
        int | None, typer.Option(min=1, show_default="50 in a table, else all", help="So many at most.")
    ] = None,
    as_json: AsJson = False,
    url: Url = None,
    key: Key = None,
) -> None:
    """Show results so far, in the order of the tasks."""
    if best and (format != ResultFormat.TABLE or limit):
        raise typer.BadParameter("--best goes with the table or --json, without --limit")
    with connect(url, key) as muster:
        if format != ResultFormat.TABLE and not as_json:
            # The server's own text, a page at a time: a job of any size passes through.
            for page in muster.export_results(job_id, "csv" if format == ResultFormat.CSV else "ndjson", rows=limit):
                sys.stdout.write(page)
            return None
        pages = muster.iterate_result_pages(job_id, limit=PAGE if best or as_json else min(limit or TABLE_ROWS, PAGE))
        first = next(pages)
        every = chain(first.results, chain.from_iterable(page.results for page in pages))
        if best:
            found, rest = heapq.nsmallest(best, (r for r in every if r.fopt is not None), key=_fopt), False
        else:
            found, rest = some(every, limit or (None if as_json else TABLE_ROWS))
    if as_json:
        totals = {"jobId": first.job_id, "totalCompleted": first.total_completed}
        return print_json({**totals, "results": [result.raw for result in found]})
    return tables.show(tables.results(found), Text(f"{first.total_completed:,} completed"), *more(rest))


@command
def tasks(
    job_id: JobId,
    status: Annotated[TaskStatus | None, typer.Option(help="Only tasks in this state.")] = None,
    limit: Limit = 50,
    output: Annotated[bool, typer.Option("--output", help="Show the end of what failed tasks printed.")] = False,
    as_json: AsJson = False,
    url: Url = None,
    key: Key = None,
) -> None:
    """List a job's tasks: who runs them, since when, what went wrong."""
    with connect(url, key) as muster:
        found, rest = some(muster.iterate_tasks(job_id, status=status), limit)
    if as_json:
        return print_json({"jobId": job_id, "tasks": [task.raw for task in found]})
    tables.show(tables.tasks(found), *more(rest))
    for task in found:
        if output and task.output:
            tables.show(Text(f"\n{task.id}: {task.error}", style="bold"), Text(task.output.rstrip()))
    return None


def _fopt(result: Result) -> float:
    return result.fopt if result.fopt is not None else float("inf")
