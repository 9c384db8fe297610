"""How much an organization may ask for: a counter per minute, which forgets itself."""

from muster.core.clock import Clock
from muster.core.errors import TooManyRequests
from muster.store import keys
from muster.store.table import Refused, Table, upsert

_MINUTE_MS = 60_000
_KEPT_SECONDS = 3_600


class Limits:
    """`submits` a minute; 0 sets no limit and costs no request."""

    def __init__(self, table: Table, clock: Clock, submits: int) -> None:
        self._table, self._clock, self._submits = table, clock, submits

    def count_submit(self, organization: str) -> None:
        """One more in this minute. Raises TooManyRequests when it is used up."""
        if not self._submits:
            return
        now = self._clock()
        counter = keys.submits(organization, now // _MINUTE_MS)
        expression = "SET #count = if_not_exists(#count, :none) + :one, #ttl = :ttl"
        condition = "attribute_not_exists(#count) OR #count < :most"
        values = {"none": 0, "one": 1, "most": self._submits, "ttl": now // 1000 + _KEPT_SECONDS}
        try:
            self._table.write(upsert(counter, expression, condition, **values))
        except Refused:
            left = _MINUTE_MS - now % _MINUTE_MS
            raise TooManyRequests(retry_after_seconds=-(-left // 1000)) from None
