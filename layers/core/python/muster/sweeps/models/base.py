"""What all bodies share: names are snake_case here and camelCase on the wire.

Requests are strict: unknown fields, wrong types and numbers out of range are refused, all faults at once. Times are
ISO 8601 in UTC with a trailing Z.
"""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

MAX_TASKS = 10**9
MAX_BATCH = 500
MAX_EXPLICIT_TASKS = 100_000

Status = Literal["PENDING", "RUNNING", "COMPLETED", "FAILED", "CANCELLED"]
TaskStatus = Literal["NEW", "RUNNING", "DONE", "FAILED", "CANCELLED"]


def _as_float(value: object) -> object:
    """The edge parses JSON fractions as exact decimals; floats are wanted where floats are declared."""
    return float(value) if isinstance(value, Decimal) else value


Float = Annotated[float, BeforeValidator(_as_float), Field(allow_inf_nan=False)]
SpotId = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]*$")]
TaskId = Annotated[str, Field(min_length=1, max_length=128)]
Pool = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]
AxisName = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z_][A-Za-z0-9_.-]*$")]


def _short(value: int | Decimal) -> int | Decimal:
    """Keeps exact arithmetic on ranges cheap, whatever exponent somebody sends."""
    exponent = value.as_tuple().exponent if isinstance(value, Decimal) else 0
    if isinstance(exponent, int) and exponent < -30:
        raise ValueError("at most 30 decimal places")
    return value


Number = Annotated[int | Decimal, Field(ge=Decimal("-1e18"), le=Decimal("1e18")), AfterValidator(_short)]
AxisValue = bool | int | Decimal | Annotated[str, Field(max_length=1024)]


class Request(BaseModel):
    """A request body: strict and closed."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", strict=True, frozen=True)


class Response(BaseModel):
    """A response body; what is None is left out on the wire."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)
