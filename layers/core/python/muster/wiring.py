"""What is built from settings, once per process: clients of AWS and the faces over them."""

import json
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from muster.core.clock import system_clock
from muster.settings import settings
from muster.store.blobs import Blobs
from muster.store.sweeps import Sweeps
from muster.store.table import Table

if TYPE_CHECKING:
    from muster.store.access import Access
    from muster.store.access_keys import AccessKeys
    from muster.store.limits import Limits
    from muster.store.secrets import Secrets
    from muster.store.trail import Trail

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
def client(service: str) -> Any:
    build: Any = boto3.client
    return build(service, config=CLIENT_CONFIG)


def _send(message: dict[str, int], delay_seconds: int) -> None:
    body = json.dumps(message)
    client("sqs").send_message(
        QueueUrl=settings().watch_queue_url, MessageBody=body, DelaySeconds=min(delay_seconds, 900)
    )


@cache
def table() -> Table:
    return Table(client("dynamodb"), settings().table)


@cache
def sweeps() -> Sweeps:
    """The sweeps face of this process."""
    told = settings()
    blobs = Blobs(lambda: client("s3"), told.bucket)
    return Sweeps(table(), blobs, _send, system_clock, told.max_attempts, told.organization)


# Imported when asked for: a process that is never sent a key, or nothing but keys of the table, does without the rest.


@cache
def secrets() -> "Secrets":
    """The stack's own keys."""
    from muster.store.secrets import Secrets

    return Secrets(lambda: client("secretsmanager"), settings().secret, system_clock)


@cache
def access_keys() -> "AccessKeys":
    """Whose key is it?"""
    from muster.store.access_keys import AccessKeys

    return AccessKeys(table(), system_clock, settings().organization)


@cache
def trail() -> "Trail":
    """Who did what."""
    from muster.store.trail import Trail

    return Trail(table(), system_clock)


@cache
def limits() -> "Limits":
    """How much an organization may ask for."""
    from muster.store.limits import Limits

    return Limits(table(), system_clock, settings().submits_per_minute)


@cache
def access() -> "Access":
    """The face of keys and the trail."""
    from muster.store.access import Access

    return Access(access_keys(), trail(), secrets())
