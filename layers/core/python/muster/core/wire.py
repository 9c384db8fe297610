"""What bodies of every face share: names are snake_case here and camelCase on the wire.

Requests are strict: unknown fields, wrong types and numbers out of range are refused, all faults at once. Times are
ISO 8601 in UTC with a trailing Z.
"""

from dataclasses import dataclass
from decimal import Decimal
from threading import RLock
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, GetJsonSchemaHandler
from pydantic.alias_generators import to_camel
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from muster.core.ids import SHARED


def _as_float(value: object) -> object:
    """The edge parses JSON fractions as exact decimals; floats are wanted where floats are declared."""
    return float(value) if isinstance(value, Decimal) else value


def _not_reserved(name: str) -> str:
    if name == SHARED:
        raise ValueError("is reserved")
    return name


Organization = Annotated[str, Field(min_length=1, max_length=16, pattern=r"^[a-z0-9]+$"), AfterValidator(_not_reserved)]
"""The name of an organization, where a body or a query may name one: see Caller.acting_for."""

Float = Annotated[float, BeforeValidator(_as_float), Field(allow_inf_nan=False)]


@dataclass(frozen=True)
class DescribedBy:
    """Names the model by which a value is checked later, so that the body's schema can tell what it should be."""

    model: type[BaseModel]

    def __get_pydantic_json_schema__(self, _: CoreSchema, schema_of: GetJsonSchemaHandler) -> JsonSchemaValue:
        # Wrapped, since a model that is asked for directly would be written out instead of being referred to.
        return schema_of(core_schema.definitions_schema(self.model.__pydantic_core_schema__, []))


_building = RLock()


class _Body(BaseModel):
    """Checks and writers are built when a model is first used: a function uses few of those that it imports."""

    model_config = ConfigDict(defer_build=True)

    @classmethod
    def model_rebuild(cls, **how: Any) -> bool | None:
        """As pydantic has it, one thread at a time: it would take down what another has just built."""
        with _building:
            return super().model_rebuild(**how)


class Request(_Body):
    """A request body: strict and closed."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", strict=True, frozen=True)


class Response(_Body):
    """A response body; what is None is left out on the wire."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)
