"""Queue WatchQueue: one tick of the reapers, which sends the next one while there is anything to watch."""

from typing import Any

from muster.edge.call import Call
from muster.edge.ticks import queue


@queue
def keep_watch(call: Call, message: dict[str, Any], receive_count: int) -> None:
    call.sweeps.keep_watch(message, receive_count)
