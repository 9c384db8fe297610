"""Whatever a stranger sends is answered in the error shape, below 500, and never reaches the store."""

import base64
import json
from typing import Any

import pytest

from functions.sweeps.claim_tasks import claim_tasks
from functions.sweeps.complete_task import complete_task
from functions.sweeps.record_heartbeat import record_heartbeat
from functions.sweeps.submit_job import submit_job
from tests.edge.conftest import Recorder, answered, event

SWEEP = {"jarPath": "/o.jar", "mainClass": "M", "algorithms": ["PSO"], "agents": {"min": 1, "max": 2, "step": 1}}


def sweep(**changes: Any) -> dict[str, Any]:
    return {**SWEEP, **changes}


def text(value: str) -> str:
    return f'{{"spotId": "s", "runtimeMs": 1, "fopt": {value}}}'


NOT_JSON = {
    "nothing": "",
    "blanks": "  \n",
    "half an object": '{"spotId": ',
    "a trailing comma": '{"spotId": "s",}',
    "single quotes": "{'spotId': 's'}",
    "two values": '{"spotId": "s"} {}',
    "a form": "spotId=s&maxTasks=1",
    "a list": "[]",
    "a list of one good body": '[{"spotId": "s"}]',
    "a text": '"spotId"',
    "a number": "7",
    "null": "null",
    "NaN": '{"spotId": "s", "maxTasks": NaN}',
    "infinity": '{"spotId": "s", "maxTasks": -Infinity}',
    "an exponent without end": '{"spotId": "s", "maxTasks": 1e99999999999999999999}',
    "an integer of 5000 digits": '{"spotId": "s", "maxTasks": ' + "9" * 5000 + "}",
    "a fraction of 5000 digits": '{"spotId": "s", "maxTasks": 0.' + "9" * 5000 + "}",
    "a name given twice": '{"spotId": "s", "spotId": "t"}',
    "lists nested 100,000 deep": '{"spotId": ' + "[" * 100_000,
    "lists nested 500 deep": '{"spotId": ' + "[" * 500 + "]" * 500 + "}",
    "objects nested 500 deep": '{"spotId": ' + '{"a":' * 500 + "1" + "}" * 501,
    "half of a surrogate pair": '{"spotId": "\\ud800"}',
    "a byte order mark": '\ufeff{"spotId": "s"}',
    "a control character in a text": '{"spotId": "a\x00b"}',
    "bytes that are not UTF-8": '{"spotId": "\udcff"}',
}

NOT_A_SWEEP = {
    "an unknown field": sweep(colour="red"),
    "a name in snake_case": sweep(task_timeout_seconds=5),
    "no algorithm": sweep(algorithms=[]),
    "an algorithm that is a number": sweep(algorithms=[1]),
    "an algorithm without letters": sweep(algorithms=[""]),
    "a step of 0": sweep(agents={"min": 1, "max": 2, "step": 0}),
    "a negative step": sweep(agents={"min": 1, "max": 2, "step": -1}),
    "a range that runs downwards": sweep(agents={"min": 2, "max": 1, "step": 1}),
    "a range of texts": sweep(agents={"min": "1", "max": "2", "step": "1"}),
    "half a range": sweep(agents={"min": 1}),
    "a range with more in it": sweep(agents={"min": 1, "max": 2, "step": 1, "scale": "log"}),
    "an axis without values": sweep(agents=[]),
    "an axis of objects": sweep(agents=[{}]),
    "an axis that is a number": sweep(agents=5),
    "parameters in a list": sweep(parameters=[]),
    "a parameter named by digits": sweep(parameters={"1": [1]}),
    "tasks that are no list": {"tasks": {}},
    "no tasks": {"tasks": []},
    "a name of 300 letters": sweep(name="n" * 300),
    "a priority of 10": sweep(priority=10),
    "a priority that is true": sweep(priority=True),
    "no attempts": sweep(maxAttempts=0),
    "attempts in a text": sweep(maxAttempts="3"),
    "half a second": sweep(taskTimeoutSeconds=0.5),
    "a pool with a slash": sweep(pool="a/b"),
    "a runner that is two": sweep(runner={"python": "a:b", "command": ["c"]}),
}

NOT_A_CLAIM = {
    "no spot": {},
    "a spot that is null": {"spotId": None},
    "a spot of spaces": {"spotId": "  "},
    "0 tasks": {"spotId": "s", "maxTasks": 0},
    "501 tasks": {"spotId": "s", "maxTasks": 501},
    "minus one task": {"spotId": "s", "maxTasks": -1},
    "one task and a half": {"spotId": "s", "maxTasks": 1.5},
    "a claim id of 100 letters": {"spotId": "s", "claimId": "c" * 100},
}

