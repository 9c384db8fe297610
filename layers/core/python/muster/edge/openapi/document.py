"""The document, put together from what each endpoint says of itself."""

import inspect
import json
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from importlib.metadata import metadata
from pathlib import Path
from typing import Any

from muster.edge.endpoint import Endpoint
from muster.edge.openapi import access, refusals
from muster.edge.openapi.answers import Answers
from muster.edge.openapi.refusals import Json
from muster.edge.openapi.schemas import AmbiguousName, Schemas, when_sent
from muster.edge.signature import Signature, wire_name

_JSON = "application/json"


class _Route:
    """One endpoint: names the types that it speaks of, then writes its operation with their schemas."""

    def __init__(self, endpoint: Endpoint, schemas: Schemas) -> None:
        self.endpoint = endpoint
        self.signature = Signature(endpoint.function, endpoint.path)
        self.answers = Answers(endpoint)
        for part, parameters in self.signature.parts.items():
            for parameter in parameters:
                schemas.add((endpoint.operation, part, parameter.name), when_sent(parameter.annotation), "validation")
        if self.signature.body:
            schemas.add((endpoint.operation, "body"), self.signature.body.annotation, "validation")
        if self.answers.models:
            schemas.add((endpoint.operation, "answer"), self.answers.model, "serialization")
        for status, model in self.answers.others.items():
            schemas.add((endpoint.operation, "answer", status), model, "serialization")

    def operation(self, schemas: dict[Any, Json], sample: Any) -> Json:
        module = sys.modules[self.endpoint.function.__module__]
        summary, _, description = inspect.cleandoc(module.__doc__ or "").partition("\n\n")
        summary = summary.removeprefix(f"{self.endpoint.method} {self.endpoint.path}: ").removesuffix(".")
        told: Json = {
            "operationId": self.endpoint.operation,
            "tags": [Path(module.__file__ or "").parent.name],
            "summary": summary[:1].upper() + summary[1:],
            "description": description,
            "security": access.security(self.endpoint),
            "parameters": self._parameters(schemas),
            "requestBody": self._body(schemas, sample),
            "responses": self._responses(schemas),
        }
        return {name: value for name, value in told.items() if value or name == "security"}

    def _parameters(self, schemas: dict[Any, Json]) -> list[Json]:
        written = []
        for part, parameters in self.signature.parts.items():
            for parameter in parameters:
                schema = dict(schemas[self.endpoint.operation, part, parameter.name])
                about = {"description": schema.pop("description")} if "description" in schema else {}
                if parameter.default not in (None, inspect.Parameter.empty):
                    schema["default"] = parameter.default
                required = parameter.default is inspect.Parameter.empty
                written.append(
                    {"name": wire_name(parameter), "in": part, "required": required, **about, "schema": schema}
                )
        return written

    def _body(self, schemas: dict[Any, Json], sample: Any) -> Json | None:
        if not self.signature.body:
            return None
        content: Json = {"schema": schemas[self.endpoint.operation, "body"]}
        if sample is not None:
            content["example"] = sample
        return {"required": True, "content": {_JSON: content}}

    def _responses(self, schemas: dict[Any, Json]) -> Json:
        content: Json = {kind: {"schema": _schema_of_text(kind)} for kind in self.answers.content_types}
        if self.answers.models:
            content = {_JSON: {"schema": schemas[self.endpoint.operation, "answer"]}, **content}
        success: Json = {"description": HTTPStatus(self.endpoint.status).phrase, "content": content}
        if self.answers.headers:
            success["headers"] = {
                name: {"description": about, "schema": {"type": "string"}}
                for name, about in self.answers.headers.items()
            }
        others = {
            str(status): {
                "description": HTTPStatus(status).phrase,
                "content": {_JSON: {"schema": schemas[self.endpoint.operation, "answer", status]}},
            }
            for status in self.answers.others
        }
        refused = refusals.statuses(self.endpoint, self.signature, self.answers.refuses)
        return {
            str(self.endpoint.status): success,
            **others,
            **{str(status): {"$ref": f"#/components/responses/{refusals.name(status)}"} for status in refused},
            "default": {"$ref": f"#/components/responses/{refusals.OTHER}"},
        }


def document(endpoints: Iterable[Endpoint], samples: Mapping[str, Any] | None = None) -> Json:
    """The whole document; `samples` are examples of bodies by operation.

    Raises AmbiguousName for two operations, routes or models of one name.
    """
    told = Schemas()
    routes = [_Route(one, told) for one in sorted(endpoints, key=lambda one: (one.path, one.method))]
    _refuse_repeated("operationId", [route.endpoint.operation for route in routes])
    _refuse_repeated("route", [f"{route.endpoint.method} {route.endpoint.path}" for route in routes])
    schemas, models = told.write()
    _refuse_repeated("schema", [*models, *refusals.SCHEMAS])
    paths: dict[str, Json] = {}
    for route in routes:
        operation = route.operation(schemas, (samples or {}).get(route.endpoint.operation))
        paths.setdefault(route.endpoint.path, {})[route.endpoint.method.lower()] = operation
    tags = [tag for path in paths.values() for operation in path.values() for tag in operation["tags"]]
    package = metadata("muster")
    return {
        "openapi": "3.1.0",
        "info": {"title": "Muster", "version": package["Version"], "description": f"{package['Summary']}."},
        # Relative to where the document is: below the API's stage on AWS, at the root elsewhere.
        "servers": [{"url": ".", "description": "Where this document is"}],
        "tags": [{"name": tag} for tag in dict.fromkeys(tags)],
        "paths": paths,
        "components": {
            "schemas": dict(sorted({**models, **refusals.SCHEMAS}.items())),
            "responses": refusals.responses(),
            "headers": {"RetryAfter": refusals.RETRY_AFTER},
            "securitySchemes": access.SCHEMES,
        },
    }


def text(made: Json) -> str:
    """The document as it is kept and served."""
    return json.dumps(made, indent=1, ensure_ascii=False) + "\n"


def _refuse_repeated(what: str, names: list[str]) -> None:
    twice = sorted(name for name, times in Counter(names).items() if times > 1)
    if twice:
        raise AmbiguousName(f"{what} given twice: {', '.join(twice)}")


def _schema_of_text(content_type: str) -> Json:
    return {} if content_type == _JSON else {"type": "string"}
