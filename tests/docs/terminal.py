"""A terminal for a reader who types everything that a document says, in order, in the root of the repository."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from local.cloud import Cloud
from tests.docs.documents import REPOSITORY, Block, Document

SECONDS = 120
"""What a document may take at most."""
_ENDING_SECONDS = 10


class Terminal:
    """One shell per document: what a block sets, later blocks know. Port 8080 is where the cloud is."""

    def __init__(self, cloud: Cloud, folder: Path) -> None:
        self._cloud, self._folder, self._root = cloud, folder, folder / "repository"
        self._root.mkdir()
        for path in REPOSITORY.iterdir():
            # What commands write stays out of the repository: files of the root, and the build of the Java example.
            if path.name == "examples":
                shutil.copytree(path, self._root / path.name, ignore=shutil.ignore_patterns("build"))
            elif not path.name.startswith("."):
                (self._root / path.name).symlink_to(path)
        (self._root / ".venv").symlink_to(sys.prefix)

    def type(self, document: Document) -> dict[int, str]:
        """Run the document's blocks; what each printed, by its line. Fails with the block that failed."""
        blocks = [block for block in document.blocks if block.is_run]
        script = "\n".join(["set -euo pipefail", *map(self._shell, blocks)])
        said = self._folder / "stderr"
        with said.open("wb") as stderr:
            shell = subprocess.Popen(
                ["bash", "-c", script],
                cwd=self._root,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=stderr,
                stderr=stderr,
                start_new_session=True,
            )
            try:
                status: int | str = shell.wait(SECONDS)
            except subprocess.TimeoutExpired:
                status = "too slow"
            _end(shell)
        printed = {block.line: self._output(block).read_text() for block in blocks if self._output(block).exists()}
        place = max(printed, default=0)
        assert status == 0, f"{document}:{place}: {status}\n{printed.get(place)}\n{said.read_text()[-3000:]}"
        return printed

    def _shell(self, block: Block) -> str:
        text = re.sub(r"(127\.0\.0\.1|localhost):8080\b", self._cloud.api.removeprefix("http://"), block.text)
        text = f"{block.first}\n{text}" if block.first else text
        # Targets of make install and run everything; another test sees to it that they exist.
        text = re.sub(r"^make .*$", ":", text, flags=re.MULTILINE)
        if block.language == "python":
            text = f"python - <<'END-OF-PYTHON'\n{text}END-OF-PYTHON\n"
        if block.goes_on:
            return f"{text.strip()} > '{self._output(block)}' 2>&1 &"
        return f"exec > '{self._output(block)}'\n{text}"

    def _output(self, block: Block) -> Path:
        return self._folder / f"line-{block.line}"

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(self._folder),
            "LANG": "C.UTF-8",
            "COLUMNS": "120",
            "MUSTER_URL": self._cloud.api,
            "ORHESTRA_PORT": self._cloud.api.rpartition(":")[2],
            "ORHESTRA_DB_URL": str(self._cloud.settings.state.with_suffix("")),
        }


def _end(shell: subprocess.Popen[bytes]) -> None:
    """End what a document left in the background: politely, as ctrl-c would, then for good."""
    deadline = time.monotonic() + _ENDING_SECONDS
    try:
        os.killpg(shell.pid, signal.SIGTERM)
        while time.monotonic() < deadline:
            shell.poll()
            os.killpg(shell.pid, 0)
            time.sleep(0.05)
        os.killpg(shell.pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def documents_of(text: str) -> list[Any]:
    """The JSON documents that a text consists of."""
    decoder, found = json.JSONDecoder(), []
    while text := text.lstrip():
        value, end = decoder.raw_decode(text)
        found.append(value)
        text = text[end:]
    return found


def comparable(value: Any) -> Any:
    """JSON with every generated id, address of this machine and time made equal."""
    text = json.dumps(value, indent=1)
    text = re.sub(r"\b(job|spot)-main-[0-9a-z]{16}", r"\1", text)
    text = re.sub(r"\bmk-main-[0-9a-z]{12}(-[0-9a-z]{52})?", "key", text)
    text = re.sub(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "request", text)
    return json.loads(re.sub(r"\b\d{4}-\d\d-\d\dT[\d:.]+Z", "time", text))
