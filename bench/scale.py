"""How much is measured: everything, or what a minute allows."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Scale:
    cycles: int
    """Claims and settles of each cell of a counting table."""
    settled_claims: int
    """Claims of 50 in each row of the table of smaller settles."""
    whole_jobs: tuple[int, ...]
    """Jobs that are run from their first task to their last."""
    largest_job: int
    window: int
    """Tasks of each window of the largest job."""
    created_jobs: tuple[int, ...]
    creations: int
    read_job: int
    """Tasks of the job whose reads and audit are measured, in leases of 50."""
    repeats: int
    """Of each reading and each speed run."""
    small_run: int
    large_run: int
    """Tasks of the speed runs."""
    single_run: int
    """Tasks of the speed run one at a time."""
    starts: int
    """Cold starts of each function."""
    billed_minutes: int
    """Minutes of an idle stack and of a waiting spot that are counted; a month of them is billed."""
    aggregated: int
    """Results that are summed up, a multiple of 4,000: alone, and by the finish of their job."""
    large_results: int
    """Results of nearly a megabyte whose job is finished."""


FULL = Scale(
    cycles=20,
    settled_claims=5,
    whole_jobs=(100, 1_000, 10_000),
    largest_job=1_000_000,
    window=2_000,
    created_jobs=(1, 1_000, 1_000_000, 1_000_000_000),
    creations=30,
    read_job=100_000,
    repeats=3,
    small_run=10_000,
    large_run=100_000,
    single_run=200,
    starts=15,
    billed_minutes=60,
    aggregated=1_000_000,
    large_results=200,
)
QUICK = Scale(
    cycles=4,
    settled_claims=1,
    whole_jobs=(100, 1_000),
    largest_job=1_000_000,
    window=1_000,
    created_jobs=(1, 1_000_000, 1_000_000_000),
    creations=8,
    read_job=5_000,
    repeats=1,
    small_run=5_000,
    large_run=20_000,
    single_run=50,
    starts=5,
    billed_minutes=6,
    aggregated=120_000,
    large_results=40,
)
