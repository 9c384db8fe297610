"""What is built from settings, once per process: clients of AWS and the faces over them."""

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError

from muster.core.clock import system_clock
from muster.core.delivery import Receipt
from muster.core.finish import Execution, Size
from muster.settings import settings
from muster.store.blobs import Blobs
from muster.store.finish.deliveries import Deliveries, Stack, Target
from muster.store.finish.ending import Ending
from muster.store.finish.finishes import Finishes
from muster.store.finish.saved import Saved
from muster.store.sweeps import Sweeps
from muster.store.table import Table

if TYPE_CHECKING:
    from muster.store.access.access_keys import AccessKeys
    from muster.store.access.limits import Limits
    from muster.store.access.operations import Access
    from muster.store.access.secrets import Secrets
    from muster.store.access.trail import Trail
    from muster.store.finish.steps import Finish
    from muster.webhooks.sealing import Sealer
    from muster.webhooks.sender import Sender

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


SIGNED_LINKS = CLIENT_CONFIG.merge(Config(signature_version="s3v4"))
"""What S3 signs links by unless told otherwise can not carry a file's name."""


@cache
def _session() -> Any:
    """What all clients share. Of boto3 functions would use nothing else, and importing it costs a cold start 14 ms."""
    return botocore.session.get_session()


@cache
def client(service: str) -> Any:
    return _session().create_client(service, config=SIGNED_LINKS if service == "s3" else CLIENT_CONFIG)


def _send(message: dict[str, int], delay_seconds: int) -> None:
    body = json.dumps(message)
    client("sqs").send_message(
        QueueUrl=settings().watch_queue_url, MessageBody=body, DelaySeconds=min(delay_seconds, 900)
    )


def _start(execution: Execution) -> None:
    """Start an execution of the finish workflow; one of that name is the same one."""
    told = settings()
    machine = told.small_finish_machine if execution.size is Size.SMALL else told.finish_machine
    request = {"stateMachineArn": machine, "name": execution.name, "input": json.dumps(execution.state())}
    try:
        client("stepfunctions").start_execution(**request)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ExecutionAlreadyExists":
            raise


class _Seal:
    """Seals with the stack's key, which is asked for when first something is to be sealed or opened."""

    def seal(self, text: str) -> str:
        return self._sealer.seal(text)

    def open(self, token: str) -> str:
        return self._sealer.open(token)

    @property
    def _sealer(self) -> "Sealer":
        from muster.webhooks.sealing import Sealer

        return Sealer([secrets().sealing_key()])


@cache
def _sender() -> "Sender":
    from muster.webhooks.addresses import Policy
    from muster.webhooks.sender import Sender

    return Sender(Policy(local=settings().local_webhooks))


def _deliver(target: Target, message_id: str, sent_at_ms: int, body: str, correlation: str) -> Receipt:
    return _sender().send(target.url, target.secrets, message_id, sent_at_ms, body, correlation)


def _allow(url: str) -> None:
    from muster.webhooks.addresses import AddressRefused, Policy, endpoint_of

    try:
        endpoint_of(url, Policy(local=settings().local_webhooks))
    except AddressRefused as refused:
        raise ValueError(str(refused)) from None


def _stacks_secrets() -> list[str]:
    """What RESULTS_API_SECRET says; else the one that is derived from the stack's secret."""
    return settings().results_secret.split() or [secrets().webhook_secret()]


@cache
def table() -> Table:
    return Table(client("dynamodb"), settings().table)


@cache
def _blobs() -> Blobs:
    return Blobs(lambda: client("s3"), settings().bucket)


@cache
def _ending() -> Ending:
    told = settings()
    finishes = Finishes(table(), _start, system_clock)
    folder = Path(told.results_folder) if told.results_folder else None
    stack = Stack(told.results_url if told.sending else "", _stacks_secrets)
    return Ending(
        finishes,
        Deliveries(table(), finishes, _Seal(), _allow, stack, system_clock),
        Saved(table(), _blobs(), told.results_path, folder, system_clock),
        _deliver,
    )


@cache
def sweeps() -> Sweeps:
    """The sweeps face of this process."""
    told = settings()
    return Sweeps(table(), _blobs(), _send, system_clock, told.max_attempts, _ending(), told.organization)


@cache
def finish() -> "Finish":
    """The steps of the finish workflow, for every face."""
    from muster.store.finish.steps import Finish, Switches

    told, ending = settings(), _ending()
    switches = Switches(told.saving, told.sending, address=bool(told.results_url))
    aggregations = {"sweeps": sweeps().aggregation}
    return Finish(_blobs(), ending, aggregations, switches, system_clock)


# Imported when asked for: a process that is never sent a key, or nothing but keys of the table, does without the rest.


@cache
def secrets() -> "Secrets":
    """The stack's own keys."""
    from muster.store.access.secrets import Secrets

    return Secrets(lambda: client("secretsmanager"), settings().secret, system_clock)


@cache
def access_keys() -> "AccessKeys":
    """Whose key is it?"""
    from muster.store.access.access_keys import AccessKeys

    return AccessKeys(table(), system_clock, settings().organization)


@cache
def trail() -> "Trail":
    """Who did what."""
    from muster.store.access.trail import Trail

    return Trail(table(), system_clock)


@cache
def limits() -> "Limits":
    """How much an organization may ask for."""
    from muster.store.access.limits import Limits

    return Limits(table(), system_clock, settings().submits_per_minute)


@cache
def access() -> "Access":
    """The face of keys and the trail."""
    from muster.store.access.operations import Access

    return Access(access_keys(), trail(), secrets())
