"""Keys, limits and the trail on a table that races: real threads, exactly as many winners as there may be."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from muster.core.access_key import MATERIAL_BYTES, AccessKey
from muster.core.caller import Caller, Role
from muster.core.errors import TooManyRequests
from muster.store import keys
from muster.store.access.access_keys import AccessKeys
from muster.store.access.limits import Limits
from muster.store.access.trail import Trail
from muster.store.table import Table
from tests.fixtures_cloud import EmulatedTable

NOW = 1_767_225_600_000
THREADS = 8


@pytest.fixture
def table(emulator_table: EmulatedTable) -> Table:
    return Table(emulator_table.dynamodb, emulator_table.table)


def at_once(work: Callable[[int], Any], times: int) -> list[Any]:
    with ThreadPoolExecutor(THREADS) as threads:
        return list(threads.map(work, range(times)))


def test_so_many_submits_as_there_may_be_get_through_whoever_counts_them(table: Table) -> None:
    processes = [Limits(table, lambda: NOW, 50) for _ in range(THREADS)]

    def submit(number: int) -> bool:
        try:
            processes[number % THREADS].count_submit("racing")
        except TooManyRequests:
            return False
        return True

    assert sum(at_once(submit, 200)) == 50


def test_one_of_many_that_revoke_at_once_did_it_and_no_new_process_takes_the_key(table: Table) -> None:
    key = AccessKey.of("racing", bytes(MATERIAL_BYTES))
    AccessKeys(table, lambda: NOW, "main").create(key, role="user", name="n")
    processes = [AccessKeys(table, lambda: NOW, "main") for _ in range(THREADS)]

    assert [process.caller(key) for process in processes] == [Caller("racing", Role.USER, key.id)] * THREADS
    assert sum(at_once(lambda number: processes[number].revoke(key.id), THREADS)) == 1
    assert [process.caller(key) for process in processes] == [None] * THREADS
    assert AccessKeys(table, lambda: NOW, "main").caller(key) is None


def test_every_call_of_one_moment_has_a_line_of_its_own(table: Table) -> None:
    trail = Trail(table, lambda: NOW)

    def act(number: int) -> None:
        line = trail.begin(Caller("racing"), "submit_job", None, f"request-{number}")
        if number % 2:
            trail.end(line, 201, f"job-{number}")

    at_once(act, 100)
    rows = list(trail.of_day("racing", trail.today(), after=None, limit=1000))
    assert len({row["request_id"] for row in rows}) == 100
    assert sum(row.get("status") == 201 for row in rows) == 50
    assert {row["pk"] for row in rows} == {keys.trail("racing", "2026-01-01")} == {"racing#TRAIL#20260101"}
