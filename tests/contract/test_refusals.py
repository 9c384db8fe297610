"""What is refused, with every fault named, and changes nothing."""

from typing import Any

import httpx
import pytest

from tests.contract.conftest import SAMPLE, Coordinator

BAD_JOBS: list[tuple[str, dict[str, Any], set[str]]] = [
    ("unknown fields", {"surprise": 1, "other": 2}, {"body.surprise", "body.other"}),
    ("wrong types", {"jarPath": 7, "iterations": "many"}, {"body.jarPath", "body.iterations"}),
    ("empty algorithms", {"algorithms": []}, {"body.algorithms"}),
    ("step 0", {"agents": {"min": 1, "max": 2, "step": 0}}, {"body.agents.step"}),
    ("max below min", {"agents": {"min": 3, "max": 2, "step": 1}}, {"body.agents.max"}),
    ("too many tasks", {"parameters": {"seed": {"min": 1, "max": 10**12, "step": 1}}}, {"body"}),
    ("no priority", {"priority": 10}, {"body.priority"}),
    ("no attempts", {"maxAttempts": 0}, {"body.maxAttempts"}),
]


@pytest.mark.parametrize(("what", "fields", "where"), BAD_JOBS, ids=[what for what, _, _ in BAD_JOBS])
def test_a_bad_job_is_400_and_every_fault_is_named(
    http: httpx.Client, what: str, fields: dict[str, Any], where: set[str]
) -> None:
    before = http.get("/api/v1/jobs", params={"name": what}).json()
    answer = http.post("/api/v1/jobs", json=SAMPLE | {"name": what} | fields)
    body = answer.json()
    assert (answer.status_code, body["success"], body["code"]) == (400, False, "INVALID_INPUT")
    assert where <= {fault["field"] for fault in body["details"]}
    assert http.get("/api/v1/jobs", params={"name": what}).json() == before


@pytest.mark.parametrize("most", [0, 501, "5", 1.5, True])
def test_a_claim_is_for_1_to_500_tasks(coordinator: Coordinator, most: object) -> None:
    body = {"spotId": coordinator.hello(), "maxTasks": most}
    answer = coordinator.http.post("/internal/v1/tasks/claim", json=body)
    assert (answer.status_code, answer.json()["details"][0]["field"]) == (400, "body.maxTasks")


@pytest.mark.parametrize("load", [900, -1, "high"])
def test_a_cpu_load_is_a_percentage(http: httpx.Client, load: object) -> None:
    answer = http.post("/internal/v1/heartbeat", json={"spotId": "spot-cpu", "cpuLoad": load})
    assert (answer.status_code, answer.json()["details"][0]["field"]) == (400, "body.cpuLoad")
    assert "spot-cpu" not in http.get("/api/v1/spots").text


@pytest.mark.parametrize("fopt", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_fopt_that_is_no_number_is_400(coordinator: Coordinator, fopt: str) -> None:
    coordinator.submit()
    spot = coordinator.hello()
    (task,) = coordinator.claim(spot, 1)
    body = f'{{"spotId": "{spot}", "runtimeMs": 1, "iter": 1, "fopt": {fopt}, "resultJson": "{{}}"}}'
    headers = {"Content-Type": "application/json"}
    answer = coordinator.http.post(f"/internal/v1/tasks/{task}/complete", content=body, headers=headers)
    assert (answer.status_code, answer.json()["success"]) == (400, False)


def test_malformed_json_is_400(http: httpx.Client) -> None:
    answer = http.post("/api/v1/jobs", content=b'{"algorithms": [', headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["success"]) == (400, False)


@pytest.mark.parametrize("megabytes", [7, 11])
def test_a_body_that_is_too_large_is_413(http: httpx.Client, megabytes: int) -> None:
    body = b'{"name": "' + b"x" * (megabytes * 1024 * 1024) + b'"}'
    answer = http.post("/api/v1/jobs", content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (413, "PAYLOAD_TOO_LARGE")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/api/v1/nothing", 404),
        ("POST", "/internal/v2/hello", 404),
        ("DELETE", "/api/v1/jobs", 405),
        ("GET", "/internal/v1/hello", 405),
        ("PUT", "/api/v1/jobs/job-main-0000000000000000/cancel", 405),
    ],
)
def test_unknown_routes_are_404_and_wrong_methods_405(http: httpx.Client, method: str, path: str, status: int) -> None:
    answer = http.request(method, path)
    assert answer.status_code == status
    assert answer.json()["success"] is False
    assert {"error", "code"} <= set(answer.json())


@pytest.mark.parametrize(
    "path",
    ["/api/v1/jobs?limit=0", "/api/v1/jobs?status=DONE", "/api/v1/jobs?nonsense=1", "/api/v1/jobs?next=garbage"],
)
def test_bad_query_parameters_are_400(http: httpx.Client, path: str) -> None:
    answer = http.get(path)
    assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_INPUT")


def test_the_same_idempotency_key_is_the_same_job_and_another_body_422(http: httpx.Client) -> None:
    headers = {"Idempotency-Key": "contract-test-key"}
    first = http.post("/api/v1/jobs", json=SAMPLE | {"pool": "nobody"}, headers=headers).json()
    again = http.post("/api/v1/jobs", json=SAMPLE | {"pool": "nobody"}, headers=headers)
    assert (again.status_code, again.json()) == (201, first)
    other = http.post("/api/v1/jobs", json=SAMPLE | {"pool": "nobody", "name": "other"}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "IDEMPOTENCY_MISMATCH")
