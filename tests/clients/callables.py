"""What the spots under test run."""

import math
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

NOT_CALLABLE = 1


def double(payload: dict[str, Any]) -> dict[str, Any]:
    return {"fopt": payload["x"] * 2, "iter": 7, "seen": payload}


def sleep(payload: dict[str, Any]) -> dict[str, Any]:
    time.sleep(payload["seconds"])
    return {"fopt": payload["seconds"], "pid": os.getpid()}


def die_once(payload: dict[str, Any]) -> dict[str, Any]:
    """The first run of a task with a mark dies by the signal that it names."""
    mark = payload.get("mark")
    if mark and not Path(mark).exists():
        Path(mark).touch()
        print("last words", flush=True)
        os.kill(os.getpid(), getattr(signal, payload["signal"]))
        time.sleep(10)
    return {"fopt": 1.0}


def die_later(payload: dict[str, Any]) -> dict[str, Any]:
    threading.Timer(0.1, os._exit, [1]).start()
    return {}


def leave(payload: dict[str, Any]) -> None:
    os._exit(payload["status"])


def hang_with_child(payload: dict[str, Any]) -> None:
    child = subprocess.Popen(["sleep", "300"])
    Path(payload["pids"]).write_text(f"{os.getpid()} {child.pid}")
    time.sleep(300)


def return_this(payload: dict[str, Any]) -> Any:
    """Returns what no JSON payload could say."""
    return {
        "nan": {"fopt": math.nan},
        "infinity": {"fopt": -math.inf},
        "nested nan": {"fopt": 1.0, "history": [math.nan]},
        "text": {"fopt": "small"},
        "object": {"fopt": 1.0, "what": object()},
        "list": [1.0],
        "half an iteration": {"iter": 1.5},
        "nothing": None,
        "huge": {"fopt": 10**400},
        "too long": {"text": "x" * 1_000_000},
        "refused": {"note": "refuse me"},
        "breaking": {"note": "break me"},
    }[payload["what"]]


def fail_with_odd_characters(payload: dict[str, Any]) -> None:
    raise ValueError("no such file: \udcff\0")


def print_and_fail(payload: dict[str, Any]) -> None:
    print("x" * 10_000)
    os.write(2, b"from the descriptor\n")
    subprocess.run(["sh", "-c", "echo from a child"], check=True)
    print("the end", file=sys.stderr)
    raise ValueError(f"no good: {payload['x']}")


def print_and_succeed_or_fail(payload: dict[str, Any]) -> dict[str, Any]:
    print(f"this is task {payload['x']}")
    if payload["x"] % 2:
        raise RuntimeError("odd")
    return {"fopt": 0.0}


def print_for_ever(payload: dict[str, Any]) -> None:
    while True:
        print("on and on")


def return_numpy(payload: dict[str, Any]) -> dict[str, Any]:
    import numpy

    return {"fopt": numpy.float64(0.1), "iter": numpy.int64(12), "best": numpy.array([1.5, 2.5])}


def square(payload: dict[str, Any]) -> dict[str, Any]:
    return {"fopt": payload["agents"] ** 2 / 10, "iter": payload["iterations"]}
