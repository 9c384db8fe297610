"""The template as CloudFormation would see it: what SAM makes of it, packages of code aside."""

import os
from pathlib import Path
from typing import Any
from unittest.mock import patch

from samtranslator.translator.transform import transform

from local.template import read_template, resources, with_definitions

TEMPLATE = Path(__file__).resolve().parents[2] / "template.yaml"
REGION = "eu-central-1"


class NoManagedPolicies:
    """None is named here, and looking them up would call AWS."""

    def load(self) -> dict[str, str]:
        return {}


def transformed_template() -> dict[str, Any]:
    template = with_definitions(read_template(TEMPLATE), TEMPLATE.parent)
    template["Globals"]["Function"]["CodeUri"] = "s3://packages/code"
    for _, properties in resources(template, "AWS::Serverless::Function"):
        properties.pop("CodeUri", None)
    for _, properties in resources(template, "AWS::Serverless::LayerVersion"):
        properties["ContentUri"] = "s3://packages/layer"
    with patch.dict(os.environ, AWS_DEFAULT_REGION=REGION):
        made: dict[str, Any] = transform(template, {}, NoManagedPolicies())
    return made


def of_type(transformed: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    return {name: found for name, found in transformed["Resources"].items() if found["Type"] == kind}
