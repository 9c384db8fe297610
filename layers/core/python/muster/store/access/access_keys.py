"""Keys of callers: one row each, found by what the key itself says, so that looking one up is one read.

A process remembers for a minute what it read of a key, that there is none included: a key that was revoked elsewhere
opens nothing after KNOWN_MS.
"""

import hmac
from collections.abc import Iterator

from muster.core.access_key import AccessKey, organization_of_key
from muster.core.caller import Caller, Role
from muster.core.clock import Clock
from muster.core.errors import KeyNotFound
from muster.store import keys
from muster.store.memory import Memory
from muster.store.table import Item, Refused, Table, put, update

KNOWN_MS = 60_000
_NO_KEY: Item = {}


class AccessKeys:
    """`operator` is the organization whose admins may act for all others."""

    def __init__(self, table: Table, clock: Clock, operator: str) -> None:
        self._table, self._clock, self._operator = table, clock, operator
        self._known: Memory[Item] = Memory(clock, KNOWN_MS)

    def caller(self, key: AccessKey) -> Caller | None:
        """Who sends this key; None when it is unknown, wrong or revoked, which take the same way."""
        row = self._row(key.id)
        good = hmac.compare_digest(str(row.get("hash", "")), key.digest)
        if not good or "revoked" in row:
            return None
        organization, role = str(organization_of_key(key.id)), Role(row["role"])
        operator = role is Role.ADMIN and organization == self._operator
        return Caller(organization, role, key.id, operator, row.get("user"))

    def _row(self, key_id: str) -> Item:
        row = self._known.get(key_id)
        if row is None:
            row = self._table.get(keys.access_key(key_id)) or _NO_KEY
            self._known.put(key_id, row)
        return row

    def create(self, key: AccessKey, **facts: str | None) -> Item:
        """The key's row, as it was made now or, by the same key, before."""
        row: Item = keys.access_key(key.id) | facts | {"hash": key.digest, "created": self._clock()}
        try:
            self._table.write(put(row, "attribute_not_exists(#pk)"))
        except Refused as refused:
            return refused.item or row
        return row

    def all(self, organization: str, after: str | None) -> Iterator[Item]:
        """The organization's keys by id, revoked ones too, those behind `after`."""
        condition = "#pk = :pk AND #sk > :behind"
        return self._table.query(condition, consistent=True, pk=keys.access_keys(organization), behind=after or " ")

    def revoke(self, key_id: str) -> bool:
        """The key opens nothing any more: here at once, in other processes after KNOWN_MS. False when it was before."""
        condition = "attribute_exists(#pk) AND attribute_not_exists(#revoked)"
        try:
            self._table.write(
                update(keys.access_key(key_id), "SET #revoked = :now", condition, now=self._clock()),
            )
        except Refused as refused:
            if refused.item is None:
                raise KeyNotFound from None
            return False
        finally:
            self._known.forget(key_id)
        return True
