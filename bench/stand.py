"""The test stand: the engine on an emulated table, built as the wiring builds it, with every client on a meter.

Only the clock differs: it moves when it is told to. What a process remembers for a moment (that a spot was heard of,
that the watch is armed, whose turn it is) would else make counts depend on the speed of the machine.
"""

import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3

from bench.meter import Meter
from local import cloud
from local.settings import DUMMY_CREDENTIALS, REPOSITORY
from local.tables import create_table
from local.template import read_template, resources
from muster.core.delivery import Receipt
from muster.core.finish import Execution
from muster.store import keys
from muster.store.blobs import Blobs
from muster.store.finish.deliveries import Deliveries, Stack
from muster.store.finish.ending import Ending
from muster.store.finish.finishes import Finishes
from muster.store.finish.saved import Saved
from muster.store.finish.steps import Finish, Switches
from muster.store.sweeps import Sweeps
from muster.store.table import Table
from muster.sweeps.models import SubmitJob
from muster.webhooks.sealing import Sealer
from muster.wiring import CLIENT_CONFIG

ORGANIZATION = "main"
NAME = "bench"
"""Of the table, the bucket and the queue."""


class SetClock:
    """Milliseconds since 1970; stands still until it is moved."""

    def __init__(self) -> None:
        self._now = time.time_ns() // 1_000_000

    def __call__(self) -> int:
        return self._now

    def move(self, ms: int) -> None:
        self._now += ms


def _arrives(*_: object) -> Receipt:
    return Receipt(204, None, None, 0)


def _allowed(_url: str) -> None:
    """Nothing is sent, so every address will do."""


@dataclass(frozen=True)
class Stand:
    """`unmetered` is a client of the table for what is not to be counted; `emulator` is where they all lead."""

    meter: Meter
    dynamodb: Any
    s3: Any
    sqs: Any
    queue_url: str
    unmetered: Any
    emulator: str
    clock: SetClock = field(default_factory=SetClock)
    executions: list[Execution] = field(default_factory=list)

    def table(self) -> Table:
        return Table(self.dynamodb, NAME)

    def finish(self) -> Finish:
        """The steps of the finish workflow, likewise in a process that has just started."""
        blobs = Blobs(lambda: self.s3, NAME)
        switches = Switches(saving=True, sending=True, address=False)
        aggregations = {"sweeps": self.sweeps().aggregation}
        return Finish(blobs, self._ending(self.table(), blobs), aggregations, switches, self.clock)

    def sweeps(self) -> Sweeps:
        """A process that has just started: it remembers nothing."""

        def send(message: dict[str, int], delay_seconds: int) -> None:
            self.sqs.send_message(
                QueueUrl=self.queue_url, MessageBody=json.dumps(message), DelaySeconds=min(delay_seconds, 900)
            )

        table, blobs = self.table(), Blobs(lambda: self.s3, NAME)
        return Sweeps(table, blobs, send, self.clock, 3, self._ending(table, blobs))

    def _ending(self, table: Table, blobs: Blobs) -> Ending:
        """Executions are collected, for the bench to run; what would be sent counts as delivered."""
        finishes = Finishes(table, self.executions.append, self.clock)
        seal = Sealer([b"bench" * 6 + b"mm"])
        deliveries = Deliveries(table, finishes, seal, _allowed, Stack(), self.clock)
        return Ending(finishes, deliveries, Saved(table, blobs, "results", None, self.clock), _arrives)

    def skip_to(self, job: str, index: int) -> None:
        """Leave a job that nobody claimed from as if everything below `index` had been settled."""
        if not index:
            return
        self._write(keys.head(job), "SET #cursor = :n", {"#cursor": "cursor"}, index)
        tally = {"pk": keys.job_pk(job), "sk": "TALLY#00"}
        self._write(tally, "SET #done = :n, #failed = :zero", {"#done": "done", "#failed": "failed"}, index)

    def put_away(self, job: str) -> None:
        """Claims and audits do not meet the job any more."""
        names = {f"#{name}": name for name in ("open_pk", "open_sk", "audit_pk", "audit_sk")}
        self._write(keys.head(job), f"REMOVE {', '.join(names)}", names)

    def _write(self, key: keys.Key, expression: str, names: dict[str, str], number: int | None = None) -> None:
        """`:n` is the number, `:zero` is 0."""
        given = {} if number is None else {":n": {"N": str(number)}, ":zero": {"N": "0"}}
        values = {name: value for name, value in given.items() if name in expression}
        self.unmetered.update_item(
            TableName=NAME,
            Key={name: {"S": value} for name, value in key.items()},
            UpdateExpression=expression,
            ExpressionAttributeNames=names,
            **({"ExpressionAttributeValues": values} if values else {}),
        )


@contextmanager
def stand() -> Iterator[Stand]:
    """A table, bucket and queue of its own, for the duration of the block."""
    with (
        tempfile.TemporaryDirectory(prefix="muster-bench-") as folder,
        cloud.start(state=Path(folder), only_emulator=True) as running,
    ):
        yield _equip(running)


def _equip(running: cloud.Cloud) -> Stand:
    (_, properties), *_ = resources(read_template(REPOSITORY / "template.yaml"), "AWS::DynamoDB::Table")
    unmetered = running.client("dynamodb")
    create_table(unmetered, NAME, properties)
    running.client("s3").create_bucket(Bucket=NAME)
    queue_url = running.client("sqs").create_queue(QueueName=NAME)["QueueUrl"]
    meter = Meter()
    metered = {service: _client(running, service) for service in ("dynamodb", "s3", "sqs")}
    for client in metered.values():
        meter.attach(client)
    return Stand(meter, **metered, queue_url=queue_url, unmetered=unmetered, emulator=running.emulator)


def _client(running: cloud.Cloud, service: str) -> Any:
    """As the wiring's, but of this emulator."""
    return boto3.client(  # type: ignore[call-overload]
        service,
        config=CLIENT_CONFIG,
        endpoint_url=running.emulator,
        region_name=cloud.REGION,
        aws_access_key_id=DUMMY_CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=DUMMY_CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
    )


def sweep_of(total: int) -> SubmitJob:
    """A job of so many tasks: one algorithm, one axis."""
    seeds = {"min": 1, "max": total, "step": 1}
    return SubmitJob.model_validate({"jarPath": "/jobs/pso.jar", "algorithms": ["PSO"], "parameters": {"seed": seeds}})
