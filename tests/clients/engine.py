"""The contract's jobs, leases and settles in memory, as simple as they can be."""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, unquote


class Refused(Exception):
    def __init__(self, status: int, code: str, error: str, details: list[dict[str, str]] | None = None) -> None:
        self.status = status
        self.body: dict[str, Any] = {"success": False, "error": error, "code": code}
        if details:
            self.body["details"] = details


@dataclass
class Task:
    job: str
    index: int
    payload: str
    status: str = "NEW"
    attempts: int = 0
    holder: str | None = None
    lease: str = ""
    expires_at: float = 0.0
    runs: int = 0
    renewed: int = 0
    outcome: dict[str, Any] = field(default_factory=dict)

    @property
    def short_id(self) -> str:
        return f"{self.job}.{self.index}"

    @property
    def id(self) -> str:
        return f"{self.short_id}.{self.lease}"


@dataclass
class Job:
    id: str
    spec: dict[str, Any]
    tasks: list[Task]
    name: str | None = None
    cancelled: bool = False
    report: str | None = None
    """As text; None until it is made."""
    deliveries: list[dict[str, Any]] = field(default_factory=list)

    def count(self, status: str) -> int:
        return sum(task.status == status for task in self.tasks)


def _now() -> str:
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


class Engine:
    """`spots` maps ids to the last hello or heartbeat; `saved` are names of files, which lie below `files_url`."""

    heartbeat_seconds: float = 0.5
    retry_after_ms = 100

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.jobs: dict[str, Job] = {}
        self.spots: dict[str, dict[str, Any]] = {}
        self.saved: list[str] = []
        self.files_url = ""
        self._claims: dict[str, dict[str, Any]] = {}
        self._numbers = iter(range(1, 10**9))

    def add_job(self, payloads: list[Any], *, timeout: int = 300, max_attempts: int = 3, **spec: Any) -> Job:
        """A job; spec: runner, jarPath, mainClass."""
        with self.lock:
            job_id = f"job-main-{next(self._numbers):016d}"
            tasks = [Task(job_id, index, json.dumps(payload)) for index, payload in enumerate(payloads)]
            job = Job(job_id, {**spec, "taskTimeoutSeconds": timeout, "maxAttempts": max_attempts}, tasks)
            self.jobs[job_id] = job
            return job

    def act(self, method: str, path: str, query: str, body: Any) -> tuple[int, Any]:  # noqa: C901 - the table of routes
        parts = [unquote(part) for part in path.strip("/").split("/")]
        wanted = {name: values[0] for name, values in parse_qs(query).items()}
        with self.lock:
            match (method, *parts[2:]):
                case ("GET", "health"):
                    return 200, self._health()
                case ("GET", "spots"):
                    return 200, {"spots": [self._spot(spot_id) for spot_id in self.spots]}
                case ("POST", "jobs"):
                    return 201, self._submit(body)
                case ("GET", "jobs"):
                    return 200, self._list_jobs(wanted)
                case ("GET", "jobs", job_id):
                    return 200, self._view(self._job(job_id))
                case ("POST", "jobs", job_id, "cancel"):
                    return 200, self._cancel(self._job(job_id))
                case ("POST", "jobs", job_id, "retry"):
                    return 201, self._retry(self._job(job_id))
                case ("GET", "jobs", job_id, "tasks"):
                    return 200, self._list_tasks(self._job(job_id), wanted)
                case ("GET", "jobs", job_id, "results"):
                    return 200, self._results(self._job(job_id), wanted)
                case ("GET", "jobs", job_id, "report"):
                    return self._made(self._job(job_id), lambda job: _in_format(job, wanted["format"]))
                case ("GET", "jobs", job_id, "report", "files"):
                    return self._made(self._job(job_id), self._files)
                case ("POST", "jobs", job_id, "deliveries", delivery_id, "redeliver"):
                    return 202, self._redeliver(self._job(job_id), delivery_id)
                case ("POST", "webhooks", "test"):
                    return 200, self._try(body["webhook"])
                case ("POST", "tasks", task_id, "reset"):
                    return 200, self._reset(task_id)
                case ("POST", "hello"):
                    return 200, self._hello(body)
                case ("POST", "heartbeat"):
                    return 200, self._heartbeat(body)
                case ("POST", "tasks", "claim"):
                    return 200, self._claim(body)
                case ("POST", "tasks", "complete" | "fail" | "renew" | "release" as act):
                    one = getattr(self, f"_{act}")
                    items = [item if isinstance(item, dict) else {"id": item} for item in body["tasks"]]
                    return 200, {"success": True, "results": [one(body["spotId"], item) for item in items]}
                case ("POST", "tasks", task_id, "complete" | "fail" as act):
                    result = getattr(self, f"_{act}")(body["spotId"], {**body, "id": task_id})
                    if result["outcome"] == "not_found":
                        raise Refused(404, "TASK_NOT_FOUND", "task not found")
                    return 200, {"success": True}
        raise Refused(404, "NOT_FOUND", "not found")

    # --- jobs -------------------------------------------------------------------------------------------------------

    def _job(self, job_id: str) -> Job:
        if job_id not in self.jobs:
            raise Refused(404, "JOB_NOT_FOUND", "job not found")
        return self.jobs[job_id]

    def _submit(self, body: dict[str, Any]) -> dict[str, Any]:
        faults = [{"field": f"body.{name}", "problem": "unknown field"} for name in body if name.startswith("x")]
        if not body.get("tasks"):
            faults.append({"field": "body.tasks", "problem": "missing"})
        if faults:
            raise Refused(400, "INVALID_INPUT", "invalid input", faults)
        job = self.add_job(body["tasks"], runner=body.get("runner"), priority=body.get("priority"))
        job.name = body.get("name")
        return {"success": True, "jobId": job.id, "totalTasks": len(job.tasks)}

    def _view(self, job: Job) -> dict[str, Any]:
        done, failed, total = job.count("DONE"), job.count("FAILED"), len(job.tasks)
        status = "FAILED" if failed else "COMPLETED"
        if job.cancelled:
            status = "CANCELLED"
        elif done + failed < total:
            status = "RUNNING" if done + failed + job.count("RUNNING") else "PENDING"
        return {
            "id": job.id,
            **({"name": job.name} if job.name else {}),
            "status": status,
            "totalTasks": total,
            "completedTasks": done,
            "failedTasks": failed,
            "runningTasks": job.count("RUNNING"),
            "waitingTasks": job.count("NEW"),
            "cancelledTasks": 0,
            "createdAt": "2026-01-28T17:00:00Z",
            "aFieldOfTomorrow": 1,
            "report": "READY" if job.report else "PENDING",
            **({"deliveries": job.deliveries} if job.deliveries else {}),
        }

    def _list_jobs(self, wanted: dict[str, str]) -> dict[str, Any]:
        views = [self._view(job) for job in self.jobs.values()]
        views = [view for view in views if wanted.get("status", view["status"]) == view["status"]]
        return _page("jobs", views, wanted)

    def _cancel(self, job: Job) -> dict[str, Any]:
        if self._view(job)["status"] in ("COMPLETED", "FAILED"):
            raise Refused(409, "JOB_ENDED", "job has already ended")
        job.cancelled = True
        return {"success": True, "jobId": job.id, "status": "CANCELLED"}

    def _retry(self, job: Job) -> dict[str, Any]:
        failed = [json.loads(task.payload) for task in job.tasks if task.status == "FAILED"]
        if not failed:
            raise Refused(409, "NOTHING_TO_RETRY", "job has no failed tasks")
        again = self.add_job(failed)
        return {"success": True, "jobId": again.id, "totalTasks": len(failed), "retryOf": job.id}

    def _list_tasks(self, job: Job, wanted: dict[str, str]) -> dict[str, Any]:
        rows = [
            {
                "id": task.short_id,
                "index": task.index,
                "status": task.status,
                "payload": task.payload,
                "attempt": task.attempts,
                **{name: value for name, value in task.outcome.items() if name in ("error", "output")},
            }
            for task in job.tasks
            if wanted.get("status", task.status) == task.status
        ]
        return {"jobId": job.id, **_page("tasks", rows, wanted)}

    def _results(self, job: Job, wanted: dict[str, str]) -> Any:
        rows = [
            {
                "taskId": task.short_id,
                "index": task.index,
                "attempt": task.attempts,
                "payload": json.loads(task.payload),
                **{name: value for name, value in task.outcome.items() if name not in ("id", "spotId")},
                "spotId": task.holder,
                "finishedAt": "2026-01-28T17:00:00Z",
            }
            for task in job.tasks
            if task.status == "DONE"
        ]
        page = {"jobId": job.id, "totalCompleted": len(rows), **_page("results", rows, wanted)}
        if wanted.get("format") == "ndjson":
            return "".join(json.dumps(row) + "\n" for row in page["results"])
        return page

    def _reset(self, task_id: str) -> dict[str, Any]:
        task = self._task(task_id)
        if task is None:
            raise Refused(404, "TASK_NOT_FOUND", "task not found")
        if task.status != "RUNNING":
            raise Refused(409, "TASK_NOT_RUNNING", "task is not running")
        task.status, task.holder = "NEW", None
        return {"success": True}

    def _health(self) -> dict[str, Any]:
        return {"status": "healthy", "database": "connected", "activeSpots": len(self.spots), "pendingTasks": 0}

    # --- reports ----------------------------------------------------------------------------------------------------

    def _made(self, job: Job, answer: Callable[[Job], Any]) -> tuple[int, Any]:
        """What there is once the report is made."""
        return (200, answer(job)) if job.report else (202, {"jobId": job.id, "report": "PENDING"})

    def _files(self, job: Job) -> dict[str, Any]:
        """Links lead to where the test put the files."""
        files = [
            {"name": name, "format": "txt", "size": 5, "url": f"{self.files_url}/{name}", "expiresInSeconds": 900}
            for name in self.saved
        ]
        return {"jobId": job.id, "files": files}

    def _redeliver(self, job: Job, delivery_id: str) -> dict[str, Any]:
        for delivery in job.deliveries:
            if delivery["id"] == delivery_id:
                delivery |= {"status": "PENDING", "attempts": 0}
                return {"success": True, "jobId": job.id, "delivery": delivery}
        raise Refused(404, "DELIVERY_NOT_FOUND", "delivery not found")

    def _try(self, webhook: dict[str, str]) -> dict[str, Any]:
        if "down" in webhook["url"]:
            return {"delivered": False, "problem": "Connection refused", "tookMs": 3}
        return {"delivered": True, "status": 204, "tookMs": 31}

    # --- spots ------------------------------------------------------------------------------------------------------

    def _spot(self, spot_id: str) -> dict[str, Any]:
        said = self.spots[spot_id]
        return {"id": spot_id, "status": "UP", "pool": "default", "lastHeartbeat": _now(), **said}

    def _hello(self, body: dict[str, Any]) -> dict[str, Any]:
        spot_id = f"spot-main-{next(self._numbers)}"
        self.spots[spot_id] = body
        return {"spotId": spot_id, "heartbeatSeconds": self.heartbeat_seconds}

    def _heartbeat(self, body: dict[str, Any]) -> dict[str, Any]:
        spot_id = body["spotId"]
        self.spots[spot_id] = {name: value for name, value in body.items() if name != "spotId"}
        held = [task.id for job in self.jobs.values() if job.cancelled for task in job.tasks if task.holder == spot_id]
        return {"success": True, **({"cancelledTasks": held} if held else {})}

    def _claim(self, body: dict[str, Any]) -> dict[str, Any]:
        if body["spotId"] not in self.spots:
            raise Refused(404, "SPOT_NOT_FOUND", "spot not found")
        if body["claimId"] in self._claims:
            return self._claims[body["claimId"]]
        lease = f"{next(self._numbers)}-1-1"
        claimed: list[Task] = []
        for job in self.jobs.values():
            if not job.cancelled:
                free = (task for task in job.tasks if task.status == "NEW")
                claimed += [task for _, task in zip(range(body["maxTasks"] - len(claimed)), free, strict=False)]
        for task in claimed:
            task.status, task.holder, task.lease = "RUNNING", body["spotId"], lease
            task.attempts += 1
            task.runs += 1
            task.expires_at = time.monotonic() + self.jobs[task.job].spec["taskTimeoutSeconds"]
        specs = {task.job: self.jobs[task.job].spec for task in claimed}
        tasks = [{"id": task.id, "payload": task.payload, "attempt": task.attempts} for task in claimed]
        answer = {"tasks": tasks, "jobs": specs} if tasks else {"tasks": [], "retryAfterMs": self.retry_after_ms}
        self._claims[body["claimId"]] = answer
        return answer

    # --- settling ---------------------------------------------------------------------------------------------------

    def _task(self, task_id: str) -> Task | None:
        job_id, _, rest = task_id.partition(".")
        index, _, lease = rest.partition(".")
        job = self.jobs.get(job_id)
        if job is None or not index.isdigit() or int(index) >= len(job.tasks):
            return None
        task = job.tasks[int(index)]
        return task if lease in ("", task.lease) else None

    def _held(self, spot_id: str, item: dict[str, Any], done: str) -> tuple[Task | None, dict[str, Any]]:
        task = self._task(item["id"])
        answer = {"id": item["id"]}
        if task is None:
            return None, {**answer, "outcome": "not_found"}
        if task.status == "DONE":
            return None, {**answer, "outcome": "already_completed"}
        if task.holder != spot_id or task.status != "RUNNING":
            return None, {**answer, "outcome": "wrong_spot"}
        if self.jobs[task.job].cancelled:
            task.holder = None
            return None, {**answer, "outcome": "cancelled"}
        return task, {**answer, "outcome": done}

    def _complete(self, spot_id: str, item: dict[str, Any]) -> dict[str, Any]:
        if '"refuse me"' in (item.get("resultJson") or ""):
            return {"id": item["id"], "outcome": "invalid", "error": "resultJson is refused"}
        if '"break me"' in (item.get("resultJson") or ""):
            raise Refused(500, "INTERNAL_ERROR", "internal error")
        task, answer = self._held(spot_id, item, "completed")
        if task:
            task.status, task.outcome = "DONE", item
        return answer

    def _fail(self, spot_id: str, item: dict[str, Any]) -> dict[str, Any]:
        task, answer = self._held(spot_id, item, "failed")
        if task:
            again = item.get("retriable", True) and task.attempts < self.jobs[task.job].spec["maxAttempts"]
            task.status, task.outcome = "NEW" if again else "FAILED", item
            answer |= {"outcome": "will_retry" if again else "failed", "willRetry": again}
        return answer

    def _renew(self, spot_id: str, item: dict[str, Any]) -> dict[str, Any]:
        task, answer = self._held(spot_id, item, "renewed")
        if task:
            task.renewed += 1
            task.expires_at = time.monotonic() + self.jobs[task.job].spec["taskTimeoutSeconds"]
        return answer

    def _release(self, spot_id: str, item: dict[str, Any]) -> dict[str, Any]:
        task, answer = self._held(spot_id, item, "released")
        if task:
            task.status, task.holder = "NEW", None
            task.attempts -= 1
            task.runs -= 1
        return answer


def _in_format(job: Job, kind: str) -> Any:
    return {"job": {"id": job.id}, "overall": job.report} if kind == "json" else f"{kind}: {job.report}\n"


def _page(name: str, rows: list[dict[str, Any]], wanted: dict[str, str]) -> dict[str, Any]:
    limit, start = int(wanted.get("limit", 100)), int(wanted.get("next", 0))
    rest = {"next": str(start + limit)} if start + limit < len(rows) else {}
    return {name: rows[start : start + limit], **rest}
