"""Who may do what, over HTTP: on a local cloud that asks for keys, with every route that there is."""

import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner, Result

from local import cloud as local_cloud
from local.cloud import Cloud
from local.operator import operator_key, root
from muster.core.access_key import AccessKey
from muster.core.caller import Role
from muster.store.access.secrets import derive
from muster_client.api import Muster
from muster_client.cli.main import app
from tests.operations import Route, endpoint, routes

WRONG = "mk-acme-000000000000-" + "0" * 52
JOB = {"algorithms": ["PSO"], "parameters": {"x": [1, 2, 3]}}


@dataclass
class Guarded:
    """A cloud that asks for keys, and the keys that were made on it."""

    cloud: Cloud
    http: httpx.Client
    texts: list[str] = field(default_factory=list)

    @property
    def operator(self) -> str:
        return operator_key(self.cloud.emulator)

    @property
    def agent(self) -> str:
        """What shared spots send."""
        return derive(root(self.cloud.emulator), "agent").hex()

    def key(self, role: str, organization: str, **more: Any) -> str:
        body = {"role": role, "name": f"a test's {role}", "organization": organization, **more}
        made = self.ask("POST", "/api/v1/keys", self.operator, json=body)
        assert made.status_code == 201, made.text
        self.texts.append(made.json()["key"])
        return self.texts[-1]

    def ask(self, method: str, path: str, key: str | None = None, **request: Any) -> httpx.Response:
        headers = request.pop("headers", {}) | ({"Authorization": f"Bearer {key}"} if key else {})
        return self.http.request(method, path, headers=headers, **request)

    def revoke(self, key: str) -> None:
        assert self.ask("DELETE", f"/api/v1/keys/{key.rpartition('-')[0]}", self.operator).status_code == 200

    def call(self, route: Route, key: str | None, ids: dict[str, str] | None = None) -> httpx.Response:
        """The route's sample request, with these ids in its path."""
        event = route.sample
        path = re.sub(r"{(\w+)}", lambda found: (ids or event["pathParameters"])[found[1]], route.path)
        headers = {"Content-Type": "application/json"} if event["body"] else {}
        query, body = event["queryStringParameters"], event["body"]
        return self.ask(route.method, path, key, params=query, content=body, headers=headers)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    told = {"MUSTER_REQUIRE_KEYS": "true", "MUSTER_LOG_FORMAT": "json"}
    with (
        local_cloud.start(state=tmp_path_factory.mktemp("guarded"), environment=told) as running,
        httpx.Client(base_url=running.api, timeout=30) as http,
    ):
        yield Guarded(running, http)


@pytest.fixture(scope="module")
def acme(guarded: Guarded) -> dict[str, str]:
    return {role: guarded.key(role, "acme") for role in ("admin", "user", "agent")}


@pytest.fixture(scope="module")
def globex(guarded: Guarded) -> dict[str, str]:
    return {role: guarded.key(role, "globex") for role in ("admin", "user", "agent")}


def refusal(answer: httpx.Response) -> tuple[int, str]:
    body = answer.json()
    assert body["success"] is False
    return answer.status_code, body["code"]


def work(guarded: Guarded, keys: dict[str, str], pool: str, **headers: str) -> dict[str, Any]:
    """A job of the organization and a spot that has claimed from it."""
    job = guarded.ask("POST", "/api/v1/jobs", keys["user"], json=JOB | {"pool": pool}).json()["jobId"]
    spot = say(guarded, "hello", keys["agent"], ipAddress="192.0.2.1", pool=pool).json()["spotId"]
    claimed = say(guarded, "tasks/claim", keys["agent"], spotId=spot, maxTasks=1).json()["tasks"]
    return {"jobId": job, "spotId": spot, "taskId": claimed[0]["id"]}


def say(guarded: Guarded, path: str, key: str | None, headers: dict[str, str] | None = None, **body: Any) -> Any:
    return guarded.ask("POST", f"/internal/v1/{path}", key, json=body, headers=headers or {})


