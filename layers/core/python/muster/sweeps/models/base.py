"""What the bodies of sweeps share: limits, names and the types of numbers."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from muster.core.wire import DescribedBy, Float, Request, Response

__all__ = ["DescribedBy", "Float", "Request", "Response"]

MAX_TASKS = 10**9
MAX_BATCH = 500
MAX_EXPLICIT_TASKS = 100_000

Status = Literal["PENDING", "RUNNING", "COMPLETED", "FAILED", "CANCELLED"]
TaskStatus = Literal["NEW", "RUNNING", "DONE", "FAILED", "CANCELLED"]

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
