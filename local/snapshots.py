"""Save the emulator's state every few seconds, without stopping it.

The process forks and the child, which has its own frozen copy, writes. Saving in a thread fails under load (the stores
change while they are walked), and saving on the event loop stops it for most of a second at 20,000 items.
"""

import asyncio
import gc
import logging
import os
import signal
import time
from collections.abc import Callable

from local.shortcut import store_lock

log = logging.getLogger("local.snapshots")

INTERVAL_SECONDS = 3.0
CHILD_SECONDS = 60
"""A child that takes longer hangs (a lock that some thread held at the fork) and ends by SIGALRM."""
REST_FACTOR = 5
"""A snapshot that took a second is followed by at least this many seconds without one."""


class Snapshots:
    """Begins a snapshot when something happened since the last one, and never two at a time."""

    def __init__(self, activity: Callable[[], object]) -> None:
        """`activity` gives a value that differs after anything may have changed."""
        self._activity = activity
        self._saved_activity: object = None
        self._child = 0
        self._began = 0.0
        self._rest_until = 0.0

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(INTERVAL_SECONDS / 10)
            self._reap()
            if not self._child and time.monotonic() >= self._rest_until:
                self.begin()

    def begin(self) -> None:
        activity = self._activity()
        if activity == self._saved_activity:
            return
        self._began = time.monotonic()
        # Held, so that no thread is in the middle of a transaction that the copy would hold a half of.
        with store_lock:
            self._child = os.fork()
        if self._child == 0:
            _save_and_exit()
        self._saved_activity = activity

    def _reap(self) -> None:
        if not self._child:
            return
        done, status = os.waitpid(self._child, os.WNOHANG)
        if not done:
            return
        took = time.monotonic() - self._began
        self._child, self._rest_until = 0, self._began + max(INTERVAL_SECONDS, REST_FACTOR * took)
        if status:
            log.error("a snapshot failed (wait status %d); trying again", status)
            self._saved_activity = None

    def finish(self) -> None:
        """Wait for the snapshot under way, so that it can not overwrite what is saved at the end."""
        if self._child:
            os.waitpid(self._child, 0)
            self._child = 0


def _save_and_exit() -> None:
    """In the child: write the files and vanish, without any of the parent's clean-up."""
    failed = 1
    try:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(CHILD_SECONDS)
        gc.disable()
        save()
        failed = 0
    finally:
        os._exit(failed)


def save() -> None:
    """Write every service's state, each file replaced as a whole."""
    from ministack.app import _build_persistence_save_dict
    from ministack.core.persistence import save_all

    save_all(_build_persistence_save_dict())
