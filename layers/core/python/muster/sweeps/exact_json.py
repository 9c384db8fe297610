"""JSON whose numbers stay as they were written: fractions are read as decimals and written digit for digit."""

import json
from decimal import Decimal
from typing import Any


def loads(text: str | bytes) -> Any:
    return json.loads(text, parse_float=Decimal)


def dumps(value: Any) -> str:
    """Compact JSON text."""
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except TypeError:
        return _with_decimals(value)


def _with_decimals(value: Any) -> str:
    """Decimals become numbers, which the standard encoder can not do."""
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(str(key))}:{_with_decimals(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(_with_decimals, value)) + "]"
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
