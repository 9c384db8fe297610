"""Leave out of a folder of packages what no function reads: descriptions of 400 other services, tests, scripts.

Cold starts load what is left: the table of endpoints alone is parsed on every start, and shrinks from 0.9 MB to 40 KB.
"""

import gzip
import json
import shutil
import sys
from pathlib import Path

SERVICES = {"dynamodb", "s3", "secretsmanager", "sqs", "stepfunctions"}
"""Those that muster.wiring has clients of, under their names in botocore."""


def trim(packages: Path) -> None:
    """Changes the folder in place."""
    descriptions = packages / "botocore" / "data"
    for folder in descriptions.iterdir():
        if folder.is_dir() and folder.name not in SERVICES:
            shutil.rmtree(folder)
    for pattern in ("botocore/data/*/*/examples-1.json*", "botocore/data/*/*/waiters-2.json*"):
        for file in packages.glob(pattern):
            file.unlink()
    keep_endpoints(descriptions / "endpoints.json")
    for pattern in ("bin", "**/tests", "**/__pycache__"):
        for folder in list(packages.glob(pattern)):
            shutil.rmtree(folder)


def keep_endpoints(table: Path) -> None:
    """Takes the services whose descriptions are beside the table; their names in it differ, e.g. `states`."""
    described = (json.loads(gzip.decompress(file.read_bytes())) for file in table.parent.glob("*/*/service-2.json.gz"))
    kept = {description["metadata"]["endpointPrefix"] for description in described}
    endpoints = json.loads(table.read_text())
    for partition in endpoints["partitions"]:
        services = partition["services"]
        partition["services"] = {name: told for name, told in services.items() if name in kept}
    table.write_text(json.dumps(endpoints, separators=(",", ":")))


if __name__ == "__main__":
    trim(Path(sys.argv[1]))