NOT_A_RESULT = {
    "1e400": text("1e400"),
    "minus 1e400": text("-1e400"),
    "an integer beyond any double": text("1" + "0" * 400),
    "a number in quotes": text('"1"'),
    "true": text("true"),
    "a list": text("[]"),
}


def refused(answer: dict[str, Any], store: Recorder) -> list[str]:
    """Checks the shape of a refusal and that it came in time; gives the fields it names."""
    status, body = answered(answer)
    assert (status, body["success"], body["code"]) == (400, False, "INVALID_INPUT")
    assert body["details"]
    assert all(set(fault) == {"field", "problem"} and fault["problem"] for fault in body["details"])
    assert store.calls == []
    return [fault["field"] for fault in body["details"]]


@pytest.mark.parametrize("body", NOT_JSON.values(), ids=NOT_JSON)
def test_what_is_no_json_object_is_refused_as_a_whole(body: str, store: Recorder) -> None:
    fields = refused(claim_tasks(event(body), None), store)

    assert all(field.startswith("body") for field in fields)


@pytest.mark.parametrize("body", NOT_A_SWEEP.values(), ids=NOT_A_SWEEP)
def test_a_sweep_with_a_fault_is_refused(body: dict[str, Any], store: Recorder) -> None:
    fields = refused(submit_job(event(body), None), store)

    assert all(field.startswith("body.") for field in fields)


@pytest.mark.parametrize("body", NOT_A_CLAIM.values(), ids=NOT_A_CLAIM)
def test_a_claim_with_a_fault_is_refused(body: dict[str, Any], store: Recorder) -> None:
    refused(claim_tasks(event(body), None), store)


@pytest.mark.parametrize("body", NOT_A_RESULT.values(), ids=NOT_A_RESULT)
def test_a_result_whose_fopt_is_no_double_is_refused(body: str, store: Recorder) -> None:
    refused(complete_task(event(body, path={"taskId": "t"}), None), store)


@pytest.mark.parametrize("load", [900, -1, 100.1, "45"])
def test_a_cpu_load_beyond_a_hundred_percent_is_refused(load: Any, store: Recorder) -> None:
    assert refused(record_heartbeat(event({"spotId": "s", "cpuLoad": load}), None), store) == ["body.cpuLoad"]


def test_all_faults_are_named_at_once_by_their_names_on_the_wire(store: Recorder) -> None:
    body = sweep(
        algorithms=[], iterations={"min": "a", "max": 1}, agents=[None], priority=99, taskTimeoutSeconds=0, color="red"
    )
    answer = submit_job(event(body, headers={"Idempotency-Key": "k" * 256}), None)

    assert set(refused(answer, store)) == {
        "header.Idempotency-Key",
        "body.algorithms",
        "body.iterations.min",
        "body.iterations.step",
        "body.agents.0",
        "body.priority",
        "body.taskTimeoutSeconds",
        "body.color",
    }


def test_a_thousand_faults_are_told_in_a_hundred(store: Recorder) -> None:
    answer = submit_job(event({f"field{n}": n for n in range(1000)}), None)

    assert len(refused(answer, store)) == 100
    assert json.loads(answer["body"])["details"][-1]["problem"] == "has 901 more faults"


@pytest.mark.parametrize("size", [7 * 1024 * 1024, 6 * 1024 * 1024 + 1])
def test_a_body_beyond_six_megabytes_is_413(size: int, store: Recorder) -> None:
    status, body = answered(submit_job(event(" " * size), None))

    assert (status, body["code"], store.calls) == (413, "PAYLOAD_TOO_LARGE", [])


def test_a_size_is_counted_in_bytes(store: Recorder) -> None:
    status, _ = answered(submit_job(event("é" * (3 * 1024 * 1024 + 1)), None))

    assert status == 413


@pytest.mark.parametrize(
    "kind", ["text/plain", "multipart/form-data", "multipart/form-data; boundary=x", "application/xml", "json", "é"]
)
def test_another_content_type_is_415(kind: str, store: Recorder) -> None:
    status, body = answered(claim_tasks(event({"spotId": "s"}, headers={"Content-Type": kind}), None))

    assert (status, body["code"], store.calls) == (415, "UNSUPPORTED_MEDIA_TYPE", [])


@pytest.mark.parametrize("body", ["%%%", base64.b64encode(b"\xff\xfe{}").decode(), "ä"])
def test_a_binary_body_that_is_no_text_is_refused(body: str, store: Recorder) -> None:
    refused(claim_tasks(event(body, base64=True), None), store)


def test_an_event_without_anything_is_refused_too(store: Recorder) -> None:
    refused(claim_tasks({}, None), store)
