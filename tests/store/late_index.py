"""Indexes as they were a moment ago, by the test's own clock.

Every row that a write touches is read back and kept with the time of the write. A query of an index is then answered
from the rows as they were at some earlier time, in the index's order, with the keys that it projects.
"""

import re
from collections.abc import Callable
from random import Random
from typing import Any

Raw = dict[str, Any]
_CONDITION = re.compile(
    r"(?P<hash>#\w+) = (?P<is>:\w+)"
    r"(?: AND (?:(?P<below>#\w+) <= (?P<limit>:\w+)|begins_with\((?P<begun>#\w+), (?P<prefix>:\w+)\)))?"
)


def _plain(value: Raw) -> Any:
    ((kind, held),) = value.items()
    return int(held) if kind == "N" else held


class LateIndex:
    def __init__(self, reader: Any, table: str, clock: Callable[[], int], chance: Random, latest_ms: int) -> None:
        self._reader, self._table, self._clock, self._chance = reader, table, clock, chance
        self._latest_ms = latest_ms
        self._versions: dict[tuple[str, str], list[tuple[int, Raw]]] = {}
        described = reader.describe_table(TableName=table)["Table"]["GlobalSecondaryIndexes"]
        self._keys = {index["IndexName"]: [key["AttributeName"] for key in index["KeySchema"]] for index in described}

    def written(self, operation: str, asked: Raw) -> None:
        """Keep what a write made of its rows."""
        parts = [asked] if operation != "TransactWriteItems" else [
            next(iter(part.values())) for part in asked["TransactItems"]
        ]  # fmt: skip
        keys = [{name: (part.get("Key") or part.get("Item"))[name] for name in ("pk", "sk")} for part in parts]
        for first in range(0, len(keys), 100):
            request = {self._table: {"Keys": keys[first : first + 100], "ConsistentRead": True}}
            for row in self._reader.batch_get_item(RequestItems=request)["Responses"][self._table]:
                self._versions.setdefault((row["pk"]["S"], row["sk"]["S"]), []).append((self._clock(), row))

    def answer(self, asked: Raw, late_ms: int | None) -> Raw:
        """What the index says, `late_ms` ago or, without it, at some moment since the latest possible."""
        late = self._chance.randrange(self._latest_ms + 1) if late_ms is None else late_ms
        moment = self._clock() - late
        names, values = asked["ExpressionAttributeNames"], asked["ExpressionAttributeValues"]
        parsed = _CONDITION.fullmatch(asked["KeyConditionExpression"])
        assert parsed, f"unforeseen condition: {asked['KeyConditionExpression']}"
        keys = self._keys[asked["IndexName"]]
        rows = [row for row in self._as_of(moment) if all(key in row for key in keys)]
        rows = [row for row in rows if row[names[parsed["hash"]]] == values[parsed["is"]]]
        if parsed["below"]:
            rows = [row for row in rows if _plain(row[names[parsed["below"]]]) <= _plain(values[parsed["limit"]])]
        if parsed["begun"]:
            rows = [row for row in rows if row[names[parsed["begun"]]]["S"].startswith(values[parsed["prefix"]]["S"])]
        return self._page(rows, keys, asked)

    def _as_of(self, moment: int) -> list[Raw]:
        then = ([row for at, row in versions if at <= moment] for versions in self._versions.values())
        return [rows[-1] for rows in then if rows]

    @staticmethod
    def _page(rows: list[Raw], keys: list[str], asked: Raw) -> Raw:
        def place(row: Raw) -> tuple[Any, ...]:
            return tuple(_plain(row[name]) for name in (*keys[1:], "pk", "sk"))

        forward = asked.get("ScanIndexForward", True)
        rows = sorted(rows, key=place, reverse=not forward)
        if "ExclusiveStartKey" in asked:
            behind = place(asked["ExclusiveStartKey"])
            rows = [row for row in rows if (place(row) > behind if forward else place(row) < behind)]
        limit = asked.get("Limit", len(rows))
        items = [{name: row[name] for name in {*keys, "pk", "sk"}} for row in rows[:limit]]
        further = {"LastEvaluatedKey": items[-1]} if limit < len(rows) else {}
        return {"Items": items, "Count": len(items), "ResponseMetadata": {"HTTPStatusCode": 200}, **further}
