"""JSON as the edge takes and gives it: exact numbers in both directions, and nothing that JSON does not allow.

Python's own reader also takes NaN, repeated keys, lone surrogates and any depth; each would surface later as an
answer of 500 or as a value that nobody sent.
"""

import json
import re
import secrets
from collections.abc import Iterable
from decimal import Decimal, DecimalException
from typing import Any

MAX_DEPTH = 64
MAX_NUMBER_LENGTH = 1100  # characters; the longest exact expansion of a double has 1,076

_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


class NotStrictJson(ValueError):
    """The text is not JSON, or not JSON that is accepted here; the message says why."""


def loads(text: str) -> Any:
    """Read JSON text; fractions become decimals. Raises NotStrictJson."""
    try:
        value = json.loads(
            text,
            parse_float=_fraction,
            parse_int=_integer,
            parse_constant=_refuse_constant,
            object_pairs_hook=_distinct,
        )
        _check_depth(text, value)
        if _SURROGATE.search(text):
            json.dumps(value, ensure_ascii=False, default=str).encode()
    except json.JSONDecodeError as error:
        raise NotStrictJson(f"not JSON: {error.msg} at line {error.lineno} column {error.colno}") from None
    except RecursionError:
        raise NotStrictJson(f"nested deeper than {MAX_DEPTH} levels") from None
    except UnicodeEncodeError:
        raise NotStrictJson("a text holds half of a surrogate pair") from None
    return value


def _integer(text: str) -> int:
    if len(text) > MAX_NUMBER_LENGTH:
        raise NotStrictJson(f"a number has more than {MAX_NUMBER_LENGTH} characters")
    return int(text)


def _fraction(text: str) -> Decimal:
    """Refuses what no double can stand for: exponents without end would cost exact arithmetic its life."""
    if len(text) > MAX_NUMBER_LENGTH:
        raise NotStrictJson(f"a number has more than {MAX_NUMBER_LENGTH} characters")
    try:
        number = Decimal(text)
        nearest = float(number)
    except (DecimalException, OverflowError):
        raise NotStrictJson(f"number {text[:40]} is out of range") from None
    if abs(nearest) == float("inf") or (nearest == 0 and number != 0):
        raise NotStrictJson(f"number {text[:40]} is out of range")
    return number


def _refuse_constant(name: str) -> None:
    raise NotStrictJson(f"{name} is not a JSON number")


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise NotStrictJson(f"member {twice[:64]!r} is given twice")
    return members


def _check_depth(text: str, value: Any) -> None:
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return
    level: list[Any] = [value]
    for _ in range(MAX_DEPTH):
        level = [inner for outer in level for inner in _inner(outer) if isinstance(inner, dict | list)]
        if not level:
            return
    raise NotStrictJson(f"nested deeper than {MAX_DEPTH} levels")


def _inner(value: Any) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value


def dumps(value: Any) -> str:
    """Compact JSON text. Floats are written as the shortest text that reads back as the same bits, decimals digit for
    digit, which the standard encoder can not do: it writes a placeholder that nobody can guess, and that is replaced.
    """
    mark = secrets.token_hex(8)
    met: list[Decimal] = []

    def placeholder(unknown: object) -> str:
        if not isinstance(unknown, Decimal):
            raise TypeError(f"{type(unknown).__name__} is not JSON")
        met.append(unknown)
        return f"{mark}{unknown}"

    text = json.dumps(value, default=placeholder, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return re.sub(f'"{mark}([^"]*)"', r"\1", text) if met else text
