"""A worker process: runs Python callables for the agent, one after the other, until the agent goes away.

Started as `python -m muster_client.spot.worker CHANNEL PARENT [DIR…]`: the file descriptor to talk over, the agent's
process id, and folders to import from. What tasks print goes to stdout and stderr, which the agent reads.
"""

import ctypes
import importlib
import io
import json
import os
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from muster_client.spot import frames, results
from muster_client.spot.held import ERROR_LENGTH, Completion, Failure, Outcome

_PR_SET_PDEATHSIG = 1


class Unimportable(Exception):
    """There is no such module or function here."""


def main(arguments: list[str]) -> None:
    channel = socket.socket(fileno=int(arguments[0]))
    channel.set_inheritable(False)
    _die_with(int(arguments[1]))
    sys.path[:0] = arguments[2:]
    # A line at a time, so that the tail is there when the worker is killed in mid-task.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)
    callables: dict[str, Callable[[Any], object]] = {}
    while request := frames.receive(channel):
        name = request["python"]
        if name not in callables:
            try:
                callables[name] = load(name)
            except Unimportable as error:
                _answer(channel, Failure(_described(error), retriable=False))
                continue
            frames.send(channel, {"imported": name})
        if "payload" in request:
            _answer(channel, run(callables[name], request["payload"]))


def load(name: str) -> Callable[[Any], object]:
    """The callable `module:function`."""
    module_name, _, function_name = name.partition(":")
    try:
        function = getattr(importlib.import_module(module_name), function_name)
    except BaseException as error:
        traceback.print_exc()
        raise Unimportable(f"{name}: {_described(error)}") from error
    if not callable(function):
        raise Unimportable(f"{name}: not callable")
    return function  # type: ignore[no-any-return]


def run(function: Callable[[Any], object], payload: str) -> Outcome:
    """Call it. Whatever it raises is a failure of the task, not of the worker."""
    began = time.perf_counter()
    try:
        result = function(json.loads(payload))
        runtime_ms = round((time.perf_counter() - began) * 1000)
        return results.of_value(result, runtime_ms)
    except BaseException as error:
        traceback.print_exc()
        return Failure(_described(error))
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


def _answer(channel: socket.socket, outcome: Outcome) -> None:
    kind = "completed" if isinstance(outcome, Completion) else "failed"
    frames.send(channel, {kind: asdict(outcome)})


def _described(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".removesuffix(": ")[:ERROR_LENGTH]


def _die_with(parent: int) -> None:
    """Where Linux offers it: killed when the agent is, instead of working on for nobody."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit(1)


if __name__ == "__main__":
    main(sys.argv[1:])
