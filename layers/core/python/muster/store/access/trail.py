"""Who did what: one row per call that changes something, by organization and day.

The row is written before the call is served and completed after it: whatever was done has a row, though the row of a
call whose function died says no more than that it had begun.
"""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime

from botocore.exceptions import ClientError

from muster.core.caller import Caller
from muster.core.clock import Clock
from muster.core.errors import MusterError
from muster.core.ids import new_nonce
from muster.store import keys
from muster.store.table import Item, Table, put, update

KEPT_SECONDS = 400 * 86_400
"""So long that a year can be looked back on after it has ended."""
_TARGET_LENGTH = 200

_log = logging.getLogger("muster.Trail")


class Trail:
    def __init__(self, table: Table, clock: Clock) -> None:
        self._table, self._clock = table, clock

    def begin(self, caller: Caller, operation: str, target: str | None, request_id: str) -> keys.Key:
        """Put down that the caller is about to do this; the key of the row. Raises when that can not be written."""
        now = self._clock()
        key = keys.action(caller.organization, self.today(), now, new_nonce())
        row: Item = key | {
            "at": now, "operation": operation, "target": _storable(target),
            "role": caller.role.value, "key": caller.key or None, "request_id": request_id or None,
            "ttl": now // 1000 + KEPT_SECONDS,
        }  # fmt: skip
        self._table.write(put(row))
        return key

    def end(self, key: keys.Key, status: int, created: str | None) -> None:
        """Add how it ended. What is done is done: that this could not be written is logged, and nothing else."""
        named = {"created": created} if created else {}
        expression = ", ".join(["SET #status = :status", *(f"#{name} = :{name}" for name in named)])
        try:
            self._table.write(update(key, expression, status=status, **named))
        except (MusterError, ClientError):
            _log.exception("how %s ended (%d) could not be recorded", key["sk"], status)

    def today(self) -> str:
        """The day in UTC, like 2026-01-28."""
        return datetime.fromtimestamp(self._clock() / 1000, UTC).strftime("%Y-%m-%d")

    def of_day(self, organization: str, day: str, after: str | None, limit: int) -> Iterator[Item]:
        """The newest first, so many at most; `after` is the sort key of a row."""
        pk = keys.trail(organization, day)
        position = {"pk": pk, "sk": after} if after else None
        return self._table.query("#pk = :pk", limit=limit, newest_first=True, after=position, consistent=True, pk=pk)


def _storable(target: str | None) -> str | None:
    """What was named, as far as it can be written down: it is anybody's text."""
    return target[:_TARGET_LENGTH].encode("utf-8", "replace").decode() if target else None
