"""What a request to the table does about faults, one by one; and that the injector delivers each of them."""

import socket
import threading
from collections.abc import Callable
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError
from botocore.httpsession import URLLib3Session

from muster.core.errors import StoreBusy
from muster.store import table as tables
from muster.store.blobs import Blobs
from muster.store.table import Refused, Table, check, put, update
from tests.store.hostile import CONFLICTS, EVERYTHING, LATE_INDEXES, LOST_ANSWERS, THROTTLING, Plan
from tests.store.world import World

KEY = {"pk": "main#faults", "sk": "row"}


def table_of(world: World) -> Table:
    return Table(world._dynamodb, world.table)


@pytest.mark.parametrize("plan", [CONFLICTS, THROTTLING, LOST_ANSWERS, EVERYTHING], ids=lambda plan: plan.name)
def test_a_counter_in_transactions_counts_every_step_once_under_every_fault(
    new_world: Callable[..., World], plan: Plan
) -> None:
    world = new_world(plan, seed=3)
    table = table_of(world)
    table.write(put(KEY | {"count": 0}))
    other = KEY | {"sk": "other"}
    for step in range(60):
        table.transact(
            update(KEY, "SET #count = #count + :one", one=1),
            update(other, "ADD #count :one", one=1),
        )
        assert table.get(KEY)["count"] == table.get(other)["count"] == step + 1  # type: ignore[index]
    assert sum(world.injector.delivered.values()) > 5


def test_an_index_is_late_by_three_seconds_at_most(new_world: Callable[..., World]) -> None:
    world = new_world(LATE_INDEXES, seed=1)
    table = table_of(world)

    def seen() -> int:
        return len(list(table.query("#holder = :who", index="holder", who="main#somebody")))

    table.write(put(KEY | {"holder": "main#somebody"}))
    assert 0 in {seen() for _ in range(20)}
    world.now += 3_000
    assert {seen() for _ in range(20)} == {1}
    table.write(update(KEY, "REMOVE #holder"))
    assert {seen() for _ in range(40)} == {0, 1}
    world.now += 3_000
    assert {seen() for _ in range(20)} == {0}


def test_a_refusal_comes_with_the_row_that_refused(calm_world: World) -> None:
    table = table_of(calm_world)
    table.write(put(KEY | {"owed": frozenset({3, 1, 2})}))
    with pytest.raises(Refused) as refused:
        table.write(put(KEY, "attribute_not_exists(#pk)"))
    assert refused.value.item == KEY | {"owed": frozenset({1, 2, 3}), "v": 1}
    with pytest.raises(Refused) as refused:
        table.transact(put(KEY | {"sk": "x"}), check(KEY, "#owed = :owed", owed=frozenset({1, 2})))
    assert (refused.value.place, refused.value.item) == (1, KEY | {"owed": frozenset({1, 2, 3}), "v": 1})
    table.transact(put(KEY | {"sk": "x"}), check(KEY, "#owed = :owed", owed=frozenset({2, 1, 3})))


def test_a_refusal_of_a_row_that_is_not_there_has_no_row(calm_world: World) -> None:
    with pytest.raises(Refused) as refused:
        table_of(calm_world).write(update(KEY, "SET #x = :x", "attribute_exists(#pk)", x=1))
    assert refused.value.item is None


def failing_once(client: Any, error: Exception) -> None:
    """The next request of a client does not reach the service."""
    errors = [error]

    def fail(**_: Any) -> None:
        if errors:
            raise errors.pop()

    client.meta.events.register("before-call", fail)


