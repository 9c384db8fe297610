"""Leases in the table: read, write, find.

Index sets are stored relative to the first index: short numbers keep the row below a kilobyte, which is one write unit.
The index keys are a function of the lease: `due` and `holder` while a worker is bound to it, `pool` while something
waits.
A lease is written only on condition that it is as it was read (its version), or in the one form of the hot path that
needs no reading: the holder settles all that it owes.
"""

from collections.abc import Iterator
from typing import Any

from muster.core.ids import LeaseRef
from muster.core.lease import SETS, Indices, Lease
from muster.store import keys
from muster.store.table import Item, Table, Write, put, update

_PLAIN = ("spot", "claim", "attempts", "max_attempts", "claimed_at", "expires_at", "version", "retry_at")
_BOUND = ("due_pk", "due_at", "holder")


def _offsets(ref: LeaseRef, indices: Indices) -> frozenset[int] | None:
    return frozenset(index - ref.start for index in indices) or None


def _index_keys(lease: Lease) -> Item:
    """The sparse keys of a lease in its present state; None where it has none."""
    held, available_at = lease.held, lease.available_at
    return {
        "due_pk": keys.leases_due(lease.ref) if held else None,
        "due_at": lease.expires_at if held else None,
        "holder": lease.spot if held else None,
        "pool_pk": lease.ref.job if available_at is not None else None,
        "available_at": available_at,
    }


def to_item(lease: Lease) -> Item:
    plain = {name: getattr(lease, name) for name in _PLAIN} | {"size": lease.ref.size}
    sets = {name: _offsets(lease.ref, getattr(lease, name)) for name in SETS}
    return keys.lease(lease.ref) | plain | sets | _index_keys(lease) | {"results": list(lease.results) or None}


def from_item(item: Item) -> Lease:
    _, start, gen = item["sk"].split("#")
    ref = LeaseRef(keys.job_of(item["pk"]), int(start), int(gen), item["size"])
    sets: dict[str, Any] = {name: frozenset(ref.start + offset for offset in item.get(name, ())) for name in SETS}
    return Lease(ref, **{name: item[name] for name in _PLAIN}, **sets, results=tuple(item.get("results", ())))


def put_new(lease: Lease) -> Write:
    """The lease, if its place in the chain is free."""
    return put(to_item(lease), "attribute_not_exists(#pk)")


def rewrite(old: Lease, new: Lease) -> Write:
    """`new` in place of `old`, if nobody wrote since `old` was read.

    A renewal leaves the `due` key where it is: moving it would cost two more units. The reaper does, when it comes by.
    """
    before, after = to_item(old), to_item(new)
    if old.held and new.held:
        after["due_at"] = before["due_at"]
    changed = {name: value for name, value in after.items() if value != before[name]}
    gone = [name for name, value in changed.items() if value is None]
    kept = {name: value for name, value in changed.items() if value is not None}
    expression = "SET " + ", ".join(f"#{name} = :{name}" for name in kept)
    if gone:
        expression += " REMOVE " + ", ".join(f"#{name}" for name in gone)
    return update(keys.lease(old.ref), expression, "#version = :was", was=old.version, **kept)


def complete_all_owed(ref: LeaseRef, spot: str, indices: Indices, result: str) -> Write:
    """The hot path: the holder completes all that it owes, unread."""
    return update(
        keys.lease(ref),
        "SET #results = list_append(if_not_exists(#results, :none), :result), #version = #version + :one"
        f" REMOVE #owed, {', '.join(f'#{name}' for name in _BOUND)} ADD #done :owed",
        "#owed = :owed AND #spot = :spot",
        owed=_offsets(ref, indices),
        spot=spot,
        result=[result],
        none=[],
        one=1,
    )


class Leases:
    """Finds leases: by name, by the tasks they may hold, by holder, by what waits in them, by deadline."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, entry: Item) -> Lease | None:
        """The lease that an index names; None when it is gone or of a newer schema."""
        item = self._table.get_if_known({"pk": entry["pk"], "sk": entry["sk"]})
        return from_item(item) if item else None

    def lease(self, ref: LeaseRef) -> Lease | None:
        item = self._table.get(keys.lease(ref))
        return from_item(item) if item else None

    def around(self, job: str, low: int, high: int, *, consistent: bool = False) -> Iterator[Lease]:
        """Every lease that may hold an index of [low, high), by first index within a block, blocks ascending."""
        for pk, first, last in keys.lease_windows(job, low, high):
            condition = "#pk = :pk AND #sk BETWEEN :first AND :last"
            rows = self._table.query(condition, consistent=consistent, pk=pk, first=first, last=last)
            yield from map(from_item, rows)

    def newest(self, job: str, index: int) -> Lease | None:
        """The lease that has the last word on a task; None when it was never handed out."""
        holding = [lease for lease in self.around(job, index, index + 1, consistent=True) if index in lease]
        return max(holding, key=lambda lease: lease.ref.gen, default=None)

    def held_by(self, spot: str) -> Iterator[Lease]:
        """Leases that a spot is bound to; may miss those of the last seconds."""
        for key in list(self._table.query("#holder = :spot", index="holder", spot=spot)):
            lease = self.get(key)
            if lease and lease.held and lease.spot == spot:
                yield lease

    def waiting(self, job: str, now: int, limit: int) -> list[Item]:
        """Keys of leases in which something waits and is due; may be late by seconds."""
        condition = "#pool_pk = :job AND #available_at <= :now"
        return list(self._table.query(condition, index="pool", limit=limit, job=job, now=now))

    def due(self, now: int) -> Iterator[tuple[Item, Lease]]:
        """Index entries whose time has come, each with its lease as it stands."""
        for place in range(keys.DUE_SHARDS):
            condition = "#due_pk = :shard AND #due_at <= :now"
            for entry in list(self._table.query(condition, index="due", shard=f"LEASES#{place}", now=now)):
                lease = self.get(entry)
                if lease:
                    yield entry, lease
