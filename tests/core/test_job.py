"""Counts add up, whatever the cursor and the waiting count say; and transitions lead where they should."""

from hypothesis import given
from hypothesis import strategies as st

from muster.core.job import ENDED, TRANSITIONS, UNENDED, Counts, JobStatus, final_status


def test_tasks_behind_the_cursor_run_and_those_before_it_wait() -> None:
    counts = Counts.of(JobStatus.RUNNING, total=100, cursor=60, returned=5, done=20, failed=3)
    assert (counts.waiting, counts.running) == (45, 32)


def test_a_cursor_beyond_the_end_means_all_is_handed_out() -> None:
    counts = Counts.of(JobStatus.RUNNING, total=10, cursor=14, returned=0, done=4, failed=0)
    assert (counts.waiting, counts.running) == (0, 6)


def test_a_cancelled_job_has_neither_waiting_nor_running_tasks() -> None:
    counts = Counts.of(JobStatus.CANCELLED, total=10, cursor=8, returned=3, done=2, failed=1)
    assert counts == Counts(10, 2, 1, 0, 0, 7)


@given(st.data())
def test_counts_always_add_up_to_the_total(data: st.DataObject) -> None:
    total = data.draw(st.integers(1, 10**9))
    done = data.draw(st.integers(0, total))
    failed = data.draw(st.integers(0, total - done))
    cursor = data.draw(st.integers(done + failed, total + 499))
    returned = data.draw(st.integers(0, total))
    status = data.draw(st.sampled_from(sorted(JobStatus)))
    counts = Counts.of(JobStatus(status), total, cursor, returned, done, failed)
    parts = (counts.done, counts.failed, counts.waiting, counts.running, counts.cancelled)
    assert sum(parts) == total
    assert min(parts) >= 0


def test_a_job_fails_with_its_first_failed_task() -> None:
    assert (final_status(0), final_status(1)) == (JobStatus.COMPLETED, JobStatus.FAILED)


def test_nothing_leads_out_of_an_ended_job() -> None:
    assert {*ENDED, *UNENDED} == set(JobStatus)
    assert all(not before & ENDED for before, _ in TRANSITIONS.values())
    assert set().union(*(after for _, after in TRANSITIONS.values())) == {*ENDED, JobStatus.RUNNING}
