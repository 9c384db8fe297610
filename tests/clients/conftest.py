"""A coordinator of one's own for every test, and real spot processes that work for it."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.clients.coordinator import Coordinator

HERE = Path(__file__).parent


@pytest.fixture
def coordinator() -> Iterator[Coordinator]:
    running = Coordinator()
    yield running
    running.stop()


class SpotProcess:
    """`muster spot` as a process; `log` is what it has said so far."""

    def __init__(self, log_file: Path, arguments: list[str], environment: dict[str, str]) -> None:
        self._log_file = log_file
        with log_file.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "muster_client", "spot", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment,
                start_new_session=True,
            )

    @property
    def log(self) -> str:
        return self._log_file.read_text()

    def ends(self, seconds: float = 40) -> int:
        """Its exit status."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"the spot did not end; it said:\n{self.log}") from None

    def signal(self, number: int = signal.SIGTERM) -> None:
        self.process.send_signal(number)

    def clean_up(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


Spot = Callable[..., SpotProcess]


@pytest.fixture
def spot(coordinator: Coordinator, tmp_path: Path) -> Iterator[Spot]:
    """Starts a spot with these options, two cores unless told otherwise; ends it with the test."""
    started: list[SpotProcess] = []

    def start(*options: str, cores: int = 2, url: str | None = None, **environment: str) -> SpotProcess:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("MUSTER", "ORHESTRA"))}
        arguments = ["--url", url or coordinator.url, "--cores", str(cores), "--path", str(HERE), *options]
        process = SpotProcess(tmp_path / f"spot{len(started)}.log", arguments, {**inherited, **environment})
        started.append(process)
        return process

    yield start
    for process in started:
        process.clean_up()
