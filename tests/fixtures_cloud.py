"""Fixtures on the real emulator: the whole cloud, or only its table, bucket and queue.

Both are one process per xdist worker, started when the first test asks, on free ports and temporary state. Tests share
them: keep apart by a random organization, job name or key.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from local import cloud as local_cloud
from local.settings import DUMMY_CREDENTIALS, REPOSITORY, read_settings
from local.tables import create_table
from local.template import read_template, resources


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[local_cloud.Cloud]:
    """The stack of template.yaml: `cloud.api` is the base URL, `cloud.client("sqs")` a client of its emulator.

    MUSTER_TEST_API names another stack to test, by its base URL alone.
    """
    if deployed := os.environ.get("MUSTER_TEST_API"):
        yield local_cloud.Cloud(read_settings({}), {}, api=deployed)
        return
    with local_cloud.start(state=tmp_path_factory.mktemp("cloud")) as running:
        yield running


@dataclass(frozen=True)
class EmulatedTable:
    """Table, bucket and queue of template.yaml without any function."""

    endpoint: str
    table: str
    bucket: str
    queue_url: str
    dynamodb: Any
    s3: Any
    sqs: Any

    @property
    def environment(self) -> dict[str, str]:
        """What a function would find in its environment."""
        return {
            "MUSTER_TABLE": self.table,
            "MUSTER_BUCKET": self.bucket,
            "MUSTER_WATCH_QUEUE_URL": self.queue_url,
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_REGION": local_cloud.REGION,
            "AWS_DEFAULT_REGION": local_cloud.REGION,
            **DUMMY_CREDENTIALS,
        }


@pytest.fixture(scope="session")
def emulator_table(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmulatedTable]:
    """Store tests: conditional writes are atomic under real threads here (not so in moto)."""
    with local_cloud.start(state=tmp_path_factory.mktemp("emulator"), only_emulator=True) as running:
        yield _provision(running)


def _provision(running: local_cloud.Cloud) -> EmulatedTable:
    (_, properties), *_ = resources(read_template(REPOSITORY / "template.yaml"), "AWS::DynamoDB::Table")
    dynamodb, s3, sqs = running.client("dynamodb"), running.client("s3"), running.client("sqs")
    create_table(dynamodb, "muster", properties)
    s3.create_bucket(Bucket="muster")
    queue_url = sqs.create_queue(QueueName="watch")["QueueUrl"]
    return EmulatedTable(running.emulator, "muster", "muster", queue_url, dynamodb, s3, sqs)
