"""Who calls: what each key makes of its sender, what it costs to find out, and what is put down of it."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from muster import wiring
from muster.core.access_key import AccessKey
from muster.core.caller import Caller, Role
from muster.core.errors import JobNotFound, StoreBusy, Unauthorized, WrongRole
from muster.core.ids import SHARED
from muster.edge import logs
from muster.edge.authentication import CLIENTS, PUBLIC, SPOTS, Admission, caller_of
from muster.settings import settings
from muster.store.access.access_keys import AccessKeys
from muster.store.access.secrets import derive
from muster.store.access.trail import Trail
from muster.store.sweeps import Sweeps
from tests.template.moto_stack import ROOT, Clock, MotoStack, moto_stack

OPERATOR, AGENT = derive(ROOT, "operator").hex(), derive(ROOT, "agent").hex()
SWEEP = {"algorithms": ["PSO"], "agents": [1]}


@pytest.fixture(scope="module")
def running() -> Iterator[MotoStack]:
    with pytest.MonkeyPatch.context() as patch, moto_stack(patch) as built:
        yield built


@pytest.fixture
def stack(running: MotoStack) -> Iterator[MotoStack]:
    """An empty one, at its first moment, in a process that knows nothing."""
    for row in running.everything():
        running.delete(row)
    running.clock.now = Clock().now
    running.forget()
    yield running
    logs.configure("text")


@pytest.fixture
def setting(stack: MotoStack, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Sets variables on a running stack, for one test."""

    def change(**variables: str) -> None:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        settings.cache_clear()
        stack.forget()

    yield change
    monkeypatch.undo()
    change()


@pytest.fixture
def asked(stack: MotoStack) -> list[str]:
    """The requests that the process makes, from here on."""
    made: list[str] = []
    for service in ("dynamodb", "secretsmanager"):
        wiring.client(service).meta.events.register(
            f"provide-client-params.{service}", lambda model, **_: made.append(model.name)
        )
    return made


def bearer(key: str) -> dict[str, Any]:
    return {"headers": {"Authorization": f"Bearer {key}"}}


def spot(key: str) -> dict[str, Any]:
    return {"headers": {"x-orhestra-key": key}}


def new_key(stack: MotoStack, role: str, **more: Any) -> str:
    status, made = stack.call("create_key", {"role": role, "name": "n", "organization": "acme", **more})
    assert status == 201
    return str(made["key"])


def test_where_no_key_is_asked_for_everybody_is_the_operator(setting: Callable[..., None]) -> None:
    setting(MUSTER_ORGANIZATION="lab")

    for admission in (CLIENTS, SPOTS):
        assert caller_of({}, admission) == Caller("lab", Role.ADMIN, "", operator=True)


def test_where_keys_are_asked_for_nobody_is_let_in_without_one_but_to_public_routes(
    setting: Callable[..., None],
) -> None:
    setting(MUSTER_REQUIRE_KEYS="true")

    for admission in (CLIENTS, SPOTS):
        with pytest.raises(Unauthorized):
            caller_of({"headers": None}, admission)
    assert caller_of({}, PUBLIC) == Caller("main", Role.USER)


def test_a_key_says_who_its_holder_is(stack: MotoStack) -> None:
    key = new_key(stack, "user", user="ada")

    assert caller_of(bearer(key), CLIENTS) == Caller("acme", Role.USER, key.rpartition("-")[0], user="ada")


@pytest.mark.parametrize("required", ["true", "false"])
def test_a_wrong_key_is_refused_even_where_none_is_asked_for(
    required: str, stack: MotoStack, setting: Callable[..., None]
) -> None:
    key = new_key(stack, "admin")
    setting(MUSTER_REQUIRE_KEYS=required)

    for wrong in (f"{key[:-1]}!", key[:-1] + ("0" if key[-1] != "0" else "1"), key.replace("acme", "main"), "x", AGENT):
        for admission in (CLIENTS, SPOTS, PUBLIC):
            with pytest.raises(Unauthorized):
                caller_of(bearer(wrong), admission)


