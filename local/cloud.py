"""A local cloud for tests: a process of its own, with its own ports, its own state and a clean environment.

with cloud.start(state=tmp_path) as running:
    httpx.get(f"{running.api}/api/v1/health")
"""

import os
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from local import launcher
from local.settings import DUMMY_CREDENTIALS, Settings, read_settings
from local.state import is_locked

INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV", "PYTHONPATH", "PYTHONPYCACHEPREFIX")
REGION = "us-east-1"


@dataclass
class Cloud:
    """A running local cloud."""

    settings: Settings
    environment: dict[str, str]
    """The environment that it was started with."""
    api: str = ""
    """The URL of the API; empty for the emulator alone."""
    emulator: str = ""
    pid: int = 0

    def start(self) -> None:
        """Start it (again, on the same state). Returns when it answers."""
        running = launcher.start(self.settings, self.environment)
        self.api, self.emulator, self.pid = next(iter(running["api"]), ""), running["emulator"], running["pid"]

    def stop(self) -> None:
        """End it gracefully, so that everything is kept."""
        launcher.stop(self.settings.state)

    def kill(self) -> None:
        """End it as a crash would (SIGKILL), and wait until a snapshot under way has ended."""
        os.kill(self.pid, signal.SIGKILL)
        while is_locked(self.settings.state):
            time.sleep(0.01)

    def log(self) -> str:
        """What it has written to its log since the last start."""
        return (self.settings.state / "cloud.log").read_text(errors="replace")

    def client(self, service: str) -> Any:
        """A boto3 client of its emulator, whatever the environment of this process says."""
        return boto3.client(  # type: ignore[call-overload]
            service,
            endpoint_url=self.emulator,
            region_name=REGION,
            aws_access_key_id=DUMMY_CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=DUMMY_CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        )


@contextmanager
def start(
    *,
    state: Path,
    template: Path | None = None,
    port: int = 0,
    environment: Mapping[str, str] | None = None,
    only_emulator: bool = False,
) -> Iterator[Cloud]:
    """Run a cloud for the duration of the block.

    `port` 0 is any free one; `environment` is added to a clean environment; `only_emulator` deploys nothing.
    """
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    settings = read_settings({}, template=template, state=state, port=port, only_emulator=only_emulator)
    cloud = Cloud(settings, {**inherited, **(environment or {})})
    cloud.start()
    try:
        yield cloud
    finally:
        cloud.stop()
