"""The sweeps face, whole: one method per operation of the API, named like it. Built once per process by the wiring."""

from typing import TYPE_CHECKING

from muster.core.clock import Clock
from muster.core.errors import JobNotFound, TaskNotFound
from muster.core.ids import organization_of, parse_task_id
from muster.store.blobs import Blobs
from muster.store.engine.audit import Audit
from muster.store.engine.batches import Batches
from muster.store.engine.claims import Claims
from muster.store.engine.handing_out import HandingOut
from muster.store.engine.jobs import Jobs
from muster.store.engine.leases import Leases
from muster.store.engine.outcomes import Outcomes
from muster.store.engine.overview import Overview
from muster.store.engine.reading import Reading, parse_next
from muster.store.engine.reapers import TASK_REAPER_TICKS, Reapers
from muster.store.engine.settling import Settling
from muster.store.engine.specs import Specs
from muster.store.engine.spots import HEARTBEAT_SECONDS, Spot, Spots
from muster.store.engine.submission import Submission, view
from muster.store.engine.watch import Send, Watch
from muster.store.finish.ending import Ending
from muster.store.finish.reports import Reports
from muster.store.table import Table
from muster.sweeps import models

if TYPE_CHECKING:
    from muster.store.engine.aggregation import SweepsAggregation


