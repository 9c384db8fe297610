"""The API about itself: its document and its page, as any stack serves them."""

import httpx
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV31SpecValidator


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


def test_refusals_have_the_shape_that_the_document_promises(http: httpx.Client) -> None:
    document = http.get("/openapi.json").json()
    schema = {"$ref": "#/components/schemas/Error", "components": document["components"]}
    refused = [
        http.post("/api/v1/jobs", json={"algorithms": [], "surprise": 1}),
        http.get("/api/v1/jobs/job-main-0000000000000000"),
        http.post("/api/v1/jobs", content=b"x", headers={"Content-Type": "text/plain"}),
        http.get("/docs?unknown=1"),
        http.delete("/docs"),
    ]

    assert [answer.status_code for answer in refused] == [400, 404, 415, 400, 405]
    assert [list(OAS31Validator(schema).iter_errors(answer.json())) for answer in refused] == [[]] * len(refused)
