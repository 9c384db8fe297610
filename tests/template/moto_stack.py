"""Table, bucket and queue of the template in moto, the real store over them, and every call to AWS written down.

Moto answers in the process and one at a time: enough to see what a function asks for, not to see it race.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import pytest
from moto import mock_aws

from local.tables import create_table
from local.template import read_template, resources
from muster import wiring
from muster.core import finish
from muster.settings import settings
from muster.store.access.secrets import derive
from muster.store.engine.jobs import Jobs
from muster.store.sweeps import Sweeps
from tests.operations import REPOSITORY, event_of, file_of, handler
from tests.store.states import DEFINITION, Interpreter

ROOT = "the secret of the sample events"
"""What the stack's own keys are derived from."""

Permission = tuple[str, str]
"""An IAM action and the resource of the template that it is needed on, like `Table/index/due`."""

_NAME = "muster-test"
_PARTS_OF_A_PUT = dict.fromkeys(("CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload"), "PutObject")
_SEVERAL = {"Put": "PutItem", "Update": "UpdateItem", "ConditionCheck": "ConditionCheckItem"}


class Clock:
    """The store's time, moved by hand; milliseconds since 1970."""

    def __init__(self) -> None:
        self.now = 1_767_225_600_000

    def __call__(self) -> int:
        return self.now

    def pass_seconds(self, seconds: int) -> None:
        self.now += seconds * 1000


