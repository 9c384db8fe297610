"""Every route, body and status of the contract."""

import httpx
import pytest

from tests.contract.conftest import SAMPLE, Coordinator

TASK = {"success": False, "error": "task not found", "code": "TASK_NOT_FOUND"}


def test_the_sample_job_has_375_tasks(http: httpx.Client) -> None:
    answer = http.post("/api/v1/jobs", json=SAMPLE | {"pool": "nobody"})
    assert answer.status_code == 201
    body = answer.json()
    assert body == {"success": True, "jobId": body["jobId"], "totalTasks": 375}
    assert body["jobId"].startswith("job-")


def test_a_new_job_is_pending_and_counts_what_waits(coordinator: Coordinator) -> None:
    job = coordinator.submit(name="a name")
    view = coordinator.job(job)
    assert {key: view[key] for key in ("id", "name", "status", "totalTasks", "completedTasks", "failedTasks")} == {
        "id": job, "name": "a name", "status": "PENDING", "totalTasks": 10, "completedTasks": 0, "failedTasks": 0,
    }  # fmt: skip
    assert view["waitingTasks"] == 10
    assert view["createdAt"].endswith("Z")


@pytest.mark.parametrize("path", ["/api/v1/jobs/nope", "/api/v1/jobs/job-main-0000000000000000/results"])
def test_an_unknown_job_is_404(http: httpx.Client, path: str) -> None:
    answer = http.get(path)
    assert answer.status_code == 404
    assert answer.json() == {"success": False, "error": "job not found", "code": "JOB_NOT_FOUND"}


def test_a_task_goes_from_claim_to_result(coordinator: Coordinator) -> None:
    job, spot = coordinator.submit(parameters={"x": [1, 2.5, "a"]}), coordinator.hello()
    answer = coordinator.http.post("/internal/v1/tasks/claim", json={"spotId": spot, "maxTasks": 2}).json()
    assert [task["payload"] for task in answer["tasks"]] == ['{"alg":"PSO","x":1}', '{"alg":"PSO","x":2.5}']
    first, second = (task["id"] for task in answer["tasks"])
    assert first.startswith(job)
    assert coordinator.complete(spot, first, fopt=0.00123, runtimeMs=1500).json() == {"success": True}
    again = coordinator.complete(spot, first)
    assert (again.status_code, again.json()) == (200, {"success": True, "message": "already completed"})
    assert coordinator.complete(spot, second).status_code == 200
    page = coordinator.http.get(f"/api/v1/jobs/{job}/results").json()
    assert (page["jobId"], page["totalCompleted"]) == (job, 2)
    assert [(result["algorithm"], result["fopt"], result["runtimeMs"]) for result in page["results"]] == [
        ("PSO", 0.00123, 1500),
        ("PSO", 0.5, 5),
    ]


def test_a_job_is_completed_with_its_last_task(coordinator: Coordinator) -> None:
    job, spot = coordinator.submit(), coordinator.hello()
    for task in coordinator.claim(spot):
        assert coordinator.job(job)["status"] == "RUNNING"
        coordinator.complete(spot, task)
    assert coordinator.job(job)["status"] == "COMPLETED"
    assert coordinator.claim(spot) == []


def test_a_failure_is_retried_and_then_permanent(coordinator: Coordinator) -> None:
    job, spot = coordinator.submit(parameters={"x": [1, 2]}, maxAttempts=1), coordinator.hello()
    first, second = coordinator.claim(spot)
    assert coordinator.fail(spot, first).json() == {"success": True, "willRetry": False}
    assert coordinator.fail(spot, first).json() == {"success": True, "message": "already terminal"}
    assert coordinator.complete(spot, first).json() == {"success": True, "message": "already terminal"}
    assert coordinator.complete(spot, second).status_code == 200
    assert coordinator.fail(spot, second).json() == {"success": True, "message": "already terminal"}
    view = coordinator.job(job)
    assert (view["status"], view["completedTasks"], view["failedTasks"]) == ("FAILED", 1, 1)


