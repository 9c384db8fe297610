"""Capacity units by DynamoDB's published rules, from what a request asked and what was answered.

Sizes are bytes. A write unit is a started kilobyte, a read unit four; an eventual read costs half, a transaction twice.
Index entries of a transaction are written once: they follow after the commit.
"""

import math
from collections.abc import Mapping
from typing import Any

WRITE_BYTES = 1024
READ_BYTES = 4096

Raw = Mapping[str, Any]
"""A request, an answer or an item as botocore shows it: values are `{"S": …}`, binary ones are bytes."""

_READS = {"GetItem", "BatchGetItem", "Query", "Scan"}


def item_size(item: Raw) -> int:
    """Names and values of an item, as DynamoDB bills them."""
    return sum(len(name.encode()) + _value_size(value) for name, value in item.items())


def _value_size(value: Raw) -> int:
    ((kind, held),) = value.items()
    match kind:
        case "S":
            return len(held.encode())
        case "N":
            return _number_size(held)
        case "B":
            return len(held)
        case "SS":
            return sum(len(text.encode()) for text in held)
        case "NS":
            return sum(map(_number_size, held))
        case "L":
            return 3 + sum(1 + _value_size(element) for element in held)
        case "M":
            return 3 + sum(1 + len(name.encode()) + _value_size(element) for name, element in held.items())
    return 1  # BOOL and NULL


def _number_size(text: str) -> int:
    """A byte for the exponent, one for every two digits, one for a minus sign."""
    digits = text.lstrip("-").replace(".", "").strip("0")
    return 1 + math.ceil(len(digits) / 2) + text.startswith("-")


def write_units(size: int) -> int:
    """Of one item; an item that is not there costs one."""
    return max(1, math.ceil(size / WRITE_BYTES))


def _read_units(size: int, *, consistent: bool) -> float:
    return max(1, math.ceil(size / READ_BYTES)) * (1.0 if consistent else 0.5)


def read_units_of(operation: str, request: Raw, answer: Raw) -> float:
    """Computed, because the emulator counts one unit for a read of any size."""
    if operation not in _READS:
        return 0.0
    if operation == "BatchGetItem":
        return sum(_batch_units(table, asked, answer) for table, asked in request["RequestItems"].items())
    consistent = bool(request.get("ConsistentRead"))
    if operation == "GetItem":
        return _read_units(item_size(answer.get("Item", {})), consistent=consistent)
    return _read_units(sum(map(item_size, answer.get("Items", []))), consistent=consistent)


def _batch_units(table: str, asked: Raw, answer: Raw) -> float:
    """Each item is rounded up by itself, and one that is not there costs a unit too."""
    consistent = bool(asked.get("ConsistentRead"))
    found = answer.get("Responses", {}).get(table, [])
    unread = answer.get("UnprocessedKeys", {}).get(table, {}).get("Keys", [])
    missing = len(asked["Keys"]) - len(found) - len(unread)
    return sum(_read_units(item_size(item), consistent=consistent) for item in [*found, *[{}] * missing])


def write_units_of(operation: str, request: Raw, answer: Raw) -> float:
    """As the answer says, table and indexes; a refused write has no such word and is computed."""
    if operation in _READS:
        return 0.0
    if "Error" in answer:
        return float(_refused_units(operation, request, answer))
    told = answer.get("ConsumedCapacity", [])
    return float(sum(one["CapacityUnits"] for one in (told if isinstance(told, list) else [told])))


def _refused_units(operation: str, request: Raw, answer: Raw) -> int:
    """A refusal costs what the write would have: by the larger of the item that stands and the one that was sent."""
    if operation != "TransactWriteItems":
        return write_units(max(item_size(answer.get("Item", {})), item_size(request.get("Item", {}))))
    reasons = answer.get("CancellationReasons", [])
    sent = [next(iter(part.values())).get("Item", {}) for part in request["TransactItems"]]
    standing = [reason.get("Item", {}) for reason in reasons] or [{}] * len(sent)
    return sum(2 * write_units(max(map(item_size, pair))) for pair in zip(sent, standing, strict=True))