every_route = pytest.mark.parametrize("route", routes(), ids=lambda route: route.operation)
every_route_that_looks_at_keys = pytest.mark.parametrize(
    "route",
    [route for route in routes() if not endpoint(route.operation).admission.anonymous],
    ids=lambda route: route.operation,
)


@every_route
def test_without_a_key_a_route_is_closed_unless_it_is_public(guarded: Guarded, route: Route) -> None:
    answer = guarded.call(route, None)

    if endpoint(route.operation).admission.public:
        assert answer.status_code == 200
    else:
        assert refusal(answer) == (401, "UNAUTHORIZED")


@every_route_that_looks_at_keys
@pytest.mark.parametrize(
    "key", [WRONG, "operator", "mk-", "mk-acme-" + "x" * 5000], ids=["good form", "word", "short", "long"]
)
def test_a_wrong_key_opens_nothing(guarded: Guarded, route: Route, key: str) -> None:
    assert refusal(guarded.call(route, key)) == (401, "UNAUTHORIZED")


@every_route_that_looks_at_keys
def test_a_revoked_key_opens_nothing(guarded: Guarded, route: Route, revoked: str) -> None:
    assert refusal(guarded.call(route, revoked)) == (401, "UNAUTHORIZED")


@pytest.fixture(scope="module")
def revoked(guarded: Guarded) -> str:
    key = guarded.key("admin", "acme")
    assert guarded.ask("GET", "/api/v1/jobs", key).status_code == 200
    guarded.revoke(key)
    return key


@every_route
def test_a_key_of_the_wrong_role_opens_nothing(guarded: Guarded, route: Route, acme: dict[str, str]) -> None:
    admission = endpoint(route.operation).admission
    wrong = [] if admission.public else [role for role in Role if role not in admission.roles]

    assert wrong or admission.public
    assert {refusal(guarded.call(route, acme[role])) for role in wrong} <= {(401, "WRONG_ROLE")}


@pytest.fixture(scope="module")
def of_acme(guarded: Guarded, acme: dict[str, str]) -> dict[str, str]:
    """Ids of things that are there, of acme."""
    return work(guarded, acme, "ids") | {
        "keyId": acme["user"].rpartition("-")[0],
        "deliveryId": "webhook",
    }


@pytest.mark.parametrize("route", [r for r in routes() if "{" in r.path], ids=lambda route: route.operation)
def test_what_is_another_organizations_is_not_there(
    guarded: Guarded, route: Route, of_acme: dict[str, str], globex: dict[str, str]
) -> None:
    status, code = refusal(guarded.call(route, globex["admin"], of_acme))

    assert (status, code.endswith("_NOT_FOUND")) == (404, True)


def test_tasks_and_spots_that_a_body_names_are_not_there_for_another_organization(
    guarded: Guarded, of_acme: dict[str, str], globex: dict[str, str]
) -> None:
    spot, task, key = of_acme["spotId"], of_acme["taskId"], globex["agent"]
    items = {"complete": [{"id": task, "runtimeMs": 1}], "fail": [{"id": task, "error": "e"}]}
    for verb in ("complete", "fail", "renew", "release"):
        answer = say(guarded, f"tasks/{verb}", key, spotId=spot, tasks=items.get(verb, [task]))
        assert [item["outcome"] for item in answer.json()["results"]] == ["not_found"], verb
    assert refusal(say(guarded, "tasks/claim", key, spotId=spot)) == (404, "SPOT_NOT_FOUND")


def test_an_organization_that_differs_from_the_keys_is_the_one_403(guarded: Guarded, acme: dict[str, str]) -> None:
    foreign = {"role": "user", "name": "n", "organization": "globex"}
    answers = [
        guarded.ask("POST", "/api/v1/keys", acme["admin"], json=foreign),
        guarded.ask("GET", "/api/v1/keys?organization=globex", acme["admin"]),
        guarded.ask("GET", "/api/v1/trail?organization=globex", acme["admin"]),
    ]

    assert [refusal(answer) for answer in answers] == [(403, "FORBIDDEN")] * 3
    own = guarded.ask("POST", "/api/v1/keys", acme["admin"], json=foreign | {"organization": "acme"})
    assert own.status_code == 201
    assert guarded.ask("GET", "/api/v1/keys?organization=globex", guarded.operator).status_code == 200


