"""The state folder: who runs on it, what is saved in it, and what happens to a state that can not be read.

.muster/
    lock            held by the running cloud (advisory lock, freed by the kernel however it ends)
    running.json    process id and URLs of the running cloud
    cloud.log       its log; cloud.log.1 is the one before
    ports.json      the emulator's port of last time
    version         the ministack version that wrote emulator/
    emulator/       one JSON file per emulated service, each replaced as a whole
    objects/        S3 objects, written at once
    unreadable-*/   a state that could not be read, moved here
    before-*/       a copy of the state made before another ministack version read it
"""

import fcntl
import json
import os
import shutil
import time
from importlib.metadata import version
from pathlib import Path
from typing import IO, TypedDict

from local.settings import LocalCloudError


class Running(TypedDict):
    """What runs on a state folder."""

    pid: int
    emulator: str
    api: list[str]


class StateInUse(LocalCloudError):
    """another local cloud runs on this state folder"""


def take_lock(state: Path, patience_seconds: float = 10.0) -> IO[str]:
    """The lock of the folder, held until this process (and a snapshot that it began) has ended. Raises StateInUse.

    Patient, because the snapshot of a killed cloud may still be writing: reading beside it would mix two states.
    """
    state.mkdir(parents=True, exist_ok=True)
    lock = (state / "lock").open("a")
    deadline = time.monotonic() + patience_seconds
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return lock
        except BlockingIOError:
            if time.monotonic() > deadline:
                lock.close()
                raise StateInUse(f"another local cloud runs on {state}") from None
            time.sleep(0.05)


def is_locked(state: Path) -> bool:
    """Whether a cloud (or the last snapshot of one) still holds the folder."""
    if not (state / "lock").exists():
        return False
    with (state / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


def read_running(state: Path) -> Running | None:
    """What runs on the folder and has become ready, or None. A record left by a killed cloud does not count."""
    try:
        running: Running = json.loads((state / "running.json").read_text())
    except (OSError, ValueError):
        return None
    return running if is_locked(state) and _lives(running["pid"]) else None


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def write_running(state: Path, running: Running) -> None:
    """Announce that the cloud is ready; the file appears whole or not at all."""
    unfinished = state / "running.json.new"
    unfinished.write_text(json.dumps(running) + "\n")
    unfinished.replace(state / "running.json")


def forget_running(state: Path) -> None:
    (state / "running.json").unlink(missing_ok=True)


def last_emulator_port(state: Path) -> int:
    """The port to prefer, since queue URLs in the saved state name it; 0 without one."""
    try:
        return int(json.loads((state / "ports.json").read_text())["emulator"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0


def remember_emulator_port(state: Path, host: str, port: int) -> None:
    """Note the port; after a change, rewrite it in the saved resources (not in tables, which hold the user's data)."""
    before = last_emulator_port(state)
    if before and before != port:
        for saved in (state / "emulator").glob("*.json"):
            if saved.name != "dynamodb.json":
                saved.write_text(saved.read_text().replace(f"{host}:{before}/", f"{host}:{port}/"))
    (state / "ports.json").write_text(json.dumps({"emulator": port}) + "\n")


def make_readable(state: Path) -> list[str]:
    """Make sure that the emulator will read all of the saved state. Returns what was done, in sentences.

    A file that can not be read would silently count as empty and be overwritten: the whole state moves aside instead.
    Another ministack version may understand less than the one that wrote: the state is copied first.
    """
    installed = version("ministack")
    saved = sorted((state / "emulator").glob("*.json"))
    (state / "objects").mkdir(exist_ok=True)
    done = []
    faults = [fault for path in saved if (fault := _unreadable(path))]
    if faults:
        aside = _free_name(state, "unreadable")
        aside.mkdir()
        for part in ("emulator", "objects", "version"):
            if (state / part).exists():
                (state / part).rename(aside / part)
        done.append(f"the saved state could not be read ({'; '.join(faults)}); it was moved to {aside}, starting empty")
    elif saved and (written_by := _written_by(state)) != installed:
        copy = _free_name(state, f"before-{installed}")
        shutil.copytree(state / "emulator", copy)
        done.append(f"the saved state was written by ministack {written_by}, now {installed}; a copy is in {copy}")
    (state / "emulator").mkdir(exist_ok=True)
    (state / "objects").mkdir(exist_ok=True)
    (state / "version").write_text(installed + "\n")
    return done


def _written_by(state: Path) -> str:
    try:
        return (state / "version").read_text().strip()
    except OSError:
        return "unknown"


def _unreadable(path: Path) -> str:
    """Why the emulator would not read this file, or nothing."""
    from ministack.core.persistence import SERVICE_STATE_FORMAT_VERSIONS, STATE_FORMAT_VERSION

    try:
        saved = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        return f"{path.name}: {error}"
    if not isinstance(saved, dict):
        return f"{path.name}: not an object"
    written = saved.get("__ministack_format__", 1)
    known = SERVICE_STATE_FORMAT_VERSIONS.get(path.stem, STATE_FORMAT_VERSION)
    return f"{path.name}: format {written}, known up to {known}" if written > known else ""


def _free_name(state: Path, stem: str) -> Path:
    stamp = time.strftime("%Y%m%d-%H%M%S")
    candidates = (state / f"{stem}-{stamp}{suffix}" for suffix in ("", *(f"-{n}" for n in range(1, 1000))))
    return next(path for path in candidates if not path.exists())
