"""Find the Python that the functions run on: `sam build` looks for it on the path.

    PATH="$(python -m tests.deploy.runtime):$PATH" sam build

Looks on the path (where a shim of pyenv may lie that does not run), among pyenv's versions, then asks uv, which
downloads one if it may.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

RUNTIME = "3.13"


class Impossible(Exception):
    """Something that is needed is not on this machine; the message says what."""


def folder_of_runtime() -> str:
    """The folder of a `python3.13` that runs. Raises Impossible."""
    for folder in _candidates():
        python = Path(folder) / f"python{RUNTIME}"
        if python.exists() and subprocess.run([python, "-c", ""], check=False, capture_output=True).returncode == 0:
            return folder
    raise Impossible(f"no Python {RUNTIME}, the runtime of the functions, on this machine, and none could be fetched")


def _candidates() -> Iterator[str]:
    yield from os.environ["PATH"].split(os.pathsep)
    yield from sorted(map(str, Path.home().glob(f".pyenv/versions/{RUNTIME}*/bin")))
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if uv:
        subprocess.run([uv, "python", "install", "--quiet", RUNTIME], check=False, capture_output=True, timeout=300)
        found = subprocess.run([uv, "python", "find", RUNTIME], check=False, capture_output=True, text=True)
        yield str(Path(found.stdout.strip()).parent)


if __name__ == "__main__":
    try:
        print(folder_of_runtime())
    except Impossible as missing:
        sys.exit(f"{missing}")
