"""Tasks as programs: a command line, started anew for every task."""

import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass

from muster_client.spot import results
from muster_client.spot.child import Child, Tail
from muster_client.spot.held import OUTPUT_TAIL, Failure, Outcome

# Linux refuses a single argument or environment entry of 128 KiB.
ARGUMENT_BYTES = 131_072 - len("MUSTER_PAYLOAD=") - 1


@dataclass(frozen=True)
class Program:
    """A command to run. The payload comes on stdin, in MUSTER_PAYLOAD and, if so said, as one more argument."""

    argv: tuple[str, ...]
    payload_as_argument: bool = False


class ProgramRun:
    """One run of a program, from start to outcome."""

    def __init__(self, program: Program, task_id: str, payload: str) -> None:
        self._argv = [*program.argv, payload] if program.payload_as_argument else list(program.argv)
        self._began = time.monotonic()
        self._printed = Tail(2 * results.RESULT_LENGTH)
        environment = {**os.environ, "MUSTER_TASK_ID": task_id}
        if len(payload.encode()) <= ARGUMENT_BYTES:
            environment["MUSTER_PAYLOAD"] = payload
        with tempfile.TemporaryFile() as stdin:
            stdin.write(payload.encode())
            stdin.seek(0)
            self.child = Child(self._argv, stdin=stdin, env=environment)
        self.child.also_keep(self.child.stdout, self._printed)

    def outcome(self, limit_seconds: float) -> Outcome:
        """Wait for the end, or end it when its time is up."""
        deadline = self._began + limit_seconds
        in_time = True
        while not self.child.exited and in_time:
            in_time = self.child.turn(deadline)
        status = self.child.end()
        runtime_ms = round((time.monotonic() - self._began) * 1000)
        output = self.child.tail.last(OUTPUT_TAIL) or None
        if not in_time:
            return Failure(f"TimedOut: still running after {limit_seconds:g} s", output=output)
        if status:
            return Failure(ended_badly(status), output=output)
        return _with_output(results.of_last_line(_last_line(self._printed.text()), runtime_ms), output)


def ended_badly(status: int) -> str:
    """How a process ended, from its exit status; negative is a signal."""
    if status >= 0:
        return f"Exited: status {status}"
    return f"Killed: signal {-status}"


def start(program: Program, task_id: str, payload: str) -> ProgramRun | Failure:
    """A failure when the program can not be started here; another spot may be able to."""
    if program.payload_as_argument and len(payload.encode()) > ARGUMENT_BYTES:
        return Failure("NotStarted: the payload is too long for an argument", retriable=False)
    try:
        return ProgramRun(program, task_id, payload)
    except (OSError, ValueError) as error:
        return Failure(f"NotStarted: {program.argv[0]}: {error}")


def _last_line(text: str) -> str:
    lines: Sequence[str] = text.rstrip().rsplit("\n", 1)
    return lines[-1].strip()


def _with_output(outcome: Outcome, output: str | None) -> Outcome:
    if isinstance(outcome, Failure):
        return Failure(outcome.error, outcome.retriable, output)
    return outcome
