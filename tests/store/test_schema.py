"""Rows say which schema wrote them: newer ones are let alone, older ones are brought up to date when read."""

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from bench.units import item_size, write_units
from functions.sweeps.get_job import get_job
from muster.core.errors import SchemaNewer
from muster.core.ids import LeaseRef
from muster.core.lease import Lease
from muster.edge.call import Call
from muster.store import schema
from muster.store.engine import leases
from muster.store.table import Table, encode, update, upsert
from tests.store.invariants import rows
from tests.store.world import MAIN, World, task_id

NEWER = schema.CURRENT + 1


def kind(row: dict[str, Any]) -> str:
    return "SPOT" if row["pk"].endswith("#SPOTS") else row["sk"].partition("#")[0] or row["sk"]


def everything(world: World) -> list[dict[str, Any]]:
    return sorted(rows(world), key=lambda row: (row["pk"], row["sk"]))


def rewrite_as(world: World, version: int, of: Callable[[dict[str, Any]], bool]) -> None:
    """As if code of that schema had made those rows."""
    chosen = [row for row in rows(world) if of(row)]
    assert chosen
    for row in chosen:
        world.reader.put_item(TableName=world.table, Item=encode(row | {"v": version}))


def of_job(job: str) -> Callable[[dict[str, Any]], bool]:
    return lambda row: job in row["pk"]


def test_every_kind_of_row_says_its_schema(world: World) -> None:
    job, spot = world.submit_many(9), world.hello()
    world.settle_indexes()
    tasks = world.claim(spot, 6, claim_id="one")
    world.complete(spot, tasks[:3])
    world.fail(spot, tasks[3:5])
    world.pass_time(6, alive=[spot])
    world.finish(job)

    made = everything(world)
    assert {kind(row) for row in made} == {"HEAD", "TALLY", "#SPEC", "LEASE", "RESULT", "SPOT", "WATCH"}
    assert {(kind(row), row.get("v")) for row in made} == {(kind(row), schema.CURRENT) for row in made}


@pytest.mark.parametrize("held", [1, 10, 50, 100, 500])
def test_it_costs_no_write_unit(held: int) -> None:
    """At the batches that the bench counts. Of the 500 sizes of a lease the 3 bytes lift one, 296, over a kilobyte."""
    lease = encode(leases.to_item(_lease(held)) | {"v": schema.CURRENT})
    bare = {name: value for name, value in lease.items() if name != "v"}

    assert item_size(lease) - item_size(bare) == 3
    assert write_units(item_size(lease)) == write_units(item_size(bare))


def _lease(held: int) -> Lease:
    ref = LeaseRef("job-main-0123456789abcdef", 1_000_000, 1, held)
    owed = frozenset(range(ref.start, ref.start + held))
    now = 1_767_225_600_000
    return Lease(ref, "main#spot-main-0123456789abcdef", "0123456789ab", 1, 3, now, now + 300_000, owed=owed)


def test_no_index_carries_it(calm_world: World) -> None:
    indexes = calm_world.reader.describe_table(TableName=calm_world.table)["Table"]["GlobalSecondaryIndexes"]

    assert indexes
    assert all("v" not in index["Projection"].get("NonKeyAttributes", []) for index in indexes)


# --- after a rollback: rows that newer code made ----------------------------------------------------------------------


def test_a_job_of_a_newer_schema_is_refused_and_stays_as_it_is(calm_world: World) -> None:
    world = calm_world
    job, spot = world.submit_many(9), world.hello()
    held = [task_id(task) for task in world.claim(spot, 3)]
    rewrite_as(world, NEWER, of_job(job))
    world.sweeps = world.process()
    before = [row for row in everything(world) if of_job(job)(row)]

    for ask in (
        lambda: world.ask("get_job", job),
        lambda: world.ask("cancel_job", job),
        lambda: world.ask("list_tasks", job),
        lambda: world.ask("list_results", job),
        lambda: world.ask("reset_task", held[0]),
    ):
        with pytest.raises(SchemaNewer):
            ask()
    with pytest.raises(SchemaNewer):
        world.renew(spot, held)
    assert [row for row in everything(world) if of_job(job)(row)] == before


@pytest.mark.parametrize(("newer", "settle"), [("LEASE", "complete"), ("TALLY", "complete"), ("HEAD", "fail")])
def test_a_settle_is_refused_by_any_row_that_it_would_write_unread(newer: str, settle: str, calm_world: World) -> None:
    world = calm_world
    job, spot = world.submit_many(9), world.hello()
    first, *rest = world.claim(spot, 3)
    world.complete(spot, [first])
    rewrite_as(world, NEWER, lambda row: of_job(job)(row) and kind(row) == newer)
    before = [row for row in everything(world) if of_job(job)(row) and kind(row) != "RESULT"]

    with pytest.raises(SchemaNewer):
        getattr(world, settle)(spot, rest)
    assert [row for row in everything(world) if of_job(job)(row) and kind(row) != "RESULT"] == before


