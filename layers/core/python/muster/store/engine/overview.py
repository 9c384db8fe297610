"""What an organization sees of its spots, and how the whole is."""

from collections.abc import Iterator
from itertools import chain

from botocore.exceptions import ClientError

from muster.core.clock import Clock, iso
from muster.core.errors import NO_SUCH_PAGE, InvalidInput, StoreBusy, StoreUnreachable
from muster.core.ids import SHARED
from muster.store.engine.jobs import Jobs
from muster.store.engine.spots import Spot, Spots
from muster.store.memory import Memory
from muster.sweeps import models

_HEALTH_KNOWN_MS = 1_000
_JOBS_IN_HEALTH = 200
"""Health counts the tasks of so many unfinished jobs at most."""


class Overview:
    """Spots that work for everybody are shown to the organization of the `operator`, whose they are."""

    def __init__(self, spots: Spots, jobs: Jobs, operator: str, clock: Clock) -> None:
        self._spots, self._jobs, self._operator = spots, jobs, operator
        self._health: Memory[models.Health] = Memory(clock, _HEALTH_KNOWN_MS, 100)

    def health(self, organization: str) -> models.Health:
        """Raises StoreUnreachable when the table does not answer, for whatever reason."""
        known = self._health.get(organization)
        if known is None:
            try:
                known = self._look_at_health(organization)
            except (StoreBusy, ClientError) as error:
                raise StoreUnreachable from error
            self._health.put(organization, known)
        return known

    def _look_at_health(self, organization: str) -> models.Health:
        up = sum(spot.up for spot in self._spots_seen_by(organization))
        jobs = [job for _, job in zip(range(_JOBS_IN_HEALTH), self._jobs.unfinished(organization), strict=False)]
        counts = [self._jobs.get(organization, job).counts for job in jobs]
        return models.Health(
            active_spots=up,
            pending_tasks=sum(one.waiting for one in counts),
            running_tasks=sum(one.running for one in counts),
        )

    def spots(self, organization: str, limit: int, after: str | None) -> models.SpotList:
        """A page; `next` of it is a spot with its organization."""
        found: list[models.SpotView] = []
        last = None
        for spot in self._spots_seen_by(organization, after=after):
            if len(found) == limit:
                return models.SpotList(spots=found, next=last)
            found.append(_spot_view(spot))
            last = spot.holder
        return models.SpotList(spots=found)

    def _spots_seen_by(self, organization: str, after: str | None = None) -> Iterator[Spot]:
        """Its own spots by id, then those of the shared pool if that is its; `after` is a holder among them."""
        seen = [organization, SHARED] if organization == self._operator else [organization]
        first, _, behind = (after or f"{organization}#").partition("#")
        if first not in seen:
            raise InvalidInput(details=[NO_SUCH_PAGE])
        left = seen[seen.index(first) :]
        return chain.from_iterable(self._spots.all(one, after=behind if one == first else None) for one in left)


def _spot_view(spot: Spot) -> models.SpotView:
    row = spot.row
    return models.SpotView(
        id=spot.id,
        ip_address=row.get("ip_address"),
        status="UP" if spot.up else "DOWN",
        cpu_load=float(row["cpu_load"]) if "cpu_load" in row else None,
        running_tasks=row.get("running_tasks"),
        total_cores=row.get("total_cores"),
        pool=spot.pool,
        last_heartbeat=iso(spot.last_heartbeat),
    )
