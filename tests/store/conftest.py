"""Worlds on the pinned emulator, a table of its own for every test."""

import itertools
from collections.abc import Callable, Iterator
from typing import Any
from zlib import crc32

import boto3
import pytest
from botocore.config import Config

from tests.fixtures_cloud import EmulatedTable, emulator_table  # noqa: F401
from tests.store.hostile import CALM, HOSTILE, Plan
from tests.store.world import Clients, World

# One attempt: what is tried again is tried again by the engine, which is what these tests are about.
_CONFIG = Config(
    retries={"total_max_attempts": 1, "mode": "standard"},
    parameter_validation=False,
    max_pool_connections=32,
    s3={"addressing_style": "path"},
)
_counter = itertools.count()
_OF_TABLE = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode")


@pytest.fixture(scope="session")
def new_client(emulator_table: EmulatedTable) -> Callable[..., Any]:  # noqa: F811
    """Builds clients of the emulator."""
    told = emulator_table.environment
    session = boto3.session.Session(
        aws_access_key_id=told.get("AWS_ACCESS_KEY_ID", "test"),
        aws_secret_access_key=told.get("AWS_SECRET_ACCESS_KEY", "test"),
        region_name=told["AWS_REGION"],
    )

    def build(service: str, config: Config = _CONFIG) -> Any:
        return session.client(service, endpoint_url=emulator_table.endpoint, config=config)

    return build


@pytest.fixture(scope="session")
def new_world(emulator_table: EmulatedTable, new_client: Callable[..., Any]) -> Callable[..., World]:  # noqa: F811
    """Builds worlds, each on an empty table; one lives at a time."""
    admin = emulator_table.dynamodb
    described = admin.describe_table(TableName=emulator_table.table)["Table"]
    properties = {name: described[name] for name in _OF_TABLE if name in described}
    properties["BillingMode"] = "PAY_PER_REQUEST"
    properties["GlobalSecondaryIndexes"] = [
        {name: index[name] for name in ("IndexName", "KeySchema", "Projection")}
        for index in described["GlobalSecondaryIndexes"]
    ]
    hooked = Clients(new_client("dynamodb"), new_client("s3"))
    untouched = Clients(new_client("dynamodb"), new_client("s3"))
    before: list[World] = []

    def build(plan: Plan = CALM, seed: int = 0) -> World:
        """Clients take long to make: worlds share them, one world after the other."""
        while before:
            last = before.pop()
            last.injector.detach(hooked.dynamodb)
            last.injector.detach(hooked.s3)
            admin.delete_table(TableName=last.table)
        table = f"engine-{next(_counter)}"
        admin.create_table(TableName=table, **properties)
        world = World(hooked, untouched, table, emulator_table.bucket, plan, seed)
        world.injector.attach(hooked.dynamodb)
        world.injector.attach(hooked.s3)
        before.append(world)
        return world

    return build


def _plans() -> list[Any]:
    hostile = [pytest.param(plan, id=plan.name.replace(" ", "_"), marks=pytest.mark.slow) for plan in HOSTILE]
    return [pytest.param(CALM, id="calm"), *hostile]


@pytest.fixture(params=_plans())
def world(request: pytest.FixtureRequest, new_world: Callable[..., World]) -> Iterator[World]:
    """A world under every kind of fault in turn. Whatever the test does, nothing is ever scanned."""
    built = new_world(request.param, crc32(request.node.name.encode()))
    yield built
    assert "Scan" not in built.injector.operations
    assert "DeleteItem" not in built.injector.operations


@pytest.fixture
def calm_world(new_world: Callable[..., World]) -> Iterator[World]:
    """A world without faults, for what is counted or staged by hand."""
    built = new_world()
    yield built
    assert "Scan" not in built.injector.operations
