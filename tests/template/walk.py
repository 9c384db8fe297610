"""A walk through the API that makes every operation ask AWS for all that it ever asks for.

Large specifications and results (objects in the bucket), tasks that come back, late and repeated settles, cancelled
jobs, lost claims and silent spots: each step is here because some request is made on no other way.
"""

import random
import string
from typing import Any

from muster.store import keys
from tests.operations import OPERATIONS
from tests.template.moto_stack import MotoStack
from tests.webhooks.receiver import Answer, Receiver

_LETTERS = random.Random(7)
SECRET = "whsec_" + "c2VjcmV0" * 4


def incompressible(length: int) -> str:
    return "".join(_LETTERS.choices(string.printable[:90], k=length))


def tasks_of(claimed: dict[str, Any]) -> list[str]:
    return [task["id"] for task in claimed["tasks"]]


class Walk:
    def __init__(self, stack: MotoStack) -> None:
        self.stack, self.call = stack, stack.call

    def spot(self, pool: str) -> str:
        _, answer = self.call("register_spot", {"ipAddress": "192.0.2.1", "pool": pool})
        return str(answer["spotId"])

    def job(self, pool: str, **changes: Any) -> str:
        body = {"algorithms": ["PSO"], "agents": {"min": 1, "max": 4, "step": 1}, "pool": pool, **changes}
        _, answer = self.call("submit_job", body)
        return str(answer["jobId"])

    def claim(self, spot: str, count: int, claim_id: str | None = None) -> list[str]:
        _, answer = self.call(
            "claim_tasks", {"spotId": spot, "maxTasks": count, **({"claimId": claim_id} if claim_id else {})}
        )
        return tasks_of(answer)

    def result(self, task: str, **more: Any) -> dict[str, Any]:
        return {"id": task, "runtimeMs": 1, "fopt": 0.5, **more}

    # --- the stretches of the walk ------------------------------------------------------------------------------------

    def whole(self) -> None:
        self.first_call_after_an_idle_night()
        self.small_job_to_its_end()
        self.large_job_through_the_bucket()
        self.tasks_that_come_back()
        self.repeated_and_foreign_settles()
        self.cancelled_job()
        self.failed_job_again()
        self.silent_spots_and_lost_claims()
        with self.stack.no_job_is_small():
            self.small_job_to_its_end()
            self.last_task_of_a_silent_spot()
            self.job_whose_last_settle_died()
            self.stack.audit()
        self.reports_and_deliveries()
        self.everything_that_is_refused()
        self.what_is_asked_of_the_api_itself()
        self.callers_with_keys()

    def first_call_after_an_idle_night(self) -> None:
        """Whoever comes first arms the watch."""
        spot = self.spot("night")
        self.stack.clock.pass_seconds(30_000)
        self.call("record_heartbeat", {"spotId": spot})
        self.stack.clock.pass_seconds(30_000)
        self.call("claim_tasks", {"spotId": spot})
        self.job("night")
        self.call("get_health")

    def small_job_to_its_end(self) -> None:
        """Each way of settling empties a lease, which looks for the end of the job."""
        for settle in ("complete_task", "complete_tasks", "fail_task", "fail_tasks"):
            pool = settle
            spot, job = self.spot(pool), self.job(pool, agents=[1])
            (task,) = self.claim(spot, 1, "a")
            assert self.claim(spot, 1, "a") == [task]
            said = {"error": "e", "retriable": False} if settle.startswith("fail") else {"runtimeMs": 1, "fopt": 1.5}
            if settle.endswith("s"):
                self.call(settle, {"spotId": spot, "tasks": [{"id": task, **said}]})
            else:
                self.call(settle, {"spotId": spot, **said}, taskId=task)
            assert self.call("get_job", jobId=job)[1]["status"] in ("COMPLETED", "FAILED")
            self.claim(spot, 1)
        self.call("list_jobs", limit=2)
        self.call("list_spots")
        self.stack.clock.pass_seconds(5)
        self.call("get_health")

    def large_job_through_the_bucket(self) -> None:
        spot = self.spot("large")
        body = {"tasks": [incompressible(130_000)] * 1 + ["small"] * 7, "pool": "large", "maxAttempts": 1}
        _, submitted = self.call("submit_job", body, key="large")
        self.call("submit_job", body, key="large")
        # A process that knows nothing yet reads the specification from the bucket.
        for task_count in (4, 4):
            self.stack.forget()
            self.claim(spot, task_count)
        ids = [f"{submitted['jobId']}.{index}.{start}-1-4" for start in (0, 4) for index in range(start, start + 4)]
        large = incompressible(500_000)
        self.call("complete_task", {"spotId": spot, "runtimeMs": 1, "resultJson": large}, taskId=ids[0])
        self.call("complete_tasks", {"spotId": spot, "tasks": [self.result(ids[1], resultJson=large)]})
        self.call(
            "fail_task", {"spotId": spot, "error": "e", "output": "o" * 20_000, "retriable": False}, taskId=ids[2]
        )
        output = [incompressible(20_000) for _ in range(30)]
        self.stack.forget()
        self.call("list_results", jobId=submitted["jobId"], format="json")
        self.stack.forget()
        self.call("list_tasks", jobId=submitted["jobId"])
        self.call("renew_tasks", {"spotId": spot, "tasks": ids[3:5]})
        self.stack.forget()
        self.call("renew_tasks", {"spotId": spot, "tasks": ids[3:5]})
        self.call("fail_tasks", {"spotId": spot, "tasks": [{"id": task, "error": output[0]} for task in ids[3:]]})
        self.many_failures_at_once(output)

    def many_failures_at_once(self, output: list[str]) -> None:
        spot = self.spot("many")
        job = self.job("many", agents={"min": 1, "max": 30, "step": 1}, maxAttempts=1)
        ids = self.claim(spot, 30)
        failures = [{"id": task, "error": "e", "output": said} for task, said in zip(ids, output, strict=True)]
        self.call("fail_tasks", {"spotId": spot, "tasks": failures})
        self.stack.forget()
        self.call("list_tasks", jobId=job)

    def tasks_that_come_back(self) -> None:
        """From the pool; to the pool by failing, releasing and renewing without; by a reset."""
        spot, job = self.spot("back"), self.job("back", maxAttempts=2)
        first = self.claim(spot, 4)
        self.call("fail_task", {"spotId": spot, "error": "e"}, taskId=first[0])
        self.call("fail_tasks", {"spotId": spot, "tasks": [{"id": first[1], "error": "e"}]})
        self.call("renew_tasks", {"spotId": spot, "tasks": [first[2]]})
        self.call("reset_task", taskId=f"{job}.2")
        self.call("reset_task", taskId=f"{job}.2")
        self.stack.clock.pass_seconds(60)
        again = self.claim(spot, 4) + self.claim(spot, 4)
        assert len(again) == 4
        self.call("release_tasks", {"spotId": spot, "tasks": again})
        self.stack.clock.pass_seconds(60)
        again = self.claim(spot, 2)
        # Late: the lease was taken back, nobody has the tasks.
        self.call("release_tasks", {"spotId": spot, "tasks": again})
        self.call("complete_task", {"spotId": spot, "runtimeMs": 1}, taskId=again[0])
        self.call("complete_tasks", {"spotId": spot, "tasks": [self.result(again[1])]})

    def repeated_and_foreign_settles(self) -> None:
        spot, other, job = self.spot("foreign"), self.spot("foreign"), self.job("foreign")
        ids = self.claim(spot, 4)
        for _ in range(2):
            self.call("complete_task", {"spotId": spot, "runtimeMs": 1}, taskId=ids[0])
            self.call("complete_tasks", {"spotId": spot, "tasks": [self.result(ids[1])]})
            self.call("fail_task", {"spotId": spot, "error": "e", "retriable": False}, taskId=ids[2])
        unknown = f"{job}.9.9-1-1"
        for task in (*ids, unknown, f"{job}.0", "none"):
            self.call("complete_task", {"spotId": other, "runtimeMs": 1}, taskId=task)
            self.call("fail_task", {"spotId": other, "error": "e"}, taskId=task)
            self.call("complete_tasks", {"spotId": other, "tasks": [self.result(task)]})
            self.call("fail_tasks", {"spotId": other, "tasks": [{"id": task, "error": "e"}]})
            self.call("renew_tasks", {"spotId": other, "tasks": [task]})
            self.call("release_tasks", {"spotId": other, "tasks": [task]})
            self.call("reset_task", taskId=task)

    def cancelled_job(self) -> None:
        """Spots learn of it by every answer; so each kind of settle meets a lease that was just dropped."""
        for settle in ("complete_task", "fail_task", "complete_tasks", "fail_tasks", "renew_tasks", "release_tasks"):
            pool = f"cancelled-{settle}"
            spot, job = self.spot(pool), self.job(pool)
            ids = self.claim(spot, 2)
            self.call("cancel_job", jobId=job)
            self.call("record_heartbeat", {"spotId": spot})
            said: dict[str, Any] = {"error": "e"} if "fail" in settle else {"runtimeMs": 1}
            if settle in ("renew_tasks", "release_tasks"):
                self.call(settle, {"spotId": spot, "tasks": ids})
            elif settle.endswith("s"):
                self.call(settle, {"spotId": spot, "tasks": [{"id": task, **said} for task in ids]})
            else:
                for task in ids:
                    self.call(settle, {"spotId": spot, **said}, taskId=task)
            self.call("record_heartbeat", {"spotId": spot})
            self.call("cancel_job", jobId=job)
            self.call("claim_tasks", {"spotId": spot})
            self.call("reset_task", taskId=f"{job}.0")

    def failed_job_again(self) -> None:
        spot = self.spot("again")
        for count, payload in ((1, "small"), (1, incompressible(130_000))):
            _, submitted = self.call("submit_job", {"tasks": [payload], "pool": "again"})
            (task,) = self.claim(spot, count)
            self.call("fail_task", {"spotId": spot, "error": "e", "retriable": False}, taskId=task)
            self.stack.forget()
            assert self.call("retry_job", jobId=submitted["jobId"], key=payload[:9].encode().hex())[0] == 201
            self.call("cancel_job", jobId=submitted["jobId"])
            self.claim(spot, 1)

    def silent_spots_and_lost_claims(self) -> None:
        """What the watch and the audit mend: they are called between and after each of these."""
        self.last_task_of_a_silent_spot()
        spot = self.spot("silent")
        self.job("silent", maxAttempts=1, taskTimeoutSeconds=5)
        self.job("silent", maxAttempts=2, taskTimeoutSeconds=5)
        lost = self.job("silent", agents={"min": 1, "max": 100, "step": 1})
        gone = self.job("silent", taskTimeoutSeconds=5)
        for _ in range(4):
            self.claim(spot, 4)
        self.lose_the_leases_of(lost)
        self.call("cancel_job", jobId=gone)
        slot = self.stack.clock.now // 5000
        for tick in range(1, 20):
            self.stack.clock.pass_seconds(5)
            self.stack.tick(slot + tick)
            if tick == 2:
                self.call("record_heartbeat", {"spotId": spot})
                self.claim(spot, 2)
        self.stack.clock.pass_seconds(60)
        self.stack.audit()
        self.job_whose_last_settle_died()
        self.stack.audit()

    def last_task_of_a_silent_spot(self) -> None:
        """The watch fails it for good, and with it the job ends."""
        self.job("last-breath", agents=[1], maxAttempts=1)
        self.claim(self.spot("last-breath"), 1)
        slot = self.stack.clock.now // 5000
        for tick in range(1, 5):
            self.stack.clock.pass_seconds(5)
            self.stack.tick(slot + tick)

    def lose_the_leases_of(self, job: str) -> None:
        """As if the claim had died between its two writes."""
        for lease in list(self.stack.rows(keys.block_pk(job, 0))):
            self.stack.delete(lease)

    def job_whose_last_settle_died(self) -> None:
        spot, job = self.spot("gate"), self.job("gate", agents=[1])
        (task,) = self.claim(spot, 1)
        self.stack.clock.pass_seconds(60)
        with self.stack.gate_closed():
            self.call("complete_task", {"spotId": spot, "runtimeMs": 1}, taskId=task)
        assert self.call("get_job", jobId=job)[1]["status"] == "RUNNING"

    def callers_with_keys(self) -> None:
        """Every route looks at the key that it is sent, be it of the table or of the stack."""
        admin = {"role": "admin", "name": "walk"}
        _, made = self.call("create_key", admin)
        self.call("create_key", admin, key="walk")
        self.call("create_key", admin, key="walk")
        for key in (made["key"], self.stack.operator_key):
            for operation in OPERATIONS:
                self.stack.forget()
                assert self.call(operation, headers={"Authorization": f"Bearer {key}"})[0] != 401
        self.call("list_keys", limit=1)
        self.call("revoke_key", keyId=made["id"])
        self.call("list_actions", limit=1)

    def reports_and_deliveries(self) -> None:
        """A job to its report; a delivery that fails for long, one that is gone, once more."""
        with Receiver(*map(Answer, (500, 500, 500, 500, 204, 410, 204))).running() as receiver:
            webhook = {"url": receiver.url(), "secret": SECRET}
            job = self.job_to_its_end("told", delivery={"webhook": webhook})
            assert self.call("get_report", jobId=job, format="json")[0] == 202
            assert self.call("list_report_files", jobId=job)[0] == 202
            with self.stack.told(RESULTS_API_URL=receiver.url(target="/all"), RESULTS_API_SECRET=SECRET):
                self.finish(job)
            self.look_at_the_report(job)
            gone = self.job_to_its_end("gone", delivery={"webhook": webhook, "formats": ["txt"]})
            self.finish(gone)
            assert self.call("get_report", jobId=gone, format="json")[0] == 404
            again = self.call("redeliver_report", jobId=gone, deliveryId="webhook")
            assert again[0] == 202, again
            assert self.call("redeliver_report", jobId=gone, deliveryId="webhook")[0] == 409
            self.finish(gone)
            assert self.call("redeliver_report", jobId=gone, deliveryId="none")[0] == 404
            assert self.call("try_webhook", {"webhook": webhook})[1]["delivered"] is True
            assert {one.path for one in receiver.received} == {"/hook", "/all"}
        self.large_report()
        self.finishes_that_the_audit_begins()

    def job_to_its_end(self, pool: str, **spec: Any) -> str:
        spot, job = self.spot(pool), self.job(pool, **spec)
        first, *others = self.claim(spot, 4)
        self.call("complete_tasks", {"spotId": spot, "tasks": [self.result(task) for task in others]})
        self.call("fail_task", {"spotId": spot, "error": "no such file", "retriable": False}, taskId=first)
        return job

    def finish(self, job: str) -> None:
        self.stack.forget()
        self.stack.finish()
        assert self.call("get_job", jobId=job)[1]["report"] == "READY"

    def look_at_the_report(self, job: str) -> None:
        for kind in ("json", "txt", "csv"):
            assert self.call("get_report", jobId=job, format=kind)[0] == 200
        files = self.call("list_report_files", jobId=job)[1]["files"]
        assert [file["name"] for file in files] == ["report.json", "report.txt", "report.csv", "results.ndjson"]

    def large_report(self) -> None:
        """Its specification, its results and its lines are objects of many megabytes."""
        spot, tasks = self.spot("heavy"), [incompressible(2_000) for _ in range(60)]
        _, submitted = self.call("submit_job", {"tasks": tasks, "pool": "heavy"})
        for task in self.claim(spot, 60):
            self.call(
                "complete_task", {"spotId": spot, "runtimeMs": 1, "resultJson": incompressible(900_000)}, taskId=task
            )
        self.finish(submitted["jobId"])

    def finishes_that_the_audit_begins(self) -> None:
        """Of a job that was cancelled, and of one whose execution died."""
        cancelled, dead = self.job("left"), self.job_to_its_end("dead")
        self.call("cancel_job", jobId=cancelled)
        self.stack.started.clear()
        self.stack.clock.pass_seconds(120)
        self.stack.audit()
        assert {execution["job"] for execution in self.stack.started} == {cancelled, dead}
        self.finish(dead)

    def everything_that_is_refused(self) -> None:
        for operation in ("get_job", "cancel_job", "retry_job", "list_tasks", "list_results"):
            for job in ("none", "job-main-0000000000000000", "job-other-0000000000000000"):
                assert (
                    self.call(operation, jobId=job, **({"format": "json"} if operation == "list_results" else {}))[0]
                    == 404
                )
        assert self.call("claim_tasks", {"spotId": "never-said-hello"})[0] == 404
        assert self.call("submit_job", {"algorithms": []})[0] == 400
        job = self.job("refused")
        assert self.call("retry_job", jobId=job)[0] == 409
        self.call("submit_job", {"algorithms": ["GA"], "agents": [1]}, key="same")
        assert self.call("submit_job", {"algorithms": ["PSO"], "agents": [1]}, key="same")[0] == 422

    def what_is_asked_of_the_api_itself(self) -> None:
        assert self.call("get_openapi")[0] == 200
        assert self.call("show_docs")[0] == 200
