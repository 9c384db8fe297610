"""The API about itself: its document and its page, as any stack serves them."""

import httpx
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from muster_client.api import Muster


def test_the_document_is_served_and_valid(http: httpx.Client) -> None:
    answer = http.get("/openapi.json")

    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    assert [error.message for error in OpenAPIV31SpecValidator(answer.json()).iter_errors()] == []
    assert {"/api/v1/jobs", "/openapi.json", "/docs"} <= set(answer.json()["paths"])


def test_its_server_is_the_one_that_it_came_from(http: httpx.Client) -> None:
    answer = http.get("/openapi.json")
    (server,) = answer.json()["servers"]

    assert str(answer.url.join(server["url"])).rstrip("/") == str(http.base_url).rstrip("/")


def test_the_page_is_served_as_html_with_a_policy(http: httpx.Client) -> None:
    answer = http.get("/docs")

    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "SwaggerUIBundle" in answer.text


def faults(http: httpx.Client, refused: list[httpx.Response]) -> list[str]:
    """What of these answers is not as the document says of errors."""
    schema = {"$ref": "#/components/schemas/Error", "components": http.get("/openapi.json").json()["components"]}
    return [error.message for answer in refused for error in OAS31Validator(schema).iter_errors(answer.json())]


def test_refusals_have_the_shape_that_the_document_promises(http: httpx.Client) -> None:
    refused = [
        http.post("/api/v1/jobs", json={"algorithms": [], "surprise": 1}),
        http.get("/api/v1/jobs/job-main-0000000000000000"),
        http.post("/api/v1/jobs", content=b"x", headers={"Content-Type": "text/plain"}),
        http.get("/docs?unknown=1"),
    ]

    assert [answer.status_code for answer in refused] == [400, 404, 415, 400]
    assert faults(http, refused) == []


def test_unknown_routes_and_methods_are_refused_in_that_shape_too(http: httpx.Client) -> None:
    refused = [http.get("/docs/more"), http.delete("/docs")]

    assert [answer.status_code for answer in refused] == [404, 405]
    assert faults(http, refused) == []


def test_the_sdk_reads_both(http: httpx.Client) -> None:
    with Muster(str(http.base_url)) as muster:
        assert muster.get_openapi()["info"]["title"] == "Muster"
        assert muster.show_docs().startswith("<!DOCTYPE html>")
