"""The rules of a lease: what moves where, what is refused, and that nothing is ever lost or doubled."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.core import lease as rules
from muster.core.ids import LeaseRef
from muster.core.lease import SETS, Lease, Standing

JOB = "job-main-0000000000000000"
NOW = 1_000_000


def owing(*indices: int, attempts: int = 1, max_attempts: int = 3) -> Lease:
    owed = frozenset(indices)
    ref = LeaseRef(JOB, min(owed), 1, len(owed))
    return Lease(ref, "main#a", "mark", attempts, max_attempts, NOW, NOW + 300_000, owed=owed)


def of(*indices: int) -> frozenset[int]:
    return frozenset(indices)


def test_completing_moves_what_is_owed_to_done_and_names_the_result() -> None:
    lease = rules.complete(owing(0, 1, 2), of(1), "r")
    assert (lease.owed, lease.done, lease.results, lease.version) == (of(0, 2), of(1), ("r",), 2)


def test_completing_late_takes_from_what_waits() -> None:
    lease = rules.fail(owing(0, 1), of(0, 1), NOW, terminal=False, result=None)
    lease = rules.complete(lease, of(0), "r")
    assert (lease.returned, lease.done) == (of(1), of(0))
    assert lease.available_at == NOW + 1_000
    assert rules.complete(lease, of(1), "s").available_at is None


def test_a_failure_waits_longer_the_more_often_it_ran() -> None:
    waits = [
        rules.fail(owing(0, attempts=attempts, max_attempts=9), of(0), NOW, terminal=False, result=None).retry_at - NOW
        for attempts in range(1, 9)
    ]
    assert waits == [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]


def test_a_later_failure_never_shortens_the_wait_of_an_earlier_one() -> None:
    lease = rules.fail(owing(0, 1), of(0), NOW, terminal=False, result=None)
    assert rules.reset(lease, 1, NOW - 500).retry_at == NOW + 1_000


def test_a_terminal_failure_is_final() -> None:
    lease = rules.fail(owing(0), of(0), NOW, terminal=True, result="r")
    assert (lease.failed, lease.held, lease.available_at) == (of(0), False, None)
    assert lease.standing("main#a", 0) is Standing.FAILED


def test_what_is_released_waits_without_delay() -> None:
    lease = rules.release(owing(0, 1), of(1))
    assert (lease.spared, lease.available_at) == (of(1), 0)


def test_what_is_released_is_claimed_before_what_failed_and_with_its_attempt_unspent() -> None:
    lease = rules.release(owing(0, 1, 2), of(2))
    lease = rules.fail(lease, of(0), NOW - 10_000, terminal=False, result=None)
    taken = rules.take_over(lease, 5, NOW, "main#b", "m", NOW + 1)
    assert taken
    older, newer = taken
    assert (newer.owed, newer.attempts, newer.ref.gen) == (of(2), 1, 2)
    assert (older.moved, older.returned, older.spared) == (of(2), of(0), of())
    taken = rules.take_over(older, 5, NOW, "main#b", "m", NOW + 1)
    assert taken
    assert (taken[1].owed, taken[1].attempts) == (of(0), 2)


def test_what_failed_is_not_claimed_before_its_time() -> None:
    lease = rules.fail(owing(0), of(0), NOW, terminal=False, result=None)
    assert rules.take_over(lease, 1, NOW + 999, "main#b", "m", NOW) is None
    assert rules.take_over(lease, 1, NOW + 1_000, "main#b", "m", NOW) is not None


def test_the_lowest_are_claimed_first_and_no_more_than_wanted() -> None:
    lease = rules.release(owing(4, 5, 6, 7), of(4, 5, 6, 7))
    taken = rules.take_over(lease, 2, NOW, "main#b", "m", NOW)
    assert taken
    assert (taken[1].owed, taken[1].ref) == (of(4, 5), LeaseRef(JOB, 4, 2, 2))


def test_a_fenced_range_begins_with_its_first_attempt() -> None:
    fence = Lease(LeaseRef(JOB, 3, 1, 1), "", "", 0, 2, 0, 0, returned=of(3))
    taken = rules.take_over(fence, 1, NOW, "main#b", "m", NOW)
    assert taken
    assert taken[1].attempts == 1


def test_renewing_gives_back_what_is_not_listed() -> None:
    lease = rules.renew(owing(0, 1, 2), of(1), NOW + 9)
    assert (lease.owed, lease.spared, lease.expires_at) == (of(1), of(0, 2), NOW + 9)


def test_a_reset_spends_the_attempt_but_never_the_last_one() -> None:
    assert rules.reset(owing(0, 1), 1, NOW).returned == of(1)
    last = rules.reset(owing(0, 1, attempts=3), 1, NOW)
    assert (last.spared, last.available_at) == (of(1), 0)


def test_dropping_tells_the_holder_of_what_it_owes_and_nobody_of_the_rest() -> None:
    lease = rules.release(rules.complete(owing(0, 1, 2), of(0), "r"), of(1))
    lease = rules.drop(lease)
    assert (lease.done, lease.dropped, lease.told, lease.held) == (of(0), of(2), of(1), True)
    lease = rules.acknowledge(lease, of(2))
    assert (lease.told, lease.held, lease.available_at) == (of(1, 2), False, None)


@pytest.mark.parametrize(
    ("place", "mine", "others"),
    [
        ("owed", Standing.OWED, Standing.LOST),
        ("returned", Standing.WAITING, Standing.LOST),
        ("spared", Standing.WAITING, Standing.LOST),
        ("moved", Standing.LOST, Standing.LOST),
        ("done", Standing.DONE, Standing.DONE),
        ("failed", Standing.FAILED, Standing.FAILED),
        ("dropped", Standing.CANCELLED, Standing.CANCELLED),
        ("told", Standing.CANCELLED, Standing.CANCELLED),
    ],
)
def test_every_set_says_what_a_worker_is_told(place: str, mine: Standing, others: Standing) -> None:
    sets: dict[str, Any] = {"owed": of(), place: of(0)}
    lease = replace(owing(0), **sets)
    assert lease.standing("main#a", 0) is mine
    assert lease.standing("main#b", 0) is others
    assert lease.standing("main#a", 1) is Standing.UNKNOWN


moves = st.lists(st.tuples(st.sampled_from(range(9)), st.frozensets(st.integers(0, 7), min_size=1)), max_size=25)


@given(moves)
def test_whatever_happens_every_task_is_in_exactly_one_set_and_final_ones_stay(steps: list[Any]) -> None:
    lease = owing(*range(8))
    for which, picked in steps:
        before = lease
        lease = _moved(lease, which, picked)
        members = [index for name in SETS for index in getattr(lease, name)]
        assert sorted(members) == list(range(8))
        assert before.done <= lease.done
        assert before.failed <= lease.failed
        assert before.moved <= lease.moved
        assert before.told <= lease.told
        assert before.results == lease.results[: len(before.results)]


def _moved(lease: Lease, which: int, picked: frozenset[int]) -> Lease:  # noqa: C901
    """One rule, applied as the store applies it: to what may move only."""
    owed, settleable = picked & lease.owed, picked & (lease.owed | lease.returned | lease.spared)
    match which:
        case 0 if settleable:
            return rules.complete(lease, settleable, "r")
        case 1 if owed:
            return rules.fail(lease, owed, NOW, terminal=False, result="f")
        case 2 if owed:
            return rules.fail(lease, owed, NOW, terminal=True, result="f")
        case 3 if owed:
            return rules.release(lease, owed)
        case 4 if owed:
            return rules.renew(lease, owed, NOW)
        case 5 if owed:
            return rules.reset(lease, min(owed), NOW)
        case 6:
            taken = rules.take_over(lease, len(picked), NOW + 10**6, "main#b", "m", NOW)
            if taken:
                assert taken[1].owed == taken[0].moved - lease.moved
            return taken[0] if taken else lease
        case 7 if len(picked) == 1:
            return rules.drop(lease)
        case 8 if picked & lease.dropped:
            return rules.acknowledge(lease, picked & lease.dropped)
    return lease
