"""Finding what the document is made of: handlers, and the sample events that show what they are sent."""

import importlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from muster.edge.endpoint import Endpoint


def endpoints_of(folder: Path) -> Iterator[Endpoint]:
    """Every endpoint that a file of its name defines, by face. The folder's parent has to be on Python's path."""
    for file in sorted(folder.glob("*/*.py")):
        module = importlib.import_module(f"{folder.name}.{file.parent.name}.{file.stem}")
        found = getattr(module, file.stem, None)
        if isinstance(found, Endpoint):
            yield found


def sample_bodies(folder: Path) -> dict[str, Any]:
    """The JSON bodies of sample events, by operation."""
    events = {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in folder.glob("*/*.json")}
    return {operation: json.loads(event["body"]) for operation, event in events.items() if event.get("body")}
