"""Finding the handlers: every file of a face's folder that defines an endpoint of its own name."""

import importlib
from collections.abc import Iterator
from pathlib import Path

from muster.edge.endpoint import Endpoint


def endpoints_of(folder: Path) -> Iterator[Endpoint]:
    """The endpoints below a folder whose parent is on Python's path, by face and name."""
    for file in sorted(folder.glob("*/*.py")):
        module = importlib.import_module(f"{folder.name}.{file.parent.name}.{file.stem}")
        found = getattr(module, file.stem, None)
        if isinstance(found, Endpoint):
            yield found
