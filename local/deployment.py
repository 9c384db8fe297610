"""Bring the stack of a SAM template into the emulator and learn what came of it.

The template is deployed as it is, with one difference: instead of packages of code, functions get a Handler that names
their place in the source tree. What the emulator leaves out of a template (time to live, reserved concurrency) is
applied by its API afterwards.
"""

import hashlib
import io
import json
import os
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ClientError

from local.functions import is_source_handler
from local.routes import RouteTable
from local.settings import uses_own_dynamodb
from local.tables import create_table
from local.template import CODE_BUCKET, CODE_KEY, DeployFailed, Template, from_source, read_template, resources

STACK = "muster"
DIGEST_TAG = "muster:template"
DEPLOY_SECONDS = 60


@dataclass(frozen=True)
class Stack:
    """What a deployed stack offers. The API's fields are empty for a stack without one."""

    api_id: str
    stage: str
    routes: RouteTable
    environment: dict[str, str]
    functions: tuple[str, ...]
    """Handlers of the functions that run from the source tree."""


def deploy(path: Path) -> Stack:
    """Create the stack, update it in place when the template changed since, and describe it. Raises DeployFailed."""
    template = from_source(read_template(path), path.parent)
    body = json.dumps(template)
    digest = hashlib.sha256(body.encode()).hexdigest()
    cloudformation = _client("cloudformation")
    if not _is_deployed(cloudformation, digest):
        _upload_packages(body)
        _bring_up(cloudformation, digest)
        _apply_what_the_emulator_leaves_out(cloudformation, template)
    if uses_own_dynamodb(os.environ):
        physical = _physical_ids(cloudformation)
        for name, table in resources(template, "AWS::DynamoDB::Table"):
            create_table(boto3.client("dynamodb"), physical[name][1], table)
    return describe(cloudformation)


def _client(service: str) -> Any:
    """A client of the emulator, also when the functions keep their table elsewhere."""
    return boto3.client(service, endpoint_url=os.environ["AWS_ENDPOINT_URL"])  # type: ignore[call-overload]


def _is_deployed(cloudformation: Any, digest: str) -> bool:
    stack = _stack(cloudformation)
    tags = {tag["Key"]: tag["Value"] for tag in stack.get("Tags", [])}
    return stack.get("StackStatus") in ("CREATE_COMPLETE", "UPDATE_COMPLETE") and tags.get(DIGEST_TAG) == digest


def _stack(cloudformation: Any) -> dict[str, Any]:
    try:
        found: dict[str, Any] = cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]
    except ClientError:
        return {}
    return found


def _upload_packages(body: str) -> None:
    """An empty package for the functions, and the template, since a request takes 51,200 bytes of it."""
    s3 = _client("s3")
    s3.create_bucket(Bucket=CODE_BUCKET)
    empty = io.BytesIO()
    with zipfile.ZipFile(empty, "w") as package:
        package.writestr("README", "The local cloud runs functions from the source tree.\n")
    s3.put_object(Bucket=CODE_BUCKET, Key=CODE_KEY, Body=empty.getvalue())
    s3.put_object(Bucket=CODE_BUCKET, Key="template.json", Body=body.encode())


def _bring_up(cloudformation: Any, digest: str) -> None:
    status = _stack(cloudformation).get("StackStatus", "")
    if status in ("ROLLBACK_COMPLETE", "CREATE_FAILED", "ROLLBACK_FAILED"):
        # A stack that never came up can only be deleted, as on AWS; nothing was in it.
        cloudformation.delete_stack(StackName=STACK)
        _wait(cloudformation)
        status = ""
    request = cloudformation.update_stack if status and status != "DELETE_COMPLETE" else cloudformation.create_stack
    try:
        request(
            StackName=STACK,
            TemplateURL=f"https://s3.amazonaws.com/{CODE_BUCKET}/template.json",
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
            Tags=[{"Key": DIGEST_TAG, "Value": digest}],
        )
    except ClientError as error:
        raise DeployFailed(f"the template was refused: {error}") from error
    status = _wait(cloudformation)
    if status not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        raise DeployFailed(f"the stack ended as {status}: {'; '.join(_reasons(cloudformation))}")


def _wait(cloudformation: Any) -> str:
    deadline = time.monotonic() + DEPLOY_SECONDS
    while time.monotonic() < deadline:
        status = str(_stack(cloudformation).get("StackStatus", "DELETE_COMPLETE"))
        if not status.endswith("IN_PROGRESS"):
            return status
        time.sleep(0.02)
    raise DeployFailed(f"the stack is still {status} after {DEPLOY_SECONDS} seconds")


def _reasons(cloudformation: Any) -> list[str]:
    events = cloudformation.describe_stack_events(StackName=STACK)["StackEvents"]
    return [
        f"{event['LogicalResourceId']}: {event['ResourceStatusReason']}"
        for event in events
        if event["ResourceStatus"].endswith("FAILED") and event.get("ResourceStatusReason")
    ]


def _physical_ids(cloudformation: Any) -> dict[str, tuple[str, str]]:
    """Logical name to type and physical id."""
    found = cloudformation.describe_stack_resources(StackName=STACK)["StackResources"]
    return {r["LogicalResourceId"]: (r["ResourceType"], r.get("PhysicalResourceId", "")) for r in found}


def _apply_what_the_emulator_leaves_out(cloudformation: Any, template: Template) -> None:
    physical = _physical_ids(cloudformation)
    dynamodb, functions = _client("dynamodb"), _client("lambda")
    for name, table in resources(template, "AWS::DynamoDB::Table"):
        if "TimeToLiveSpecification" in table:
            dynamodb.update_time_to_live(
                TableName=physical[name][1], TimeToLiveSpecification=table["TimeToLiveSpecification"]
            )
    for name, function in resources(template, "AWS::Serverless::Function"):
        if "ReservedConcurrentExecutions" in function:
            functions.put_function_concurrency(
                FunctionName=physical[name][1],
                ReservedConcurrentExecutions=function["ReservedConcurrentExecutions"],
            )


def describe(cloudformation: Any) -> Stack:
    """What the deployed stack offers, read back from the emulator."""
    kinds: dict[str, str] = dict(_physical_ids(cloudformation).values())
    api_id = kinds.get("AWS::ApiGateway::RestApi", "")
    configurations = [config for config in _functions() if is_source_handler(config["Handler"])]
    return Stack(
        api_id=api_id,
        stage=kinds.get("AWS::ApiGateway::Stage", ""),
        routes=RouteTable(_routes(api_id) if api_id else []),
        environment=_shared_environment(configurations),
        functions=tuple(sorted(config["Handler"] for config in configurations)),
    )


def _routes(api_id: str) -> Iterator[tuple[str, list[str]]]:
    for page in _client("apigateway").get_paginator("get_resources").paginate(restApiId=api_id):
        for resource in page["items"]:
            yield resource["path"], list(resource.get("resourceMethods", {}))


def _functions() -> Iterator[dict[str, Any]]:
    for page in _client("lambda").get_paginator("list_functions").paginate():
        yield from page["Functions"]


def _shared_environment(configurations: list[dict[str, Any]]) -> dict[str, str]:
    """The variables of all functions. One process has one environment, so two values for one name are refused."""
    shared: dict[str, str] = {}
    for config in configurations:
        for name, value in config.get("Environment", {}).get("Variables", {}).items():
            if shared.setdefault(name, value) != value:
                raise DeployFailed(
                    f"{name} is {value!r} in {config['FunctionName']} and {shared[name]!r} elsewhere; "
                    "set it in Globals, since all functions share one process here"
                )
    return shared
