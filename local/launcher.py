"""Start, stop and look at a local cloud from another process."""

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from local import state
from local.settings import REPOSITORY, LocalCloudError, Settings

START_SECONDS = 90
STOP_SECONDS = 30
LOG_TAIL_LINES = 30


class StartFailed(LocalCloudError):
    """the local cloud did not start; the message ends with its log"""


class StopFailed(LocalCloudError):
    """the local cloud did not end"""


def start(settings: Settings, environment: Mapping[str, str] | None = None) -> state.Running:
    """Start a cloud detached and return when its API answers. Raises StartFailed; what runs already is returned."""
    running = state.read_running(settings.state)
    if running:
        return running
    process = _spawn(settings, environment)
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise StartFailed(f"it ended at its start, its log says:\n{_log_tail(settings.state)}")
        running = state.read_running(settings.state)
        if running and running["pid"] == process.pid and all(map(_answers, running["api"][:1])):
            return running
        time.sleep(0.02)
    process.terminate()
    raise StartFailed(f"no answer in {START_SECONDS} seconds:\n{_log_tail(settings.state)}")


def _spawn(settings: Settings, environment: Mapping[str, str] | None) -> "subprocess.Popen[bytes]":
    settings.state.mkdir(parents=True, exist_ok=True)
    log = settings.state / "cloud.log"
    if log.exists():
        log.replace(settings.state / "cloud.log.1")
    command = [sys.executable, "-m", "local", "up", "--foreground", "--state", str(settings.state)]
    command += ["--template", str(settings.template)]
    if settings.port_variable == "--port":
        command += ["--port", str(settings.api_port)]
    if settings.only_emulator:
        command.append("--only-emulator")
    chosen = dict(os.environ if environment is None else environment)
    # Compiling the emulator anew costs 3 seconds at each start.
    chosen.pop("PYTHONDONTWRITEBYTECODE", None)
    with log.open("wb") as output:
        return subprocess.Popen(  # noqa: S603 - our own interpreter and module
            command,
            cwd=REPOSITORY,
            env=chosen,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _answers(api: str) -> bool:
    """Whether the API gives any HTTP answer; a stack without a health route answers 404."""
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(f"{api}/api/v1/health", timeout=10):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def _log_tail(folder: Path) -> str:
    try:
        lines = (folder / "cloud.log").read_text(errors="replace").splitlines()
    except OSError:
        return "(no log)"
    return "\n".join(lines[-LOG_TAIL_LINES:])


def stop(folder: Path) -> bool:
    """End the cloud of this state folder gracefully and wait for it. False if none runs."""
    running = state.read_running(folder)
    if not running:
        return False
    os.kill(running["pid"], signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while state.is_locked(folder) and time.monotonic() < deadline:
        time.sleep(0.02)
    if state.is_locked(folder):
        raise StopFailed(f"process {running['pid']} did not end in {STOP_SECONDS} seconds")
    return True
