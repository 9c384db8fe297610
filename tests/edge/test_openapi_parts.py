"""What the document makes of an endpoint: parameters, bodies, answers, refusals, keys."""

from decimal import Decimal
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field, create_model

from muster.core.wire import DescribedBy, Request, Response
from muster.edge.answers import Media, Refuses
from muster.edge.authentication import ADMINS, ANYBODY, Admission
from muster.edge.endpoint import Call, Document, Endpoint, endpoint
from muster.edge.openapi import AmbiguousName, document
from muster.edge.openapi.access import security
from muster.edge.parameters import IdempotencyKey, Limit

Exact = Annotated[int | Decimal, Field(gt=Decimal(0), le=Decimal("1e3"))]


class Plank(Request):
    """A plank
    of wood."""

    long_side: Exact
    kind: Literal["oak", "elm"] | None = None
    knots: Annotated[list[dict[str, Any]], Field(max_length=3)] | None = None


class Book(Request):
    organization: str | None = None


class Shelf(Response):
    success: bool = True
    shelf_id: str
    wall_name: str | None = None


def of(*endpoints: Endpoint) -> dict[str, Any]:
    return document(endpoints)


@endpoint("POST", "/api/v1/walls/{wallId}/shelves", status=201)
def build_shelf(call: Call, wall_id: str, body: Plank, idempotency_key: IdempotencyKey | None = None) -> Shelf: ...


@endpoint("GET", "/api/v1/shelves")
def list_shelves(call: Call, kind: Literal["oak", "elm"] | None = None, limit: Limit = 7) -> Shelf: ...


@endpoint("GET", "/internal/v1/shelf")
def draw_shelf(
    call: Call,
) -> Shelf | Annotated[Document, Media("image/svg+xml", headers={"X-Scale": "How large."})]: ...


BUILD = ("/api/v1/walls/{wallId}/shelves", "post")


def test_parameters_are_told_by_where_they_are_sent() -> None:
    operation = of(build_shelf)["paths"][BUILD[0]][BUILD[1]]

    told = [(one["in"], one["name"], one["required"]) for one in operation["parameters"]]
    assert told == [("path", "wallId", True), ("header", "Idempotency-Key", False)]


def test_a_parameter_has_its_limits_and_default_and_is_never_null() -> None:
    kind, limit = of(list_shelves)["paths"]["/api/v1/shelves"]["get"]["parameters"]

    assert kind["schema"] == {"type": "string", "enum": ["oak", "elm"]}
    assert limit["schema"] == {"type": "integer", "minimum": 1, "maximum": 1000, "default": 7}
    assert limit["description"]


def test_a_request_is_closed_may_be_null_where_the_model_may_and_bounds_numbers() -> None:
    plank = of(build_shelf)["components"]["schemas"]["Plank"]

    assert plank["additionalProperties"] is False
    assert plank["description"] == "A plank of wood."
    assert plank["required"] == ["longSide"]
    assert plank["properties"]["longSide"] == {"type": "number", "exclusiveMinimum": 0, "maximum": 1000}
    assert plank["properties"]["kind"]["anyOf"] == [{"type": "string", "enum": ["oak", "elm"]}, {"type": "null"}]


def test_a_field_of_an_answer_is_there_or_not_but_never_null() -> None:
    shelf = of(build_shelf)["components"]["schemas"]["Shelf"]

    assert shelf["required"] == ["success", "shelfId"]
    assert shelf["properties"]["wallName"] == {"type": "string"}


def test_items_that_are_checked_later_are_described_by_their_model() -> None:
    knot = create_model("Knot", __base__=Request, width=(int, ...))
    board = create_model("Board", __base__=Request, knots=(list[Annotated[dict[str, Any], DescribedBy(knot)]], ...))

    def saw(call: Call, body: Any) -> Shelf: ...

    saw.__annotations__["body"] = board
    schemas = of(endpoint("POST", "/saw")(saw))["components"]["schemas"]

    assert schemas["Board"]["properties"]["knots"]["items"] == {"$ref": "#/components/schemas/Knot"}
    assert schemas["Knot"]["required"] == ["width"]


