"""Outcomes of settled tasks: one compressed row per settled batch, written before the settle that names it.

A row that no lease names does not exist, and a row is never overwritten by other content, for its name is its lowest
index and a hash of the content: a refused or repeated settle can not touch a result. Numbers are kept as JSON text:
the table's own would lose what lies below 1e-130.
"""

import hashlib
import json
import zlib
from collections.abc import Iterator
from typing import NotRequired, TypedDict

from muster.core.ids import LeaseRef
from muster.core.lease import Lease
from muster.store import keys
from muster.store.blobs import Blobs
from muster.store.table import Table, put

ROW_BYTES = 350_000
"""Above this a batch is one object in the bucket; a row holds at most 400 KB."""


class Outcome(TypedDict):
    """What a spot said of one task. `error` is there if and only if it failed; `at` in ms since 1970."""

    index: int
    at: int
    runtimeMs: NotRequired[int]
    iter: NotRequired[int]
    fopt: NotRequired[float]
    resultJson: NotRequired[str]
    error: NotRequired[str]
    output: NotRequired[str]


class Outcomes:
    def __init__(self, table: Table, blobs: Blobs) -> None:
        self._table, self._blobs = table, blobs

    def put(self, ref: LeaseRef, outcomes: list[Outcome]) -> str:
        """Write a batch; the answer is the name under which a settle makes it count."""
        content = json.dumps(outcomes, separators=(",", ":"), ensure_ascii=False).encode()
        lowest = min(outcome["index"] for outcome in outcomes)
        name = f"{lowest - ref.start}-{hashlib.sha256(content).hexdigest()[:10]}"
        packed, key = zlib.compress(content), keys.result(ref, name)
        if len(packed) <= ROW_BYTES:
            self._table.write(put(key | {"content": packed}))
        else:
            place = f"outcomes/{key['pk']}/{key['sk']}".replace("#", "/")
            self._blobs.put(place, packed)
            self._table.write(put(key | {"object": place}))
        return name

    def of(self, leases: list[Lease]) -> dict[tuple[LeaseRef, int], Outcome]:
        """What the leases' batches say, by lease and index: of several words on a task, the one that settled it."""
        found: dict[tuple[LeaseRef, int], Outcome] = {}
        for lease, outcomes in self.batches(leases):
            found.update({(lease.ref, outcome["index"]): outcome for outcome in outcomes})
        return found

    def batches(self, leases: list[Lease]) -> Iterator[tuple[Lease, list[Outcome]]]:
        """Batch by batch what the leases' batches say of tasks that they settled, or that failed and wait again."""
        named = {
            (key := keys.result(lease.ref, name))["sk"]: (lease, key) for lease in leases for name in lease.results
        }
        for row in self._table.get_many([key for _, key in named.values()]):
            lease, _ = named[row["sk"]]
            content = row["content"] if "content" in row else self._blobs.get(row["object"])
            said: list[Outcome] = json.loads(zlib.decompress(content))
            yield lease, [outcome for outcome in said if ("error" in outcome) != (outcome["index"] in lease.done)]
