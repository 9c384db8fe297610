"""docs/api.md is complete: routes, fields with their limits and defaults, query parameters, errors, settings."""

import inspect
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
from pydantic import BaseModel
from pydantic.alias_generators import to_camel

from local.settings import read_settings
from local.template import read_template
from muster.access import models as access_models
from muster.core import delivery as delivery_models
from muster.core.errors import MusterError
from muster.edge.answers import status_of
from muster.edge.endpoint import Document
from muster.settings import Settings
from muster.sweeps import models
from muster.sweeps.models import reports
from tests.docs.documents import REPOSITORY, document
from tests.operations import OPERATIONS, endpoint

API = document("docs/api.md")
SETTINGS = API.sections["Settings"]
MODELS = [
    model
    for face in (models, access_models, delivery_models)
    for _, model in inspect.getmembers(face, inspect.isclass)
    if issubclass(model, BaseModel) and model.__module__.startswith(face.__name__)
]


ITEMS = {models.CompletedItem: "complete_task", models.FailedItem: "fail_task"}
"""Items of batches, and where their fields are explained: where a single one is."""


def section(operation: str) -> str:
    """What stands under the heading that ends with the operation's route."""
    route = f"{endpoint(operation).method} {endpoint(operation).path}"
    return next(text for title, text in API.sections.items() if title.endswith(f": {route}"))


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models that a type speaks of, and those of their fields."""
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        yield annotation
        for field in annotation.model_fields.values():
            yield from models_in(field.annotation)
    # An alias that has a name of its own, like Axis, hides what it stands for.
    for inner in get_args(getattr(annotation, "__value__", annotation)):
        yield from models_in(inner)


def models_of(operation: str) -> set[type[BaseModel]]:
    hints = get_type_hints(endpoint(operation).function, include_extras=True)
    found = {model for hint in hints.values() if hint is not Document for model in models_in(hint)}
    # The items of a batch are checked one by one, so the body's type does not name their model.
    return found | {item for item, single in ITEMS.items() if operation == f"{single}s"}


def names(text: str, field: str) -> bool:
    return bool(re.search(rf'[`"]{re.escape(field)}[`"]', text))


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_route_has_a_section_that_names_its_query(operation: str) -> None:
    text, in_path = section(operation), re.findall(r"{(\w+)}", endpoint(operation).path)
    parameters = list(inspect.signature(endpoint(operation).function).parameters)[1:]
    query = {to_camel(name) for name in parameters} - {"body", "idempotencyKey", *in_path}

    assert [name for name in query if f"`{name}`" not in text] == []
    assert "idempotency_key" not in parameters or "Idempotency-Key" in text


BASES = (models.Request, models.Response, models.Completion, models.Failure)


def text_about(model: type[BaseModel]) -> str:
    users = [operation for operation in OPERATIONS if model in models_of(operation)]
    assert users, f"no route speaks of {model.__name__}"
    return "".join(map(section, [*users, *filter(None, [ITEMS.get(model)])]))


@pytest.mark.parametrize("model", [m for m in MODELS if m not in BASES], ids=lambda model: model.__name__)
def test_every_field_of_a_model_is_named_where_the_model_is_used(model: type[BaseModel]) -> None:
    fields = [field.alias or name for name, field in model.model_fields.items()]

    assert [field for field in fields if not names(text_about(model), field)] == []


def limits(schema: dict[str, Any]) -> Iterator[float]:
    """Upper bounds of a field, wherever in its alternatives they stand."""
    bounds = ("maximum", "maxLength", "maxItems", "maxProperties")
    yield from (schema[name] for name in bounds if name in schema)
    for inner in (*schema.get("anyOf", ()), *filter(None, [schema.get("items")])):
        yield from limits(inner)


def default_as_written(default: Any) -> str:
    return ", ".join(default) if isinstance(default, list) else str(default).lower()


def spelled(number: float) -> str:
    return f"{number:,.0f}" if number < 10**9 else f"10^{math.log10(number):.0f}"


REQUESTS = [m for m in MODELS if issubclass(m, models.Request) and m not in (*BASES, models.Range)]


@pytest.mark.parametrize("model", REQUESTS, ids=lambda model: model.__name__)
def test_limits_and_defaults_of_a_request_stand_in_the_row_of_the_field(model: type[BaseModel]) -> None:
    for name, schema in model.model_json_schema()["properties"].items():
        # The two ids are the same everywhere; their limits stand where they first come.
        text = API.text if name in ("spotId", "id") else text_about(model)
        row = "".join(line for line in text.splitlines() if f"`{name}`" in line)
        unsaid = [spelled(limit) for limit in limits(schema) if spelled(limit) not in row]
        default = schema.get("default")
        assert not unsaid, f"{name}: {row}"
        assert default is None or f"| {default_as_written(default)} |" in row, f"{name} is {default}: {row}"


def test_every_status_and_outcome_is_named() -> None:
    kinds = (models.Status, models.TaskStatus, models.Outcome, reports.ReportStatus, reports.DeliveryStatus)
    words = {word for kind in kinds for word in get_args(kind)}

    assert [word for word in sorted(words) if not names(API.text, word)] == []


def errors(kind: type[MusterError] = MusterError) -> Iterator[type[MusterError]]:
    for inner in kind.__subclasses__():
        yield inner
        yield from errors(inner)


def test_every_error_stands_in_the_table_with_its_status() -> None:
    rows = set(re.findall(r"^\| (\d+) \| `(\w+)` \|", API.sections["Errors"], re.MULTILINE))

    assert {(str(status_of(kind())), kind.code) for kind in errors()} <= rows


def test_every_code_of_the_gateway_stands_in_the_table() -> None:
    responses = read_template(REPOSITORY / "template.yaml")["Resources"]["Api"]["Properties"]["GatewayResponses"]
    codes = set(re.findall(r'"code": "(\w+)"', str(responses)))

    assert codes
    assert [code for code in sorted(codes) if f"`{code}`" not in API.sections["Errors"]] == []


class Asked(dict[str, str]):
    """An environment that remembers what it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def get(self, key: str, default: Any = None) -> Any:
        self.names.add(key)
        return default


def test_every_variable_that_is_read_is_explained() -> None:
    asked = Asked()
    Settings.read(asked)
    read_settings(asked, state=None, template=Path("template.yaml"))
    given = read_template(REPOSITORY / "template.yaml")["Globals"]["Function"]["Environment"]["Variables"]

    assert {"ORHESTRA_PORT", "ORHESTRA_DB_URL", "ORHESTRA_AGENT_KEY", "ORHESTRA_MAX_ATTEMPTS"} <= asked.names
    assert [name for name in sorted(asked.names | set(given)) if f"`{name}`" not in SETTINGS] == []
