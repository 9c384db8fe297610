"""What the functions really take and answer is what the OpenAPI document says: in a walk through all of them."""

import json
from dataclasses import dataclass
from typing import Any

import pytest
from openapi_schema_validator import OAS31Validator

from muster.edge.openapi import document
from tests.architecture.test_mirror import SEQUENCE, sample, submit_the_job_that_retry_retries
from tests.operations import HTTP, OPERATIONS, endpoint, handler
from tests.template.moto_stack import MotoStack, moto_stack
from tests.template.walk import Walk

DOCUMENT = document(handler(path) for path in HTTP)


@dataclass(frozen=True)
class Exchange:
    """What one call sent and got."""

    operation: str
    event: dict[str, Any]
    answer: dict[str, Any]

    @property
    def told(self) -> dict[str, Any]:
        """The operation in the document."""
        one = endpoint(self.operation)
        found: dict[str, Any] = DOCUMENT["paths"][one.path][one.method.lower()]
        return found

    @property
    def status(self) -> int:
        return int(self.answer["statusCode"])

    @property
    def content_type(self) -> str:
        return str(self.answer["headers"]["Content-Type"])


def listening(stack: MotoStack) -> list[Exchange]:
    """Everything that is said over HTTP from now on."""
    heard: list[Exchange] = []
    run = stack.run

    def listen(operation: str, event: dict[str, Any]) -> dict[str, Any]:
        answer = run(operation, event)
        if operation in OPERATIONS:
            heard.append(Exchange(operation, event, answer))
        return answer

    stack.run = listen  # type: ignore[method-assign]
    return heard


@pytest.fixture(scope="module")
def heard() -> list[Exchange]:
    """The walk, and the sample events in their order."""
    with pytest.MonkeyPatch.context() as patch, moto_stack(patch) as stack:
        walked = listening(stack)
        Walk(stack).whole()
    with pytest.MonkeyPatch.context() as patch, moto_stack(patch) as stack:
        submit_the_job_that_retry_retries(stack)
        sampled = listening(stack)
        for operation, _ in SEQUENCE:
            stack.run(operation, sample(operation))
    return [*walked, *sampled]


def resolved(part: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in part:
        found: dict[str, Any] = DOCUMENT["components"]["responses"][part["$ref"].rpartition("/")[2]]
        return found
    return part


def closed(schema: Any) -> Any:
    """The same, refusing members that it does not name."""
    if isinstance(schema, list):
        return [closed(inner) for inner in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {name: closed(value) for name, value in schema.items()}
    return {"additionalProperties": False, **inner} if isinstance(schema.get("properties"), dict) else inner


COMPONENTS = closed(DOCUMENT["components"])


def faults(schema: dict[str, Any], value: Any) -> list[str]:
    validator = OAS31Validator({**schema, "components": COMPONENTS})
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]


def test_every_operation_is_heard_to_succeed_and_many_to_refuse(heard: list[Exchange]) -> None:
    assert {one.operation for one in heard if one.status < 300} == set(OPERATIONS)
    assert {one.status for one in heard} >= {200, 201, 400, 404, 409, 422}


def test_every_status_and_content_type_is_in_the_document(heard: list[Exchange]) -> None:
    unsaid = {
        (one.operation, one.status, one.content_type)
        for one in heard
        if one.content_type not in resolved(one.told["responses"].get(str(one.status), {})).get("content", {})
    }

    assert unsaid == set()


@pytest.mark.parametrize("operation", OPERATIONS)
def test_answers_and_refusals_have_the_shapes_of_the_document(operation: str, heard: list[Exchange]) -> None:
    for one in heard:
        if one.operation == operation and one.content_type == "application/json":
            response = resolved(one.told["responses"][str(one.status)])
            schema = response["content"][one.content_type]["schema"]
            assert faults(schema, json.loads(one.answer["body"])) == [], one.answer["body"][:1000]


def test_bodies_that_were_taken_are_bodies_of_the_document(heard: list[Exchange]) -> None:
    bodies = [one for one in heard if one.status < 300 and "requestBody" in one.told]
    taken = [one for one in bodies if '"outcome":"invalid"' not in one.answer["body"]]

    assert taken
    for one in taken:
        schema = one.told["requestBody"]["content"]["application/json"]["schema"]
        assert faults(schema, json.loads(one.event["body"])) == [], one.operation
