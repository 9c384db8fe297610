"""Names of jobs, leases, tasks and spots; those of keys are in muster.core.access_key.

A job id carries its organization, a task id its job and its lease: whoever settles a task can be sent straight to
the row that decides, and a worker whose lease has passed on is fenced off by the id itself.
"""

import hashlib
import re
import secrets
from dataclasses import dataclass
from functools import lru_cache

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_JOB = re.compile(r"job-([a-z0-9]{1,16})-([0-9a-z]{16})")
_INDEX = re.compile(r"[0-9]{1,10}")
_LEASE = re.compile(r"([0-9]{1,10})-([0-9]{1,5})-([0-9]{1,3})")

SHARED = "shared"
"""The organization of spots that work for everybody."""


def letters(number: int, length: int) -> str:
    """The lowest bits of a number, five to a letter."""
    return "".join(_ALPHABET[(number >> 5 * place) & 31] for place in range(length))


def _sixteen(organization: str, idempotency_key: str | None) -> str:
    """80 bits: random, or what an idempotency key of the organization gives every time."""
    if idempotency_key is None:
        return letters(secrets.randbits(80), 16)
    digest = hashlib.sha256(f"{organization}\0{idempotency_key}".encode()).digest()
    return letters(int.from_bytes(digest[:10]), 16)


def new_job_id(organization: str, idempotency_key: str | None = None) -> str:
    """A fresh id; with an idempotency key, the one id that this key stands for."""
    return f"job-{organization}-{_sixteen(organization, idempotency_key)}"


def new_spot_id(organization: str, idempotency_key: str | None = None) -> str:
    """A fresh id, or the one that an idempotency key stands for."""
    return f"spot-{organization}-{_sixteen(organization, idempotency_key)}"


def new_nonce() -> str:
    """Marks one attempt at a write, so that its author recognizes it when the answer was lost."""
    return letters(secrets.randbits(60), 12)


@lru_cache(4096)
def organization_of(job: str) -> str | None:
    """The organization that a job id names; None when it is no job id."""
    match = _JOB.fullmatch(job)
    return match[1] if match else None


@dataclass(frozen=True, slots=True)
class LeaseRef:
    """Where a lease is: its job, first index, place in the chain of that index; and how many tasks it began with."""

    job: str
    start: int
    gen: int
    size: int

    def task_id(self, index: int) -> str:
        return f"{self.job}.{index}.{self.start}-{self.gen}-{self.size}"

    def __str__(self) -> str:
        return f"{self.job}.{self.start}-{self.gen}-{self.size}"


@dataclass(frozen=True, slots=True)
class TaskRef:
    """A task id taken apart. Without a lease it is the short form that lists and results show."""

    job: str
    index: int
    lease: LeaseRef | None


def short_task_id(job: str, index: int) -> str:
    return f"{job}.{index}"


def parse_task_id(text: str) -> TaskRef | None:
    """None when the text can not be a task id. The tasks of a batch share their lease, which is then parsed once."""
    job, _, place = text.partition(".")
    index, _, key = place.partition(".")
    if organization_of(job) is None or not _INDEX.fullmatch(index) or text.endswith("."):
        return None
    lease = _lease_of(job, key) if key else None
    return None if key and lease is None else TaskRef(job, int(index), lease)


@lru_cache(4096)
def _lease_of(job: str, key: str) -> LeaseRef | None:
    match = _LEASE.fullmatch(key)
    return LeaseRef(job, int(match[1]), int(match[2]), int(match[3])) if match else None


def parse_lease(text: str) -> LeaseRef:
    """The inverse of `str(ref)`."""
    job, _, key = text.partition(".")
    start, gen, size = key.split("-")
    return LeaseRef(job, int(start), int(gen), int(size))
