"""Where rows are. Every partition key of the table begins with the organization.

| row | pk | sk |
|---|---|---|
| head of a job | org#job | HEAD |
| tallies of a job | org#job | TALLY#shard |
| specification | org#job | #SPEC |
| delivery of its report | org#job | DELIVERY#id |
| what its deliveries say | org#job | #MESSAGE |
| what was saved of its report | org#job | FILES |
| lease | org#job#block | LEASE#start#gen |
| outcomes of a settled batch | org#job#block | RESULT#start#gen#name |
| spot | org#SPOTS | id |
| an address that deliveries go to | org#ENDPOINTS | hash of the address |
| the watch | shared#WATCH | WATCH |
| key of a caller | org#KEYS | id |
| recorded action | org#TRAIL#yyyymmdd | time~nonce |
| submits of a minute | org#LIMITS | SUBMITS#minute |

Leases of neighbouring tasks share a partition: a block of 512 indices, block modulo 32. A page of results then reads
a few partitions, and no partition takes more writes than the head of the job.
"""

import hashlib
from zlib import crc32

from muster.core.access_key import organization_of_key
from muster.core.ids import SHARED, LeaseRef, organization_of
from muster.core.lease import MAX_SPAN

BLOCK = 512
_PARTITIONS = 32
TALLIES = 32
DUE_SHARDS = 4
OPEN_SHARDS = 4
AUDIT_SHARDS = 4

Key = dict[str, str]

WATCH: Key = {"pk": f"{SHARED}#WATCH", "sk": "WATCH"}


def job_pk(job: str) -> str:
    return f"{organization_of(job)}#{job}"


def job_of(pk: str) -> str:
    """The job of a head's, tally's, lease's or result's partition key."""
    return pk.split("#")[1]


def head(job: str) -> Key:
    return {"pk": job_pk(job), "sk": "HEAD"}


def spec(job: str) -> Key:
    return {"pk": job_pk(job), "sk": "#SPEC"}


def tally(ref: LeaseRef) -> Key:
    """Sharded by lease: a worker never conflicts with itself, seldom with another."""
    shard = crc32(f"{ref.start}-{ref.gen}".encode()) % TALLIES
    return {"pk": job_pk(ref.job), "sk": f"TALLY#{shard:02d}"}


def block_pk(job: str, block: int) -> str:
    return f"{job_pk(job)}#{block % _PARTITIONS:02d}"


def lease(ref: LeaseRef) -> Key:
    return {"pk": block_pk(ref.job, ref.start // BLOCK), "sk": f"LEASE#{ref.start:010d}#{ref.gen:05d}"}


def result(ref: LeaseRef, name: str) -> Key:
    key = lease(ref)
    return {"pk": key["pk"], "sk": f"RESULT{key['sk'].removeprefix('LEASE')}#{name}"}


def lease_windows(job: str, low: int, high: int) -> list[tuple[str, str, str]]:
    """Partition and bounds of every stretch of leases that may hold an index of [low, high), ascending."""
    first = max(0, low - MAX_SPAN + 1)
    return [
        (
            block_pk(job, block),
            f"LEASE#{max(first, block * BLOCK):010d}",
            f"LEASE#{min(high, (block + 1) * BLOCK) - 1:010d}#~",
        )
        for block in range(first // BLOCK, (high - 1) // BLOCK + 1)
    ]


def spot(organization: str, spot_id: str) -> Key:
    return {"pk": f"{organization}#SPOTS", "sk": spot_id}


def holder(organization: str, spot_id: str) -> str:
    """The index key of what a spot holds."""
    return f"{organization}#{spot_id}"


def shard(name: str, of: int) -> int:
    return crc32(name.encode()) % of


def leases_due(ref: LeaseRef) -> str:
    return f"LEASES#{shard(str(ref), DUE_SHARDS)}"


def spots_due(spot_id: str) -> str:
    return f"SPOTS#{shard(spot_id, DUE_SHARDS)}"


def open_jobs(pool: str, job: str) -> str:
    return f"{pool}#{shard(job, OPEN_SHARDS)}"


def unfinished(job: str) -> str:
    return f"JOBS#{shard(job, AUDIT_SHARDS)}"


def listing(organization: str) -> str:
    return f"{organization}#JOBS"


def delivery(job: str, delivery_id: str) -> Key:
    return {"pk": job_pk(job), "sk": f"DELIVERY#{delivery_id}"}


def message(job: str) -> Key:
    return {"pk": job_pk(job), "sk": "#MESSAGE"}


def files(job: str) -> Key:
    """What was saved of a job's report."""
    return {"pk": job_pk(job), "sk": "FILES"}


def endpoint(organization: str, url: str) -> Key:
    """What is known of an address that deliveries go to."""
    return {"pk": f"{organization}#ENDPOINTS", "sk": hashlib.sha256(url.encode()).hexdigest()[:32]}


def folder(job: str) -> str:
    """Where the objects of a job are: `<organization>/<job>`."""
    return f"{organization_of(job)}/{job}"


def access_keys(organization: str) -> str:
    return f"{organization}#KEYS"


def access_key(key_id: str) -> Key:
    return {"pk": access_keys(str(organization_of_key(key_id))), "sk": key_id}


def trail(organization: str, day: str) -> str:
    return f"{organization}#TRAIL#{day.replace('-', '')}"


def action(organization: str, day: str, at: int, nonce: str) -> Key:
    return {"pk": trail(organization, day), "sk": f"{at:013d}~{nonce}"}


def submits(organization: str, minute: int) -> Key:
    return {"pk": f"{organization}#LIMITS", "sk": f"SUBMITS#{minute}"}
