"""Health is an answer only while the table answers."""

import json
import time
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from functions.sweeps.get_health import get_health
from muster.core.clock import system_clock
from muster.core.errors import StoreUnreachable
from muster.edge.call import Call
from muster.store.blobs import Blobs
from muster.store.sweeps import Sweeps
from muster.store.table import Table
from muster.wiring import CLIENT_CONFIG
from tests.fixtures_cloud import EmulatedTable
from tests.store.endings import sweeps

FUNCTION_TIMEOUT_SECONDS = 10


def sweeps_on(client: Any, table: str) -> Sweeps:
    return sweeps(Table(client, table), Blobs(lambda: None, ""), lambda *_: None, system_clock)


def nobody_there() -> Any:
    return boto3.client(
        "dynamodb", endpoint_url="http://127.0.0.1:9", region_name="us-east-1", aws_access_key_id="x",
        aws_secret_access_key="x", config=CLIENT_CONFIG,
    )  # fmt: skip


def test_a_table_that_is_not_there_is_no_health(emulator_table: EmulatedTable) -> None:
    with pytest.raises(StoreUnreachable):
        sweeps_on(emulator_table.dynamodb, "no-such-table").get_health("main")


def test_a_table_that_does_not_answer_is_503_before_the_function_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    face = sweeps_on(nobody_there(), "muster")
    monkeypatch.setattr(Call, "sweeps", property(lambda _: face))
    begun = time.monotonic()
    answer = get_health({"httpMethod": "GET", "path": "/api/v1/health", "headers": {}}, SimpleNamespace())
    assert time.monotonic() - begun < FUNCTION_TIMEOUT_SECONDS
    assert answer["statusCode"] == 503
    assert int(answer["headers"]["Retry-After"]) > 0
    assert json.loads(answer["body"]) == {
        "success": False, "error": "database disconnected", "code": "DATABASE_DISCONNECTED",
    }  # fmt: skip
