"""Specifications: written once with the job, never changed, so a process that read one keeps it."""

import hashlib
import zlib
from dataclasses import dataclass

from muster.core.clock import Clock
from muster.core.errors import IdempotencyMismatch, JobNotFound
from muster.store import keys
from muster.store.blobs import Blobs
from muster.store.memory import Memory
from muster.store.table import Item, Refused, Table, put
from muster.sweeps import exact_json
from muster.sweeps.models import SubmitJob
from muster.sweeps.space import Space

INLINE_BYTES = 100_000
"""Above this a specification is one object in the bucket."""
_KEPT_MS = 600_000
_KEPT = 64


@dataclass(frozen=True)
class Spec:
    """What a job is: the request as it came, with defaults filled in; for a retry, which of its tasks."""

    job: SubmitJob
    space: Space

    @classmethod
    def of(cls, job: SubmitJob, subset: list[int] | None = None) -> "Spec":
        return cls(job, Space(job, subset))

    def to_bytes(self) -> bytes:
        request = self.job.model_dump(mode="python", by_alias=True, exclude_none=True)
        subset = list(self.space.subset) if self.space.subset is not None else None
        return exact_json.dumps({"job": request, "subset": subset}).encode()

    @classmethod
    def from_bytes(cls, content: bytes) -> "Spec":
        held = exact_json.loads(content)
        return cls.of(SubmitJob.model_validate(held["job"]), held["subset"])

    @property
    def digest(self) -> str:
        """Tells whether two requests ask for the same job."""
        return hashlib.sha256(self.to_bytes()).hexdigest()[:32]


class Specs:
    def __init__(self, table: Table, blobs: Blobs, clock: Clock) -> None:
        self._table, self._blobs = table, blobs
        self._known: Memory[Spec] = Memory(clock, _KEPT_MS, _KEPT)

    def put(self, job: str, spec: Spec, digest: str) -> None:
        """Write it, unless it is there. Refused when another one is there under the same idempotency key."""
        content = zlib.compress(spec.to_bytes())
        row: Item = keys.spec(job) | {"digest": digest}
        if len(content) <= INLINE_BYTES:
            row["content"] = content
        else:
            row["object"] = f"specs/{keys.job_pk(job).replace('#', '/')}/{digest}"
            self._blobs.put(row["object"], content)
        try:
            self._table.write(put(row, "attribute_not_exists(#pk)"))
        except Refused as refused:
            if refused.item and refused.item["digest"] != digest:
                raise IdempotencyMismatch from None

    def get(self, job: str) -> Spec:
        known = self._known.get(job)
        if known is None:
            known = self._read(job)
            self._known.put(job, known)
        return known

    def _read(self, job: str) -> Spec:
        row = self._table.get(keys.spec(job))
        if row is None:
            raise JobNotFound
        content = row["content"] if "content" in row else self._blobs.get(row["object"])
        return Spec.from_bytes(zlib.decompress(content))
