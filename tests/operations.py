"""Every function of the application: where it lives, what it serves, whose operation it is."""

import importlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from muster.edge.endpoint import Endpoint
from muster.store.access.operations import Access
from muster.store.finish.steps import Finish
from muster.store.sweeps import Sweeps

REPOSITORY = Path(__file__).resolve().parents[1]
EVENTS = REPOSITORY / "events"

STORES: dict[str, type] = {"access": Access, "sweeps": Sweeps, "schedule": Sweeps, "workflow": Finish}
"""The class whose methods the functions of a folder call, one each and of the same name."""

STORELESS = {"meta"}
"""Folders whose functions keep nothing and ask nobody."""

HANDLERS = sorted(path for path in (REPOSITORY / "functions").glob("*/*.py") if path.stem != "__init__")


def handler(path: Path) -> Any:
    """The Lambda handler in a file of functions/."""
    return getattr(importlib.import_module(f"functions.{path.parent.name}.{path.stem}"), path.stem)


HTTP = [path for path in HANDLERS if isinstance(handler(path), Endpoint)]
OPERATIONS = sorted(path.stem for path in HTTP)


def file_of(operation: str) -> Path:
    """The file of an operation; no two have one name."""
    (found,) = (path for path in HANDLERS if path.stem == operation)
    return found


def endpoint(operation: str) -> Endpoint:
    found = handler(file_of(operation))
    assert isinstance(found, Endpoint)
    return found


def event_of(operation: str) -> Path:
    """The sample event of an operation."""
    return EVENTS / file_of(operation).parent.name / f"{operation}.json"


@dataclass(frozen=True)
class Route:
    """One route, and a request to it: its sample event's."""

    operation: str
    method: str
    path: str

    @property
    def sample(self) -> dict[str, Any]:
        event: dict[str, Any] = json.loads(event_of(self.operation).read_text())
        return event


def routes() -> list[Route]:
    """Every HTTP route, as openapi.json tells the world."""
    told = json.loads((REPOSITORY / "functions" / "meta" / "openapi.json").read_text())
    return [
        Route(operation["operationId"], method.upper(), path)
        for path, methods in told["paths"].items()
        for method, operation in methods.items()
    ]
