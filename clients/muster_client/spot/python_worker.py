"""The agent's end of a worker process: one Python callable at a time, the worker kept for the next."""

import socket
import sys
import time
from dataclasses import replace
from os import getpid
from typing import Any

from muster_client.spot import frames
from muster_client.spot.child import Child
from muster_client.spot.held import OUTPUT_TAIL, Completion, Failure, Outcome
from muster_client.spot.program import ended_badly

IMPORT_SECONDS = 120.0


class PythonWorker:
    """A clean interpreter that imports each module once, and is thrown away when it dies or has to be killed."""

    def __init__(self, paths: list[str]) -> None:
        self._status: int | None = None
        self._ready: set[str] = set()
        self._inbox: list[dict[str, Any]] = []
        self._channel, theirs = socket.socketpair()
        # A message that began comes to its end, or the worker died in the middle of it.
        self._channel.settimeout(IMPORT_SECONDS)
        with theirs:
            descriptor = theirs.fileno()
            arguments = [sys.executable, "-m", "muster_client.spot.worker", str(descriptor), str(getpid()), *paths]
            self.child = Child(arguments, merged=True, pass_fds=[descriptor])
        self.child.on_readable(self._channel.fileno(), self._receive)

    def is_alive(self) -> bool:
        if self._status is None:
            self.child.turn(time.monotonic())
        return self._status is None and not self.child.exited

    def prepare(self, name: str) -> Failure | None:
        """Import a callable ahead of its first task; why not, if it can not be."""
        outcome = self._ask({"python": name}, name, IMPORT_SECONDS)
        return outcome if isinstance(outcome, Failure) else None

    def outcome(self, name: str, payload: str, limit_seconds: float) -> Outcome:
        """Call it. The limit is for the call alone: importing has one of its own."""
        self.child.drain()
        self.child.tail.clear()
        outcome = self._ask({"python": name, "payload": payload}, name, limit_seconds)
        return outcome or Failure("WorkerDied: no answer")

    def close(self) -> int:
        """End it; its exit status, negative for a signal."""
        if self._status is None:
            self._status = self.child.end()
            self._channel.close()
        return self._status

    def _ask(self, request: dict[str, Any], name: str, limit_seconds: float) -> Outcome | None:
        try:
            frames.send(self._channel, request)
        except OSError:
            return self._died()
        if name not in self._ready:
            answer = self._answer(IMPORT_SECONDS)
            if not isinstance(answer, dict) or "imported" not in answer:
                return self._outcome(answer, "importing", IMPORT_SECONDS)
            self._ready.add(name)
        if "payload" not in request:
            return None
        return self._outcome(self._answer(limit_seconds), "running", limit_seconds)

    def _answer(self, limit_seconds: float) -> dict[str, Any] | None:
        """The worker's next message; {} when it died, None when the time was up."""
        deadline = time.monotonic() + limit_seconds
        while not self._inbox:
            if self.child.exited:
                return {}
            if not self.child.turn(deadline):
                return None
        return self._inbox.pop(0)

    def _outcome(self, answer: dict[str, Any] | None, doing: str, limit_seconds: float) -> Outcome:
        if answer is None:
            self.close()
            return Failure(f"TimedOut: still {doing} after {limit_seconds:g} s", output=self._output())
        if "completed" in answer:
            return Completion(**answer["completed"])
        if "failed" in answer:
            self.child.drain()
            return replace(Failure(**answer["failed"]), output=self._output())
        return self._died()

    def _died(self) -> Failure:
        status = self.close()
        return Failure(f"WorkerDied: {ended_badly(status)}", output=self._output())

    def _output(self) -> str | None:
        return self.child.tail.last(OUTPUT_TAIL) or None

    def _receive(self) -> None:
        message = frames.receive(self._channel)
        if message is None:
            self.child.exited = True
        else:
            self._inbox.append(message)