def test_a_document_is_told_by_its_content_types_and_headers() -> None:
    answer = of(draw_shelf)["paths"]["/internal/v1/shelf"]["get"]["responses"]["200"]

    assert list(answer["content"]) == ["application/json", "image/svg+xml"]
    assert answer["content"]["image/svg+xml"] == {"schema": {"type": "string"}}
    assert answer["headers"]["X-Scale"]["description"] == "How large."


def test_a_document_of_unknown_type_is_refused() -> None:
    @endpoint("GET", "/mystery")
    def show_mystery(call: Call) -> Document: ...

    with pytest.raises(TypeError, match="show_mystery"):
        of(show_mystery)


def test_refusals_follow_from_what_a_route_takes() -> None:
    told = of(build_shelf, list_shelves)["paths"]

    assert list(told[BUILD[0]][BUILD[1]]["responses"]) == [
        "201", "400", "401", "404", "409", "413", "415", "422", "429", "503", "default",
    ]  # fmt: skip
    assert list(told["/api/v1/shelves"]["get"]["responses"]) == ["200", "400", "401", "429", "503", "default"]


def test_naming_an_organization_can_be_forbidden() -> None:
    @endpoint("GET", "/books")
    def list_books(call: Call, organization: str | None = None) -> Shelf: ...

    @endpoint("POST", "/books")
    def write_book(call: Call, body: Book) -> Shelf: ...

    for operation in of(list_books, write_book)["paths"]["/books"].values():
        assert operation["responses"]["403"] == {"$ref": "#/components/responses/Forbidden"}


def test_a_refusal_that_does_not_follow_can_be_declared() -> None:
    @endpoint("POST", "/claim")
    def claim_shelf(call: Call) -> Annotated[Shelf, Refuses(404)]: ...

    responses = of(claim_shelf)["paths"]["/claim"]["post"]["responses"]
    assert responses["404"] == {"$ref": "#/components/responses/NotFound"}


def test_all_refusals_have_one_shape_and_who_should_come_back_is_told_when() -> None:
    components = of(list_shelves)["components"]

    for refusal in components["responses"].values():
        assert refusal["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Error"}
    missing = components["responses"]["NotFound"]["content"]["application/json"]["example"]
    assert missing == {"success": False, "error": "not found", "code": "NOT_FOUND"}
    waiting = {name for name, refusal in components["responses"].items() if "headers" in refusal}
    assert waiting == {"TooManyRequests", "Unavailable"}
    assert "`JOB_ENDED`" in components["responses"]["Conflict"]["description"]


def test_the_spots_routes_take_either_key_and_public_ones_none() -> None:
    def admitting(path: str, admits: Admission | None = None) -> list[dict[str, list[str]]]:
        return security(endpoint("GET", path, admits=admits)(list_shelves.function))

    assert admitting("/internal/v1/shelf") == [{"key": ["admin", "agent"]}, {"agentKey": []}]
    assert admitting("/api/v1/jobs") == [{"key": ["admin", "user"]}]
    assert admitting("/api/v1/keys", ADMINS) == [{"key": ["admin"]}]
    assert admitting("/docs", ANYBODY) == []


def test_two_operations_of_one_name_are_refused() -> None:
    same = endpoint("GET", "/elsewhere")(list_shelves.function)

    with pytest.raises(AmbiguousName, match="list_shelves"):
        of(list_shelves, same)


def test_two_models_of_one_name_are_refused() -> None:
    other = create_model("Shelf", __base__=Response, __module__="another.face", depth=(int, ...))

    def measure(call: Call) -> Any: ...

    measure.__annotations__["return"] = other
    with pytest.raises(AmbiguousName, match="Shelf"):
        of(list_shelves, endpoint("GET", "/depth")(measure))


def test_a_model_can_not_take_the_name_of_the_errors() -> None:
    error = create_model("Error", __base__=Response)

    def break_it(call: Call) -> Any: ...

    break_it.__annotations__["return"] = error
    with pytest.raises(AmbiguousName, match="Error"):
        of(endpoint("GET", "/broken")(break_it))
