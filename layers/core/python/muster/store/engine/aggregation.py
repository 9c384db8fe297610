"""What the sweeps face makes of an ended job: its summary in parts, its results as lines, its report."""

from collections.abc import Iterable, Iterator
from typing import Any

from muster.core.clock import iso
from muster.core.delivery import FORMATS
from muster.core.ids import organization_of
from muster.core.lease import Lease
from muster.store.engine.jobs import Job, Jobs
from muster.store.engine.outcomes import Outcome
from muster.store.engine.reading import Reading, result_view
from muster.store.engine.specs import Spec, Specs
from muster.store.finish.steps import Report, SaveLines
from muster.sweeps import exact_json
from muster.sweeps.report import JobFacts, Summary, as_csv, as_json, as_text, breakdown_lines, report_of
from muster.sweeps.report import Report as SweepReport


class IncompleteReport(Exception):
    """Not every settled task was found: whatever is missing, a report without it must not be given out."""


class SweepsAggregation:
    """An Aggregation, see muster.store.finish.steps."""

    def __init__(self, jobs: Jobs, specs: Specs, reading: Reading) -> None:
        self._jobs, self._specs, self._reading = jobs, specs, reading

    def formats(self, job: str) -> frozenset[str]:
        delivery = self._specs.get(job).job.delivery
        return frozenset(delivery.formats if delivery else FORMATS)

    def aggregate(self, job: str, low: int, high: int, save: SaveLines | None) -> bytes:
        spec = self._specs.get(job)
        summary, settled = Summary(spec.space), self._reading.settled(job, low, high)
        if save:
            save(_lines(job, spec, settled, summary))
        else:
            summary.add_many(outcome for _, outcome in settled)
        return summary.to_bytes()

    def report(self, job: str, shorts: Iterable[bytes]) -> Report:
        space = self._specs.get(job).space
        summary = Summary(space)
        for short in shorts:
            summary.merge(Summary.from_bytes(space, short))
        found = self._jobs.get(str(organization_of(job)), job)
        report = report_of(_facts(found), summary)
        if (report.overall.count, report.failures.count) != (found.counts.done, found.counts.failed):
            raise IncompleteReport(f"{job}: {report.overall.count} of {found.counts.done} results were read")
        files = {"json": as_json(report), "txt": as_text(report), "csv": as_csv(report)}
        return Report(files, exact_json.dumps(_told(found, report)), breakdown_lines(report))


def _lines(job: str, spec: Spec, settled: Iterable[tuple[Lease, Outcome]], summary: Summary) -> Iterator[bytes]:
    """Every result as a line, as GET results gives it; whatever passes is added to the summary, failures too."""
    for lease, outcome in settled:
        summary.add_many([outcome])
        if "error" not in outcome:
            view = result_view(job, spec, lease, outcome)
            yield exact_json.dumps(view.model_dump(by_alias=True, exclude_none=True)).encode() + b"\n"


def _facts(job: Job) -> JobFacts:
    head, counts = job.head, job.counts
    return JobFacts(
        id=job.id,
        name=head.get("name"),
        status=job.status.value,
        total_tasks=counts.total,
        completed_tasks=counts.done,
        failed_tasks=counts.failed,
        cancelled_tasks=counts.cancelled,
        created_at=iso(head["created"]),
        finished_at=iso(head["finished"]),
        retry_of=head.get("retry_of"),
        generation=head["generation"],
    )


def _told(job: Job, report: SweepReport) -> dict[str, Any]:
    """What a webhook says: how the job ended, its figures over all, its best task, where the report is asked for."""
    said = report.model_dump(by_alias=True, exclude_none=True)
    data = {
        "jobId": job.id,
        **{name: value for name, value in said["job"].items() if name != "id"},
        "overall": said["overall"],
        "bestTask": next(iter(said["bestTasks"]), None),
        "report": f"/api/v1/jobs/{job.id}/report",
        "correlationId": job.head.get("correlation"),
    }
    known = {name: value for name, value in data.items() if value is not None}
    return {"type": "job.finished", "timestamp": said["job"]["finishedAt"], "data": known}
