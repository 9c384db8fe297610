"""Waiting for processes and for what they do."""

import time
from collections.abc import Callable
from pathlib import Path


def wait_for(holds: Callable[[], object], seconds: float = 20.0) -> None:
    """Wait until a condition holds; a failed test when it does not come to hold."""
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.02)


def is_gone(pid: int) -> bool:
    """Whether a process has ended, be it waited for or not."""
    status = Path(f"/proc/{pid}/status")
    return not status.exists() or "State:\tZ" in status.read_text()
