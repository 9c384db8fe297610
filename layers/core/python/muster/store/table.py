"""The table, one request at a time: writes that say what they refuse, conflicts and throttling ridden out.

A refusal (the condition did not hold) is an answer and comes back as `Refused` with the row that refused. A conflict or
a throttle is none: it is tried again with backoff and jitter, and only in the end becomes `StoreBusy`. A row of a newer
schema is neither read nor written: `SchemaNewer`.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnection

from muster.core.errors import SchemaNewer, StoreBusy
from muster.core.ids import new_nonce
from muster.store import schema

if TYPE_CHECKING:
    import tenacity

Item = dict[str, Any]
"""A row, in Python values: str, int, bytes, bool, frozenset of int or str, list of str."""

_TRANSIENT = {
    "TransactionConflictException", "TransactionInProgressException", "ThrottlingException", "ThrottledException",
    "ProvisionedThroughputExceededException", "RequestLimitExceeded", "InternalServerError", "ServiceUnavailable",
    "SlowDown", "InternalError",
}  # fmt: skip
_TRANSIENT_REASONS = {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}
PATIENCE_SECONDS = 5
"""How long conflicts and throttling are ridden out; below the time limit of a function."""


class Refused(Exception):
    """A condition did not hold. `item` is the row as it stands, None when there is none; `place` the write's."""

    def __init__(self, item: Item | None, place: int = 0) -> None:
        super().__init__(place)
        self.item, self.place = item, place


class Transient(Exception):
    """Not an answer: conflict, throttle, lost connection."""


@dataclass(frozen=True)
class Write:
    """One write with its condition, for `Table.write` or as part of `Table.transact`."""

    kind: Literal["Put", "Update", "ConditionCheck"]
    request: dict[str, Any] = field(repr=False)


def _encode(value: Any) -> dict[str, Any]:
    match value:
        case bool():
            return {"BOOL": value}
        case str():
            return {"S": value}
        case int():
            return {"N": str(value)}
        case bytes():
            return {"B": value}
        case frozenset() if value and isinstance(next(iter(value)), str):
            return {"SS": sorted(value)}
        case frozenset():
            return {"NS": list(map(str, value))}
        case list() | tuple():
            return {"L": [{"S": text} for text in value]}
    raise TypeError(f"{type(value).__name__} can not be stored")


def _decode(value: dict[str, Any]) -> Any:
    ((kind, held),) = value.items()
    match kind:
        case "N":
            return int(held)
        case "NS":
            return frozenset(map(int, held))
        case "SS":
            return frozenset(held)
        case "L":
            return [text["S"] for text in held]
    return held


def encode(item: Item) -> dict[str, Any]:
    return {name: _encode(value) for name, value in item.items() if value is not None}


def decode(raw: dict[str, Any]) -> Item:
    return {name: _decode(value) for name, value in raw.items()}


def _row(raw: dict[str, Any]) -> Item:
    """A whole row, as today's code knows it."""
    return schema.read(decode(raw))


def _expressed(condition: str | None, update: str | None, values: Item) -> dict[str, Any]:
    """`#name` stands for the attribute of that name, `:name` for the value of that name."""
    texts = {"ConditionExpression": condition, "UpdateExpression": update}
    request: dict[str, Any] = {key: text for key, text in texts.items() if text}
    names = set(re.findall(r"#(\w+)", f"{condition or ''} {update or ''}"))
    if names:
        request["ExpressionAttributeNames"] = {f"#{name}": name for name in names}
    if values:
        request["ExpressionAttributeValues"] = {f":{name}": _encode(value) for name, value in values.items()}
    return request


def put(item: Item, condition: str | None = None, **values: Any) -> Write:
    """The whole row in place of what may be there, on the condition."""
    return Write("Put", {"Item": encode(schema.stamped(item)), **_expressed(condition, None, values)})


def update(key: Item, expression: str, condition: str | None = None, **values: Any) -> Write:
    """Some attributes of a row that is there: the condition says so, or what was read before."""
    expressed = _expressed(schema.guarded(condition), expression, values | {"v": schema.CURRENT})
    return Write("Update", {"Key": encode(key), **expressed})


def upsert(key: Item, expression: str, condition: str | None = None, **values: Any) -> Write:
    """An update that makes the row when there is none."""
    return update(key, schema.stamping(expression), condition, **values)


def check(key: Item, condition: str, **values: Any) -> Write:
    return Write("ConditionCheck", {"Key": encode(key), **_expressed(condition, None, values)})


