"""The invariants of the engine, checked against every row of a job as it stands in the table."""

import json
import zlib
from collections import Counter
from collections.abc import Iterator
from typing import Any

from muster.core.lease import SETS, Lease
from muster.store import keys
from muster.store.engine import leases
from muster.store.table import decode
from tests.store.world import World

Row = dict[str, Any]


def rows(world: World) -> Iterator[Row]:
    """Everything in the table, read past all faults."""
    request: Row = {"TableName": world.table, "ConsistentRead": True}
    while True:
        answer = world.reader.scan(**request)
        yield from map(decode, answer["Items"])
        if "LastEvaluatedKey" not in answer:
            return
        request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


class Truth:
    """One job, read whole from the table; and what was ever accepted of it, if the test keeps a ledger."""

    def __init__(self, world: World, job: str, all_rows: list[Row] | None = None) -> None:
        own = [row for row in all_rows or rows(world) if row["pk"].split("#")[1:2] == [job]]
        self.job, self.world = job, world
        self.head = next(row for row in own if row["sk"] == "HEAD")
        self.done = sum(row["done"] for row in own if row["sk"].startswith("TALLY#"))
        self.failed = sum(row["failed"] for row in own if row["sk"].startswith("TALLY#"))
        found = [leases.from_item(row) for row in own if row["sk"].startswith("LEASE#")]
        self.leases = sorted(found, key=lambda lease: (lease.ref.gen, lease.ref.start))
        self.items = {(row["pk"], row["sk"]): row for row in own}
        self.results = {(row["pk"], row["sk"]): row for row in own if row["sk"].startswith("RESULT#")}

    def newest(self) -> dict[int, tuple[Lease, str]]:
        """Of every index its newest lease, and the set that it is in there."""
        last: dict[int, tuple[Lease, str]] = {}
        for lease in self.leases:
            for name in SETS:
                last.update(dict.fromkeys(getattr(lease, name), (lease, name)))
        return last

    def check(self) -> None:
        """Every invariant that holds between any two requests."""
        self._every_index_is_in_one_set()
        self._chains_are_whole()
        self._counts_are_true()
        self._attempts_are_bounded()
        self._index_keys_say_what_the_rows_say()
        self._results_are_there_once()

    def _every_index_is_in_one_set(self) -> None:
        handed_out = min(self.head["cursor"], self.head["total"])
        for lease in self.leases:
            members = Counter(index for name in SETS for index in getattr(lease, name))
            assert not [index for index, times in members.items() if times > 1], f"in two sets of {lease}"
            assert len(members) == lease.ref.size, f"{lease} lost or gained tasks"
            assert all(lease.ref.start <= index < handed_out for index in members)

    def _chains_are_whole(self) -> None:
        for gen in {lease.ref.gen for lease in self.leases}:
            held = Counter(i for one in self.leases if one.ref.gen == gen for name in SETS for i in getattr(one, name))
            assert all(times == 1 for times in held.values()), f"generation {gen} owns an index twice"
        holders: dict[int, list[str]] = {}
        for lease in self.leases:
            for name in SETS:
                for index in getattr(lease, name):
                    holders.setdefault(index, []).append(name)
        for index, names in holders.items():
            assert all(name == "moved" for name in names[:-1]), f"{index}: {names}"
            assert names[-1] != "moved", f"{index} was moved to nowhere"
        for index, (lease, _) in self.newest().items():
            gens = sum(1 for one in self.leases if index in one)
            assert lease.ref.gen == gens, f"the chain of {index} has a hole"

    def gaps(self) -> set[int]:
        """Indices that the cursor passed without a lease: a claim was lost, the audit will find them."""
        return set(range(min(self.head["cursor"], self.head["total"]))) - set(self.newest())

    def _counts_are_true(self) -> None:
        places = Counter(name for _, name in self.newest().values())
        assert (self.done, self.failed) == (places["done"], places["failed"]), "tallies differ from the sets"
        if self.head["status"] == "CANCELLED":
            return
        assert self.head["returned"] == places["returned"] + places["spared"], "the waiting count is wrong"
        assert not places["dropped"] + places["told"], "dropped, though never cancelled"
        settled, total = self.done + self.failed, self.head["total"]
        assert settled <= total
        if self.head["status"] in ("COMPLETED", "FAILED"):
            assert settled == total, "ended too early"
            assert (self.head["status"] == "FAILED") == (self.failed > 0)
            assert "open_pk" not in self.head, "an ended job is still listed"
            assert ("audit_pk" in self.head) == (self.head["finish"] == "due"), "nobody sees to its finish, or for ever"
        else:
            assert "audit_pk" in self.head, "no audit will come by"
            claimable = self.head["cursor"] < total or self.head["returned"] > 0
            assert not claimable or "open_pk" in self.head, "claimable, and nobody can know"

    def _attempts_are_bounded(self) -> None:
        for lease in self.leases:
            assert lease.attempts <= self.head["max_attempts"], f"{lease} was handed out too often"

    def _index_keys_say_what_the_rows_say(self) -> None:
        for lease in self.leases:
            row = self.items[tuple(keys.lease(lease.ref).values())]
            held, waits = bool(lease.owed or lease.dropped), bool(lease.returned or lease.spared)
            assert held == ("holder" in row) == ("due_pk" in row), f"{lease} is held and not listed, or the reverse"
            assert waits == ("pool_pk" in row) == ("available_at" in row)

    def outcomes(self, lease: Lease) -> list[Row]:
        found: list[Row] = []
        for name in dict.fromkeys(lease.results):
            row = self.results[tuple(keys.result(lease.ref, name).values())]
            content = (
                row.get("content")
                or self.world.objects.get_object(Bucket=self.world.bucket, Key=row["object"])["Body"].read()
            )
            found += json.loads(zlib.decompress(content))
        return found

    def _results_are_there_once(self) -> None:
        """Each settled task has exactly one outcome of its kind, in the lease that settled it."""
        for lease in self.leases:
            told = self.outcomes(lease) if lease.results else []
            good = Counter(one["index"] for one in told if "error" not in one)
            bad = {one["index"] for one in told if "error" in one}
            assert good == Counter(lease.done), f"results of {lease} differ from what is done"
            assert lease.failed <= bad, f"a failure of {lease} has no reason"

    def accepted(self) -> dict[int, Row]:
        """What the table says of every task that is done."""
        return {
            one["index"]: one
            for lease in self.leases
            if lease.done
            for one in self.outcomes(lease)
            if "error" not in one
        }


def check(world: World, *jobs: str) -> None:
    """All invariants of some jobs, or of all that there are."""
    everything = list(rows(world))
    named = jobs or [keys.job_of(row["pk"]) for row in everything if row["sk"] == "HEAD"]
    for job in named:
        Truth(world, job, everything).check()