def test_a_failed_attempt_runs_again_after_a_second(coordinator: Coordinator, eventually) -> None:  # type: ignore[no-untyped-def]
    coordinator.submit(parameters={"x": [1]})
    spot = coordinator.hello()
    (task,) = coordinator.claim(spot)
    assert coordinator.fail(spot, task).json() == {"success": True, "willRetry": True}
    assert coordinator.claim(spot) == []
    again: list[str] = []
    waited = eventually(lambda: bool(again.extend(coordinator.claim(spot)) or again), 5)
    assert waited > 0.5
    assert again[0] != task
    assert coordinator.fail(spot, again[0], retriable=False).json() == {"success": True, "willRetry": False}


def test_a_task_runs_three_times_unless_its_job_says_otherwise(coordinator: Coordinator) -> None:
    job = coordinator.submit()
    assert coordinator.job(job)["maxAttempts"] == 3


@pytest.mark.parametrize("verb", ["complete", "fail"])
def test_what_is_no_task_is_404_and_what_another_holds_409(coordinator: Coordinator, verb: str) -> None:
    coordinator.submit()
    mine, theirs = coordinator.hello(), coordinator.hello()
    (task,) = coordinator.claim(mine, 1)
    settle = getattr(coordinator, verb)
    for nothing in ("task-001", task.replace(".0.", ".7."), "x" * 500):
        answer = settle(mine, nothing)
        assert (answer.status_code, answer.json()["error"]) == (404, "task not found"), answer.text
    answer = settle(theirs, task)
    assert answer.status_code == 409
    assert answer.json() == {"success": False, "error": "task not assigned to this spot", "code": "WRONG_SPOT"}


def test_a_spot_that_never_said_hello_may_not_claim(http: httpx.Client) -> None:
    answer = http.post("/internal/v1/tasks/claim", json={"spotId": "stranger", "maxTasks": 1})
    assert (answer.status_code, answer.json()["code"]) == (404, "SPOT_NOT_FOUND")


def test_a_heartbeat_registers_an_unknown_spot(http: httpx.Client) -> None:
    http.get("/api/v1/spots")  # warm from here on: a spot is UP for ten seconds
    beat = {"spotId": "spot-of-mine", "ipAddress": "10.0.0.9", "cpuLoad": 45.2, "runningTasks": 2, "totalCores": 8}
    answer = http.post("/internal/v1/heartbeat", json=beat)
    assert (answer.status_code, answer.json()) == (200, {"success": True})
    (spot,) = [one for one in http.get("/api/v1/spots").json()["spots"] if one["id"] == "spot-of-mine"]
    assert {key: spot[key] for key in ("ipAddress", "status", "cpuLoad", "runningTasks", "totalCores")} == {
        "ipAddress": "10.0.0.9", "status": "UP", "cpuLoad": 45.2, "runningTasks": 2, "totalCores": 8,
    }  # fmt: skip


def test_hello_says_how_often_to_beat_and_an_empty_claim_how_long_to_wait(coordinator: Coordinator) -> None:
    hello = coordinator.http.post("/internal/v1/hello", json={"ipAddress": "127.0.0.1", "pool": coordinator.pool})
    assert hello.json()["heartbeatSeconds"] == 3
    claim = coordinator.http.post("/internal/v1/tasks/claim", json={"spotId": hello.json()["spotId"], "maxTasks": 5})
    assert claim.json()["tasks"] == []
    assert claim.json()["retryAfterMs"] > 0


def test_health_counts_spots_and_tasks(http: httpx.Client) -> None:
    body = http.get("/api/v1/health").json()
    assert (body["status"], body["database"]) == ("healthy", "connected")
    assert set(body) == {"status", "database", "activeSpots", "pendingTasks", "runningTasks"}


def test_a_batch_answers_item_by_item_and_a_bad_one_spoils_nothing(coordinator: Coordinator) -> None:
    job, spot = coordinator.submit(), coordinator.hello()
    tasks = coordinator.claim(spot, 4)
    items = [{"id": task, "runtimeMs": 1, "fopt": 1.5} for task in tasks[:2]]
    items += [{"id": "nothing", "runtimeMs": 1}, {"id": tasks[2], "runtimeMs": -1}]
    answer = coordinator.http.post("/internal/v1/tasks/complete", json={"spotId": spot, "tasks": items})
    assert answer.status_code == 200
    assert [one["outcome"] for one in answer.json()["results"]] == ["completed", "completed", "not_found", "invalid"]
    assert answer.json()["results"][3]["details"][0]["field"] == "runtimeMs"
    failed = [{"id": tasks[2], "error": "x"}, {"id": tasks[3], "error": "y", "retriable": False}]
    answer = coordinator.http.post("/internal/v1/tasks/fail", json={"spotId": spot, "tasks": failed})
    assert [(one["outcome"], one["willRetry"]) for one in answer.json()["results"]] == [
        ("will_retry", True),
        ("failed", False),
    ]
    view = coordinator.job(job)
    assert (view["completedTasks"], view["failedTasks"], view["waitingTasks"]) == (2, 1, 7)


