"""sam as a program: build, serve the API, call one function. What it starts ends with its call or block."""

import json
import os
import platform
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from local.cloud import REGION
from local.template import read_template
from tests.deploy.check import REPOSITORY, find_sam, run
from tests.deploy.runtime import folder_of_runtime
from tests.local_sam import templates

ARCHITECTURE = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())
"""Of this machine, as Lambda calls it."""

START_SECONDS, STOP_SECONDS, INVOKE_SECONDS = 900, 60, 120
"""sam makes the image anew for each function, so a start takes seconds for each of them."""


class SamFailed(Exception):
    """sam did not do what it was asked; the message ends with what it said"""


@dataclass(frozen=True)
class Sam:
    """The functions as built, for containers of one network and one AWS."""

    program: str
    folder: Path
    network: str
    identity: dict[str, str]
    """Endpoint, region and credentials, for sam and for the functions."""
    image: str
    """The image to run in; empty for the one that sam pulls."""

    @property
    def _environment(self) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        return {**inherited, **self.identity, "SAM_CLI_TELEMETRY": "0"}

    def build(self) -> None:
        """Build as for AWS, but layers for this machine; then write the template that runs here."""
        layers = {"LAYER_FOR": platform.machine().replace("arm64", "aarch64")}
        path = f"{folder_of_runtime()}{os.pathsep}{os.environ['PATH']}"
        folders = ["--build-dir", f"{self.folder}/build", "--cache-dir", f"{self.folder}/cache"]
        run([self.program, "build", *folders], {**self._environment, **layers, "PATH": path})
        built = read_template(self.folder / "build" / "template.yaml")
        here = templates.for_this_machine(built, ARCHITECTURE, self.identity["AWS_ENDPOINT_URL"])
        (self.folder / "build" / "here.json").write_text(json.dumps(here, indent=1))
        (self.folder / "none.toml").write_text("version = 0.1\n")

    def _command(self, verb: str, variables: Mapping[str, str]) -> list[str]:
        file = self.folder / "variables.json"
        file.write_text(json.dumps({"Parameters": variables}))
        image = ["--invoke-image", self.image, "--skip-pull-image"] if self.image else []
        return [
            self.program, "local", verb, "--template", f"{self.folder}/build/here.json", "--env-vars", str(file),
            "--docker-network", self.network, "--region", REGION, "--config-file", f"{self.folder}/none.toml", *image,
        ]  # fmt: skip

    def invoke(self, function: str, event: dict[str, Any], variables: Mapping[str, str]) -> str:
        """What the function answered, as sam prints it. Whether it raised is for the reader: sam exits 0 then too."""
        command = [*self._command("invoke", variables), "--event", "-", function]
        done = subprocess.run(
            command, check=False, cwd=REPOSITORY, env=self._environment, input=json.dumps(event), text=True,
            capture_output=True, timeout=INVOKE_SECONDS, start_new_session=True,
        )  # fmt: skip
        (self.folder / f"{function}.log").write_text(done.stderr)
        if done.returncode:
            raise SamFailed(f"sam exited with {done.returncode}: {_tail(done.stderr)}")
        return done.stdout

    @contextmanager
    def start_api(self, variables: Mapping[str, str]) -> Iterator[str]:
        """The API's URL, once a function has answered there: containers that are up have not yet started Python."""
        port, log = _free_port(), self.folder / "start-api.log"
        # --warm-containers EAGER: one container per function, started before the first request and kept.
        command = [*self._command("start-api", variables), "--port", str(port), "--warm-containers", "EAGER"]
        with log.open("wb") as output:
            process = subprocess.Popen(
                command, cwd=REPOSITORY, env=self._environment, stdout=output, stderr=output, start_new_session=True
            )
        try:
            api = f"http://127.0.0.1:{port}"
            _wait_for(f"{api}/api/v1/health", process, log)
            yield api
        finally:
            _end(process)


def prepare(folder: Path, network: str, identity: dict[str, str]) -> Sam:
    """Raises Impossible without the SAM CLI."""
    folder.mkdir(parents=True, exist_ok=True)
    return Sam(find_sam(), folder, network, identity, os.environ.get("LAMBDA_IMAGE", ""))


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _wait_for(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            if httpx.get(url, timeout=60, trust_env=False).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.5)
    raise SamFailed(f"the API did not come up: {_tail(log.read_text(errors='replace'))}")


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Ask it to end: sam then removes its containers itself."""
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        print("sam did not end when asked to", file=sys.stderr)
        process.kill()
        process.wait()


def _tail(text: str) -> str:
    return "\n".join(text.strip().splitlines()[-20:])
