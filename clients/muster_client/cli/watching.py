"""Watching a job to its end: a live bar in a terminal, lines elsewhere."""

import sys
import time
from collections import deque
from collections.abc import Iterator

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, TextColumn
from rich.progress import Task as Row
from rich.table import Column
from rich.text import Text

from muster_client.api import Muster
from muster_client.cli import tables
from muster_client.records import Job

FASTEST_SECONDS, SLOWEST_SECONDS = 0.3, 2.0
LINE_SECONDS = 2.0
_WINDOW_SECONDS = 10.0


class Rate:
    """Tasks settled per second over the last ten seconds, and so how long the rest will take."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()

    def note(self, now: float, settled: int) -> None:
        self._seen.append((now, settled))
        while len(self._seen) > 2 and now - self._seen[0][0] > _WINDOW_SECONDS:
            self._seen.popleft()

    def per_second(self) -> float | None:
        """None before anything can be said."""
        if len(self._seen) < 2:
            return None
        (began, first), (now, last) = self._seen[0], self._seen[-1]
        return (last - first) / (now - began) if now > began else None

    def seconds_left(self, tasks: int) -> float | None:
        rate = self.per_second()
        return tasks / rate if rate else None


def watch(muster: Muster, job_id: str, *, silent: bool = False) -> Job:
    """Show the job until it has ended; the job as it then is. silent: show nothing."""
    rate = Rate()
    states = _states(muster, job_id, rate)
    if silent:
        *_, last = states
        return last
    if sys.stdout.isatty():
        return _bar(states, rate)
    return _lines(states, rate)


def _states(muster: Muster, job_id: str, rate: Rate) -> Iterator[Job]:
    """The job again and again, quickly at first and near the end."""
    pause = FASTEST_SECONDS
    while True:
        job = muster.get_job(job_id)
        rate.note(time.monotonic(), job.settled_tasks)
        yield job
        if job.ended:
            return
        left = rate.seconds_left(job.total_tasks - job.settled_tasks)
        pause = min(SLOWEST_SECONDS, pause * 1.25)
        time.sleep(pause if left is None else max(FASTEST_SECONDS, min(pause, left)))


def _bar(states: Iterator[Job], rate: Rate) -> Job:
    columns = (SpinnerColumn(finished_text=" "), TextColumn("{task.description}"), BarColumn(None), _Counts())
    with Progress(*columns, console=Console(), expand=True) as progress:
        for job in states:
            if not progress.task_ids:
                progress.add_task(job.name or job.id, total=job.total_tasks)
            settled = job.settled_tasks + job.cancelled_tasks
            progress.update(progress.task_ids[0], completed=settled, counts=_beside_bar(job, rate))
    return job


def _beside_bar(job: Job, rate: Rate) -> Text:
    """What the bar can not tell, short enough for 80 columns: how many failed, run and wait, how fast, how long yet."""
    parts = [tables.status(job.status)] if job.ended else []
    parts.append(Text(f"{job.completed_tasks:,}/{job.total_tasks:,} done"))
    if job.failed_tasks:
        parts.append(Text(f"{job.failed_tasks:,} failed", style="red"))
    if not job.ended:
        parts.append(Text(f"{job.running_tasks:,} running {job.waiting_tasks:,} waiting"))
        per_second, left = rate.per_second(), rate.seconds_left(job.total_tasks - job.settled_tasks)
        if per_second and left is not None:
            parts.append(Text(f"{per_second:,.1f}/s {duration(left)}"))
    return Text(" ").join(parts)


class _Counts(ProgressColumn):
    """A column that never wraps; the bar gives way."""

    def __init__(self) -> None:
        super().__init__(table_column=Column(no_wrap=True))

    def render(self, task: Row) -> Text:
        counts = task.fields.get("counts")
        return counts if isinstance(counts, Text) else Text()


def _lines(states: Iterator[Job], rate: Rate) -> Job:
    """A line whenever something changed, every two seconds at most; always one for the end."""
    shown, shown_at = "", -LINE_SECONDS
    for job in states:
        line = f"{job.id} {job.status}: {tables.tally(job)}"
        now = time.monotonic()
        if job.ended or (line != shown and now - shown_at >= LINE_SECONDS):
            after = "" if job.ended else f", {describe_rate(job, rate)}"
            print(line + after, flush=True)
            shown, shown_at = line, now
    return job


def describe_rate(job: Job, rate: Rate) -> str:
    per_second = rate.per_second()
    left = rate.seconds_left(job.total_tasks - job.settled_tasks)
    if not per_second or left is None:
        return "no rate yet"
    return f"{per_second:,.1f}/s, {duration(left)} left"


def duration(seconds: float) -> str:
    """0:07, 12:30, 3:05:00."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