class Sweeps:
    """`organization` is whoever asks: a client's key says it, or a spot's. `operator` is the one whose stack it is."""

    def __init__(
        self,
        table: Table,
        blobs: Blobs,
        send: Send,
        clock: Clock,
        max_attempts: int,
        ending: Ending,
        operator: str = "",
    ) -> None:
        finishes = ending.finishes
        self._leases, self._outcomes = Leases(table), Outcomes(table, blobs)
        self._specs, self._spots = Specs(table, blobs, clock), Spots(table, clock)
        self._jobs = Jobs(table, self._specs, finishes, ending.deliveries, clock)
        self._reading = Reading(self._leases, self._outcomes)
        self._audit = Audit(table, self._jobs, self._spots, finishes, clock)
        self._submission = Submission(
            self._jobs, self._specs, self._reading, self._audit, ending.deliveries, max_attempts
        )
        settling = Settling(table, self._leases, self._jobs, self._outcomes, clock)
        self._settling, self._batches = settling, Batches(settling, self._specs, clock)
        claims = Claims(table, self._jobs, self._specs, clock)
        self._handing_out = HandingOut(self._spots, self._leases, claims, settling, self._specs)
        self._reapers = Reapers(table, self._spots, self._leases, self._jobs, self._outcomes, clock)
        self._watch = Watch(table, send, clock)
        self._reports = Reports(table, finishes, ending.deliveries, ending.saved, ending.send, clock)
        self._overview = Overview(self._spots, self._jobs, operator, clock)

    @property
    def aggregation(self) -> "SweepsAggregation":
        """What the finish workflow makes of an ended job. Imported here: no other function needs it."""
        from muster.store.engine.aggregation import SweepsAggregation

        return SweepsAggregation(self._jobs, self._specs, self._reading)

    # --- jobs ---------------------------------------------------------------------------------------------------------

    def submit_job(
        self, organization: str, request: models.SubmitJob, idempotency_key: str | None = None
    ) -> models.JobSubmitted:
        return self._submission.submit(organization, request, idempotency_key)

    def list_jobs(
        self,
        organization: str,
        *,
        status: models.Status | None = None,
        name: str | None = None,
        limit: int = 20,
        next: str | None = None,
    ) -> models.JobList:
        return self._submission.list(organization, status, name, limit, next)

    def get_job(self, organization: str, job_id: str) -> models.JobView:
        job = view(self._jobs.get(organization, job_id))
        return job.model_copy(update={"deliveries": self._reports.deliveries(job_id) or None})

    def cancel_job(self, organization: str, job_id: str) -> models.JobCancelled:
        return self._submission.cancel(organization, job_id)

    def retry_job(self, organization: str, job_id: str, idempotency_key: str | None = None) -> models.JobSubmitted:
        return self._submission.retry(organization, job_id, idempotency_key)

    def list_results(
        self, organization: str, job_id: str, *, limit: int = 1000, next: str | None = None
    ) -> models.ResultList:
        start, job = parse_next(next), self._jobs.get(organization, job_id)
        results, further = self._reading.results(job, self._specs.get(job_id), start, limit)
        return models.ResultList(job_id=job_id, total_completed=job.counts.done, results=results, next=_next(further))

    def get_report(self, organization: str, job_id: str, kind: str) -> bytes | models.ReportPending:
        """The report's text, or that it is on its way."""
        return self._reports.text(self._jobs.head(organization, job_id), kind)

    def list_report_files(self, organization: str, job_id: str) -> models.ReportFiles | models.ReportPending:
        return self._reports.files(self._jobs.head(organization, job_id))

    def redeliver_report(self, organization: str, job_id: str, delivery_id: str) -> models.ReportRedelivered:
        return self._reports.redeliver(self._jobs.head(organization, job_id), delivery_id)

    def try_webhook(self, request: models.TryWebhook) -> models.WebhookTried:
        return self._reports.try_out(request)

    def list_tasks(
        self,
        organization: str,
        job_id: str,
        *,
        status: models.TaskStatus | None = None,
        limit: int = 100,
        next: str | None = None,
    ) -> models.TaskList:
        start, job = parse_next(next), self._jobs.get(organization, job_id)
        tasks, further = self._reading.tasks(job, self._specs.get(job_id), start, limit, status)
        return models.TaskList(job_id=job_id, tasks=tasks, next=_next(further))

    def reset_task(self, organization: str, task_id: str) -> models.TaskReset:
        """Take a running task from its spot. Long and short ids are both understood."""
        task = parse_task_id(task_id)
        if task is None or organization_of(task.job) != organization:
            raise TaskNotFound
        try:
            total = self._jobs.head(organization, task.job)["total"]
        except JobNotFound:
            raise TaskNotFound from None
        if task.index >= total:
            raise TaskNotFound
        return models.TaskReset(message=None if self._settling.reset(task) else "already waiting")

    # --- spots --------------------------------------------------------------------------------------------------------

    def get_health(self, organization: str) -> models.Health:
        return self._overview.health(organization)

    def list_spots(self, organization: str, *, limit: int = 100, next: str | None = None) -> models.SpotList:
        return self._overview.spots(organization, limit, next)

    def register_spot(
        self, organization: str, hello: models.Hello, idempotency_key: str | None = None
    ) -> models.SpotRegistered:
        spot_id = self._spots.register(
            organization,
            idempotency_key,
            pool=hello.pool,
            ip_address=hello.ip_address,
            total_cores=hello.total_cores,
        )
        self._watch.arm()
        return models.SpotRegistered(spot_id=spot_id, heartbeat_seconds=HEARTBEAT_SECONDS)

    def record_heartbeat(self, organization: str, beat: models.Heartbeat) -> models.HeartbeatRecorded:
        """Registers an unknown spot. Answers what the spot still holds of cancelled jobs."""
        spot = self._spots.heartbeat(
            organization,
            beat.spot_id,
            pool=beat.pool,
            ip_address=beat.ip_address,
            cpu_load=None if beat.cpu_load is None else repr(beat.cpu_load),
            running_tasks=beat.running_tasks,
            total_cores=beat.total_cores,
        )
        self._watch.arm()
        return models.HeartbeatRecorded(cancelled_tasks=self._cancelled_tasks(spot) or None)

    def _cancelled_tasks(self, spot: Spot) -> list[str]:
        if "cancelled_at" not in spot.row:
            return []
        leases = [lease for lease in self._leases.held_by(spot.holder) if lease.dropped]
        if not leases:
            self._spots.told_of_cancelled(spot)
        return [lease.ref.task_id(index) for lease in leases for index in sorted(lease.dropped)]

    # --- claiming and settling ----------------------------------------------------------------------------------------

    def claim_tasks(self, organization: str, request: models.ClaimTasks) -> models.TasksClaimed:
        spot = self._spots.get(organization, request.spot_id)
        self._watch.arm()
        return self._handing_out.claim(spot, request)

    def complete_task(self, organization: str, task_id: str, request: models.CompleteTask) -> models.TaskCompleted:
        self._spots.touch(organization, request.spot_id)
        return self._batches.complete_one(organization, task_id, request)

    def complete_tasks(self, organization: str, request: models.CompleteTasks) -> models.TasksSettled:
        self._spots.touch(organization, request.spot_id)
        return self._batches.complete_many(organization, request)

    def fail_task(self, organization: str, task_id: str, request: models.FailTask) -> models.TaskFailed:
        self._spots.touch(organization, request.spot_id)
        return self._batches.fail_one(organization, task_id, request)

    def fail_tasks(self, organization: str, request: models.FailTasks) -> models.TasksSettled:
        self._spots.touch(organization, request.spot_id)
        return self._batches.fail_many(organization, request)

    def renew_tasks(self, organization: str, request: models.HeldTasks) -> models.TasksSettled:
        self._spots.touch(organization, request.spot_id)
        return self._batches.renew(organization, request)

    def release_tasks(self, organization: str, request: models.HeldTasks) -> models.TasksSettled:
        self._spots.touch(organization, request.spot_id)
        return self._batches.release(organization, request)

    # --- by the clock -------------------------------------------------------------------------------------------------

    def keep_watch(self, message: dict[str, int], receive_count: int = 1) -> None:
        """One tick: SpotReaper, every sixth time TaskReaper; the next tick is on its way before they begin."""
        slot = int(message["slot"])
        if not self._watch.begin(slot, redelivered=receive_count > 1):
            return
        self._reapers.reap_spots()
        if slot % TASK_REAPER_TICKS == 0:
            self._reapers.reap_tasks()
        self._watch.saw(self._reapers.anything_to_watch())

    def audit_jobs(self) -> int:
        """Mend what crashes left, and see to it that whatever has a deadline is watched. How many finishes were
        overdue."""
        if self._reapers.anything_to_watch():
            self._watch.arm()
        return self._audit.all_jobs()


def _next(index: int | None) -> str | None:
    return None if index is None else str(index)
