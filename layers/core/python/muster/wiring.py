"""What is built from settings, once per process: clients of AWS and the faces over them."""

import json
from functools import cache
from typing import Any

import botocore.session
from botocore.config import Config

from muster.core.clock import system_clock
from muster.settings import settings
from muster.store.blobs import Blobs
from muster.store.sweeps import Sweeps
from muster.store.table import Table

CLIENT_CONFIG = Config(
    connect_timeout=1,
    read_timeout=3,
    retries={"mode": "standard", "total_max_attempts": 2},
    max_pool_connections=64,
    tcp_keepalive=True,
    parameter_validation=False,
    user_agent="muster",
)
"""A request that hangs is given up while its function still has time to try again.

Requests are built by the store alone and checked by the service: checking them here as well took a third of a call,
and putting a user agent together anew for each a twentieth.
"""


@cache
def _session() -> Any:
    """What all clients share. Of boto3 functions would use nothing else, and importing it costs a cold start 14 ms."""
    return botocore.session.get_session()


@cache
def client(service: str) -> Any:
    return _session().create_client(service, config=CLIENT_CONFIG)


def _send(message: dict[str, int], delay_seconds: int) -> None:
    body = json.dumps(message)
    client("sqs").send_message(
        QueueUrl=settings().watch_queue_url, MessageBody=body, DelaySeconds=min(delay_seconds, 900)
    )


@cache
def sweeps() -> Sweeps:
    """The sweeps face of this process."""
    told = settings()
    table, blobs = Table(client("dynamodb"), told.table), Blobs(lambda: client("s3"), told.bucket)
    return Sweeps(table, blobs, _send, system_clock, told.max_attempts)
