"""From what a task gave back to what the coordinator is told."""

import json
import math
import numbers
from typing import Any, NoReturn

from muster_client.spot.held import ERROR_LENGTH, Completion, Failure, Outcome

RESULT_LENGTH = 1_000_000


class NoResult(ValueError):
    """What the task gave back can not be a result; running it again would not change that."""


def of_value(result: object, runtime_ms: int) -> Outcome:
    """The outcome of a Python callable: a dict with, if it likes, fopt and iter; or None."""
    try:
        if result is None:
            return Completion(runtime_ms)
        if not isinstance(result, dict):
            raise NoResult(f"the task returned {type(result).__name__}, not a dict")
        fopt, iterations = _fopt(result), _iter(result)
        return Completion(runtime_ms, fopt, iterations, _text(result))
    except NoResult as error:
        return unusable(error)


def of_last_line(line: str, runtime_ms: int) -> Outcome:
    """The outcome of a program: its last line of output when that is a JSON object, kept as printed."""
    try:
        result = _parsed(line)
        if not isinstance(result, dict):
            return Completion(runtime_ms)
        if len(line) > RESULT_LENGTH:
            raise NoResult(f"the result is longer than {RESULT_LENGTH:,} characters")
        return Completion(runtime_ms, _fopt(result), _iter(result), line)
    except NoResult as error:
        return unusable(error)


def unusable(error: NoResult) -> Failure:
    return Failure(f"{type(error).__name__}: {error}"[:ERROR_LENGTH], retriable=False)


def _fopt(result: dict[Any, Any]) -> float | None:
    value = result.get("fopt")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise NoResult(f"fopt is {type(value).__name__}, not a number")
    try:
        fopt = float(value)
    except OverflowError:
        raise NoResult("fopt is beyond the range of a double") from None
    if not math.isfinite(fopt):
        raise NoResult(f"fopt is {fopt}")
    return fopt


def _iter(result: dict[Any, Any]) -> int | None:
    value: Any = result.get("iter")
    if value is None:
        return None
    whole = not isinstance(value, bool) and isinstance(value, numbers.Real) and value == value // 1
    if not whole or not 0 <= value <= 10**15:
        raise NoResult("iter is not a whole number between 0 and 10^15")
    return int(value)


def _text(result: dict[Any, Any]) -> str:
    try:
        text = json.dumps(result, default=_plain, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError) as error:
        raise NoResult(f"the result is not JSON: {error}") from None
    if len(text) > RESULT_LENGTH:
        raise NoResult(f"the result is longer than {RESULT_LENGTH:,} characters")
    return text


def _plain(value: Any) -> Any:
    """NumPy's scalars and arrays, which json does not know, know their own plain form."""
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} is not JSON")


def _parsed(line: str) -> Any:
    def refuse(constant: str) -> NoReturn:
        raise NoResult(f"the result holds {constant}")

    if not line.lstrip().startswith("{"):
        return None
    try:
        return json.loads(line, parse_constant=refuse)
    except NoResult:
        raise
    except (ValueError, RecursionError):
        return None
