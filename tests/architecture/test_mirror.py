"""One name everywhere: function file, sample event, store method, template and operation are the same list.

Every handler is imported and fed its sample event, in an order in which the events make sense together.
"""

import importlib
import inspect
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.template import read_template
from muster.edge.endpoint import Endpoint
from tests.operations import EVENTS, HANDLERS, HTTP, REPOSITORY, STORELESS, STORES, event_of, handler
from tests.template.moto_stack import MotoStack, moto_stack


def deployed() -> dict[str, dict[str, Any]]:
    """Properties of the template's functions by handler path, like sweeps/submit_job."""
    template = read_template(REPOSITORY / "template.yaml")
    folder = template["Globals"]["Function"]["CodeUri"]
    functions = {}
    for name, resource in template["Resources"].items():
        if resource["Type"] == "AWS::Serverless::Function":
            properties = resource["Properties"]
            file, variable = properties["Handler"].split(".")
            assert file == variable, f"{name}: a handler has the name of its file"
            assert name == re.sub("(^|_)([a-z])", lambda found: found[2].upper(), file), f"{name} runs {file}"
            functions[f"{Path(properties.get('CodeUri', folder)).name}/{file}"] = properties
    return functions


def test_every_function_is_deployed_and_nothing_else() -> None:
    assert set(deployed()) == {f"{path.parent.name}/{path.stem}" for path in HANDLERS}


def test_every_function_has_a_sample_event_and_every_event_a_function() -> None:
    events = {path.relative_to(EVENTS).with_suffix("") for path in EVENTS.glob("*/*.json")}

    assert events == {path.relative_to(REPOSITORY / "functions").with_suffix("") for path in HANDLERS}


def test_every_folder_has_a_store_or_is_known_to_need_none() -> None:
    assert {path.parent.name for path in HANDLERS} == set(STORES) | STORELESS


def test_every_function_is_an_operation_of_the_store_and_the_other_way_round() -> None:
    for store in set(STORES.values()):
        operations = {name for name, _ in inspect.getmembers(store, inspect.isfunction) if not name.startswith("_")}
        folders = {folder for folder, serves in STORES.items() if serves is store}

        assert operations == {path.stem for path in HANDLERS if path.parent.name in folders}


@pytest.mark.parametrize("path", HTTP, ids=lambda path: path.stem)
def test_a_route_is_the_same_in_handler_docstring_template_and_event(path: Path) -> None:
    endpoint = handler(path)
    (route,) = (event["Properties"] for event in deployed()[f"{path.parent.name}/{path.stem}"]["Events"].values())
    event = json.loads(event_of(path.stem).read_text())
    module = importlib.import_module(f"functions.{path.parent.name}.{path.stem}")

    assert isinstance(endpoint, Endpoint)
    assert endpoint.operation == path.stem
    assert (endpoint.method, endpoint.path) == (route["Method"], route["Path"])
    assert (endpoint.method, endpoint.path) == (event["httpMethod"], event["resource"])
    assert (module.__doc__ or "").startswith(f"{endpoint.method} {endpoint.path}: ")


def test_every_path_answers_405_to_other_methods() -> None:
    template = read_template(REPOSITORY / "template.yaml")
    guarded = template["Resources"]["Api"]["Properties"]["DefinitionBody"]["paths"]

    assert set(guarded) == {handler(path).path for path in HTTP}
    assert all(set(methods) == {"x-amazon-apigateway-any-method"} for methods in guarded.values())


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch) -> Iterator[MotoStack]:
    with moto_stack(monkeypatch) as running:
        yield running


SEQUENCE = [
    ("get_health", 200), ("submit_job", 201), ("register_spot", 200), ("record_heartbeat", 200), ("claim_tasks", 200),
    ("list_spots", 200), ("renew_tasks", 200), ("complete_task", 200), ("complete_tasks", 200), ("fail_task", 200),
    ("fail_tasks", 200), ("release_tasks", 200), ("reset_task", 200), ("list_tasks", 200), ("list_results", 200),
    ("list_jobs", 200), ("get_job", 200), ("retry_job", 201), ("cancel_job", 200), ("create_key", 201),
    ("get_report", 202), ("list_report_files", 202), ("redeliver_report", 404), ("try_webhook", 200),
    ("list_keys", 200), ("revoke_key", 200), ("list_actions", 200), ("get_openapi", 200), ("show_docs", 200),
]  # fmt: skip


WORKFLOW = ["load_job", "aggregate_results", "write_report", "deliver_report", "record_finish"]
"""The workflow's functions in the order of its states; their samples finish the job that retry_job's sample retries."""


def sample(operation: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads(event_of(operation).read_text())
    return event


def submit_the_job_that_retry_retries(stack: MotoStack) -> None:
    """A job of another pool whose only task has failed for good."""
    body = {"tasks": ["x"], "pool": "side", "name": "sample with a failure"}
    stack.call("submit_job", body, key="sample-with-a-failure")
    _, spot = stack.call("register_spot", {"ipAddress": "192.0.2.9", "pool": "side"})
    _, claimed = stack.call("claim_tasks", {"spotId": spot["spotId"]})
    failure = {"spotId": spot["spotId"], "error": "no such file", "retriable": False}
    stack.call("fail_task", failure, taskId=claimed["tasks"][0]["id"])


def test_every_handler_answers_its_sample_event_as_documented(stack: MotoStack) -> None:
    assert [operation for operation, _ in SEQUENCE] == list(dict.fromkeys(operation for operation, _ in SEQUENCE))
    assert {operation for operation, _ in SEQUENCE} == {path.stem for path in HTTP}
    submit_the_job_that_retry_retries(stack)

    answers = {operation: stack.run(operation, sample(operation)) for operation, _ in SEQUENCE}

    assert {operation: answer["statusCode"] for operation, answer in answers.items()} == dict(SEQUENCE), answers
    assert answers["list_results"]["body"].count("\n") == 4
    assert json.loads(answers["list_tasks"]["body"])["tasks"]
    settled = [answers[name] for name in ("complete_tasks", "fail_tasks", "renew_tasks", "release_tasks")]
    outcomes = {item["outcome"] for answer in settled for item in json.loads(answer["body"])["results"]}
    assert outcomes == {"completed", "failed", "will_retry", "renewed", "released"}


def test_the_workflows_handlers_take_their_sample_events_in_the_order_of_the_states(stack: MotoStack) -> None:
    assert set(WORKFLOW) == {path.stem for path in HANDLERS if path.parent.name == "workflow"}
    submit_the_job_that_retry_retries(stack)

    answers = {operation: stack.run(operation, sample(operation)) for operation in WORKFLOW}

    assert answers["load_job"]["parts"] == [0]
    assert answers["deliver_report"]["again"] is False
    assert answers["record_finish"]["pending"] == []
    assert stack.call("get_report", jobId=sample("load_job")["job"], format="txt")[0] == 200


def test_the_clocks_handlers_take_their_sample_events(stack: MotoStack) -> None:
    stack.run("register_spot", sample("register_spot"))
    assert stack.run("keep_watch", sample("keep_watch")) == {"batchItemFailures": []}
    assert stack.run("audit_jobs", sample("audit_jobs")) == {}
