"""A process in a group of its own, whose output is read as it comes and whose end is noticed at once."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from selectors import EVENT_READ, DefaultSelector
from threading import Lock
from typing import IO

from muster_client.spot.held import OUTPUT_TAIL

_CHUNK = 65_536
_CHUNKS_AT_ONCE = 16


class Tail:
    """The end of a stream of bytes, bounded."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._kept = bytearray()

    def add(self, part: bytes) -> None:
        self._kept += part
        if len(self._kept) > 2 * self._size:
            del self._kept[: -self._size]

    def clear(self) -> None:
        self._kept.clear()

    def text(self) -> str:
        return self._kept.decode(errors="replace")

    def last(self, characters: int) -> str:
        return self.text()[-characters:]


class Child:
    """Owned by one thread; only `kill` may be called by others.

    `tail` holds the end of what it printed, both streams together; `exited` turns true when it is known to be gone.
    merged: stdout and stderr are one stream, in the order of writing.
    """

    def __init__(
        self,
        argv: Sequence[str],
        *,
        stdin: IO[bytes] | int = subprocess.DEVNULL,
        merged: bool = False,
        env: Mapping[str, str] | None = None,
        pass_fds: Sequence[int] = (),
    ) -> None:
        self.tail = Tail(4 * OUTPUT_TAIL)
        self.exited = False
        self._selector = DefaultSelector()
        self._guard = Lock()
        self._process = subprocess.Popen(  # noqa: S603 - running what the job names is the purpose of a spot
            argv,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if merged else subprocess.PIPE,
            env=env,
            pass_fds=pass_fds,
            start_new_session=True,
        )
        self._streams = {stream.fileno(): stream for stream in (self._process.stdout, self._process.stderr) if stream}
        self.stdout = next(iter(self._streams))
        self._sinks: dict[int, list[Tail]] = {}
        for descriptor in self._streams:
            os.set_blocking(descriptor, False)
            self._sinks[descriptor] = [self.tail]
            self.on_readable(descriptor, partial(self._read, descriptor))
        self._watch_for_exit()

    @property
    def pid(self) -> int:
        return self._process.pid

    def also_keep(self, descriptor: int, tail: Tail) -> None:
        self._sinks[descriptor].append(tail)

    def on_readable(self, descriptor: int, act: Callable[[], None]) -> None:
        self._selector.register(descriptor, EVENT_READ, act)

    def turn(self, deadline: float) -> bool:
        """Wait for something to happen and deal with it; False when the deadline came first."""
        ready = self._selector.select(max(0.0, deadline - time.monotonic()))
        for key, _ in ready:
            key.data()
        return bool(ready)

    def drain(self) -> None:
        """Read what it has printed so far."""
        for descriptor in list(self._streams):
            self._read(descriptor)

    def kill(self) -> None:
        """End it and all it started."""
        with self._guard:
            self.kill_now()

    def kill_now(self) -> None:
        """As kill, for a signal handler, which must not wait for a lock."""
        if self._process.returncode is None:
            _kill_group(self._process.pid)

    def end(self) -> int:
        """Kill what is left of the group, close everything; the exit status, negative for a signal."""
        with self._guard:
            # The group lives on while a member does, and its number is ours until the leader is waited for.
            _kill_group(self._process.pid)
            status = self._process.wait()
        self.drain()
        self._selector.close()
        for stream in self._streams.values():
            stream.close()
        if self._pidfd is not None:
            os.close(self._pidfd)
        return status

    def _watch_for_exit(self) -> None:
        # Without pidfd (other systems than Linux) the end of both output streams stands for the end of the process.
        self._pidfd = os.pidfd_open(self._process.pid) if hasattr(os, "pidfd_open") else None
        if self._pidfd is not None:
            self.on_readable(self._pidfd, self._gone)

    def _gone(self) -> None:
        self.exited = True

    def _read(self, descriptor: int) -> None:
        """Read what is there, up to a limit, so that nobody prints his way past a deadline."""
        for _ in range(_CHUNKS_AT_ONCE):
            try:
                part = os.read(descriptor, _CHUNK)
            except BlockingIOError:
                return
            if not part:
                self._stream_ended(descriptor)
                return
            for sink in self._sinks[descriptor]:
                sink.add(part)

    def _stream_ended(self, descriptor: int) -> None:
        self._selector.unregister(descriptor)
        self._streams.pop(descriptor).close()
        if not self._streams and self._pidfd is None:
            self.exited = True


def _kill_group(pid: int) -> None:
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return
