"""A job's finish as tests see it: from outside over HTTP, with hands on what the emulator runs and keeps."""

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx

from local.cloud import Cloud
from muster.store import keys
from tests.contract.conftest import Coordinator
from tests.webhooks.receiver import Received, Receiver

Row = dict[str, Any]
TIMES = ("finish_by", "next_at", "sending_until")
"""What in the rows of a job waits for a moment."""


def new_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def signatures(message: Received, *secrets: str) -> list[str]:
    """What the specification says that these secrets make of a message, written from its text alone."""
    signed = b".".join([message.headers[f"webhook-{part}"].encode() for part in ("id", "timestamp")] + [message.body])
    keys_of_secrets = [base64.b64decode(secret.split("_", 1)[1]) for secret in secrets]
    digests = [hmac.new(key, signed, hashlib.sha256).digest() for key in keys_of_secrets]
    return [f"v1,{base64.b64encode(digest).decode()}" for digest in digests]


def is_signed(message: Received, *secrets: str) -> bool:
    """Signed by each of these secrets and no other, and just now."""
    sent_at = int(message.headers["webhook-timestamp"])
    return message.headers["webhook-signature"].split(" ") == signatures(message, *secrets) and (
        abs(time.time() - sent_at) < 300
    )


def ids(receiver: Receiver) -> set[str]:
    return {message.headers["webhook-id"] for message in receiver.received}


def told(message: Received) -> dict[str, Any]:
    """What the body of a message is about."""
    data: dict[str, Any] = json.loads(message.body)["data"]
    return data


def eventually(holds: Callable[[], object], within: float) -> None:
    begun = time.monotonic()
    while not holds():
        assert time.monotonic() - begun < within, f"not within {within} s"
        time.sleep(0.05)