class MotoStack:
    """Runs handlers by name and remembers, by operation, which permissions their calls needed."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.needed: dict[str, set[Permission]] = {}
        self._operation = ""
        self.started: list[dict[str, Any]] = []

    @property
    def sweeps(self) -> Sweeps:
        return wiring.sweeps()

    @property
    def operator_key(self) -> str:
        return derive(ROOT, "operator").hex()

    def run(self, operation: str, event: dict[str, Any]) -> dict[str, Any]:
        """Call the handler with this very event."""
        function = handler(file_of(operation))
        self._operation = operation
        self.needed.setdefault(operation, set())
        try:
            answer: dict[str, Any] = function(event, None)
        finally:
            self._operation = ""
        return answer

    def call(
        self,
        operation: str,
        body: Any = None,
        *,
        key: str | None = None,
        headers: dict[str, str] | None = None,
        **names: Any,
    ) -> tuple[int, Any]:
        """Call the handler over HTTP, so to speak: `names` are path and query parameters as on the wire."""
        event = json.loads(event_of(operation).read_text())
        in_path = {name: names.pop(name) for name in list(names) if f"{{{name}}}" in event["resource"]}
        event |= {"pathParameters": in_path, "queryStringParameters": {n: str(v) for n, v in names.items()}}
        event |= {"multiValueQueryStringParameters": {}, "body": None if body is None else json.dumps(body)}
        event["headers"] = {"Content-Type": "application/json"} | ({"Idempotency-Key": key} if key else {})
        event["headers"] |= headers or {}
        answer = self.run(operation, event)
        assert answer["statusCode"] < 500, answer
        kind = answer["headers"]["Content-Type"]
        return answer["statusCode"], json.loads(answer["body"]) if kind == "application/json" else answer["body"]

    def tick(self, slot: int) -> None:
        """One message of the watch."""
        record = {"messageId": "m", "body": json.dumps({"slot": slot}), "attributes": {"ApproximateReceiveCount": "2"}}
        assert self.run("keep_watch", {"Records": [record]}) == {"batchItemFailures": []}

    def audit(self) -> None:
        self.run("audit_jobs", {})

    def forget(self) -> None:
        """What a new process would know: nothing."""
        for cached in _cached():
            if cached not in (settings, wiring.client):
                cached.cache_clear()

    @contextmanager
    def told(self, **variables: str) -> Iterator[None]:
        """Processes of these days have other settings."""
        with pytest.MonkeyPatch.context() as patch:
            for name, value in variables.items():
                patch.setenv(name, value)
            self._forget_settings()
            yield
        self._forget_settings()

    def _forget_settings(self) -> None:
        settings.cache_clear()
        self.forget()

    @contextmanager
    def no_job_is_small(self) -> Iterator[None]:
        """Every finish is for a Standard execution."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(finish, "SMALL_JOB_TASKS", 0)
            yield

    def finish(self) -> None:
        """Run the executions that were started, and those that these start, a function a state."""

        def call(state: str, given: dict[str, Any]) -> dict[str, Any]:
            return self.run(re.sub("(?<!^)([A-Z])", r"_\1", state).lower(), given)

        while self.started:
            Interpreter(call, self.clock.pass_seconds).run(self.started.pop(0))

    def rows(self, pk: str) -> list[dict[str, Any]]:
        """The rows of a partition, as the table holds them."""
        values = {":pk": {"S": pk}}
        request = {"TableName": settings().table, "KeyConditionExpression": "pk = :pk"}
        found: list[dict[str, Any]] = wiring.client("dynamodb").query(**request, ExpressionAttributeValues=values)[
            "Items"
        ]
        return found

    def everything(self) -> list[dict[str, Any]]:
        """All rows of the table and keys of the bucket."""
        objects = wiring.client("s3").list_objects_v2(Bucket=settings().bucket).get("Contents", [])
        rows: list[dict[str, Any]] = wiring.client("dynamodb").scan(TableName=settings().table)["Items"]
        return [*rows, *({"object": found["Key"]} for found in objects)]

    def delete(self, row: dict[str, Any]) -> None:
        key = {name: row[name] for name in ("pk", "sk")}
        wiring.client("dynamodb").delete_item(TableName=settings().table, Key=key)

    @contextmanager
    def gate_closed(self) -> Iterator[None]:
        """Settles die before they look whether the job has ended."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Jobs, "end_if_settled", lambda *_: False)
            yield

    def note(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        """Called by the client library before it builds a request."""
        if self._operation:
            self.needed.setdefault(self._operation, set()).update(_permissions(model, params))
        if model.name == "StartExecution":
            self.started.append(json.loads(params["input"]))


def _permissions(model: Any, params: dict[str, Any]) -> Iterator[Permission]:
    service, action = model.service_model.service_name, model.name
    if service == "s3":
        yield f"s3:{_PARTS_OF_A_PUT.get(action, action)}", "Bucket/*"
    elif service == "sqs":
        yield f"sqs:{action}", "WatchQueue"
    elif service == "secretsmanager":
        yield f"secretsmanager:{action}", "Secret"
    elif service == "stepfunctions":
        yield f"states:{action}", params["stateMachineArn"].partition(_NAME)[2]
    elif action == "TransactWriteItems":
        for part in params["TransactItems"]:
            (kind,) = part
            yield f"dynamodb:{_SEVERAL[kind]}", "Table"
    else:
        index = params.get("IndexName")
        yield f"dynamodb:{action}", f"Table/index/{index}" if index else "Table"


def _state_machine(name: str) -> str:
    """The ARN of a machine that starts what it is told to and runs nothing."""
    role = "arn:aws:iam::123456789012:role/none"
    made = boto3.client("stepfunctions").create_state_machine(
        name=name, definition=json.dumps(DEFINITION), roleArn=role
    )
    return str(made["stateMachineArn"])


@contextmanager
def moto_stack(monkeypatch: pytest.MonkeyPatch) -> Iterator[MotoStack]:
    """A fresh stack; settings and wiring are forgotten before and after."""
    clock = Clock()
    with mock_aws():
        for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_DYNAMODB", "AWS_PROFILE", "ORHESTRA_AGENT_KEY"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("MUSTER_REQUIRE_KEYS", "false")
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        (table,) = resources(read_template(REPOSITORY / "template.yaml"), "AWS::DynamoDB::Table")
        create_table(boto3.client("dynamodb"), _NAME, table[1])
        boto3.client("s3").create_bucket(Bucket=_NAME)
        for variable, kind in (("MUSTER_FINISH_MACHINE", "-finish"), ("MUSTER_SMALL_FINISH_MACHINE", "-finish-small")):
            monkeypatch.setenv(variable, _state_machine(f"{_NAME}{kind}"))
        monkeypatch.setenv("MUSTER_LOCAL_WEBHOOKS", "true")
        queue = boto3.client("sqs").create_queue(QueueName=_NAME)["QueueUrl"]
        boto3.client("secretsmanager").create_secret(Name=_NAME, SecretString=ROOT)
        monkeypatch.setenv("MUSTER_SECRET", _NAME)
        for name, value in {"TABLE": _NAME, "BUCKET": _NAME, "WATCH_QUEUE_URL": queue}.items():
            monkeypatch.setenv(f"MUSTER_{name}", value)
        monkeypatch.setattr(wiring, "system_clock", clock)
        _forget()
        stack = MotoStack(clock)
        for service in ("dynamodb", "s3", "secretsmanager", "sqs", "stepfunctions"):
            wiring.client(service).meta.events.register(f"provide-client-params.{service}", stack.note)
        try:
            yield stack
        finally:
            _forget()


def _cached() -> list[Any]:
    """All that a process builds once."""
    return [
        settings,
        *(made for made in vars(wiring).values() if hasattr(made, "cache_clear") and made is not settings),
    ]


def _forget() -> None:
    for cached in _cached():
        cached.cache_clear()
