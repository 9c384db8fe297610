"""What every face needs for what comes after a job's end; built once per process by the wiring."""

from dataclasses import dataclass

from muster.store.finish.deliveries import Deliveries, Send
from muster.store.finish.finishes import Finishes
from muster.store.finish.saved import Saved


@dataclass(frozen=True)
class Ending:
    """`send` sends one webhook now, whatever its job."""

    finishes: Finishes
    deliveries: Deliveries
    saved: Saved
    send: Send
