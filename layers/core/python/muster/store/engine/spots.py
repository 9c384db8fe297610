"""Spots: who they are, when they were last heard of, what they claimed last.

A heartbeat is one write of one unit: the spot's `due` key stays where it was, and the reaper that comes by moves it on.
Claims, settles and renewals count as heartbeats, written at most every two seconds by one process.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from zlib import crc32

from muster.core.clock import Clock
from muster.core.errors import SpotNotFound
from muster.core.ids import SHARED, LeaseRef, new_spot_id, parse_lease
from muster.store import keys
from muster.store.memory import Memory
from muster.store.table import Item, Refused, Table, update, upsert

HEARTBEAT_SECONDS = 3
"""How often a spot should be heard of."""
SILENCE_SECONDS = 10
"""A spot not heard of for so long is DOWN."""
LOOKS_AFTER_DOWN = 2
"""The index of what a spot holds is late by seconds: it is looked at again in as many more ticks."""
FORGOTTEN_AFTER_SECONDS = 7 * 86_400
_TOUCH_EVERY_MS = 2_000
_CLAIM_SLOTS = 4


@dataclass(frozen=True)
class Spot:
    """A spot's row, and how it is named as a holder."""

    organization: str
    row: Item

    @property
    def id(self) -> str:
        return str(self.row["sk"])

    @property
    def holder(self) -> str:
        return keys.holder(self.organization, self.id)

    @property
    def pool(self) -> str:
        return str(self.row["pool"])

    @property
    def last_heartbeat(self) -> int:
        return int(self.row["last_heartbeat"])

    @property
    def up(self) -> bool:
        return bool(self.row["up"])

    def may_serve(self, organization: str) -> bool:
        """A spot serves its own organization, the operator's spots serve everybody."""
        return self.organization in (SHARED, organization)

    def leases_of(self, claim: str) -> list[LeaseRef] | None:
        """What one of the last claims got; None when it is not remembered."""
        slot = _slot(claim)
        if self.row.get(f"claim{slot}") != claim:
            return None
        return [parse_lease(text) for text in self.row[f"claimed{slot}"]]


def _slot(claim: str) -> int:
    return crc32(claim.encode()) % _CLAIM_SLOTS