class Finishing(Coordinator):
    """Jobs that end, on a cloud of the test's own, which may be killed and started again."""

    def __init__(self, cloud: Cloud, http: httpx.Client, pool: str = "default") -> None:
        super().__init__(http, pool)
        self.cloud = cloud
        self._clients: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        """Made once for each emulator: that takes longer than to ask it something."""
        name = f"{service} at {self.cloud.emulator}"
        if name not in self._clients:
            self._clients[name] = self.cloud.client(service)
        return self._clients[name]

    # --- jobs that end --------------------------------------------------------------------------------------------

    def unfinished(self, receiver: Receiver | None = None, *, secret: str = "", **fields: Any) -> str:
        """A job of three tasks that nobody has run, to be reported to this receiver."""
        webhook = receiver and {"url": receiver.url(), "secret": secret or new_secret()}
        delivery = {"delivery": {"webhook": webhook}} if webhook else {}
        return self.submit(**({"parameters": {"x": [1, 2, 3]}} | delivery | fields))

    def run(self, job: str) -> None:
        """Every task of the job, which is the only one of its pool."""
        spot = self.hello()
        while tasks := self.claim(spot, 50):
            settled = [{"id": task, "runtimeMs": 5, "iter": 1, "fopt": 0.5, "resultJson": "{}"} for task in tasks]
            body = {"spotId": spot, "tasks": settled}
            answer = self.http.post("/internal/v1/tasks/complete", json=body)
            assert answer.status_code == 200, answer.text
        assert self.job(job)["status"] == "COMPLETED"

    def ended(self, receiver: Receiver | None = None, **fields: Any) -> str:
        job = self.unfinished(receiver, **fields)
        self.run(job)
        return job

    # --- what came of it ------------------------------------------------------------------------------------------

    def delivery(self, job: str, delivery_id: str = "webhook") -> dict[str, Any]:
        """Empty as long as there is none: the stack's own is planned when the job has ended."""
        return next((one for one in self.job(job).get("deliveries", []) if one["id"] == delivery_id), {})

    def until(self, job: str, status: str, delivery_id: str = "webhook", within: float = 15) -> dict[str, Any]:
        """The delivery, when it has come so far."""
        eventually(lambda: self.delivery(job, delivery_id).get("status") == status, within)
        return self.delivery(job, delivery_id)

    def until_finished(self, job: str, within: float = 15) -> None:
        eventually(lambda: self.head(job)["finish"] == {"S": "done"}, within)

    def report(self, job: str) -> dict[str, Any]:
        answer = self.http.get(f"/api/v1/jobs/{job}/report")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    # --- the emulator's side ----------------------------------------------------------------------------------------

    @property
    def table(self) -> str:
        (name,) = self.client("dynamodb").list_tables()["TableNames"]
        return str(name)

    def rows(self, job: str) -> list[Row]:
        """The head of a job and its deliveries."""
        answer = self.client("dynamodb").query(
            TableName=self.table,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": keys.job_pk(job)}},
        )
        return [row for row in answer["Items"] if row["sk"]["S"].startswith(("HEAD", "DELIVERY#"))]

    def head(self, job: str) -> Row:
        return next(row for row in self.rows(job) if row["sk"]["S"] == "HEAD")

    def set_times(self, job: str, times: Mapping[str, int]) -> None:
        """Of the rows that have such a time."""
        for row in self.rows(job):
            for name, moment in ((name, moment) for name, moment in times.items() if name in row):
                self.client("dynamodb").update_item(
                    TableName=self.table,
                    Key={"pk": row["pk"], "sk": row["sk"]},
                    UpdateExpression="SET #at = :moment",
                    ExpressionAttributeNames={"#at": name},
                    ExpressionAttributeValues={":moment": {"N": str(moment)}},
                )

    def pass_time(self, job: str) -> None:
        """Whatever the job waits for is long over."""
        self.set_times(job, dict.fromkeys(TIMES, 1))

    def take_over(self, job: str) -> None:
        """What the minute's audit does with a finish that has been silent for too long."""
        self.pass_time(job)
        answer = self.client("lambda").invoke(FunctionName=self.function("AuditJobs"), Payload=b"{}")
        assert "FunctionError" not in answer, answer["Payload"].read()

    def saved(self, job: str, sort_key: str) -> Row | None:
        """A row of the job as the last snapshot has it: what is there after a crash."""
        state = self.cloud.settings.state / "emulator" / "dynamodb.json"
        if not state.exists():
            return None
        (table,) = json.loads(state.read_text())["payload"]["tables"]["data"].values()
        row: Row | None = table["items"].get(keys.job_pk(job), {}).get(sort_key)
        return row

    def function(self, resource: str) -> str:
        """The name of the function that this resource of the template became."""
        names = [one["FunctionName"] for one in self.client("lambda").list_functions()["Functions"]]
        return next(str(name) for name in names if f"-{resource}-" in name)

    @contextmanager
    def withheld(self, resource: str) -> Iterator[None]:
        """The function is throttled: states that call it try again, for fifteen seconds."""
        functions, name = self.client("lambda"), self.function(resource)
        functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
        try:
            yield
        finally:
            self.client("lambda").delete_function_concurrency(FunctionName=name)

    def machine(self, kind: str) -> str:
        """STANDARD or EXPRESS."""
        machines = self.client("stepfunctions").list_state_machines()["stateMachines"]
        return next(str(one["stateMachineArn"]) for one in machines if one["type"] == kind)

    def executions(self, kind: str, job: str) -> list[dict[str, Any]]:
        """Those of the job, which their names tell by its hash."""
        every = self.client("stepfunctions").list_executions(stateMachineArn=self.machine(kind))["executions"]
        return [one for one in every if hashlib.sha256(job.encode()).hexdigest()[:32] in one["name"]]

    def states(self, execution: str) -> list[str]:
        """Names of the states that it has entered."""
        events = self.client("stepfunctions").get_execution_history(executionArn=execution)["events"]
        return [event["stateEnteredEventDetails"]["name"] for event in events if "stateEnteredEventDetails" in event]

    def restart(self, *, kill: bool) -> None:
        """End the cloud, by a crash or gracefully, and start it on the same state."""
        if kill:
            self.cloud.kill()
        else:
            self.cloud.stop()
        self.start_again()

    def start_again(self) -> None:
        self.cloud.start()
        self.http.base_url = httpx.URL(self.cloud.api)
