"""The bench's counting against DynamoDB's published rules, on requests that the emulator really answered."""

from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from bench.meter import Spent
from bench.stand import Stand
from bench.units import item_size, read_units_of

TABLE = "bench"


def row(size: int, **more: Any) -> dict[str, Any]:
    """An item of exactly so many bytes, `more` not counted."""
    key = {"pk": {"S": f"units#{uuid4()}"}, "sk": {"S": "X"}}
    return key | {"pad": {"B": b"x" * (size - item_size(key) - len("pad"))}} | more


def spent(stand: Stand, request: str, **asked: Any) -> Spent:
    stand.meter.take()
    with stand.meter.during("test"):
        getattr(stand.dynamodb, request)(**asked)
    return stand.meter.take()["test"]


def test_sizes_are_those_of_the_published_rules() -> None:
    assert item_size({"a": {"S": "é"}}) == 3
    assert item_size({"ab": {"N": "12345"}}) == 2 + 4
    assert item_size({"n": {"N": "-100"}}) == 1 + 3
    assert item_size({"b": {"B": b"123"}, "t": {"BOOL": True}}) == 4 + 2
    assert item_size({"s": {"NS": ["1", "234"]}}) == 1 + 2 + 3
    assert item_size({"l": {"L": [{"S": "ab"}, {"S": "c"}]}}) == 1 + 3 + 3 + 2


@pytest.mark.parametrize(("size", "units"), [(1024, 1), (1025, 2), (3000, 3)])
def test_a_write_costs_a_unit_for_every_started_kilobyte(bench_stand: Stand, size: int, units: int) -> None:
    assert spent(bench_stand, "put_item", TableName=TABLE, Item=row(size)).write_units == units


def test_an_index_entry_costs_one_unit_to_make_two_to_move_and_none_to_keep(bench_stand: Stand) -> None:
    keys = {"due_pk": {"S": "units"}, "due_at": {"N": "1"}}
    item = row(200, **keys)
    assert spent(bench_stand, "put_item", TableName=TABLE, Item=item).write_units == 2
    assert spent(bench_stand, "put_item", TableName=TABLE, Item=item | {"x": {"S": "y"}}).write_units == 1
    assert spent(bench_stand, "put_item", TableName=TABLE, Item=item | {"due_at": {"N": "2"}}).write_units == 3


def test_a_transaction_costs_twice_and_its_index_entries_once(bench_stand: Stand) -> None:
    parts = [row(1000), row(2000, due_pk={"S": "units"}, due_at={"N": "1"})]
    writes = [{"Put": {"TableName": TABLE, "Item": part}} for part in parts]
    assert spent(bench_stand, "transact_write_items", TransactItems=writes).write_units == 2 * (1 + 2) + 1


def test_a_refused_write_costs_what_it_would_have_written(bench_stand: Stand) -> None:
    item = row(1500)
    bench_stand.unmetered.put_item(TableName=TABLE, Item=item)
    condition = {"ConditionExpression": "attribute_not_exists(pk)", "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
    write = {"Put": {"TableName": TABLE, "Item": item, **condition}}
    bench_stand.meter.take()
    with bench_stand.meter.during("put"), pytest.raises(ClientError, match="ConditionalCheckFailed"):
        bench_stand.dynamodb.put_item(TableName=TABLE, Item=item, **condition)
    with bench_stand.meter.during("transaction"), pytest.raises(ClientError, match="ConditionalCheckFailed"):
        bench_stand.dynamodb.transact_write_items(TransactItems=[write])
    refused = bench_stand.meter.take()
    assert (refused["put"].write_units, refused["put"].refused) == (2, 1)
    assert (refused["transaction"].write_units, refused["transaction"].refused) == (4, 1)


def test_reads_cost_by_the_bytes_that_they_read(bench_stand: Stand) -> None:
    item = row(4097)
    bench_stand.unmetered.put_item(TableName=TABLE, Item=item)
    key = {name: item[name] for name in ("pk", "sk")}
    assert spent(bench_stand, "get_item", TableName=TABLE, Key=key, ConsistentRead=True).read_units == 2
    assert spent(bench_stand, "get_item", TableName=TABLE, Key=key).read_units == 1
    missing = key | {"sk": {"S": "none"}}
    asked = {TABLE: {"Keys": [key, missing], "ConsistentRead": True}}
    assert spent(bench_stand, "batch_get_item", RequestItems=asked).read_units == 3
    found = {"KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": {":pk": item["pk"]}}
    assert spent(bench_stand, "query", TableName=TABLE, **found).read_units == 1


def test_a_query_is_rounded_up_over_all_that_it_reads() -> None:
    items = [{"pk": {"S": "x" * 1998}}] * 3
    assert read_units_of("Query", {"ConsistentRead": True}, {"Items": items}) == 2


def test_an_operation_that_scans_fails_the_bench(bench_stand: Stand) -> None:
    with bench_stand.meter.during("sly"):
        bench_stand.dynamodb.scan(TableName=TABLE, Limit=1)
    with pytest.raises(AssertionError, match="sly scanned"):
        bench_stand.meter.take()