@pytest.mark.parametrize("name", ["shared", "Acme", "a-b", "a" * 17, "ä", "a#b"])
def test_some_names_no_organization_may_have(guarded: Guarded, name: str) -> None:
    body = {"role": "user", "name": "n", "organization": name}
    answer = guarded.ask("POST", "/api/v1/keys", guarded.operator, json=body)

    assert (*refusal(answer), answer.json()["details"][0]["field"]) == (400, "INVALID_INPUT", "body.organization")


def test_two_organizations_see_nothing_of_each_other(
    guarded: Guarded, acme: dict[str, str], globex: dict[str, str]
) -> None:
    made = {name: work(guarded, keys, "apart") for name, keys in (("acme", acme), ("globex", globex))}
    for name, keys in (("acme", acme), ("globex", globex)):
        own, task = made[name], made[name]["taskId"]
        say(guarded, f"tasks/{task}/complete", keys["agent"], spotId=own["spotId"], runtimeMs=1, fopt=0.5)
        paths = ["jobs", "spots", f"jobs/{own['jobId']}/tasks", f"jobs/{own['jobId']}/results"]
        shown = [guarded.ask("GET", f"/api/v1/{path}", keys["user"]).text for path in paths]
        shown += [guarded.ask("GET", f"/api/v1/{path}", keys["admin"]).text for path in ("keys", "trail")]
        other = made["globex" if name == "acme" else "acme"]

        assert all(own["jobId"] in text for text in (shown[0], shown[2], shown[3]))
        assert own["spotId"] in shown[1]
        assert [one for one in other.values() for text in shown if one in text] == []
        assert f"-{name}-" in shown[4]


def test_a_spot_of_an_organization_gets_no_work_of_another(
    guarded: Guarded, acme: dict[str, str], globex: dict[str, str]
) -> None:
    guarded.ask("POST", "/api/v1/jobs", acme["user"], json=JOB | {"pool": "own"})
    spot = say(guarded, "hello", globex["agent"], ipAddress="192.0.2.1", pool="own").json()["spotId"]

    assert say(guarded, "tasks/claim", globex["agent"], spotId=spot).json()["tasks"] == []


def test_a_shared_spot_works_for_both_and_is_shown_to_its_operator_alone(
    guarded: Guarded, acme: dict[str, str], globex: dict[str, str]
) -> None:
    jobs = {
        name: guarded.ask("POST", "/api/v1/jobs", keys["user"], json=JOB | {"pool": "both"}).json()["jobId"]
        for name, keys in (("acme", acme), ("globex", globex))
    }
    shared = {"X-Orhestra-Key": guarded.agent}
    spot = say(guarded, "hello", None, shared, ipAddress="192.0.2.1", pool="both").json()["spotId"]
    settled: dict[str, int] = dict.fromkeys(jobs.values(), 0)
    while tasks := say(guarded, "tasks/claim", None, shared, spotId=spot, maxTasks=2).json()["tasks"]:
        done = [{"id": task["id"], "runtimeMs": 1} for task in tasks]
        answer = say(guarded, "tasks/complete", None, shared, spotId=spot, tasks=done)
        for item in answer.json()["results"]:
            assert item["outcome"] == "completed"
            settled[item["id"].partition(".")[0]] += 1

    assert set(settled.values()) == {3}
    assert spot.startswith("spot-shared-")
    listed = {key: guarded.ask("GET", "/api/v1/spots", key).text for key in (acme["user"], guarded.operator)}
    assert [spot in text for text in listed.values()] == [False, True]
    assert guarded.ask("GET", "/api/v1/health", guarded.operator).json()["activeSpots"] >= 1


