"""The reapers: what silent spots and expired leases held goes back, or fails when it is out of attempts.

SpotReaper runs every tick (5 s): a spot silent for 10 s is dead, and 15 s is what its tasks should lose at most.
TaskReaper runs every sixth tick (30 s): a lease lasts minutes, and a living worker that lost a task is the rare case.
"""

import logging
from collections.abc import Iterable

from muster.core import lease as rules
from muster.core.clock import Clock
from muster.core.errors import SchemaNewer
from muster.core.ids import short_task_id
from muster.core.lease import Lease
from muster.store import keys
from muster.store.engine import moves
from muster.store.engine.jobs import Jobs
from muster.store.engine.leases import Leases
from muster.store.engine.outcomes import Outcome, Outcomes
from muster.store.engine.spots import SILENCE_SECONDS, Spots
from muster.store.engine.watch import TICK_SECONDS
from muster.store.table import Item, Refused, Table, update

TASK_REAPER_TICKS = 6
_spot_log = logging.getLogger("muster.SpotService")
_task_log = logging.getLogger("muster.TaskReaper")


class Reapers:
    def __init__(
        self, table: Table, spots: Spots, leases: Leases, jobs: Jobs, outcomes: Outcomes, clock: Clock
    ) -> None:
        self._table, self._spots, self._leases, self._jobs = table, spots, leases, jobs
        self._outcomes, self._clock = outcomes, clock

    def reap_spots(self) -> None:
        """SpotReaper: leases first, then DOWN; and two more looks, because the index of what it holds is late."""
        now = self._clock()
        reaped, freed = 0, 0
        for spot in self._spots.due(now):
            silent_at = spot.last_heartbeat + SILENCE_SECONDS * 1000
            if silent_at > now:
                self._spots.look_again_at(spot, silent_at)
                continue
            freed += self._free(self._leases.held_by(spot.holder), "spot lost")
            again = now + TICK_SECONDS * 1000
            if spot.up:
                reaped += self._spots.mark_down(spot, again)
            else:
                self._spots.look_once_less(spot, again)
        if reaped or freed:
            _spot_log.info("Reaped %d stale SPOTs, freed %d tasks", reaped, freed)

    def reap_tasks(self) -> None:
        """TaskReaper: leases past their expiry; those renewed meanwhile are looked at when that is over."""
        now = self._clock()
        for entry, lease in self._leases.due(now):
            if not lease.held:
                continue
            if lease.expires_at > now:
                self._postpone(entry, lease)
            else:
                self._free([lease], "task timed out")

    def anything_to_watch(self) -> bool:
        """Whether any spot or lease has a deadline."""
        families = [f"{family}#{place}" for family in ("SPOTS", "LEASES") for place in range(keys.DUE_SHARDS)]
        return any(
            any(True for _ in self._table.query("#due_pk = :shard", index="due", limit=1, shard=shard))
            for shard in families
        )

    def _postpone(self, entry: Item, lease: Lease) -> None:
        key = {"pk": entry["pk"], "sk": entry["sk"]}
        condition = "#version = :was AND attribute_exists(#due_pk)"
        try:
            self._table.write(update(key, "SET #due_at = :then", condition, then=lease.expires_at, was=lease.version))
        except Refused:
            return

    def _free(self, leases: Iterable[Lease], reason: str) -> int:
        return sum(self._reap(lease, reason) for lease in leases)

    def _reap(self, lease: Lease, reason: str) -> int:
        """Take a lease from its holder, on condition that it is as it was read: a settle in between wins, and so does
        a newer version that wrote the job."""
        try:
            self._take_back(lease, reason)
        except (moves.LeaseChanged, SchemaNewer):
            return 0
        return len(lease.owed)

    def _take_back(self, lease: Lease, reason: str) -> None:
        if not lease.owed:
            moves.move(self._table, lease, rules.acknowledge(lease, lease.dropped))
            return
        if lease.attempts >= lease.max_attempts:
            self._fail_for_good(lease, reason)
            return
        now = self._clock()
        try:
            moves.move(self._table, lease, rules.fail(lease, lease.owed, now, terminal=False, result=None))
        except moves.JobNotRunning:
            moves.move(self._table, lease, rules.drop(lease))
            return
        for index in sorted(lease.owed):
            _task_log.info("Reaped task %s for retry", short_task_id(lease.ref.job, index))

    def _fail_for_good(self, lease: Lease, reason: str) -> None:
        now = self._clock()
        told: list[Outcome] = [{"index": index, "at": now, "error": reason} for index in sorted(lease.owed)]
        name = self._outcomes.put(lease.ref, told)
        moves.move(self._table, lease, rules.fail(lease, lease.owed, now, terminal=True, result=name))
        for index in sorted(lease.owed):
            task = short_task_id(lease.ref.job, index)
            _task_log.warning("Task %s permanently failed after %d attempts", task, lease.attempts)
        self._jobs.end_if_settled(lease.ref.job)