def _refusal(error: ClientError) -> Exception:
    """What a client error means: refused, transient, or a fault of ours."""
    code = error.response["Error"]["Code"]
    if code == "ConditionalCheckFailedException":
        raw: Any = error.response.get("Item")
        return Refused(_row(raw) if raw else None)
    if code == "TransactionCanceledException":
        reasons: list[dict[str, Any]] = error.response.get("CancellationReasons", [])  # type: ignore[assignment]
        for place, reason in enumerate(reasons):
            if reason.get("Code") == "ConditionalCheckFailed":
                raw = reason.get("Item")
                return Refused(_row(raw) if raw else None, place)
        if any(reason.get("Code") in _TRANSIENT_REASONS for reason in reasons):
            return Transient(code)
    return Transient(code) if code in _TRANSIENT else error


def _attempt(call: Callable[..., Any], request: dict[str, Any]) -> Any:
    try:
        return call(**request)
    except ClientError as error:
        raise _refusal(error) from error
    except (HTTPClientError, NoConnection) as error:
        raise Transient(type(error).__name__) from error


@cache
def _patient() -> "tenacity.Retrying":
    """How requests are repeated. Imported late: nearly all succeed at once, and cold starts need not wait for it."""
    import tenacity

    def give_up(state: tenacity.RetryCallState) -> None:
        raise StoreBusy from (state.outcome.exception() if state.outcome else None)

    return tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(Transient),
        wait=tenacity.wait_random_exponential(multiplier=0.01, max=0.8),
        stop=tenacity.stop_after_delay(PATIENCE_SECONDS),
        retry_error_callback=give_up,
    )


def patiently(call: Callable[..., Any], request: dict[str, Any]) -> Any:
    """One request, repeated while nothing but conflicts, throttling or lost connections come back."""
    try:
        return _attempt(call, request)
    except Transient:
        pass
    return _patient().copy()(_attempt, call, request)


class Table:
    """One table. Reads are eventual unless `consistent`."""

    def __init__(self, client: Any, name: str) -> None:
        self._client, self._name = client, name

    def get(self, key: Item, *, consistent: bool = True) -> Item | None:
        request = {"TableName": self._name, "Key": encode(key), "ConsistentRead": consistent}
        raw = patiently(self._client.get_item, request).get("Item")
        return _row(raw) if raw else None

    def get_if_known(self, key: Item) -> Item | None:
        """For who walks over many rows: one of a newer schema is left to the code that wrote it, as if it were gone."""
        try:
            return self.get(key)
        except SchemaNewer:
            return None

    def get_many(self, keys: list[Item]) -> Iterator[Item]:
        """Rows by key, in no order, a hundred at a time as they are asked for; missing ones are left out."""
        pending = [encode(key) for key in keys]
        while pending:
            request = {"RequestItems": {self._name: {"Keys": pending[:100], "ConsistentRead": True}}}
            answer = patiently(self._client.batch_get_item, request)
            yield from map(_row, answer["Responses"].get(self._name, []))
            unread = answer.get("UnprocessedKeys", {}).get(self._name, {}).get("Keys", [])
            pending = unread + pending[100:]

    def write(self, write: Write, returning: Literal["NONE", "ALL_NEW", "ALL_OLD"] = "NONE") -> Item:
        """One conditional write; refused, it says by which row."""
        request: dict[str, Any] = write.request | {"TableName": self._name, "ReturnValues": returning}
        if "ConditionExpression" in request:
            request["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
        call: Callable[..., Any] = self._client.put_item if write.kind == "Put" else self._client.update_item
        answer: dict[str, Any] = patiently(call, request)
        written = answer.get("Attributes")
        return _row(written) if written else {}

    def transact(self, *writes: Write) -> None:
        """All or nothing. The token makes a repeated request within one call take effect once."""
        parts = [
            {write.kind: write.request | {"TableName": self._name, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}}
            for write in writes
        ]
        patiently(self._client.transact_write_items, {"TransactItems": parts, "ClientRequestToken": new_nonce()})

    def query(
        self,
        condition: str,
        *,
        index: str | None = None,
        limit: int | None = None,
        consistent: bool = False,
        after: Item | None = None,
        newest_first: bool = False,
        **values: Any,
    ) -> Iterator[Item]:
        """Rows in key order, page by page as they are asked for; `limit` bounds the rows of all pages together.

        What an index answers is not the row but its keys, and has no schema.
        """
        request: dict[str, Any] = {
            "TableName": self._name,
            "ConsistentRead": consistent,
            "ScanIndexForward": not newest_first,
            **_expressed(None, None, values),
            "KeyConditionExpression": condition,
            "ExpressionAttributeNames": {f"#{name}": name for name in set(re.findall(r"#(\w+)", condition))},
        }
        if index:
            request["IndexName"] = index
        if after:
            request["ExclusiveStartKey"] = encode(after)
        left = limit
        while True:
            if left is not None:
                request["Limit"] = left
            answer = patiently(self._client.query, request)
            rows: list[dict[str, Any]] = answer["Items"]
            yield from map(decode if index else _row, rows)
            if left is not None:
                left -= len(rows)
            if "LastEvaluatedKey" not in answer or (left is not None and left <= 0):
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
