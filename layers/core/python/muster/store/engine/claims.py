"""Claims: which job is served next, and how its tasks are handed out.

From the cursor: one step of the head hands out [old, new), then the lease is put. The step is noted on the head under
the claim's mark, so that a request sent twice is one step. From the pool: what came back is taken over by a lease of
the next generation, in one transaction with the lease it leaves and the head.
"""

import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from zlib import crc32

from muster.core import lease as rules
from muster.core.clock import Clock
from muster.core.errors import SchemaNewer
from muster.core.ids import LeaseRef, new_nonce, organization_of
from muster.core.job import TRANSITIONS, JobStatus
from muster.core.lease import Lease
from muster.store import keys
from muster.store.engine import leases, moves
from muster.store.engine.jobs import Jobs, rank
from muster.store.engine.leases import Leases
from muster.store.engine.specs import Spec, Specs
from muster.store.engine.spots import Spot
from muster.store.memory import Memory
from muster.store.table import Item, Refused, Table, update

STEPS_NOTED = 8
"""Cursor steps that a head remembers; each is overwritten by a later one of the same slot."""
_TURN_MS = 1_000
"""A job's turn moves at most so often: moving it costs two units in the index."""
_OPEN_KNOWN_MS = 300
_DRY_MS = 500
_OPEN_LOOKED_AT = 50
_TRIES = 6
RETRY_SOON_MS, RETRY_LATER_MS = 1_000, 5_000
"""How long a spot waits after an empty claim: while jobs are open, and while none is."""

ANSWER_CHARACTERS = 2_000_000
"""A claim hands out no more payloads than its answer, escaped, can carry."""

_CLAIMABLE = frozenset(status.value for status in TRANSITIONS["claim"][0])


@dataclass(frozen=True)
class OpenJob:
    """An entry of the open index: a job with something to claim, as of a moment ago."""

    id: str
    organization: str
    rank: str

    @property
    def priority(self) -> str:
        return self.rank.partition("#")[0]

    @property
    def turn(self) -> int:
        return int(self.rank.partition("#")[2])


@dataclass(frozen=True)
class Order:
    """One claim: who asks for how many, under which mark."""

    spot: Spot
    wanted: int
    mark: str
    now: int


def mark_of(spot: Spot, claim_id: str | None) -> str:
    """The mark of a claim: the same for the same claim id of a spot, else unique."""
    if claim_id is None:
        return new_nonce()
    return hashlib.sha256(f"{spot.holder}\0{claim_id}".encode()).hexdigest()[:12]


