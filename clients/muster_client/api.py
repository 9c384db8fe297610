"""The SDK: one typed method for every route of Muster, named like the operation.

    with Muster("http://127.0.0.1:8080") as muster:
        job = muster.submit_job({"algorithms": ["PSO"], "iterations": {"min": 100, "max": 500, "step": 100}})
        for result in muster.iterate_results(job.job_id):
            print(result.fopt)

`list_*` answers one page, `iterate_*` walks all of them. Failures are the errors of muster_client.errors.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Any, Literal, Protocol, Self, TypeVar
from urllib.parse import quote
from uuid import uuid4

import httpx

from muster_client import records as r
from muster_client.download import download
from muster_client.export import TextFormat, text_pages
from muster_client.transport import RetryPolicy, Transport

DEFAULT_URL = "http://127.0.0.1:8080"


class _Page(Protocol):
    @property
    def next(self) -> str | None: ...


P = TypeVar("P", bound=_Page)


class Muster:
    """One Muster, reached over HTTP; may be shared between threads.

    base_url: MUSTER_URL, else http://127.0.0.1:8080. key: a user's key, sent as a bearer token; MUSTER_KEY.
    agent_key: sent as X-Orhestra-Key on the spots' routes; ORHESTRA_AGENT_KEY. timeout: seconds for one attempt.
    """

    def __init__(
        self,
        base_url: str | None = None,
        agent_key: str | None = None,
        key: str | None = None,
        *,
        timeout: float = 30.0,
        retry: RetryPolicy | None = None,
    ) -> None:
        key = key or os.environ.get("MUSTER_KEY")
        agent_key = agent_key or os.environ.get("ORHESTRA_AGENT_KEY")
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._agent = {"X-Orhestra-Key": agent_key} if agent_key else {}
        url = base_url or os.environ.get("MUSTER_URL") or DEFAULT_URL
        self._transport = Transport(url, headers, timeout, retry or RetryPolicy())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def base_url(self) -> str:
        return self._transport.base_url

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    # --- jobs, tasks, spots: /api/v1 --------------------------------------------------------------------------------

    def get_health(self) -> r.Health:
        return r.Health.read(self._get("/health"))

    def list_spots(self, *, limit: int | None = None, next: str | None = None) -> r.SpotPage:
        return r.SpotPage.read(self._get("/spots", limit=limit, next=next))

    def iterate_spots(self) -> Iterator[r.Spot]:
        for page in _pages(lambda next: self.list_spots(next=next)):
            yield from page.spots

    def submit_job(self, job: Mapping[str, Any], *, idempotency_key: str | None = None) -> r.JobSubmitted:
        """Submit a sweep. Without a key of the caller's own, a fresh one makes the repeats of this call one job."""
        headers = {"Idempotency-Key": idempotency_key or uuid4().hex}
        return r.JobSubmitted.read(self._post("/jobs", dict(job), headers))

    def list_jobs(
        self,
        *,
        status: str | None = None,
        name: str | None = None,
        limit: int | None = None,
        next: str | None = None,
    ) -> r.JobPage:
        return r.JobPage.read(self._get("/jobs", status=status, name=name, limit=limit, next=next))

    def iterate_jobs(self, *, status: str | None = None, name: str | None = None) -> Iterator[r.Job]:
        for page in _pages(lambda next: self.list_jobs(status=status, name=name, next=next)):
            yield from page.jobs

    def get_job(self, job_id: str) -> r.Job:
        return r.Job.read(self._get(f"/jobs/{_part(job_id)}"))

    def cancel_job(self, job_id: str) -> r.JobCancelled:
        return r.JobCancelled.read(self._post(f"/jobs/{_part(job_id)}/cancel"))

    def retry_job(self, job_id: str, *, idempotency_key: str | None = None) -> r.JobSubmitted:
        """A new job of the failed tasks."""
        headers = {"Idempotency-Key": idempotency_key or uuid4().hex}
        return r.JobSubmitted.read(self._post(f"/jobs/{_part(job_id)}/retry", headers=headers))

    def list_tasks(
        self, job_id: str, *, status: str | None = None, limit: int | None = None, next: str | None = None
    ) -> r.TaskPage:
        return r.TaskPage.read(self._get(f"/jobs/{_part(job_id)}/tasks", status=status, limit=limit, next=next))

    def iterate_tasks(self, job_id: str, *, status: str | None = None) -> Iterator[r.Task]:
        for page in _pages(lambda next: self.list_tasks(job_id, status=status, next=next)):
            yield from page.tasks

    def list_results(self, job_id: str, *, limit: int | None = None, next: str | None = None) -> r.ResultPage:
        return r.ResultPage.read(self._get(f"/jobs/{_part(job_id)}/results", limit=limit, next=next))

    def iterate_result_pages(self, job_id: str, *, limit: int | None = None) -> Iterator[r.ResultPage]:
        """All results in index order; limit is the size of a page."""
        return _pages(lambda next: self.list_results(job_id, limit=limit, next=next))

    def iterate_results(self, job_id: str, *, limit: int | None = None) -> Iterator[r.Result]:
        for page in self.iterate_result_pages(job_id, limit=limit):
            yield from page.results

    def export_results(self, job_id: str, format: TextFormat, *, rows: int | None = None) -> Iterator[str]:
        """Results as text, at most so many: pages that joined are one document."""
        path = f"/api/v1/jobs/{_part(job_id)}/results"

        def fetch(limit: int, next: str | None) -> httpx.Response:
            return self._transport.call("GET", path, params={"format": format, "limit": limit, "next": next})

        return text_pages(fetch, format, rows)

    def reset_task(self, task_id: str) -> r.Done:
        """Take a running task from its spot and make it claimable again."""
        return r.Done.read(self._post(f"/tasks/{_part(task_id)}/reset"))

    # --- keys and the trail: for admins -----------------------------------------------------------------------------

    def create_key(
        self,
        role: str,
        name: str,
        *,
        user: str | None = None,
        organization: str | None = None,
        idempotency_key: str | None = None,
    ) -> r.KeyCreated:
        """A new key: `key` of the answer is its text, told this once. role: admin, user or agent."""
        wanted = {"role": role, "name": name, "user": user, "organization": organization}
        body = {field: value for field, value in wanted.items() if value is not None}
        return r.KeyCreated.read(self._post("/keys", body, {"Idempotency-Key": idempotency_key or uuid4().hex}))

    def list_keys(
        self, *, organization: str | None = None, limit: int | None = None, next: str | None = None
    ) -> r.KeyPage:
        return r.KeyPage.read(self._get("/keys", organization=organization, limit=limit, next=next))

    def iterate_keys(self, *, organization: str | None = None) -> Iterator[r.Key]:
        for page in _pages(lambda next: self.list_keys(organization=organization, next=next)):
            yield from page.keys

    def revoke_key(self, key_id: str) -> r.KeyRevoked:
        """The key opens nothing any more, everywhere after a minute at most."""
        return r.KeyRevoked.read(self._transport.json("DELETE", f"/api/v1/keys/{_part(key_id)}"))

    def list_actions(
        self,
        *,
        day: str | None = None,
        organization: str | None = None,
        limit: int | None = None,
        next: str | None = None,
    ) -> r.ActionPage:
        """Who did what on a day, like 2026-01-28; today unless given. Newest first."""
        return r.ActionPage.read(self._get("/trail", day=day, organization=organization, limit=limit, next=next))

    def iterate_actions(self, *, day: str | None = None, organization: str | None = None) -> Iterator[r.Action]:
        for page in _pages(lambda next: self.list_actions(day=day, organization=organization, next=next)):
            yield from page.actions

    # --- reports and deliveries --------------------------------------------------------------------------------------

    def get_report(self, job_id: str, format: Literal["json", "txt", "csv"] = "json") -> str | None:
        """The report as text; None as long as it is being made."""
        answer = self._transport.call("GET", f"/api/v1/jobs/{_part(job_id)}/report", params={"format": format})
        return None if answer.status_code == 202 else answer.text

    def list_report_files(self, job_id: str) -> r.ReportFiles:
        """What was saved, with links that open the files for a while; none as long as the report is being made."""
        return r.ReportFiles.read(self._get(f"/jobs/{_part(job_id)}/report/files"))

    def download_report_files(self, job_id: str, folder: Path) -> Iterator[Path]:
        """Fetch what was saved into a folder, one file after the other: each as it is there. Nothing as long as the
        report is being made."""
        folder.mkdir(parents=True, exist_ok=True)
        saved, listed_at = self.list_report_files(job_id), monotonic()
        for number, file in enumerate(saved.files):
            if monotonic() - listed_at > file.expires_in_seconds / 2:
                saved, listed_at = self.list_report_files(job_id), monotonic()
            yield download(saved.files[number], folder)

    def redeliver_report(self, job_id: str, delivery_id: str) -> r.ReportRedelivered:
        """Deliver once more, with all attempts anew."""
        path = f"/jobs/{_part(job_id)}/deliveries/{_part(delivery_id)}/redeliver"
        return r.ReportRedelivered.read(self._post(path))

    def try_webhook(self, url: str, secret: str) -> r.WebhookTried:
        """Send one signed message to an address now."""
        return r.WebhookTried.read(self._post("/webhooks/test", {"webhook": {"url": url, "secret": secret}}))

    # --- the API about itself ---------------------------------------------------------------------------------------

    def get_openapi(self) -> dict[str, Any]:
        """The OpenAPI document of every route."""
        document: dict[str, Any] = self._transport.json("GET", "/openapi.json")
        return document

    def show_docs(self) -> str:
        """The page about the API, as HTML."""
        return self._transport.call("GET", "/docs", headers={"Accept": "text/html"}).text

    # --- what spots say: /internal/v1 -------------------------------------------------------------------------------

    def register_spot(
        self,
        ip_address: str,
        *,
        total_cores: int | None = None,
        pool: str = "default",
        idempotency_key: str | None = None,
    ) -> r.SpotRegistered:
        """Without a key of the caller's own, a fresh one makes the repeats of this call one spot."""
        said = {"ipAddress": ip_address, "pool": pool} | ({"totalCores": total_cores} if total_cores else {})
        headers = {**self._agent, "Idempotency-Key": idempotency_key or uuid4().hex}
        return r.SpotRegistered.read(self._transport.json("POST", "/internal/v1/hello", body=said, headers=headers))

    def record_heartbeat(
        self,
        spot_id: str,
        *,
        ip_address: str | None = None,
        pool: str | None = None,
        cpu_load: float | None = None,
        running_tasks: int | None = None,
        total_cores: int | None = None,
    ) -> r.HeartbeatRecorded:
        """A spot that is not known is registered, in `pool`."""
        said = {"ipAddress": ip_address, "cpuLoad": cpu_load, "runningTasks": running_tasks, "totalCores": total_cores}
        return r.HeartbeatRecorded.read(self._say("/heartbeat", spotId=spot_id, pool=pool, **said))

    def claim_tasks(self, spot_id: str, max_tasks: int = 1, *, claim_id: str | None = None) -> r.TasksClaimed:
        """Up to max_tasks tasks to run. The same claim id gives the same tasks; none given, a fresh one is made."""
        claim = {"spotId": spot_id, "maxTasks": max_tasks, "claimId": claim_id or uuid4().hex}
        return r.TasksClaimed.read(self._say("/tasks/claim", **claim))

    def complete_task(self, task_id: str, spot_id: str, runtime_ms: int, **outcome: Any) -> r.Done:
        """outcome: fopt, iter, resultJson, each if there is one."""
        path = f"/tasks/{_part(task_id)}/complete"
        return r.Done.read(self._say(path, spotId=spot_id, runtimeMs=runtime_ms, **outcome))

    def complete_tasks(self, spot_id: str, tasks: Sequence[Mapping[str, Any]]) -> r.TasksSettled:
        """tasks: objects with id, runtimeMs and, each if there is one, fopt, iter, resultJson. Up to 500."""
        return r.TasksSettled.read(self._say("/tasks/complete", spotId=spot_id, tasks=list(tasks)))

    def fail_task(
        self, task_id: str, spot_id: str, error: str, *, retriable: bool = True, output: str | None = None
    ) -> r.Done:
        path = f"/tasks/{_part(task_id)}/fail"
        return r.Done.read(self._say(path, spotId=spot_id, error=error, retriable=retriable, output=output))

    def fail_tasks(self, spot_id: str, tasks: Sequence[Mapping[str, Any]]) -> r.TasksSettled:
        """tasks: objects with id, error and, if wanted, retriable and output. Up to 500."""
        return r.TasksSettled.read(self._say("/tasks/fail", spotId=spot_id, tasks=list(tasks)))

    def renew_tasks(self, spot_id: str, tasks: Sequence[str]) -> r.TasksSettled:
        """Hold on to tasks. What the same lease owes and is not listed goes back to the coordinator."""
        return r.TasksSettled.read(self._say("/tasks/renew", spotId=spot_id, tasks=list(tasks)))

    def release_tasks(self, spot_id: str, tasks: Sequence[str]) -> r.TasksSettled:
        """Give back tasks that were not started; no attempt is spent."""
        return r.TasksSettled.read(self._say("/tasks/release", spotId=spot_id, tasks=list(tasks)))

    def _get(self, path: str, **params: Any) -> Any:
        return self._transport.json("GET", "/api/v1" + path, params=params)

    def _post(self, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Any:
        return self._transport.json("POST", "/api/v1" + path, body=body, headers=headers)

    def _say(self, path: str, **body: Any) -> Any:
        said = {name: value for name, value in body.items() if value is not None}
        return self._transport.json("POST", "/internal/v1" + path, body=said, headers=self._agent)


def _part(identifier: str) -> str:
    return quote(identifier, safe="")


def _pages(page_after: Callable[[str | None], P]) -> Iterator[P]:
    page = page_after(None)
    yield page
    while page.next:
        page = page_after(page.next)
        yield page
