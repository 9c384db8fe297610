"""The rest of AWS: a moto server, with stacks of what lasts in the template.

CloudFormation of moto makes the resources, so names, conditions and references are the template's. It knows no SAM:
functions and API are left out, since sam itself runs those.
"""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from moto.server import ThreadedMotoServer

from local.cloud import REGION
from local.settings import DUMMY_CREDENTIALS, overrides
from local.template import Template, resources
from tests.local_sam import templates
from tests.template.moto_stack import ROOT


@dataclass(frozen=True)
class Aws:
    """A moto server."""

    endpoint: str

    @property
    def identity(self) -> dict[str, str]:
        """What a process needs to be a client of this server and of no other."""
        return {"AWS_ENDPOINT_URL": self.endpoint, "AWS_DEFAULT_REGION": REGION, **DUMMY_CREDENTIALS}

    def client(self, service: str) -> Any:
        keys = {name.lower(): value for name, value in DUMMY_CREDENTIALS.items()}
        return boto3.client(service, endpoint_url=self.endpoint, region_name=REGION, **keys)

    def create(self, template: Template, name: str) -> dict[str, str]:
        """Make a stack of what lasts; the variables of the functions that work on it.

        As on the local cloud nobody is asked for a key; only variables that the template declares are there.
        """
        secrets = {secret: self._secret(f"{name}-{secret}") for secret, _ in resources(template, templates.SECRET)}
        body = json.dumps(templates.lasting(template, secrets))
        cloudformation = self.client("cloudformation")
        cloudformation.create_stack(StackName=name, TemplateBody=body)
        (stack,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
        outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
        declared = templates.variables(template)
        chosen = overrides({}, Path())
        return {variable: value for variable, value in chosen.items() if variable in declared} | outputs

    def _secret(self, name: str) -> str:
        made = self.client("secretsmanager").create_secret(Name=name, SecretString=ROOT)
        return str(made["ARN"])


@contextmanager
def serve(address: str) -> Iterator[Aws]:
    """Serve on a free port of this address for the duration of the block."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = ThreadedMotoServer(address, 0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield Aws(f"http://{host}:{port}")
    finally:
        server.stop()
