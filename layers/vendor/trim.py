"""Leave out of a folder of packages what no function reads: descriptions of 400 other services, tests, scripts.

Cold starts load what is left: the table of endpoints is parsed on every start, and shrinks from 0.9 MB to 40 KB; that
of what S3 can do takes 8 ms to read, and that of the five things that Muster asks of it a quarter of one.
"""

import gzip
import json
import shutil
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

OPERATIONS = {
    "dynamodb": ("BatchGetItem", "GetItem", "PutItem", "Query", "TransactWriteItems", "UpdateItem"),
    "s3": ("CompleteMultipartUpload", "CreateMultipartUpload", "GetObject", "PutObject", "UploadPart"),
    "secretsmanager": ("GetSecretValue",),
    "sqs": ("SendMessage",),
    "stepfunctions": ("StartExecution",),
}
"""What the store asks for, by the service's name in botocore."""


def trim(packages: Path) -> None:
    """Changes the folder in place."""
    keep_services(packages / "botocore" / "data")
    for pattern in ("bin", "**/tests", "**/__pycache__"):
        for folder in list(packages.glob(pattern)):
            shutil.rmtree(folder)


def keep_services(descriptions: Path) -> None:
    for folder in descriptions.iterdir():
        if folder.is_dir() and folder.name not in OPERATIONS:
            shutil.rmtree(folder)
    for pattern in ("*/*/examples-1.json*", "*/*/waiters-2.json*"):
        for file in descriptions.glob(pattern):
            file.unlink()
    keep_endpoints(descriptions / "endpoints.json")
    for service, operations in OPERATIONS.items():
        for file in descriptions.glob(f"{service}/*/service-2.json.gz"):
            keep_operations(file, operations)


def keep_endpoints(table: Path) -> None:
    """Takes the services whose descriptions are beside the table; their names in it differ, e.g. `states`."""
    described = (json.loads(gzip.decompress(file.read_bytes())) for file in table.parent.glob("*/*/service-2.json.gz"))
    kept = {description["metadata"]["endpointPrefix"] for description in described}
    endpoints = json.loads(table.read_text())
    for partition in endpoints["partitions"]:
        services = partition["services"]
        partition["services"] = {name: told for name, told in services.items() if name in kept}
    table.write_text(json.dumps(endpoints, separators=(",", ":")))


def keep_operations(file: Path, operations: Iterable[str]) -> None:
    """Takes the operations with the shapes that they speak of, and nobody's prose."""
    told = json.loads(gzip.decompress(file.read_bytes()))
    told["operations"] = {name: told["operations"][name] for name in operations}
    wanted, shapes = set(_shapes_in(told["operations"])), told["shapes"]
    while more := {inner for name in wanted for inner in _shapes_in(shapes[name])} - wanted:
        wanted |= more
    told["shapes"] = {name: shape for name, shape in shapes.items() if name in wanted}
    # The client library asks for the prose of what stands beside these two.
    told |= {part: _without_prose(told[part]) for part in ("operations", "shapes")}
    text = json.dumps(told, separators=(",", ":"))
    file.write_bytes(gzip.compress(text.encode(), mtime=0))


def _shapes_in(part: Any) -> Iterator[str]:
    """Names that a part of a description refers to by `"shape": name`."""
    if isinstance(part, dict):
        if isinstance(part.get("shape"), str):
            yield part["shape"]
        for inner in part.values():
            yield from _shapes_in(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from _shapes_in(inner)


def _without_prose(part: Any) -> Any:
    """Documentation is text; a member of that name would be an object."""
    if isinstance(part, list):
        return [_without_prose(inner) for inner in part]
    if not isinstance(part, dict):
        return part
    told = {name: value for name, value in part.items() if name != "documentation" or not isinstance(value, str)}
    return {name: _without_prose(value) for name, value in told.items()}


if __name__ == "__main__":
    trim(Path(sys.argv[1]))
