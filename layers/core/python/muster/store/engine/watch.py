"""The watch: ticks every five seconds while there is something to reap, and nothing while there is not.

    hello, heartbeat, claim ──arm (one conditional write)──► tick ──► tick ──► … ──► three ticks saw nothing: over

A tick is a delayed message that names its slot: the time divided by five seconds. The row remembers the last slot that
ticked, so a message that comes twice ticks once. EventBridge's minute arms the watch too, should an arming be lost.
"""

from collections.abc import Callable

from muster.core.clock import Clock
from muster.core.ids import new_nonce
from muster.store import keys
from muster.store.memory import Memory
from muster.store.table import Item, Refused, Table, upsert

TICK_SECONDS = 5
IDLE_TICKS = 3
"""So many ticks that see nothing end the watch: longer than an index is late."""
_ARMED_FOR_MS = 15_000
"""A watch that has not ticked for so long is dead and may be armed anew."""
_ARM_EVERY_MS = 2_000

Send = Callable[[dict[str, int], int], None]
"""Sends a message to the watch's queue, to arrive after so many seconds."""


class Watch:
    def __init__(self, table: Table, send: Send, clock: Clock) -> None:
        self._table, self._send, self._clock = table, send, clock
        self._armed: Memory[bool] = Memory(clock, _ARM_EVERY_MS)

    def arm(self) -> None:
        """See to it that the watch ticks. One conditional write, at most every two seconds by one process."""
        if self._armed.get("watch"):
            return
        now = self._clock()
        expression = "SET #armed_until = :until, #written_by = :nonce, #idle = :none"
        condition = "attribute_not_exists(#armed_until) OR #armed_until < :now"
        if self._write(expression, condition, until=now + _ARMED_FOR_MS, now=now, none=0):
            self._send_next(now // 1000 // TICK_SECONDS)
        self._armed.put("watch", True)

    def begin(self, slot: int, *, redelivered: bool) -> bool:
        """Take a tick and send the next one, before the work: dying in mid-work does not end the watch.

        False when this slot has ticked, unless it was this very message, in a try that broke off.
        """
        expression = "SET #slot = :slot, #armed_until = :until, #written_by = :nonce"
        condition = "attribute_not_exists(#slot) OR #slot < :slot"
        row = self._write(expression, condition, slot=slot, until=self._clock() + _ARMED_FOR_MS)
        if row is None and redelivered:
            known = self._table.get(keys.WATCH)
            row = known if known and known["slot"] == slot else None
        if row is None:
            return False
        if row.get("idle", 0) < IDLE_TICKS:
            self._send_next(slot)
        else:
            self._write("SET #armed_until = :over, #written_by = :nonce", "#slot = :slot", over=0, slot=slot)
            self._armed.forget("watch")
        return True

    def saw(self, something: bool) -> None:
        """What a tick found to watch. Something seen in the very last tick arms the watch anew."""
        row = self._table.get(keys.WATCH) or {}
        idle = row.get("idle", 0)
        if something and idle >= IDLE_TICKS:
            self.arm()
        elif something and idle:
            self._write("SET #idle = :none, #written_by = :nonce", None, none=0)
        elif not something:
            self._write("SET #idle = if_not_exists(#idle, :none) + :one, #written_by = :nonce", None, none=0, one=1)

    def _write(self, expression: str, condition: str | None, **values: int) -> Item | None:
        """The row after the write; None when refused. A refusal by our own write, whose answer was lost, is none."""
        nonce = new_nonce()
        try:
            write = upsert(keys.WATCH, expression, condition, nonce=nonce, **values)
            return self._table.write(write, returning="ALL_NEW")
        except Refused as refused:
            ours = refused.item is not None and refused.item.get("written_by") == nonce
            return refused.item if ours else None

    def _send_next(self, slot: int) -> None:
        """To the beginning of the next slot, in whole seconds, never early."""
        now = self._clock()
        following = max(slot, now // 1000 // TICK_SECONDS) + 1
        wait_ms = following * TICK_SECONDS * 1000 - now
        self._send({"slot": following}, -(-wait_ms // 1000))
