"""How fast this spot works, and so how much to claim and when."""

import math
from threading import Lock

HORIZON_SECONDS = 2.0
_WEIGHT = 0.1


class Pace:
    """Learns from tasks that ended and from how long a claim takes. Seconds throughout."""

    def __init__(self, cores: int, batch: int) -> None:
        self._cores = cores
        self._batch = batch
        self._lock = Lock()
        self._task_seconds: float | None = None
        self._claim_seconds = 0.05

    def task_took(self, seconds: float) -> None:
        with self._lock:
            known = self._task_seconds
            self._task_seconds = seconds if known is None else known + _WEIGHT * (seconds - known)

    def claim_took(self, seconds: float) -> None:
        with self._lock:
            self._claim_seconds += _WEIGHT * (seconds - self._claim_seconds)

    def claim_below(self) -> int:
        """Claim when fewer are queued: one per core, and enough to last for two claims; but no long ones ahead."""
        with self._lock:
            during_claims = math.ceil(2 * self._claim_seconds * self._per_second())
            return min(self._ahead(), max(self._cores, during_claims))

    def to_claim(self, queued: int, running: int) -> int:
        """How many: work for the idle cores and for the next two seconds."""
        with self._lock:
            idle = max(0, self._cores - running)
            return max(1, min(self._batch, idle + self._ahead() - queued))

    def _ahead(self) -> int:
        """Tasks to have queued: two seconds' worth. Nothing known yet: one, the rest is for others."""
        return max(1, min(self._batch, math.ceil(HORIZON_SECONDS * self._per_second())))

    def _per_second(self) -> float:
        if self._task_seconds is None:
            return 0.0
        return self._cores / max(self._task_seconds, 1e-5)
