"""Which schema a row was written in: `v` on every row, 3 bytes that no index carries.

A row keeps the number of the code that made it. Code that meets a newer one refuses to read or to write it, so that a
stack that was rolled back does no harm to what came after: the guard is part of every update, also of those that
read nothing first. Older rows are brought up to date when they are read, one schema at a time.

Raise CURRENT when the code of before would misread a new row; an attribute that it may leave alone asks for no new
schema. An update writes some attributes of a row and leaves its number: an upgrade therefore adds what is missing and
lets stand what is there. Keys of rows and indexes have no schema, for a row that is looked for elsewhere is not found.
"""

from collections.abc import Callable, Mapping
from typing import Any

from muster.core.errors import SchemaNewer

Row = dict[str, Any]
Upgrade = Callable[[Row], Row]

CURRENT = 1
UPGRADES: Mapping[int, Upgrade] = {}
"""By the schema that they start from: UPGRADES[1] makes a row of schema 2 of one of schema 1. None is needed yet."""

_GUARD = "(attribute_not_exists(#v) OR #v <= :v)"


def read(row: Row, current: int = CURRENT, upgrades: Mapping[int, Upgrade] = UPGRADES) -> Row:
    """The row as today's code knows it. Raises SchemaNewer. Without a number it is of the first schema."""
    written = row.get("v", 1)
    if written > current:
        raise SchemaNewer
    for version in range(written, current):
        row = upgrades[version](row)
    return row


def stamped(row: Row) -> Row:
    """A whole row about to be written."""
    return row | {"v": CURRENT}


def guarded(condition: str | None) -> str:
    """The condition of an update, with :v as CURRENT; refused for a newer row as well."""
    return f"({condition}) AND {_GUARD}" if condition else _GUARD


def stamping(expression: str) -> str:
    """The expression of an update that may make its row, which then says its schema."""
    stamp = "SET #v = if_not_exists(#v, :v)"
    return f"{stamp}, {expression[4:]}" if expression.startswith("SET ") else f"{stamp} {expression}"
