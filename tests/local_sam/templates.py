"""What is made of the template: one that sam runs here, and one that moto makes the lasting resources of."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from local.template import Template, resources

FUNCTION, LAYER, SECRET = "AWS::Serverless::Function", "AWS::Serverless::LayerVersion", "AWS::SecretsManager::Secret"
LASTING = ("AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::SQS::Queue")
MACHINES = ("AWS::Serverless::StateMachine", "AWS::StepFunctions::StateMachine")
STAND_IN = {
    "Type": "AWS::StepFunctions::StateMachine",
    "Properties": {
        "RoleArn": "arn:aws:iam::123456789012:role/none",
        "DefinitionString": json.dumps({"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}),
    },
}
"""For every state machine: functions can start it, and it calls none of them."""


def functions(template: Template) -> dict[str, str]:
    """Logical names of the functions by folder and file, like sweeps/submit_job."""
    shared = template["Globals"]["Function"]["CodeUri"]
    return {
        f"{Path(function.get('CodeUri', shared)).name}/{function['Handler'].split('.')[0]}": name
        for name, function in resources(template, FUNCTION)
    }


def for_this_machine(built: Template, architecture: str, endpoint: str) -> Template:
    """The template that `sam build` wrote, with another processor and another AWS. Changes what it is given.

    The endpoint stands here because sam overrides only variables that a template declares, and ours has no reason to.
    """
    shared = built["Globals"]["Function"]
    shared["Architectures"] = [architecture]
    shared["Environment"]["Variables"]["AWS_ENDPOINT_URL"] = endpoint
    for _, layer in resources(built, LAYER):
        layer["CompatibleArchitectures"] = [architecture]
    return built


def lasting(template: Template, secrets: Mapping[str, str]) -> Template:
    """Tables, buckets and queues of the template; its outputs are the functions' variables that name one of them.

    `secrets` are the ARNs of the template's secrets, which moto's CloudFormation can not make: they become parameters.
    """
    kept = {name: made for name, resource in template["Resources"].items() if (made := _kept(resource))}
    given = {name: {"Type": "String", "Default": arn} for name, arn in secrets.items()}
    named = {name: value for name, value in variables(template).items() if _names_one(value, {*kept, *given})}
    return {
        "Parameters": {**template.get("Parameters", {}), **given},
        **{part: template[part] for part in ("Conditions", "Mappings") if part in template},
        "Resources": kept,
        "Outputs": {name: {"Value": value} for name, value in named.items()},
    }


def variables(template: Template) -> dict[str, Any]:
    """Every variable that some function is given, as the template has it. One name has one value."""
    return dict(_declared(template))


def _declared(template: Template) -> Iterator[tuple[str, Any]]:
    for function in (template["Globals"]["Function"], *(function for _, function in resources(template, FUNCTION))):
        yield from function.get("Environment", {}).get("Variables", {}).items()


def _kept(resource: dict[str, Any]) -> dict[str, Any] | None:
    if resource["Type"] in MACHINES:
        return STAND_IN
    return resource if resource["Type"] in LASTING else None


def _names_one(value: Any, names: set[str]) -> bool:
    """Whether an intrinsic function (a mapping) mentions one of these resources."""
    return isinstance(value, dict) and bool(names & set(re.findall(r"\w+", json.dumps(value))))