@pytest.mark.parametrize(("role", "closed"), [("admin", []), ("user", [SPOTS]), ("agent", [CLIENTS])])
def test_a_role_opens_its_routes(role: str, closed: list[Admission], stack: MotoStack) -> None:
    key = new_key(stack, role)

    for admission in (CLIENTS, SPOTS, PUBLIC):
        if admission in closed:
            with pytest.raises(WrongRole):
                caller_of(bearer(key), admission)
        else:
            assert caller_of(bearer(key), admission).role == role


def test_the_operators_key_is_not_in_the_table_and_acts_for_all(stack: MotoStack) -> None:
    assert caller_of(bearer(OPERATOR), SPOTS) == Caller("main", Role.ADMIN, "operator", operator=True)
    assert stack.everything() == []


def test_admins_of_the_operators_organization_act_for_all_and_others_do_not(stack: MotoStack) -> None:
    def acts(**more: Any) -> bool:
        return caller_of(bearer(new_key(stack, **more)), PUBLIC).operator

    assert [acts(role="admin", organization="main"), acts(role="admin"), acts(role="user", organization="main")] == [
        True,
        False,
        False,
    ]


def test_a_spot_of_the_operator_works_for_everybody_where_keys_are_asked_for(setting: Callable[..., None]) -> None:
    setting(MUSTER_REQUIRE_KEYS="true")
    assert caller_of(spot(AGENT), SPOTS) == Caller(SHARED, Role.AGENT, "agent")
    setting(ORHESTRA_AGENT_KEY="our own")
    assert caller_of(spot("our own"), SPOTS).organization == SHARED
    for wrong in (AGENT, "", "é"):
        with pytest.raises(Unauthorized):
            caller_of(spot(wrong), SPOTS)


def test_where_none_are_asked_for_an_agent_key_keeps_spots_in_the_one_organization(
    stack: MotoStack, setting: Callable[..., None]
) -> None:
    key = new_key(stack, "agent")
    assert caller_of(spot("ignored"), SPOTS).organization == "main"
    setting(ORHESTRA_AGENT_KEY="our own")

    assert caller_of(spot("our own"), SPOTS) == Caller("main", Role.AGENT, "agent")
    assert caller_of(bearer(key), SPOTS).organization == "acme"
    with pytest.raises(Unauthorized):
        caller_of({}, SPOTS)


# --- what it costs ----------------------------------------------------------------------------------------------------


def test_a_key_of_the_table_costs_one_read_a_minute_and_never_the_secret(stack: MotoStack, asked: list[str]) -> None:
    key = new_key(stack, "agent")
    asked.clear()
    for _ in range(50):
        caller_of(bearer(key), SPOTS)
    assert asked == ["GetItem"]
    stack.clock.pass_seconds(61)
    caller_of(bearer(key), SPOTS)
    assert asked == ["GetItem", "GetItem"]


def test_a_claim_with_a_known_key_costs_what_it_costs_without(stack: MotoStack, asked: list[str]) -> None:
    headers = {"Authorization": f"Bearer {new_key(stack, 'agent')}"}
    _, said = stack.call("register_spot", {"ipAddress": "192.0.2.1"}, headers=headers)
    _, other = stack.call("register_spot", {"ipAddress": "192.0.2.1"})
    costs = []
    for spot_id, sent in ((said["spotId"], headers), (other["spotId"], {})):
        stack.call("claim_tasks", {"spotId": spot_id}, headers=sent)
        asked.clear()
        stack.call("claim_tasks", {"spotId": spot_id}, headers=sent)
        costs.append(list(asked))

    assert costs[0] == costs[1]


def test_wrong_keys_of_one_name_are_looked_up_once(stack: MotoStack, asked: list[str]) -> None:
    for secret in "0123456789":
        with pytest.raises(Unauthorized):
            caller_of(bearer(f"mk-acme-000000000000-{secret * 52}"), CLIENTS)

    assert asked == ["GetItem"]


