"""The coordinator over HTTP, as its clients see it: on the local cloud, one per worker process."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from local.cloud import Cloud

SAMPLE = {
    "jarPath": "/path/to/optimizer.jar",
    "mainClass": "com.example.OptRunner",
    "algorithms": ["PSO", "GA", "DE"],
    "iterations": {"min": 100, "max": 500, "step": 100},
    "agents": {"min": 10, "max": 50, "step": 10},
    "dimension": {"min": 2, "max": 10, "step": 2},
}


@pytest.fixture
def http(cloud: Cloud) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=cloud.api, timeout=30) as client:
        yield client


class Coordinator:
    """Calls of the contract, each test in a pool of its own."""

    def __init__(self, http: httpx.Client, pool: str) -> None:
        self.http, self.pool = http, pool

    def submit(self, **fields: Any) -> str:
        body = {"algorithms": ["PSO"], "parameters": {"x": {"min": 1, "max": 10, "step": 1}}, "pool": self.pool}
        answer = self.http.post("/api/v1/jobs", json={k: v for k, v in (body | fields).items() if v is not None})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["jobId"])

    def hello(self) -> str:
        answer = self.http.post("/internal/v1/hello", json={"ipAddress": "127.0.0.1", "pool": self.pool})
        return str(answer.json()["spotId"])

    def claim(self, spot: str, count: int = 10, **fields: Any) -> list[str]:
        body = {"spotId": spot, "maxTasks": count} | fields
        answer = self.http.post("/internal/v1/tasks/claim", json=body)
        assert answer.status_code == 200, answer.text
        return [task["id"] for task in answer.json()["tasks"]]

    def complete(self, spot: str, task: str, **fields: Any) -> httpx.Response:
        body = {"spotId": spot, "runtimeMs": 5, "iter": 1, "fopt": 0.5, "resultJson": "{}"} | fields
        return self.http.post(f"/internal/v1/tasks/{task}/complete", json=body)

    def fail(self, spot: str, task: str, **fields: Any) -> httpx.Response:
        return self.http.post(f"/internal/v1/tasks/{task}/fail", json={"spotId": spot, "error": "boom"} | fields)

    def job(self, job: str) -> dict[str, Any]:
        view: dict[str, Any] = self.http.get(f"/api/v1/jobs/{job}").json()
        return view


@pytest.fixture
def coordinator(http: httpx.Client, request: pytest.FixtureRequest) -> Coordinator:
    return Coordinator(http, f"pool-{abs(hash(request.node.nodeid)):x}")


@pytest.fixture
def eventually() -> Callable[[Callable[[], bool], float], float]:
    """Waits for something to become true; answers after how many seconds it did."""
    import time

    def wait(holds: Callable[[], bool], within: float) -> float:
        begun = time.monotonic()
        while not holds():
            assert time.monotonic() - begun < within, f"not within {within} s"
            time.sleep(0.1)
        return time.monotonic() - begun

    return wait