class Spots:
    def __init__(self, table: Table, clock: Clock) -> None:
        self._table, self._clock = table, clock
        self._heard: Memory[bool] = Memory(clock, _TOUCH_EVERY_MS)

    def register(self, organization: str, idempotency_key: str | None = None, **facts: Any) -> str:
        """With an idempotency key, asking twice registers one spot; the second time counts as a heartbeat."""
        spot_id = new_spot_id(organization, idempotency_key)
        self.heartbeat(organization, spot_id, **facts)
        return spot_id

    def heartbeat(self, organization: str, spot_id: str, pool: str = "default", **facts: Any) -> Spot:
        """The spot lives; an unknown one is registered. `facts` are what it said of itself, None left out."""
        said = {name: value for name, value in facts.items() if value is not None}
        expression = ", ".join(
            ["SET #last_heartbeat = :now, #up = :yes, #pool = if_not_exists(#pool, :pool), #ttl = :ttl"]
            + ["#due_pk = if_not_exists(#due_pk, :due_pk), #due_at = if_not_exists(#due_at, :due_at)"]
            + [f"#{name} = :{name}" for name in said]
        )
        values = self._alive(spot_id) | {"pool": pool} | said
        key = keys.spot(organization, spot_id)
        row = self._table.write(upsert(key, expression, **values), returning="ALL_NEW")
        self._heard.put((organization, spot_id), True)
        return Spot(organization, row)

    def touch(self, organization: str, spot_id: str) -> None:
        """Another sign of life. Unknown spots stay unknown."""
        if self._heard.get((organization, spot_id)):
            return
        try:
            self._sign_of_life(organization, spot_id)
        except Refused:
            return

    def note_claim(self, spot: Spot, claim: str, leases: list[LeaseRef]) -> list[LeaseRef]:
        """Remember what a claim got, so that asking again answers the same. A sign of life as well.

        Answers what the claim got: of the same claim asked twice at one moment, that which was noted first.
        """
        slot = _slot(claim)
        noted = {f"claim{slot}": claim, f"claimed{slot}": [str(ref) for ref in leases]}
        try:
            self._sign_of_life(spot.organization, spot.id, f"#claim{slot} <> :claim{slot}", **noted)
        except Refused as refused:
            if refused.item is None:
                raise SpotNotFound from None
            return Spot(spot.organization, refused.item).leases_of(claim) or []
        return leases

    def _sign_of_life(self, organization: str, spot_id: str, condition: str | None = None, **noted: Any) -> None:
        expression = ", ".join(
            ["SET #last_heartbeat = :now, #up = :yes, #ttl = :ttl"]
            + ["#due_pk = if_not_exists(#due_pk, :due_pk), #due_at = if_not_exists(#due_at, :due_at)"]
            + [f"#{name} = :{name}" for name in noted]
        )
        values = self._alive(spot_id) | noted
        key = keys.spot(organization, spot_id)
        conditions = ["attribute_exists(#pk)"] + ([condition] if condition else [])
        self._table.write(update(key, expression, " AND ".join(conditions), **values))
        self._heard.put((organization, spot_id), True)

    def _alive(self, spot_id: str) -> Item:
        now = self._clock()
        return {
            "now": now,
            "yes": True,
            "ttl": now // 1000 + FORGOTTEN_AFTER_SECONDS,
            "due_pk": keys.spots_due(spot_id),
            "due_at": now + SILENCE_SECONDS * 1000,
        }

    def get(self, organization: str, spot_id: str) -> Spot:
        row = self._table.get(keys.spot(organization, spot_id))
        if row is None:
            raise SpotNotFound
        return Spot(organization, row)

    def all(self, organization: str, after: str | None = None) -> Iterator[Spot]:
        """Its spots by id, those behind `after`."""
        pk, behind = keys.spot(organization, "")["pk"], after or " "
        rows = self._table.query("#pk = :pk AND #sk > :behind", consistent=True, pk=pk, behind=behind)
        return (Spot(organization, row) for row in rows)

    def tell_of_cancelled(self, holder: str) -> None:
        """Have the spot's next heartbeats look for leases of cancelled jobs."""
        organization, _, spot_id = holder.partition("#")
        expression = "SET #cancelled_at = :now"
        try:
            self._table.write(
                update(keys.spot(organization, spot_id), expression, "attribute_exists(#pk)", now=self._clock())
            )
        except Refused:
            return

    def told_of_cancelled(self, spot: Spot) -> None:
        """It holds none any more; unless there were new ones meanwhile."""
        condition, was = "#cancelled_at = :was", spot.row["cancelled_at"]
        key = keys.spot(spot.organization, spot.id)
        try:
            self._table.write(update(key, "REMOVE #cancelled_at", condition, was=was))
        except Refused:
            return

    # --- for the reaper ---------------------------------------------------------------------------------------------

    def due(self, now: int) -> Iterator[Spot]:
        """Spots whose silence may have lasted long enough, as they stand."""
        for place in range(keys.DUE_SHARDS):
            condition = "#due_pk = :shard AND #due_at <= :now"
            for entry in list(self._table.query(condition, index="due", shard=f"SPOTS#{place}", now=now)):
                row = self._table.get_if_known({"pk": entry["pk"], "sk": entry["sk"]})
                if row and "due_pk" in row:
                    yield Spot(entry["pk"].partition("#")[0], row)

    def look_again_at(self, spot: Spot, due_at: int) -> None:
        self._if_silent(spot, "SET #due_at = :due_at", due_at=due_at)

    def mark_down(self, spot: Spot, due_at: int) -> bool:
        """DOWN, on condition that it was not heard of meanwhile. False when it lives."""
        expression = "SET #up = :no, #looks = :looks, #due_at = :due_at"
        return self._if_silent(spot, expression, no=False, looks=LOOKS_AFTER_DOWN, due_at=due_at)

    def look_once_less(self, spot: Spot, due_at: int) -> None:
        """A look after DOWN is done; after the last one the spot is left alone until it is heard of."""
        if spot.row["looks"] > 1:
            self._if_silent(spot, "SET #looks = :left, #due_at = :due_at", left=spot.row["looks"] - 1, due_at=due_at)
        else:
            self._if_silent(spot, "REMOVE #looks, #due_pk, #due_at")

    def _if_silent(self, spot: Spot, expression: str, **values: Any) -> bool:
        key = keys.spot(spot.organization, spot.id)
        try:
            self._table.write(update(key, expression, "#last_heartbeat = :was", was=spot.last_heartbeat, **values))
        except Refused:
            return False
        return True
