"""The operator's key of a running local cloud, found out as docs/deploy.md does on AWS."""

from typing import Any

import boto3

from local.deployment import STACK
from local.settings import DUMMY_CREDENTIALS
from muster.store.access.secrets import derive

REGION = "us-east-1"


def operator_key(emulator: str) -> str:
    """What its operator sends as bearer token. The stack has to be up."""
    return derive(root(emulator), "operator").hex()


def root(emulator: str) -> str:
    """The text in the stack's secret."""
    detail = {"StackName": STACK, "LogicalResourceId": "Secret"}
    found = _client(emulator, "cloudformation").describe_stack_resource(**detail)["StackResourceDetail"]
    secret = _client(emulator, "secretsmanager").get_secret_value(SecretId=found["PhysicalResourceId"])
    return str(secret["SecretString"])


def _client(emulator: str, service: str) -> Any:
    return boto3.client(  # type: ignore[call-overload]
        service,
        endpoint_url=emulator,
        region_name=REGION,
        aws_access_key_id=DUMMY_CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=DUMMY_CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
    )
