"""Jobs as clients handle them: submit, look at, cancel, retry."""

from muster.core.clock import iso
from muster.core.errors import NO_SUCH_PAGE, Conflict, InvalidInput, NothingToRetry
from muster.core.job import ENDED
from muster.store.engine.audit import Audit
from muster.store.engine.jobs import Job, Jobs
from muster.store.engine.reading import Reading
from muster.store.engine.specs import Spec, Specs
from muster.store.finish.deliveries import Deliveries
from muster.store.finish.reports import state_of
from muster.store.table import Item
from muster.sweeps.models import JobCancelled, JobList, JobSubmitted, JobView, Status, SubmitJob
from muster.sweeps.space import checked_space

JOBS_LOOKED_AT = 500
"""A filtered list looks at so many jobs a page, then answers what it has and where to go on."""


def view(job: Job) -> JobView:
    head, counts = job.head, job.counts
    return JobView(
        id=job.id,
        name=head.get("name"),
        status=job.status.value,
        total_tasks=counts.total,
        completed_tasks=counts.done,
        failed_tasks=counts.failed,
        waiting_tasks=counts.waiting,
        running_tasks=counts.running,
        cancelled_tasks=counts.cancelled,
        priority=head["priority"],
        pool=head["pool"],
        max_attempts=head["max_attempts"],
        task_timeout_seconds=head["timeout"],
        created_at=iso(head["created"]),
        finished_at=iso(head["finished"]) if "finished" in head else None,
        retry_of=head.get("retry_of"),
        report=state_of(head).value,
    )


class Submission:
    def __init__(
        self, jobs: Jobs, specs: Specs, reading: Reading, audit: Audit, deliveries: Deliveries, max_attempts: int
    ) -> None:
        self._jobs, self._specs, self._reading, self._audit = jobs, specs, reading, audit
        self._deliveries, self._max_attempts = deliveries, max_attempts

    def submit(self, organization: str, request: SubmitJob, key: str | None) -> JobSubmitted:
        checked_space(request)
        webhook = request.delivery.webhook if request.delivery else None
        if webhook:
            self._deliveries.check_address(webhook.url)
        spec = Spec.of(_without_webhook(request))
        attempts = request.max_attempts or self._max_attempts
        job = self._jobs.create(organization, spec, attempts, key, webhook=webhook)
        return JobSubmitted(job_id=job, total_tasks=spec.space.total)

    def retry(self, organization: str, job_id: str, key: str | None) -> JobSubmitted:
        """A new job of the failed tasks of one that has ended, with its specification."""
        job = self._jobs.get(organization, job_id)
        if job.status not in ENDED:
            raise Conflict("job has not ended yet")
        if not job.counts.failed:
            raise NothingToRetry
        spec = self._specs.get(job_id)
        failed = list(self._reading.indices(job, "failed"))
        before = spec.space.subset
        again = Spec.of(spec.job, failed if before is None else [before[index] for index in failed])
        attempts = job.head["max_attempts"]
        new = self._jobs.create(organization, again, attempts, key, retry_of=job_id)
        return JobSubmitted(job_id=new, total_tasks=len(failed), retry_of=job_id)

    def cancel(self, organization: str, job_id: str) -> JobCancelled:
        """Nothing new is handed out; what spots hold is dropped, and they are told."""
        changed = self._jobs.cancel(organization, job_id)
        self._audit.job(job_id)
        return JobCancelled(job_id=job_id, status="CANCELLED", message=None if changed else "already cancelled")

    def list(
        self, organization: str, status: Status | None, name: str | None, limit: int, after: str | None
    ) -> JobList:
        """Newest first. `name` matches any part of a job's name, whatever the case."""
        found: list[JobView] = []
        looked_at, last = 0, None
        for entry, job in self._jobs.newest_first(organization, _position(organization, after)):
            if len(found) == limit or looked_at == JOBS_LOOKED_AT:
                return JobList(jobs=found, next=last)
            looked_at, last = looked_at + 1, f"{entry['created_at']}~{job.id}"
            if status in (None, job.status.value) and (name or "").lower() in str(job.head.get("name", "")).lower():
                found.append(view(job))
        return JobList(jobs=found)


def _without_webhook(request: SubmitJob) -> SubmitJob:
    """What a specification keeps: addresses and secrets have rows of their own."""
    if request.delivery is None:
        return request
    return request.model_copy(update={"delivery": request.delivery.model_copy(update={"webhook": None})})


def _position(organization: str, after: str | None) -> Item | None:
    """The index key that a `next` stands for."""
    if after is None:
        return None
    created_at, _, job = after.partition("~")
    position = Jobs.position(organization, created_at, job)
    if position is None:
        raise InvalidInput(details=[NO_SUCH_PAGE])
    return position
