"""Heads and tallies: what a job is, how far it is, how it begins and ends.

The head is one small row that every claim moves; the tallies count what was settled, sharded so that settles do not
meet. All that is settled is counted in the very write that settles it.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass

from muster.core.clock import Clock
from muster.core.correlation import correlation_id
from muster.core.delivery import Webhook
from muster.core.errors import IdempotencyMismatch, JobEnded, JobNotFound
from muster.core.ids import new_job_id, organization_of
from muster.core.job import TRANSITIONS, Counts, JobStatus, final_status
from muster.store import keys
from muster.store.engine.specs import Spec, Specs
from muster.store.finish.deliveries import Deliveries, digest_with
from muster.store.finish.finishes import Finishes
from muster.store.table import Item, Refused, Table, put, update

_log = logging.getLogger("muster.JobService")
_UNENDED = "#status IN (:pending, :running)"
_UNENDED_VALUES = {"pending": JobStatus.PENDING.value, "running": JobStatus.RUNNING.value}


def rank(priority: int, turn: int) -> str:
    """Sort key among open jobs: higher priority first, then who was served longest ago (ms since 1970)."""
    return f"{9 - priority}#{turn:013d}"


@dataclass(frozen=True)
class Job:
    """A head together with its counts, as clients see a job. Times in ms since 1970."""

    id: str
    head: Item
    counts: Counts

    @property
    def status(self) -> JobStatus:
        return JobStatus(self.head["status"])


class Jobs:
    def __init__(self, table: Table, specs: Specs, finishes: Finishes, deliveries: Deliveries, clock: Clock) -> None:
        self._table, self._specs, self._finishes = table, specs, finishes
        self._deliveries, self._clock = deliveries, clock

    def create(
        self,
        organization: str,
        spec: Spec,
        max_attempts: int,
        key: str | None,
        *,
        retry_of: str | None = None,
        webhook: Webhook | None = None,
    ) -> str:
        """Two writes at any size, three with a webhook. With an idempotency key, asking twice is asking once."""
        job, now = new_job_id(organization, key), self._clock()
        request, digest = spec.job, spec.digest if webhook is None else digest_with(webhook, spec.digest)
        shelf = keys.open_jobs(request.pool, job)
        first_rank = rank(request.priority, now)
        head: Item = keys.head(job) | {
            "status": JobStatus.PENDING.value, "total": spec.space.total, "cursor": 0, "returned": 0,
            "priority": request.priority, "pool": request.pool, "max_attempts": max_attempts,
            "timeout": request.task_timeout_seconds, "name": request.name, "created": now, "retry_of": retry_of,
            "shelf": shelf, "first_rank": first_rank, "open_pk": shelf, "open_sk": first_rank,
            "audit_pk": keys.unfinished(job), "audit_sk": job,
            "jobs_pk": keys.listing(organization), "created_at": f"{now:013d}",
            "digest": digest, "correlation": correlation_id() or None,
        }  # fmt: skip
        self._specs.put(job, spec, digest)
        if webhook:
            self._deliveries.plan(job, webhook)
        elif retry_of:
            self._deliveries.plan_like(job, retry_of)
        try:
            self._table.write(put(head, "attribute_not_exists(#pk)"))
        except Refused as refused:
            if refused.item and digest != refused.item["digest"]:
                raise IdempotencyMismatch from None
        else:
            _log.info("Created job %s of %d tasks", job, spec.space.total)
        return job

    def head(self, organization: str, job: str) -> Item:
        """The head as it stands. 404 for what is another organization's."""
        item = self._table.get(keys.head(job)) if organization_of(job) == organization else None
        if item is None:
            raise JobNotFound
        return item

    def get(self, organization: str, job: str) -> Job:
        """Tallies first, then the head: the other way round could count more than there is."""
        if organization_of(job) != organization:
            raise JobNotFound
        done, failed = self._tallied(job)
        return self._job(self.head(organization, job), done, failed)

    def _job(self, head: Item, done: int, failed: int) -> Job:
        status = JobStatus(head["status"])
        counts = Counts.of(status, head["total"], head["cursor"], head["returned"], done, failed)
        return Job(keys.job_of(head["pk"]), head, counts)

    def _tallied(self, job: str) -> tuple[int, int]:
        condition = "#pk = :pk AND begins_with(#sk, :tally)"
        rows = list(self._table.query(condition, consistent=True, pk=keys.job_pk(job), tally="TALLY#"))
        return sum(row["done"] for row in rows), sum(row["failed"] for row in rows)

    def newest_first(self, organization: str, after: Item | None) -> Iterator[tuple[Item, Job]]:
        """The organization's jobs, each with the key from which a later call goes on."""
        rows = self._table.query(
            "#jobs_pk = :listing", index="jobs", newest_first=True, after=after, listing=keys.listing(organization)
        )
        for row in rows:
            yield row, self.get(organization, keys.job_of(row["pk"]))

    @staticmethod
    def position(organization: str, created_at: str, job: str) -> Item | None:
        """Where in the listing a job stands; None when the words can not be those of one."""
        if organization_of(job) != organization or not (created_at.isascii() and created_at.isdigit()):
            return None
        return keys.head(job) | {"jobs_pk": keys.listing(organization), "created_at": created_at}

    def unfinished(self, organization: str | None = None) -> Iterator[str]:
        """Jobs whose end is not recorded yet, of one organization or of all."""
        prefix = f"job-{organization}-" if organization else "job-"
        for place in range(keys.AUDIT_SHARDS):
            condition = "#audit_pk = :shard AND begins_with(#audit_sk, :prefix)"
            rows = self._table.query(condition, index="audit", shard=f"JOBS#{place}", prefix=prefix)
            yield from (row["audit_sk"] for row in rows)

    def cancel(self, organization: str, job: str) -> bool:
        """Nothing new is handed out from here on. False when it was cancelled before; refused when it has ended."""
        self.head(organization, job)
        _, into = TRANSITIONS["cancel"]
        (cancelled,) = into
        try:
            self._table.write(
                update(
                    keys.head(job),
                    "SET #status = :cancelled, #finished = :now REMOVE #open_pk, #open_sk",
                    _UNENDED,
                    cancelled=cancelled.value,
                    now=self._clock(),
                    **_UNENDED_VALUES,
                )
            )
        except Refused as refused:
            if refused.item and refused.item["status"] == cancelled.value:
                return False
            raise JobEnded from None
        return True

    def leave_open(self, job: str) -> None:
        """Nothing to claim is left. Refused, and rightly, when a task has come back meanwhile."""
        condition = "#cursor >= #total AND #returned = :none"
        with_nothing_left = update(keys.head(job), "REMOVE #open_pk, #open_sk", condition, none=0)
        try:
            self._table.write(with_nothing_left)
        except Refused:
            return

    def end_if_settled(self, job: str) -> bool:
        """The gate. True if this call ended the job.

        As long as something waits, whoever settles it will come by here: the head alone says so, and mostly does.
        Only then one consistent look at head and tallies together, and if all is settled, the job ends.
        """
        head = self._table.get(keys.head(job))
        if not head or head["status"] != JobStatus.RUNNING or head["cursor"] < head["total"] or head["returned"]:
            return False
        condition = "#pk = :pk AND #sk BETWEEN :head AND :tallies"
        rows = self._table.query(condition, consistent=True, pk=keys.job_pk(job), head="HEAD", tallies="TALLY#~")
        tallies = [row for row in rows if row["sk"] != "HEAD"]
        done, failed = sum(row["done"] for row in tallies), sum(row["failed"] for row in tallies)
        return done + failed == head["total"] and self._end(job, failed)

    def _end(self, job: str, failed: int) -> bool:
        running, _ = TRANSITIONS["settle"]
        (only,) = running
        due = self._finishes.due()
        finish = "".join(f", #{name} = :{name}" for name in due)
        gate = update(
            keys.head(job),
            f"SET #status = :ended, #finished = :now{finish} REMOVE #open_pk, #open_sk",
            "#status = :running",
            ended=final_status(failed).value,
            now=self._clock(),
            running=only.value,
            **due,
        )
        try:
            head = self._table.write(gate, returning="ALL_NEW")
        except Refused:
            return False
        self._finishes.begin(job, head)
        return True
