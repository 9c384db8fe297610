"""The OpenAPI document says what the handlers and the template say, and the one that is served is of today."""

from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from local.template import read_template, resources
from muster.edge.openapi import document, text
from muster.edge.openapi.handlers import endpoints_of, sample_bodies
from tests.operations import EVENTS, OPERATIONS, REPOSITORY, endpoint, file_of

SERVED = REPOSITORY / "functions" / "meta" / "openapi.json"


@pytest.fixture(scope="module")
def made() -> dict[str, Any]:
    return document(endpoints_of(REPOSITORY / "functions"), sample_bodies(EVENTS))


def operations(made: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """Method and path by operationId."""
    return {
        operation["operationId"]: (method.upper(), path)
        for path, methods in made["paths"].items()
        for method, operation in methods.items()
    }


def test_the_served_document_is_what_the_handlers_say_now(made: dict[str, Any]) -> None:
    assert SERVED.read_text(encoding="utf-8") == text(made), "the handlers have changed: run `make openapi`"


def test_the_text_does_not_depend_on_the_order_of_the_handlers(made: dict[str, Any]) -> None:
    reversed_handlers = reversed(list(endpoints_of(REPOSITORY / "functions")))

    assert text(document(reversed_handlers, sample_bodies(EVENTS))) == text(made)


def test_the_document_is_valid(made: dict[str, Any]) -> None:
    assert [error.message for error in OpenAPIV31SpecValidator(made).iter_errors()] == []


def test_every_deployed_route_is_in_the_document_and_nothing_else(made: dict[str, Any]) -> None:
    deployed = {}
    for _, properties in resources(read_template(REPOSITORY / "template.yaml"), "AWS::Serverless::Function"):
        for event in properties.get("Events", {}).values():
            if event["Type"] == "Api":
                route = event["Properties"]["Method"], event["Properties"]["Path"]
                deployed[properties["Handler"].split(".")[-1]] = route

    assert operations(made) == deployed


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_operation_has_its_face_a_summary_and_the_status_of_its_endpoint(
    operation: str, made: dict[str, Any]
) -> None:
    method, path = operations(made)[operation]
    told = made["paths"][path][method.lower()]

    assert told["tags"] == [file_of(operation).parent.name]
    assert told["summary"][0].isupper()
    assert [status for status in told["responses"] if status < "300"] == sorted(
        map(str, {endpoint(operation).status, *endpoint(operation).statuses.values()})
    )
    assert "default" in told["responses"]


def test_every_body_has_the_sample_event_as_its_example(made: dict[str, Any]) -> None:
    bodies = [
        one["requestBody"] for methods in made["paths"].values() for one in methods.values() if "requestBody" in one
    ]

    assert bodies
    assert all("example" in body["content"]["application/json"] for body in bodies)


def names_of_members(schema: Any) -> set[str]:
    if isinstance(schema, list):
        return {name for inner in schema for name in names_of_members(inner)}
    if not isinstance(schema, dict):
        return set()
    inner = {name for value in schema.values() for name in names_of_members(value)}
    return inner | set(schema.get("properties", {}))


def test_nothing_internal_is_told(made: dict[str, Any]) -> None:
    assert [name for name in sorted(names_of_members(made["components"]["schemas"])) if "_" in name] == []
    assert [part for part in ("muster.", "__", "Organization", "organization_id") if part in text(made["paths"])] == []