class Claims:
    def __init__(self, table: Table, jobs: Jobs, specs: Specs, clock: Clock) -> None:
        self._table, self._jobs, self._specs, self._clock = table, jobs, specs, clock
        self._leases = Leases(table)
        self._open: Memory[list[OpenJob]] = Memory(clock, _OPEN_KNOWN_MS, 100)
        self._exhausted: Memory[bool] = Memory(clock, 600_000)
        self._dry: Memory[bool] = Memory(clock, _DRY_MS)
        self._served: dict[str, dict[str, int]] = {}

    def claim(self, spot: Spot, wanted: int, claim_id: str | None) -> list[Lease]:
        """Leases of one job, the one whose turn it is; none when nothing can be had."""
        order = Order(spot, wanted, mark_of(spot, claim_id), self._clock())
        for fresh in (False, True):
            for job in self._in_turn(spot, fresh=fresh):
                taken = self._from_if_known(job, order, fresh=fresh)
                if taken:
                    served = self._served[spot.pool]
                    served[job.organization] = served.get(job.organization, 0) + 1
                    return taken
        return []

    def retry_after_ms(self, spot: Spot) -> int:
        """How long to wait after an empty claim."""
        return RETRY_SOON_MS if self._open.get(spot.pool) else RETRY_LATER_MS

    # --- whose turn it is -------------------------------------------------------------------------------------------

    def _in_turn(self, spot: Spot, *, fresh: bool) -> Iterator[OpenJob]:
        """Highest priority first; among organizations the one this process served least; among its jobs the longest
        unserved. Who comes new stands with the least served: it neither waits for the others nor they for it."""
        candidates = [job for job in self._open_jobs(spot.pool, fresh=fresh) if spot.may_serve(job.organization)]
        waiting = {job.organization for job in candidates}
        known = self._served.get(spot.pool, {})
        least = min((known[name] for name in waiting & known.keys()), default=0)
        served = {name: known.get(name, least) for name in waiting}
        self._served[spot.pool] = served
        return iter(sorted(candidates, key=lambda job: (job.priority, served[job.organization], job.turn)))

    def _open_jobs(self, pool: str, *, fresh: bool) -> list[OpenJob]:
        known = None if fresh else self._open.get(pool)
        if known is None:
            known = [
                OpenJob(job, str(organization_of(job)), entry["open_sk"])
                for place in range(keys.OPEN_SHARDS)
                for entry in self._table.query(
                    "#open_pk = :shelf", index="open", limit=_OPEN_LOOKED_AT, shelf=f"{pool}#{place}"
                )
                if (job := keys.job_of(entry["pk"]))
            ]
            self._open.put(pool, known)
        return known

    # --- handing out ------------------------------------------------------------------------------------------------

    def _from_if_known(self, job: OpenJob, order: Order, *, fresh: bool) -> list[Lease]:
        """Nothing of a job that a newer version wrote; the next one may be older."""
        try:
            return self._from(job, order, fresh=fresh)
        except SchemaNewer:
            return []

    def _from(self, job: OpenJob, order: Order, *, fresh: bool) -> list[Lease]:
        fitting = max(1, ANSWER_CHARACTERS // self._specs.get(job.id).space.longest)
        order = replace(order, wanted=min(order.wanted, fitting))
        if not self._exhausted.get(job.id):
            taken = self._from_cursor(job, order)
            if taken:
                return [taken]
        return [] if self._dry.get(job.id) and not fresh else self._from_pool(job.id, order)

    def _from_cursor(self, job: OpenJob, order: Order) -> Lease | None:
        """A range off the cursor. When the audit has fenced it off meanwhile, another range."""
        spec = self._specs.get(job.id)
        for attempt in range(_TRIES):
            mark = order.mark if attempt == 0 else f"{order.mark}.{attempt}"
            stepped = self._step(job, order, mark)
            if stepped is None:
                return None
            lease = self._lease_of(job.id, spec, order, mark, *stepped)
            try:
                self._table.write(leases.put_new(lease))
            except Refused as refused:
                if refused.item and refused.item["claim"] == mark:
                    return leases.from_item(refused.item)
                continue
            return lease
        return None

    def _step(self, job: OpenJob, order: Order, mark: str) -> tuple[int, int, int] | None:
        """Move the cursor: the range it passed, the attempts allowed. None when nothing is left or the job is over."""
        slot = crc32(mark.encode()) % STEPS_NOTED
        turn = ", #open_sk = :rank" if order.now - job.turn >= _TURN_MS else ""
        values = {"rank": rank(9 - int(job.priority), order.now)} if turn else {}
        step = update(
            keys.head(job.id),
            f"SET #cursor = #cursor + :wanted, #status = :running, #step{slot} = :mark, #from{slot} = #cursor,"
            f" #wanted{slot} = :wanted, #at{slot} = :now{turn}",
            f"#status IN (:pending, :running) AND #cursor < #total AND (attribute_not_exists(#step{slot})"
            f" OR #step{slot} <> :mark)",
            wanted=order.wanted,
            mark=mark,
            now=order.now,
            pending=JobStatus.PENDING.value,
            running=JobStatus.RUNNING.value,
            **values,
        )
        try:
            head = self._table.write(step, returning="ALL_NEW")
        except Refused as refused:
            head = refused.item or {}
            self._note_refusal(job.id, head)
            if head.get(f"step{slot}") != mark:
                return None
        start = head[f"from{slot}"]
        self._leave_if_nothing_is_left(job.id, head)
        return start, min(start + head[f"wanted{slot}"], head["total"]), head["max_attempts"]

    def _note_refusal(self, job: str, head: Item) -> None:
        if not head or head["cursor"] >= head["total"] or head["status"] not in _CLAIMABLE:
            self._exhausted.put(job, True)
        if head and head["status"] not in _CLAIMABLE:
            self._dry.put(job, True)
        elif head:
            self._leave_if_nothing_is_left(job, head)

    def _leave_if_nothing_is_left(self, job: str, head: Item) -> None:
        if head["cursor"] >= head["total"] and "open_pk" in head:
            self._exhausted.put(job, True)
            if head["returned"] == 0:
                self._jobs.leave_open(job)

    @staticmethod
    def _lease_of(job: str, spec: Spec, order: Order, mark: str, start: int, end: int, max_attempts: int) -> Lease:
        expires_at = order.now + spec.job.task_timeout_seconds * 1000
        owed = frozenset(range(start, end))
        ref = LeaseRef(job, start, 1, end - start)
        return Lease(ref, order.spot.holder, mark, 1, max_attempts, order.now, expires_at, owed=owed)

    def _from_pool(self, job: str, order: Order) -> list[Lease]:
        """What came back, from one lease after the other until enough. Leases are tried in no order: claims at the
        same moment should not all ask for the same one."""
        entries = self._leases.waiting(job, order.now, limit=20)
        if not entries:
            self._dry.put(job, True)
        random.shuffle(entries)
        taken: list[Lease] = []
        wanted = order.wanted
        for entry in entries:
            try:
                newer = self._take_over(entry, wanted, order)
            except moves.JobNotRunning:
                break
            if newer:
                taken.append(newer)
                wanted -= newer.ref.size
            if wanted <= 0:
                break
        return taken

    def _take_over(self, entry: Item, wanted: int, order: Order) -> Lease | None:
        expires_at = order.now + self._specs.get(keys.job_of(entry["pk"])).job.task_timeout_seconds * 1000
        for _ in range(_TRIES):
            lease = self._leases.get(entry)
            taken = lease and rules.take_over(lease, wanted, order.now, order.spot.holder, order.mark, expires_at)
            if not lease or not taken:
                return None
            try:
                moves.move(self._table, lease, taken[0], successor=taken[1])
            except moves.LeaseChanged:
                continue
            return taken[1]
        return None