def test_a_released_task_goes_back_without_spending_an_attempt(coordinator: Coordinator) -> None:
    coordinator.submit(maxAttempts=1, parameters={"x": [1]})
    spot = coordinator.hello()
    tasks = coordinator.claim(spot)
    answer = coordinator.http.post("/internal/v1/tasks/release", json={"spotId": spot, "tasks": tasks})
    assert [one["outcome"] for one in answer.json()["results"]] == ["released"]
    claim = coordinator.http.post("/internal/v1/tasks/claim", json={"spotId": spot, "maxTasks": 1}).json()
    assert [task["attempt"] for task in claim["tasks"]] == [1]


def test_renewing_says_until_when_and_gives_back_what_is_not_listed(coordinator: Coordinator) -> None:
    job, spot = coordinator.submit(), coordinator.hello()
    tasks = coordinator.claim(spot, 5)
    answer = coordinator.http.post("/internal/v1/tasks/renew", json={"spotId": spot, "tasks": tasks[:3]})
    assert [one["outcome"] for one in answer.json()["results"]] == ["renewed"] * 3
    assert answer.json()["results"][0]["expiresAt"].endswith("Z")
    assert coordinator.job(job)["runningTasks"] == 3


def test_a_claim_id_makes_a_repeated_claim_return_the_same_tasks(coordinator: Coordinator) -> None:
    coordinator.submit()
    spot = coordinator.hello()
    first = coordinator.claim(spot, 3, claimId="c1")
    assert coordinator.claim(spot, 3, claimId="c1") == first
    assert not set(coordinator.claim(spot, 3, claimId="c2")) & set(first)


def test_cancel_stops_a_job_and_the_spot_is_told(coordinator: Coordinator) -> None:
    job, spot = coordinator.submit(), coordinator.hello()
    held = coordinator.claim(spot, 2)
    answer = coordinator.http.post(f"/api/v1/jobs/{job}/cancel")
    assert (answer.status_code, answer.json()["status"]) == (200, "CANCELLED")
    assert coordinator.http.post(f"/api/v1/jobs/{job}/cancel").status_code == 200
    beat = coordinator.http.post("/internal/v1/heartbeat", json={"spotId": spot}).json()
    assert sorted(beat["cancelledTasks"]) == sorted(held)
    late = coordinator.complete(spot, held[0])
    assert (late.status_code, late.json()["code"]) == (409, "TASK_CANCELLED")
    assert coordinator.claim(spot) == []
    view = coordinator.job(job)
    assert (view["status"], view["cancelledTasks"]) == ("CANCELLED", 10)


def test_an_ended_job_can_not_be_cancelled_but_its_failures_retried(coordinator: Coordinator) -> None:
    job, spot = coordinator.submit(parameters={"x": [1, 2, 3]}), coordinator.hello()
    tasks = coordinator.claim(spot)
    coordinator.complete(spot, tasks[0])
    assert coordinator.http.post(f"/api/v1/jobs/{job}/retry").status_code == 409
    for task in tasks[1:]:
        coordinator.fail(spot, task, retriable=False)
    assert coordinator.http.post(f"/api/v1/jobs/{job}/cancel").status_code == 409
    answer = coordinator.http.post(f"/api/v1/jobs/{job}/retry")
    assert answer.status_code == 201
    again = answer.json()
    assert (again["totalTasks"], again["retryOf"]) == (2, job)
    claim = coordinator.http.post("/internal/v1/tasks/claim", json={"spotId": spot, "maxTasks": 9}).json()
    assert [task["payload"] for task in claim["tasks"]] == ['{"alg":"PSO","x":2}', '{"alg":"PSO","x":3}']