def test_the_secret_is_read_once_in_five_minutes_and_a_changed_one_is_noticed(
    stack: MotoStack, asked: list[str]
) -> None:
    for _ in range(10):
        caller_of(bearer(OPERATOR), CLIENTS)
    assert asked == ["GetSecretValue"]
    wiring.client("secretsmanager").put_secret_value(SecretId="muster-test", SecretString="another")
    stack.clock.pass_seconds(301)
    with pytest.raises(Unauthorized):
        caller_of(bearer(OPERATOR), CLIENTS)
    assert caller_of(bearer(derive("another", "operator").hex()), CLIENTS).operator
    wiring.client("secretsmanager").put_secret_value(SecretId="muster-test", SecretString=ROOT)


def test_the_stacks_keys_tell_nothing_of_each_other_and_are_always_the_same(stack: MotoStack) -> None:
    def keys() -> list[str]:
        stack.forget()
        own = wiring.secrets()
        assert {len(own.sealing_key()), len(own.replay_key())} == {32}
        return [own.operator_key(), own.agent_key(), own.sealing_key().hex(), own.replay_key().hex()]

    assert len(set(keys())) == 4
    assert keys() == keys()


@pytest.mark.parametrize("name", ["", "gone"])
def test_a_secret_that_can_not_be_read_is_503_and_no_reason_to_refuse_keys_of_the_table(
    name: str, stack: MotoStack, setting: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    key = new_key(stack, "user")
    setting(MUSTER_SECRET=name, MUSTER_REQUIRE_KEYS="true")
    answer = stack.run("list_jobs", bearer(OPERATOR))

    assert (answer["statusCode"], answer["headers"]["Retry-After"]) == (503, "2")
    assert stack.run("list_jobs", bearer(key))["statusCode"] == 200
    assert ("can not be read: ResourceNotFoundException" in capsys.readouterr().out) == (name == "gone")


# --- revoking ---------------------------------------------------------------------------------------------------------


def test_a_key_that_another_process_revoked_dies_within_a_minute(stack: MotoStack) -> None:
    key = new_key(stack, "user")
    caller_of(bearer(key), CLIENTS)
    elsewhere = AccessKeys(wiring.table(), stack.clock, "main")
    assert elsewhere.revoke(key.rpartition("-")[0])

    stack.clock.pass_seconds(59)
    assert caller_of(bearer(key), CLIENTS).organization == "acme"
    stack.clock.pass_seconds(1)
    with pytest.raises(Unauthorized):
        caller_of(bearer(key), CLIENTS)


def test_the_process_that_revokes_knows_it_at_once(stack: MotoStack) -> None:
    key = new_key(stack, "user")
    caller_of(bearer(key), CLIENTS)
    assert stack.call("revoke_key", keyId=key.rpartition("-")[0])[0] == 200

    with pytest.raises(Unauthorized):
        caller_of(bearer(key), CLIENTS)


@pytest.mark.parametrize(
    "key_id", ["mk-main-000000000000", "none", "mk-main-", "é", "mk-acme-000000000000#", "k" * 2000]
)
def test_a_key_that_is_not_there_can_not_be_revoked(key_id: str, stack: MotoStack) -> None:
    status, answer = stack.call("revoke_key", keyId=key_id)

    assert (status, answer["code"]) == (404, "KEY_NOT_FOUND")


# --- limits -----------------------------------------------------------------------------------------------------------


def test_above_the_limit_a_submit_is_429_until_the_next_minute(stack: MotoStack, setting: Callable[..., None]) -> None:
    setting(MUSTER_SUBMITS_PER_MINUTE="2")
    stack.clock.pass_seconds(15)
    assert [stack.call("submit_job", SWEEP)[0] for _ in range(2)] == [201, 201]
    before = stack.everything()
    answer = stack.run("submit_job", {"body": json.dumps(SWEEP)})

    assert (answer["statusCode"], answer["headers"]["Retry-After"]) == (429, "45")
    assert json.loads(answer["body"])["code"] == "TOO_MANY_REQUESTS"
    assert stack.call("retry_job", jobId="job-main-0000000000000000")[0] == 429
    assert stack.everything() == before
    assert stack.call("list_jobs")[0] == 200
    stack.clock.pass_seconds(45)
    assert stack.call("submit_job", SWEEP)[0] == 201


def test_organizations_are_limited_each_for_itself_and_counters_forget_themselves(
    stack: MotoStack, setting: Callable[..., None]
) -> None:
    setting(MUSTER_SUBMITS_PER_MINUTE="1")
    headers = {"Authorization": f"Bearer {new_key(stack, 'user')}"}

    assert stack.call("submit_job", SWEEP)[0] == 201
    assert [stack.call("submit_job", SWEEP, headers=headers)[0] for _ in range(2)] == [201, 429]
    assert all(int(row["ttl"]["N"]) > stack.clock() // 1000 for row in stack.rows("acme#LIMITS"))


# --- the trail --------------------------------------------------------------------------------------------------------


def lines(stack: MotoStack) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = stack.call("list_actions")[1]["actions"]
    return found


def test_what_is_done_was_put_down_before(stack: MotoStack, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[dict[str, Any]] = []

    def look(*_: object) -> None:
        seen.extend(stack.rows("main#TRAIL#20260101"))
        raise JobNotFound

    monkeypatch.setattr(Sweeps, "cancel_job", look)
    stack.call("cancel_job", jobId="job-main-0000000000000000")

    assert [row["target"]["S"] for row in seen] == ["job-main-0000000000000000"]
    assert "status" not in seen[0]
    assert lines(stack)[0]["status"] == 404


def test_what_can_not_be_put_down_is_not_done(stack: MotoStack, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise StoreBusy

    monkeypatch.setattr(Trail, "begin", fail)

    assert stack.run("submit_job", {"body": json.dumps(SWEEP)})["statusCode"] == 503
    assert stack.everything() == []


def test_an_end_that_can_not_be_put_down_changes_no_answer(
    stack: MotoStack, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    begin = Trail.begin

    def begin_elsewhere(*told: Any) -> dict[str, str]:
        begin(*told)
        return {"sk": "half a key"}

    monkeypatch.setattr(Trail, "begin", begin_elsewhere)

    assert stack.call("submit_job", SWEEP)[0] == 201
    assert "could not be recorded" in capsys.readouterr().out
    assert [("status" in line, line["operation"]) for line in lines(stack)] == [(False, "submit_job")]


def test_a_breakdown_is_put_down_as_500(stack: MotoStack, monkeypatch: pytest.MonkeyPatch) -> None:
    def break_down(*_: object) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr(Sweeps, "cancel_job", break_down)

    assert stack.run("cancel_job", {"pathParameters": {"jobId": "j\ud800" * 150}})["statusCode"] == 500
    (line,) = lines(stack)
    assert (line["status"], line["target"]) == (500, "j?" * 100)


def test_neither_looking_nor_the_work_of_spots_is_put_down(stack: MotoStack) -> None:
    _, said = stack.call("register_spot", {"ipAddress": "192.0.2.1"})
    for operation, body in (("claim_tasks", {"spotId": said["spotId"]}), ("list_jobs", None), ("get_health", None)):
        stack.call(operation, body)
    stack.call("submit_job", {"algorithms": 1})

    assert lines(stack) == []


def test_a_line_is_kept_for_more_than_a_year(stack: MotoStack) -> None:
    stack.call("submit_job", SWEEP)
    (row,) = stack.rows("main#TRAIL#20260101")

    assert int(row["ttl"]["N"]) == stack.clock() // 1000 + 400 * 86_400


# --- logs -------------------------------------------------------------------------------------------------------------


def test_a_log_line_names_organization_and_key_and_never_tells_the_key(
    stack: MotoStack, setting: Callable[..., None], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def break_down(*_: object, **__: object) -> None:
        raise RuntimeError("boom")

    key = new_key(stack, "admin", organization="acme")
    logs.configure("json")
    monkeypatch.setattr(Sweeps, "list_jobs", break_down)
    stack.run("list_jobs", bearer(key))
    (line,) = map(json.loads, capsys.readouterr().out.splitlines())
    parsed = AccessKey.parse(key)

    assert parsed is not None
    assert (line["organization"], line["key"]) == ("acme", parsed.id)
    assert parsed.secret not in json.dumps(line) + repr(parsed)
