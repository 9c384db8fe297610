"""Read the SAM template, and make the one change that running from the source tree needs."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]
from samtranslator.yaml_helper import yaml_parse  # type: ignore[import-untyped]

from local.functions import source_handler
from local.settings import LocalCloudError

CODE_BUCKET, CODE_KEY = "muster-local-code", "empty.zip"
"""Where the package lies that stands for all code."""

Template = dict[str, Any]


class DeployFailed(LocalCloudError):
    """the stack could not be created or updated"""


def read_template(path: Path) -> Template:
    """The template with short intrinsics (`!Ref`) in their long form."""
    try:
        template: Template = yaml_parse(path.read_text())
    except (OSError, yaml.YAMLError) as error:
        raise DeployFailed(f"the template can not be read: {error}") from error
    return template


def resources(template: Template, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Logical names and properties of the template's resources of one type."""
    for name, resource in template.get("Resources", {}).items():
        if resource.get("Type") == kind:
            yield name, resource.get("Properties", {})


def with_definitions(template: Template, folder: Path) -> Template:
    """The template with the definitions of its state machines in it: changes and returns the one that it is given."""
    for _, machine in resources(template, "AWS::Serverless::StateMachine"):
        machine["Definition"] = json.loads((folder / machine.pop("DefinitionUri")).read_text())
    return template


def from_source(template: Template, folder_of_template: Path) -> Template:
    """The template with code and definitions from the source tree: changes and returns the one that it is given."""
    package = {"Bucket": CODE_BUCKET, "Key": CODE_KEY}
    shared = template.get("Globals", {}).get("Function", {})
    folder = shared.pop("CodeUri", ".")
    for name, function in resources(template, "AWS::Serverless::Function"):
        handler = function.get("Handler", shared.get("Handler"))
        if not isinstance(handler, str):
            raise DeployFailed(f"function {name} has no Handler")
        function["Handler"] = source_handler(function.get("CodeUri", folder), handler)
        function["CodeUri"] = package
    for _, layer in resources(template, "AWS::Serverless::LayerVersion"):
        layer["ContentUri"] = package
    return with_definitions(template, folder_of_template)