def test_pages_of_spots_go_on_from_the_operators_own_to_the_shared_ones(guarded: Guarded) -> None:
    shared = {"X-Orhestra-Key": guarded.agent}
    made = {say(guarded, "hello", guarded.operator, ipAddress="192.0.2.1").json()["spotId"] for _ in range(3)}
    made |= {say(guarded, "hello", None, shared, ipAddress="192.0.2.1").json()["spotId"] for _ in range(3)}
    seen: list[str] = []
    page: dict[str, Any] = {"next": ""}
    while "next" in page:
        query = {"limit": 2, "next": page["next"]}
        page = guarded.ask("GET", "/api/v1/spots", guarded.operator, params=query).json()
        seen += [spot["id"] for spot in page["spots"]]

    assert made <= set(seen)
    assert len(seen) == len(set(seen))
    answer = guarded.ask("GET", "/api/v1/spots?next=acme%23spot-acme-0", guarded.operator)
    assert refusal(answer) == (400, "INVALID_INPUT")


@pytest.mark.parametrize("key", ["", "wrong", "é"])
def test_a_wrong_agent_key_is_401_on_every_route_of_spots(guarded: Guarded, key: str) -> None:
    for route in routes():
        if route.path.startswith("/internal/"):
            answer = guarded.ask(route.method, route.path, headers={b"X-Orhestra-Key": key.encode()}, json={})
            assert refusal(answer) == (401, "UNAUTHORIZED"), route


def test_the_agent_key_is_nothing_on_a_clients_route(guarded: Guarded) -> None:
    answer = guarded.ask("GET", "/api/v1/jobs", headers={"X-Orhestra-Key": guarded.agent})

    assert refusal(answer) == (401, "UNAUTHORIZED")


def test_anything_but_a_bearer_token_is_401(guarded: Guarded) -> None:
    for sent in ("Basic b3BlcmF0b3I6", "Bearer", "", guarded.operator):
        assert refusal(guarded.ask("GET", "/api/v1/jobs", headers={"Authorization": sent})) == (401, "UNAUTHORIZED")
    kindly = {"authorization": f"bearer  {guarded.operator}"}
    assert guarded.ask("GET", "/api/v1/jobs", headers=kindly).status_code == 200


def test_a_key_revoked_in_use_is_refused_and_never_answered_otherwise(guarded: Guarded) -> None:
    key, seen, stop = guarded.key("user", "acme"), set(), threading.Event()

    def use() -> None:
        while not stop.is_set():
            seen.add(guarded.ask("GET", "/api/v1/jobs?limit=1", key).status_code)

    with ThreadPoolExecutor(8) as threads:
        users = [threads.submit(use) for _ in range(8)]
        try:
            while 200 not in seen:
                time.sleep(0.01)
            guarded.revoke(key)
            while 401 not in seen:
                time.sleep(0.01)
        finally:
            stop.set()
    assert [user.exception() for user in users] == [None] * 8
    assert seen == {200, 401}
    assert guarded.ask("GET", "/api/v1/jobs", key).status_code == 401


def test_revoking_twice_is_revoking_once(guarded: Guarded) -> None:
    key_id = guarded.key("user", "acme").rpartition("-")[0]
    answers = [guarded.ask("DELETE", f"/api/v1/keys/{key_id}", guarded.operator).json() for _ in range(2)]

    assert answers == [
        {"success": True, "keyId": key_id},
        {"success": True, "keyId": key_id, "message": "already revoked"},
    ]


def test_one_idempotency_key_is_one_key_however_many_ask_at_once(guarded: Guarded, acme: dict[str, str]) -> None:
    body, headers = {"role": "agent", "name": "at once"}, {"Idempotency-Key": "at-once"}

    def create(_: int) -> dict[str, Any]:
        made: dict[str, Any] = guarded.ask("POST", "/api/v1/keys", acme["admin"], json=body, headers=headers).json()
        return made

    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(create, range(16)))
    guarded.texts.append(made[0]["key"])
    assert made == [made[0]] * 16
    listed = guarded.ask("GET", "/api/v1/keys?limit=1000", acme["admin"]).json()["keys"]
    assert [key["id"] for key in listed if key["name"] == "at once"] == [made[0]["id"]]
    other = guarded.ask("POST", "/api/v1/keys", acme["admin"], json=body | {"role": "user"}, headers=headers)
    assert refusal(other) == (422, "IDEMPOTENCY_MISMATCH")


