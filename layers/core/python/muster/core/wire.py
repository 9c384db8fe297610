"""What bodies of every face share: names are snake_case here and camelCase on the wire.

Requests are strict: unknown fields, wrong types and numbers out of range are refused, all faults at once. Times are
ISO 8601 in UTC with a trailing Z.
"""

from decimal import Decimal
from threading import RLock
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel


def _as_float(value: object) -> object:
    """The edge parses JSON fractions as exact decimals; floats are wanted where floats are declared."""
    return float(value) if isinstance(value, Decimal) else value


Float = Annotated[float, BeforeValidator(_as_float), Field(allow_inf_nan=False)]


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
