"""What functions leave alone until it is needed: a cold start pays for every import."""

import json
import os
import subprocess
import sys

import pytest

from tests.operations import REPOSITORY, file_of

HEAVY = {"aws_xray_sdk", "boto3", "cryptography", "s3transfer", "standardwebhooks", "tenacity"}
STARTED = """
import importlib, json, sys
importlib.import_module(sys.argv[1])
from muster import wiring
wiring.sweeps()
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


@pytest.mark.parametrize("operation", ["record_heartbeat", "claim_tasks", "complete_tasks", "keep_watch"])
def test_what_few_calls_need_is_not_imported_by_a_start(operation: str) -> None:
    folders = [file_of(operation).parent, REPOSITORY / "layers" / "core" / "python"]
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(map(str, folders)),
        "AWS_DEFAULT_REGION": "us-east-1",
        "MUSTER_LOG_FORMAT": "json",
    }
    command = [sys.executable, "-c", STARTED, operation]
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    imported = set(json.loads(done.stdout))
    assert {"botocore", "pydantic"} <= imported
    assert not imported & HEAVY