def test_the_trail_tells_who_did_what_and_how_it_ended(guarded: Guarded) -> None:
    admin, user = guarded.key("admin", "traced"), guarded.key("user", "traced", user="ada")
    job = guarded.ask("POST", "/api/v1/jobs", user, json=JOB).json()["jobId"]
    guarded.ask("POST", f"/api/v1/jobs/{job}/cancel", user)
    guarded.ask("POST", "/api/v1/jobs/none/cancel", admin)
    guarded.ask("GET", "/api/v1/jobs", user)
    actions = guarded.ask("GET", "/api/v1/trail", admin).json()["actions"]
    ids = {"admin": admin.rpartition("-")[0], "user": user.rpartition("-")[0]}

    told = [(one["key"], one["role"], one["operation"], one.get("target"), one.get("created")) for one in actions]
    assert told == [
        (ids["admin"], "admin", "cancel_job", "none", None),
        (ids["user"], "user", "cancel_job", job, None),
        (ids["user"], "user", "submit_job", None, job),
    ]
    assert [one["status"] for one in actions] == [404, 200, 201]
    assert all(one["requestId"] for one in actions)
    first = guarded.ask("GET", "/api/v1/trail?limit=2", admin).json()
    rest = guarded.ask("GET", "/api/v1/trail", admin, params={"limit": 2, "next": first["next"]}).json()
    assert first["actions"] + rest["actions"] == actions
    assert "next" not in rest
    assert refusal(guarded.ask("GET", "/api/v1/trail?next=x", admin)) == (400, "INVALID_INPUT")


def test_the_operators_own_acts_are_in_the_operators_trail(guarded: Guarded) -> None:
    made = guarded.key("user", "elsewhere").rpartition("-")[0]
    (line,) = [
        one
        for one in guarded.ask("GET", "/api/v1/trail?limit=1000", guarded.operator).json()["actions"]
        if one.get("created") == made
    ]

    assert (line["key"], line["operation"], line["status"]) == ("operator", "create_key", 201)


def test_an_admin_of_the_operators_organization_acts_for_others_as_well(guarded: Guarded) -> None:
    deputy = guarded.key("admin", "main")
    body = {"role": "user", "name": "by a deputy", "organization": "acme"}

    assert guarded.ask("POST", "/api/v1/keys", deputy, json=body).json()["organization"] == "acme"
    assert guarded.ask("GET", "/api/v1/keys?organization=acme", guarded.key("user", "main")).status_code == 401


def test_a_hello_that_is_repeated_under_its_key_registers_one_spot(
    guarded: Guarded, acme: dict[str, str], globex: dict[str, str]
) -> None:
    def hello(keys: dict[str, str], name: str) -> str:
        sent = {"Idempotency-Key": name}
        return str(say(guarded, "hello", keys["agent"], sent, ipAddress="192.0.2.1").json()["spotId"])

    first = hello(acme, "boot-1")
    assert hello(acme, "boot-1") == first
    assert first not in (hello(acme, "boot-2"), hello(globex, "boot-1"))