def test_claims_go_on_with_the_jobs_that_are_known(calm_world: World) -> None:
    world = calm_world
    newer, older, spot = world.submit_many(3, priority=9), world.submit_many(3), world.hello()
    rewrite_as(world, NEWER, of_job(newer))
    world.sweeps = world.process()

    assert {task_id(task).partition(".")[0] for task in world.claim(spot, 3)} == {older}
    assert world.claim(spot, 3) == []


def test_reapers_and_audit_go_on_with_the_jobs_that_are_known(calm_world: World) -> None:
    world = calm_world
    newer, older = world.submit_many(3, priority=9), world.submit_many(3)
    spots = [world.hello(), world.hello()]
    held = [world.claim(spot, 3) for spot in spots]
    assert [task_id(tasks[0]).partition(".")[0] for tasks in held] == [newer, older]
    rewrite_as(world, NEWER, of_job(newer))
    world.sweeps = world.process()
    before = [row for row in everything(world) if of_job(newer)(row)]
    world.pass_time(120)

    assert world.job(older).waiting_tasks == 3
    assert world.finish(older).status == "COMPLETED"
    assert [row for row in everything(world) if of_job(newer)(row)] == before


def test_rolled_forward_again_a_job_runs_to_its_end(calm_world: World) -> None:
    world = calm_world
    job, spot = world.submit_many(9), world.hello()
    world.claim(spot, 3)
    rewrite_as(world, NEWER, of_job(job))
    world.sweeps = world.process()
    world.pass_time(120)
    rewrite_as(world, schema.CURRENT, of_job(job))
    world.sweeps = world.process()

    assert world.finish(job).completed_tasks == 9


def test_a_row_that_an_update_may_make_is_not_written_over_a_newer_one(calm_world: World) -> None:
    table, key = Table(calm_world.reader, calm_world.table), {"pk": f"{MAIN}#x", "sk": "x"}
    table.write(upsert(key, "ADD #count :one", one=1))
    assert table.get(key) == key | {"count": 1, "v": schema.CURRENT}
    rewrite_as(calm_world, NEWER, lambda row: row["pk"] == key["pk"])

    for write in (update(key, "SET #count = :none", none=0), upsert(key, "SET #count = :none", none=0)):
        with pytest.raises(SchemaNewer):
            table.write(write)
        with pytest.raises(SchemaNewer):
            table.transact(write)
    with pytest.raises(SchemaNewer):
        list(table.get_many([key]))
    assert table.get_if_known(key) is None


def test_a_client_is_told_to_come_back(calm_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    job = calm_world.submit_many(3)
    rewrite_as(calm_world, NEWER, of_job(job))
    monkeypatch.setattr(Call, "sweeps", property(lambda _: calm_world.process()))
    path = {"httpMethod": "GET", "path": f"/api/v1/jobs/{job}", "pathParameters": {"jobId": job}, "headers": {}}
    answer = get_job(path, SimpleNamespace())

    assert (answer["statusCode"], int(answer["headers"]["Retry-After"])) == (503, SchemaNewer.retry_after_seconds)
    assert json.loads(answer["body"])["code"] == "SCHEMA_NEWER"


# --- rows that older code made ----------------------------------------------------------------------------------------


def _with_color(row: dict[str, Any]) -> dict[str, Any]:
    return {"color": "grey"} | row


def _with_size(row: dict[str, Any]) -> dict[str, Any]:
    return {"size": len(row["color"])} | row


MADE_UP = {1: _with_color, 2: _with_size}
"""What upgrades from the first schema to a third could be."""


@pytest.mark.parametrize(
    ("row", "known_as"),
    [
        ({"v": 1}, {"color": "grey", "size": 4}),
        ({}, {"color": "grey", "size": 4}),
        ({"v": 2, "color": "red"}, {"color": "red", "size": 3}),
        ({"v": 3, "color": "red", "size": 9}, {"color": "red", "size": 9}),
        ({"v": 1, "color": "blue"}, {"color": "blue", "size": 4}),
    ],
    ids=["the first", "before there were numbers", "the one before", "the same", "updated by newer code"],
)
def test_an_older_row_is_brought_up_to_date_one_schema_at_a_time(row: dict[str, Any], known_as: dict[str, Any]) -> None:
    read = schema.read(row, 3, MADE_UP)

    assert {name: value for name, value in read.items() if name != "v"} == known_as


def test_a_row_of_the_next_schema_is_refused_whatever_can_be_upgraded() -> None:
    with pytest.raises(SchemaNewer):
        schema.read({"v": 4}, 3, MADE_UP)


def test_there_is_a_way_from_every_schema_to_the_current_one() -> None:
    assert sorted(schema.UPGRADES) == list(range(1, schema.CURRENT))
