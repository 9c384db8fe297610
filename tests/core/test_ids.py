"""Ids carry what is needed to find their row, and nothing else is mistaken for one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.core import ids
from muster.core.ids import LeaseRef, TaskRef

JOB = "job-main-0123456789abcdef"
numbers = st.integers(0, 10**9)
refs = st.builds(LeaseRef, st.just(JOB), numbers, st.integers(1, 99_999), st.integers(1, 500))


@given(refs, numbers)
def test_a_task_id_names_its_job_its_index_and_its_lease(ref: LeaseRef, index: int) -> None:
    text = ref.task_id(index)
    assert text.startswith(ids.short_task_id(JOB, index))
    assert ids.parse_task_id(text) == TaskRef(JOB, index, ref)
    assert len(text) <= 128


@given(refs)
def test_a_lease_is_read_back_from_its_text(ref: LeaseRef) -> None:
    assert ids.parse_lease(str(ref)) == ref


def test_a_short_task_id_has_no_lease() -> None:
    assert ids.parse_task_id(f"{JOB}.7") == TaskRef(JOB, 7, None)


@pytest.mark.parametrize(
    "text",
    ["", "task-001", JOB, f"{JOB}.", f"{JOB}.x", f"{JOB}.1.2", f"{JOB}.1.2-3", f"{JOB}.1.2-3-4-5", f"{JOB}.-1",
     f"{JOB}.1\n", f"{JOB}.12345678901", "job-Main-0123456789abcdef.1", f"{JOB}#HEAD.1", f" {JOB}.1"],
)  # fmt: skip
def test_what_is_no_task_id_is_none(text: str) -> None:
    assert ids.parse_task_id(text) is None


@given(st.text(max_size=60))
def test_no_text_breaks_the_parser(text: str) -> None:
    parsed = ids.parse_task_id(text)
    assert parsed is None or parsed.index >= 0


def test_job_ids_name_their_organization() -> None:
    assert ids.organization_of(ids.new_job_id("acme")) == "acme"
    assert ids.organization_of("job-acme-short") is None
    assert ids.organization_of("nonsense") is None


def test_job_ids_are_fresh_unless_a_key_stands_for_them() -> None:
    assert len({ids.new_job_id("main") for _ in range(1000)}) == 1000
    assert ids.new_job_id("main", "k") == ids.new_job_id("main", "k")
    assert len({ids.new_job_id("main", "k"), ids.new_job_id("main", "l"), ids.new_job_id("other", "k")}) == 3
    assert ids.new_job_id("a", "b\0c") != ids.new_job_id("a\0b", "c")[: len(ids.new_job_id("a", "x"))]


def test_spot_ids_and_nonces_do_not_repeat() -> None:
    assert len({ids.new_spot_id("main") for _ in range(1000)}) == 1000
    assert len({ids.new_nonce() for _ in range(1000)}) == 1000
