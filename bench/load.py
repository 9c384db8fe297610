"""The load: workers in a process of their own, each with one connection that stays open.

    python -m bench.load URL WORKERS BATCH TASKS SAMPLE_BYTES

creates a job of TASKS tasks, has WORKERS threads run it dry and prints one line of JSON. It is kept lean, because it
shares the machine with what it measures; its CPU seconds are in the answer.
"""

import http.client
import json
import random
import sys
import threading
import time
from typing import Any
from urllib.parse import urlsplit

from bench.results import result_json

_HEADERS = {"Content-Type": "application/json"}
_KINDS = 64
"""Different results that a run sends; made before it starts."""


class _Connection:
    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._http = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=60)

    def post(self, path: str, body: str) -> Any:
        self._http.request("POST", path, body, _HEADERS)
        return self._answer()

    def get(self, path: str) -> Any:
        self._http.request("GET", path)
        return self._answer()

    def _answer(self) -> Any:
        answer = self._http.getresponse()
        content = answer.read()
        if answer.status >= 300:
            raise RuntimeError(f"{answer.status}: {content[:500]!r}")
        return json.loads(content)


class _Worker(threading.Thread):
    def __init__(self, url: str, batch: int, endings: list[str], start: threading.Barrier) -> None:
        super().__init__()
        self.claims: list[float] = []
        self.settles: list[float] = []
        self.tasks = 0
        self.fault: Exception | None = None
        self._connection, self._batch, self._endings, self._barrier = _Connection(url), batch, endings, start
        hello = self._connection.post("/internal/v1/hello", '{"ipAddress": "127.0.0.1"}')
        self._spot = hello["spotId"]

    def run(self) -> None:
        try:
            self._barrier.wait()
            while ids := self._claim():
                self._settle(ids)
        except Exception as fault:
            self.fault = fault

    def _claim(self) -> list[str]:
        claim_id = f"{len(self.claims)}-{self._spot[-12:]}"
        began = time.perf_counter()
        answer = self._connection.post(
            "/internal/v1/tasks/claim",
            f'{{"spotId":"{self._spot}","maxTasks":{self._batch},"claimId":"{claim_id}"}}',
        )
        if answer["tasks"]:
            self.claims.append(time.perf_counter() - began)
        return [task["id"] for task in answer["tasks"]]

    def _settle(self, ids: list[str]) -> None:
        items = ",".join(f'{{"id":"{task}",{self._endings[place % _KINDS]}' for place, task in enumerate(ids))
        began = time.perf_counter()
        answer = self._connection.post("/internal/v1/tasks/complete", f'{{"spotId":"{self._spot}","tasks":[{items}]}}')
        self.settles.append(time.perf_counter() - began)
        settled = sum(item["outcome"] == "completed" for item in answer["results"])
        if settled != len(ids):
            raise RuntimeError(f"{len(ids) - settled} tasks were not completed: {answer['results'][:2]}")
        self.tasks += settled


def _endings(size: int) -> list[str]:
    dice = random.Random(size)
    return [
        json.dumps({"runtimeMs": dice.randrange(60_000), "fopt": dice.random(), "resultJson": result_json(size, dice)})[
            1:
        ]
        for _ in range(_KINDS)
    ]


def _job_of(total: int) -> str:
    seeds = {"min": 1, "max": total, "step": 1}
    return json.dumps({"jarPath": "/jobs/pso.jar", "algorithms": ["PSO"], "parameters": {"seed": seeds}})


def run(url: str, workers: int, batch: int, tasks: int, result_bytes: int) -> dict[str, Any]:
    """Run a job dry; every task of it was settled once, else it raises."""
    start = threading.Barrier(workers + 1)
    crew = [_Worker(url, batch, _endings(result_bytes), start) for _ in range(workers)]
    connection = _Connection(url)
    job = connection.post("/api/v1/jobs", _job_of(tasks))["jobId"]
    for worker in crew:
        worker.start()
    cpu_before = time.process_time()
    start.wait()
    began = time.perf_counter()
    for worker in crew:
        worker.join()
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu_before
    for fault in filter(None, (worker.fault for worker in crew)):
        raise fault
    status = connection.get(f"/api/v1/jobs/{job}")
    if (status["status"], status["completedTasks"]) != ("COMPLETED", tasks):
        raise RuntimeError(f"the job did not end: {status}")
    return {
        "seconds": seconds,
        "tasks": sum(worker.tasks for worker in crew),
        "generator_cpu_seconds": cpu,
        "claims": [second for worker in crew for second in worker.claims],
        "settles": [second for worker in crew for second in worker.settles],
    }


if __name__ == "__main__":
    url, *numbers = sys.argv[1:]
    print(json.dumps(run(url, *map(int, numbers))))