@pytest.fixture
def muster(guarded: Guarded, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """The command line, with the key of an admin of its own organization."""
    monkeypatch.setenv("MUSTER_URL", guarded.cloud.api)
    monkeypatch.setenv("MUSTER_KEY", guarded.key("admin", "typed"))
    return lambda *words: CliRunner().invoke(app, list(words))


def test_keys_are_made_listed_and_revoked_by_command(guarded: Guarded, muster: Callable[..., Result]) -> None:
    made = muster("keys", "create", "Ada's laptop", "--role", "user", "--user", "ada")
    key = made.stdout.strip()
    key_id = key.rpartition("-")[0]
    assert (made.exit_code, guarded.ask("GET", "/api/v1/jobs", key).status_code) == (0, 200)
    assert (key not in made.stderr, key_id in made.stderr) == (True, True)
    as_json = json.loads(muster("keys", "create", "spots", "--role", "agent", "--json").stdout)
    assert (as_json["role"], AccessKey.parse(as_json["key"]) is not None) == ("agent", True)
    assert muster("keys", "revoke", key_id).stdout == f"{key_id} revoked\n"
    assert muster("keys", "revoke", key_id).stdout == f"{key_id} already revoked\n"
    (listed,) = [line for line in muster("keys", "list").stdout.splitlines() if line.startswith(key_id)]
    assert [word for word in ("user", "Ada's laptop", "ada", "ago") if word not in listed] == []
    shown = json.loads(muster("keys", "list", "--json").stdout)["keys"]
    assert {one["id"] for one in shown} >= {key_id, as_json["id"]}
    trail = muster("trail").stdout
    assert [line.split()[3] for line in trail.splitlines()[1:4]] == ["revoke_key", "revoke_key", "create_key"]
    assert json.loads(muster("trail", "--limit", "1", "--json").stdout)["actions"][0]["target"] == key_id


def test_a_command_says_what_a_key_is_not_good_for(muster: Callable[..., Result]) -> None:
    refused = muster("keys", "list", "--organization", "acme")

    assert (refused.exit_code, refused.stderr) == (3, "the key is another organization's\n")


def test_a_spot_works_with_an_agents_key(guarded: Guarded, acme: dict[str, str]) -> None:
    with Muster(guarded.cloud.api, key=acme["agent"]) as agent, Muster(guarded.cloud.api, key=acme["user"]) as user:
        job = user.submit_job(JOB | {"pool": "sdk"}).job_id
        spot = agent.register_spot("192.0.2.1", pool="sdk").spot_id
        for task in agent.claim_tasks(spot, 3).tasks:
            agent.complete_task(task.id, spot, 1, fopt=0.5)
        assert user.get_job(job).status == "COMPLETED"


def test_texts_of_keys_are_neither_logged_nor_stored(guarded: Guarded, acme: dict[str, str]) -> None:
    for key in acme.values():
        guarded.ask("GET", "/api/v1/jobs", key)
        guarded.ask("GET", "/api/v1/jobs", key[:-1] + "x")
    secrets = [parsed.secret for text in guarded.texts if (parsed := AccessKey.parse(text))]
    secrets += [guarded.operator, guarded.agent, root(guarded.cloud.emulator)]
    table = next(name for name in guarded.cloud.client("dynamodb").list_tables()["TableNames"] if "Table" in name)
    pages = guarded.cloud.client("dynamodb").get_paginator("scan").paginate(TableName=table)
    stored = json.dumps([page["Items"] for page in pages], default=str)

    assert len(secrets) >= 6
    assert [secret for secret in secrets if secret in guarded.cloud.log() or secret in stored] == []


def test_keys_outlive_a_restart(tmp_path: Path) -> None:
    with local_cloud.start(state=tmp_path, environment={"MUSTER_REQUIRE_KEYS": "true"}) as running:
        command = [sys.executable, "-m", "local", "operator-key", "--state", str(tmp_path)]
        operator = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
        headers = {"Authorization": f"Bearer {operator}"}
        body = {"role": "user", "name": "lasting"}
        made = httpx.post(f"{running.api}/api/v1/keys", headers=headers, json=body).json()["key"]
        running.stop()
        running.start()
        for key in (operator, made):
            answer = httpx.get(f"{running.api}/api/v1/jobs", headers={"Authorization": f"Bearer {key}"})
            assert answer.status_code == 200
        assert httpx.get(f"{running.api}/api/v1/jobs").status_code == 401
