"""Handing out: what a spot gets for a claim, payloads and all; and for the same claim once more.

`muster.store.engine.claims` takes the leases, here they become an answer.
"""

from muster.core.ids import LeaseRef
from muster.core.lease import Lease
from muster.store.engine.claims import Claims
from muster.store.engine.leases import Leases
from muster.store.engine.settling import Settling
from muster.store.engine.specs import Spec, Specs
from muster.store.engine.spots import Spot, Spots
from muster.sweeps import models


class HandingOut:
    def __init__(self, spots: Spots, leases: Leases, claims: Claims, settling: Settling, specs: Specs) -> None:
        self._spots, self._leases, self._claims = spots, leases, claims
        self._settling, self._specs = settling, specs

    def claim(self, spot: Spot, request: models.ClaimTasks) -> models.TasksClaimed:
        """Tasks of one job. With a claim id, asking again answers the same, less what was settled since."""
        leases = self._claimed_before(spot, request.claim_id)
        if leases is None:
            leases = self._claims.claim(spot, request.max_tasks, request.claim_id)
            if leases and request.claim_id:
                leases = self._noted(spot, request.claim_id, leases)
            else:
                self._spots.touch(spot.organization, spot.id)
        tasks = [task for lease in leases for task in self._tasks_of(lease)]
        if not tasks:
            return models.TasksClaimed(tasks=[], retry_after_ms=self._claims.retry_after_ms(spot))
        jobs = {lease.ref.job: _claimed_job(self._specs.get(lease.ref.job)) for lease in leases}
        return models.TasksClaimed(tasks=tasks, jobs=jobs)

    def _claimed_before(self, spot: Spot, claim_id: str | None) -> list[Lease] | None:
        refs = spot.leases_of(claim_id) if claim_id else None
        return None if refs is None else self._still_held(spot, refs)

    def _noted(self, spot: Spot, claim_id: str, leases: list[Lease]) -> list[Lease]:
        """What a claim got. Asked twice at one moment, it is what was noted first; the other goes back."""
        refs = [lease.ref for lease in leases]
        first = self._spots.note_claim(spot, claim_id, refs)
        for lease in leases:
            if lease.ref not in first:
                self._settling.release(lease.ref, spot.holder, lease.owed)
        return leases if first == refs else self._still_held(spot, first)

    def _still_held(self, spot: Spot, refs: list[LeaseRef]) -> list[Lease]:
        found = [self._leases.lease(ref) for ref in refs]
        return [lease for lease in found if lease and lease.spot == spot.holder]

    def _tasks_of(self, lease: Lease) -> list[models.ClaimedTask]:
        space = self._specs.get(lease.ref.job).space
        return [
            models.ClaimedTask(id=lease.ref.task_id(index), payload=space.payload(index), attempt=lease.attempts)
            for index in sorted(lease.owed)
        ]


def _claimed_job(spec: Spec) -> models.ClaimedJob:
    job = spec.job
    runner = job.runner.model_dump(exclude_none=True) if job.runner else None
    return models.ClaimedJob(
        jar_path=job.jar_path, main_class=job.main_class, runner=runner, task_timeout_seconds=job.task_timeout_seconds
    )