def test_failed_and_running_tasks_can_be_looked_at_and_a_stuck_one_reset(coordinator: Coordinator) -> None:
    job, spot = coordinator.submit(parameters={"x": [1, 2, 3]}), coordinator.hello()
    tasks = coordinator.claim(spot, 2)
    coordinator.fail(spot, tasks[0], retriable=False, error="OutOfMemoryError", output="the tail")
    failed = coordinator.http.get(f"/api/v1/jobs/{job}/tasks", params={"status": "FAILED"}).json()["tasks"]
    assert [(one["id"], one["error"], one["output"]) for one in failed] == [
        (f"{job}.0", "OutOfMemoryError", "the tail")
    ]
    (running,) = coordinator.http.get(f"/api/v1/jobs/{job}/tasks", params={"status": "RUNNING"}).json()["tasks"]
    assert (running["id"], running["spotId"]) == (f"{job}.1", spot)
    assert coordinator.http.post(f"/api/v1/tasks/{running['id']}/reset").json() == {"success": True}
    waiting = coordinator.http.get(f"/api/v1/jobs/{job}/tasks", params={"status": "NEW"}).json()["tasks"]
    assert [one["index"] for one in waiting] == [1, 2]
    assert coordinator.http.post(f"/api/v1/tasks/{job}.0/reset").status_code == 409
    assert coordinator.http.post(f"/api/v1/tasks/{job}.9/reset").json() == TASK


def test_jobs_are_listed_newest_first_by_status_name_and_page(coordinator: Coordinator) -> None:
    mark = coordinator.pool
    jobs = [coordinator.submit(name=f"{mark} {number}") for number in range(3)]
    coordinator.http.post(f"/api/v1/jobs/{jobs[0]}/cancel")
    page = coordinator.http.get("/api/v1/jobs", params={"name": mark.upper(), "limit": 2}).json()
    assert [one["id"] for one in page["jobs"]] == [jobs[2], jobs[1]]
    rest = coordinator.http.get("/api/v1/jobs", params={"name": mark, "limit": 2, "next": page["next"]}).json()
    assert [one["id"] for one in rest["jobs"]] == [jobs[0]]
    assert "next" not in rest
    gone = coordinator.http.get("/api/v1/jobs", params={"name": mark, "status": "CANCELLED"}).json()
    assert [one["id"] for one in gone["jobs"]] == [jobs[0]]


def test_results_come_as_lines_of_json_and_as_csv(coordinator: Coordinator) -> None:
    job, spot = coordinator.submit(parameters={"x": [1, 2]}), coordinator.hello()
    for task in coordinator.claim(spot):
        coordinator.complete(spot, task, fopt=1e-300, resultJson='{"a": "b,c"}')
    lines = coordinator.http.get(f"/api/v1/jobs/{job}/results", params={"format": "ndjson"}).text.splitlines()
    assert len(lines) == 2
    assert '"fopt":1e-300' in lines[0].replace(" ", "")
    table = coordinator.http.get(f"/api/v1/jobs/{job}/results", params={"format": "csv", "limit": 1})
    assert table.headers["x-muster-next"] == "1"
    header, row = table.text.splitlines()
    assert header == "taskId,index,attempt,algorithm,x,fopt,iter,runtimeMs,spotId,finishedAt,resultJson"
    assert row.startswith(f"{job}.0,0,1,PSO,1,1e-300,1,5,{spot},")
    assert row.endswith('"{""a"": ""b,c""}"')


@pytest.mark.parametrize("fopt", ["1e-300", "-0.0", "1e308", "5e-324", "0.30000000000000004"])
def test_fopt_is_kept_bit_for_bit(coordinator: Coordinator, fopt: str) -> None:
    job, spot = coordinator.submit(parameters={"x": [1]}), coordinator.hello()
    (task,) = coordinator.claim(spot)
    body = f'{{"spotId": "{spot}", "runtimeMs": 1, "iter": 1, "fopt": {fopt}, "resultJson": " {{}} "}}'
    url = f"/internal/v1/tasks/{task}/complete"
    assert coordinator.http.post(url, content=body, headers={"Content-Type": "application/json"}).status_code == 200
    (result,) = coordinator.http.get(f"/api/v1/jobs/{job}/results").json()["results"]
    assert repr(result["fopt"]) == repr(float(fopt))
    assert result["resultJson"] == " {} "
