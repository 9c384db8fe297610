"""How jobs, tasks, results and spots look in a terminal."""

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from rich import box
from rich.console import Console, JustifyMethod, RenderableType
from rich.table import Table
from rich.text import Text

from muster_client.records import Action, Delivery, Health, Job, Key, ReportFile, Result, Spot, Task

_COLOURS = {
    "COMPLETED": "green",
    "DONE": "green",
    "DELIVERED": "green",
    "READY": "green",
    "UP": "green",
    "healthy": "green",
    "RUNNING": "cyan",
    "FAILED": "red",
    "DOWN": "red",
    "CANCELLED": "yellow",
    "GONE": "yellow",
}
_PIPE_WIDTH = 400


def show(*parts: RenderableType) -> None:
    """Print; into a pipe without wrapping or colours, so that a line stays a line."""
    console = Console() if sys.stdout.isatty() else Console(width=_PIPE_WIDTH)
    for part in parts:
        console.print(part)


def status(word: str) -> Text:
    return Text(word, style=_COLOURS.get(word, ""))


def ago(time: str | None) -> str:
    """How long ago, in one unit: 42s, 3m, 5h, 2d. Nothing for no time."""
    if not time:
        return ""
    seconds = max(0, int((datetime.now(UTC) - datetime.fromisoformat(time)).total_seconds()))
    for unit, length in (("d", 86_400), ("h", 3600), ("m", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length}{unit}"
    return f"{seconds}s"


def when(time: str | None) -> str:
    """2026-01-28T17:00:00Z without the letters; UTC."""
    return (time or "").replace("T", " ").removesuffix("Z").partition(".")[0]


def jobs(found: Iterable[Job]) -> Table:
    table = _table("job", "name", "status", "#done", "#failed", "#total", "#age", flexible="name")
    for job in found:
        counts = (f"{number:,}" for number in (job.completed_tasks, job.failed_tasks, job.total_tasks))
        table.add_row(job.id, Text(job.name or ""), status(job.status), *counts, ago(job.created_at))
    return table


def job(one: Job) -> Table:
    grid = Table.grid(padding=(0, 2))
    rows: list[tuple[str, RenderableType | None]] = [
        ("job", one.id),
        ("name", Text(one.name) if one.name else None),
        ("status", status(one.status)),
        ("tasks", tally(one)),
        ("pool", one.pool),
        ("priority", None if one.priority is None else str(one.priority)),
        ("attempts", None if one.max_attempts is None else f"up to {one.max_attempts}"),
        ("timeout", None if one.task_timeout_seconds is None else f"{one.task_timeout_seconds} s a task"),
        ("created", f"{when(one.created_at)} UTC"),
        ("finished", f"{when(one.finished_at)} UTC" if one.finished_at else None),
        ("retry of", one.retry_of),
        ("report", status(one.report) if one.report and one.ended else None),
    ]
    for name, value in rows:
        if value is not None:
            grid.add_row(Text(name, style="dim"), value)
    return grid


def tally(one: Job) -> str:
    parts = [f"{one.completed_tasks:,} of {one.total_tasks:,} done"]
    others = {
        "failed": one.failed_tasks,
        "running": one.running_tasks,
        "waiting": one.waiting_tasks,
        "cancelled": one.cancelled_tasks,
    }
    return ", ".join(parts + [f"{count:,} {name}" for name, count in others.items() if count])


def tasks(found: Iterable[Task]) -> Table:
    table = _table("task", "status", "#attempt", "payload", "spot", "#since", "error", flexible="payload error")
    for task in found:
        since = ago(task.finished_at or task.claimed_at or task.available_at)
        error = Text((task.error or "").partition("\n")[0])
        payload = Text(task.payload)
        table.add_row(task.id, status(task.status), str(task.attempt), payload, task.spot_id or "", since, error)
    return table


def results(found: Sequence[Result]) -> Table:
    """One column per parameter; a job of explicit payloads has one for the payload."""
    names = list(dict.fromkeys(name for result in found for name in _inputs(result)))
    table = _table("#task", *names, "#fopt", "#iter", "#runtime", flexible="payload")
    for result in found:
        inputs = _inputs(result)
        table.add_row(
            _number_of(result),
            *(Text(_cell(inputs.get(name))) for name in names),
            "" if result.fopt is None else f"{result.fopt:.10g}",
            "" if result.iter is None else f"{result.iter:,}",
            "" if result.runtime_ms is None else f"{result.runtime_ms:,} ms",
        )
    return table


def deliveries(found: Iterable[Delivery]) -> Table:
    table = _table("delivery", "status", "#attempts", "#tried", "next (UTC)", "to", "problem", flexible="to problem")
    for one in found:
        tried, to, problem = ago(one.last_attempt_at), Text(one.url), Text(one.last_problem or "")
        attempts = str(one.attempts)
        table.add_row(one.id, status(one.status), attempts, tried, when(one.next_attempt_at), to, problem)
    return table


def files(found: Iterable[ReportFile]) -> Table:
    table = _table("file", "format", "#bytes", flexible="file")
    for one in found:
        table.add_row(Text(one.name), one.format, f"{one.size:,}")
    return table


def spots(found: Iterable[Spot]) -> Table:
    table = _table("spot", "status", "pool", "address", "#cpu", "#busy", "#beat", flexible="address")
    for spot in found:
        cpu = "" if spot.cpu_load is None else f"{spot.cpu_load:.0f}%"
        busy = "/".join("?" if number is None else str(number) for number in (spot.running_tasks, spot.total_cores))
        address = spot.ip_address or ""
        table.add_row(spot.id, status(spot.status), spot.pool, address, cpu, busy, ago(spot.last_heartbeat))
    return table


def keys(found: Iterable[Key]) -> Table:
    table = _table("key", "role", "name", "user", "#age", "revoked", flexible="name user")
    for key in found:
        revoked = Text(f"{ago(key.revoked_at)} ago", style="red") if key.revoked_at else Text("")
        table.add_row(key.id, key.role, Text(key.name), Text(key.user or ""), ago(key.created_at), revoked)
    return table


def actions(found: Iterable[Action]) -> Table:
    table = _table("when (UTC)", "key", "operation", "on", "made", "#status", flexible="on made")
    for one in found:
        status = "begun" if one.status is None else str(one.status)
        what = (Text(one.target or ""), Text(one.created or ""))
        table.add_row(when(one.at), one.key or "", one.operation, *what, status)
    return table


def health(one: Health) -> Text:
    counts = f"{one.active_spots:,} spots up, {one.running_tasks:,} tasks running, {one.pending_tasks:,} waiting"
    return Text.assemble(status(one.status), f" (table {one.database}): {counts}")


def _table(*columns: str, flexible: str = "") -> Table:
    """Column names; # before a name means numbers, which stand right. flexible: what gives way in a narrow window."""
    table = Table(box=box.SIMPLE_HEAD if sys.stdout.isatty() else None, pad_edge=False, padding=(0, 1, 0, 0))
    for name in columns:
        stiff = name not in flexible.split()
        justify: JustifyMethod = "right" if name.startswith("#") else "left"
        table.add_column(Text(name.removeprefix("#")), justify=justify, no_wrap=stiff, overflow="fold")
    return table


def _inputs(result: Result) -> dict[str, Any]:
    named = {} if result.algorithm is None else {"algorithm": result.algorithm}
    if result.iterations is not None:
        named["iterations"] = result.iterations
    named |= result.parameters or {}
    if result.payload is not None and not named:
        named["payload"] = result.payload
    return named


def _cell(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _number_of(result: Result) -> str:
    return str(result.index) if result.index is not None else result.task_id
