"""Schemas of what goes over the wire: pydantic's, in the form in which clients meet it.

Answers leave out what is None, so a field of an answer is there with a value or not at all; numbers are numbers, exact
ones too; titles made from names of fields say nothing and are left out.
"""

from collections.abc import Hashable, Mapping
from types import NoneType
from typing import Any, Literal, Union, get_args

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

REFERENCE = "#/components/schemas/"
Schema = dict[str, Any]
Field = core_schema.ModelField | core_schema.DataclassField | core_schema.TypedDictField

_BOUNDS = {"ge": "minimum", "le": "maximum", "gt": "exclusiveMinimum", "lt": "exclusiveMaximum"}


class AmbiguousName(Exception):
    """Two different things would have one name in the document."""


class WireSchema(GenerateJsonSchema):
    """`validation` is what requests may be, `serialization` what answers are."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        if self.mode == "serialization":
            return self.generate_inner(schema["schema"])
        return super().nullable_schema(schema)

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        if self.mode == "serialization" or schema.get("default", ...) is None:
            return self.generate_inner(schema["schema"])
        return super().default_schema(schema)

    def field_is_required(self, field: Field, total: bool) -> bool:
        if self.mode == "serialization":
            inner: Mapping[str, Any] = field["schema"]
            return inner["type"] != "default" or inner.get("default", ...) is not None
        return super().field_is_required(field, total)

    def decimal_schema(self, schema: core_schema.DecimalSchema) -> JsonSchemaValue:  # noqa: ARG002
        return {"type": "number"}

    def get_union_of_schemas(self, schemas: list[JsonSchemaValue]) -> JsonSchemaValue:
        integer, number = {"type": "integer"}, {"type": "number"}
        apart = [schema for schema in schemas if schema != integer or number not in schemas]
        return super().get_union_of_schemas(apart) if len(apart) > 1 else apart[0]

    def generate_inner(self, schema: Any) -> JsonSchemaValue:
        """Bounds of a union arrive under pydantic's names, as texts if they are decimals."""
        made = super().generate_inner(schema)
        bounds = {name: made.pop(name) for name in _BOUNDS if name in made}
        return made | {_BOUNDS[name]: float(bound) for name, bound in bounds.items()}

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        made = super().model_schema(schema)
        made.pop("title", None)
        if "description" in made:
            made["description"] = " ".join(made["description"].split())
        return made

    def field_title_should_be_set(self, schema: CoreSchema | Field) -> bool:  # noqa: ARG002
        return False


class Schemas:
    """Collects types under keys of the caller's choice, and writes all their schemas in one go.

    Only so are two models of one name noticed, wherever in the application they are.
    """

    def __init__(self) -> None:
        self._inputs: dict[tuple[Hashable, JsonSchemaMode], TypeAdapter[Any]] = {}

    def add(self, key: Hashable, kind: object, mode: Literal["validation", "serialization"]) -> None:
        self._inputs[key, mode] = TypeAdapter(kind)

    def write(self) -> tuple[dict[Hashable, Schema], dict[str, Schema]]:
        """Each type's schema by its key, and the models that they refer to by name. Raises AmbiguousName."""
        inputs = [(key, mode, adapter) for (key, mode), adapter in self._inputs.items()]
        written, rest = TypeAdapter.json_schemas(
            inputs, ref_template=f"{REFERENCE}{{model}}", schema_generator=WireSchema
        )
        models = rest.get("$defs", {})
        # Pydantic tells models of one name apart by their modules, which are nobody's business.
        qualified = sorted(name for name in models if "__" in name)
        if qualified:
            raise AmbiguousName(f"models of one name: {', '.join(qualified)}")
        return {key: schema for (key, _), schema in written.items()}, models


def when_sent(kind: Any) -> Any:
    """The type without None, which a parameter is when it was not sent."""
    if NoneType not in get_args(kind):
        return kind
    return Union[tuple(inner for inner in get_args(kind) if inner is not NoneType)]  # noqa: UP007