@pytest.mark.parametrize(
    "error",
    [
        EndpointConnectionError(endpoint_url="http://nowhere"),
        ConnectTimeoutError(endpoint_url="http://nowhere"),
        ReadTimeoutError(endpoint_url="http://nowhere"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_connection_that_fails_is_tried_again(calm_world: World, error: Exception) -> None:
    failing_once(calm_world._dynamodb, error)
    assert table_of(calm_world).get(KEY) is None
    failing_once(calm_world._s3, error)
    blobs = Blobs(lambda: calm_world._s3, calm_world.bucket)
    blobs.put("faults/x", b"x")
    assert blobs.get("faults/x") == b"x"


def test_a_bucket_that_asks_to_slow_down_is_asked_again(new_world: Callable[..., World]) -> None:
    world = new_world(THROTTLING, seed=5)
    blobs = Blobs(lambda: world._s3, world.bucket)
    for number in range(20):
        blobs.put(f"faults/{number}", b"x" * number)
        assert blobs.get(f"faults/{number}") == b"x" * number
    assert world.injector.delivered["throttle"] > 3


@pytest.mark.parametrize("plan", [Plan("conflicts only", conflict=1), Plan("throttling only", throttle=1)])
def test_conflicts_without_end_become_store_busy(
    new_world: Callable[..., World], plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = new_world(plan)
    impatient = tables._patient().copy(stop=lambda state: state.attempt_number >= 5)
    monkeypatch.setattr(tables, "_patient", lambda: impatient)
    with pytest.raises(StoreBusy):
        table_of(world).transact(update(KEY, "ADD #count :one", one=1), put(KEY | {"sk": "x"}))
    with pytest.raises(StoreBusy):
        table_of(world).write(update(KEY, "ADD #count :one", one=1))


@pytest.mark.slow
def test_a_table_that_does_not_answer_becomes_store_busy(calm_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    impatient = tables._patient().copy(stop=lambda state: state.attempt_number >= 3)
    monkeypatch.setattr(tables, "_patient", lambda: impatient)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        import boto3

        nobody = boto3.client(
            "dynamodb",
            endpoint_url=f"http://127.0.0.1:{silent.getsockname()[1]}",
            region_name="eu-central-1",
            aws_access_key_id="x",
            aws_secret_access_key="x",
            config=Config(connect_timeout=0.2, read_timeout=0.2, retries={"total_max_attempts": 1}),
        )
        with pytest.raises(StoreBusy):
            Table(nobody, "t").get(KEY)


def losing_answers(client: Any, chosen: Callable[[str], bool]) -> list[str]:
    """The first answer to each chosen operation is lost on the way: the request went out, botocore sends it again."""
    lost: list[str] = []

    def send(request: Any, event_name: str, **_: Any) -> None:
        operation = event_name.rpartition(".")[2]
        if chosen(operation) and operation not in lost:
            lost.append(operation)
            URLLib3Session().send(request)
            raise ReadTimeoutError(endpoint_url=request.url)

    client.meta.events.register("before-send", send)
    return lost


def test_the_client_librarys_own_retries_do_nothing_twice(
    new_world: Callable[..., World], new_client: Callable[..., Any]
) -> None:
    world = new_world()
    retrying = Config(retries={"total_max_attempts": 3, "mode": "standard"}, s3={"addressing_style": "path"})
    world._dynamodb = new_client("dynamodb", retrying)
    world.sweeps = world.process()
    lost = losing_answers(world._dynamodb, lambda name: name in ("PutItem", "UpdateItem", "TransactWriteItems"))
    job, spot = world.submit_many(6), world.hello()
    first = world.claim(spot, 4)
    lost.remove("UpdateItem")
    second = world.claim(spot, 4)
    assert [len(first), len(second)] == [4, 2]
    assert world.complete(spot, first) == ["completed"] * 4
    assert world.complete(spot, second) == ["completed"] * 2
    assert sorted(lost) == ["PutItem", "TransactWriteItems", "UpdateItem"]
    assert world.job(job).status == "COMPLETED"


def test_one_client_serves_many_threads(calm_world: World) -> None:
    table = table_of(calm_world)
    threads = [
        threading.Thread(target=lambda: [table.write(update(KEY, "ADD #count :one", one=1)) for _ in range(10)])
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert table.get(KEY)["count"] == 80  # type: ignore[index]
