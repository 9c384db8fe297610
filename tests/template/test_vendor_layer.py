"""What the vendor layer leaves out is never missed: clients work on the trimmed package as on the whole one."""

import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import aws_lambda_powertools
import botocore
import pytest

from tests.template.test_policies import granted

REPOSITORY = Path(__file__).resolve().parents[2]
TRIM = runpy.run_path(str(REPOSITORY / "layers" / "vendor" / "trim.py"))
CLIENTS = f"""
import botocore, boto3

def client_of_s3():
    keys = dict(aws_access_key_id="a", aws_secret_access_key="b")
    return boto3.client("s3", region_name="eu-central-1", **keys)

def told(shape, seen=()):
    if shape is None or shape.name in seen:
        return shape and shape.name
    inner = dict(getattr(shape, "members", {{}}))
    inner |= {{part: getattr(shape, part) for part in ("member", "key", "value") if hasattr(shape, part)}}
    about = [shape.type_name, sorted(shape.serialization.items()), sorted(shape.metadata.items())]
    return shape.name, about, {{name: told(one, (*seen, shape.name)) for name, one in inner.items()}}

for service, operations in {TRIM["OPERATIONS"]!r}.items():
    for region in ("eu-central-1", "us-gov-west-1", "cn-north-1", "us-east-1"):
        client = boto3.client(service, region_name=region, aws_access_key_id="a", aws_secret_access_key="b")
        print(service, region, client.meta.endpoint_url)
    for operation in map(client.meta.service_model.operation_model, operations):
        print(service, operation.name, operation.http, told(operation.input_shape), told(operation.output_shape))
        print([told(error) for error in operation.error_shapes])
print(client_of_s3().generate_presigned_url("get_object", Params={{"Bucket": "b", "Key": "k"}}).partition("?")[0])
print(botocore.__file__)
"""


@pytest.fixture
def trimmed(tmp_path: Path) -> Path:
    shutil.copytree(Path(botocore.__file__).parent, tmp_path / "botocore")
    subprocess.run([sys.executable, REPOSITORY / "layers" / "vendor" / "trim.py", tmp_path], check=True)
    return tmp_path


def clients(environment: dict[str, str]) -> list[str]:
    done = subprocess.run([sys.executable, "-c", CLIENTS], env=environment, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


@pytest.mark.slow
def test_the_trimmed_client_library_knows_the_same_endpoints_and_says_the_same(trimmed: Path) -> None:
    *whole, whole_place = clients({})
    *small, small_place = clients({"PYTHONPATH": str(trimmed)})

    assert small == whole
    assert Path(small_place).is_relative_to(trimmed)
    assert not Path(whole_place).is_relative_to(trimmed)
    assert sum(file.stat().st_size for file in (trimmed / "botocore" / "data").rglob("*") if file.is_file()) < 1_000_000


def test_every_operation_that_a_function_may_ask_for_is_left() -> None:
    services = {"states": "stepfunctions"}
    for actions in granted().values():
        for action in {action for action, _ in actions}:
            service, _, operation = action.partition(":")
            assert operation in TRIM["OPERATIONS"][services.get(service, service)], action


@pytest.mark.slow
def test_the_trimmed_packages_still_hold_what_the_page_of_the_api_is_made_of(tmp_path: Path) -> None:
    for package in (aws_lambda_powertools, botocore):
        shutil.copytree(Path(str(package.__file__)).parent, tmp_path / package.__name__)
    subprocess.run([sys.executable, REPOSITORY / "layers" / "vendor" / "trim.py", tmp_path], check=True)
    page = "import aws_lambda_powertools, muster.edge.docs_page as d; print(len(d.docs_page().text), d.__file__)"
    environment = {"PYTHONPATH": f"{tmp_path}:{REPOSITORY}/layers/core/python"}
    done = subprocess.run([sys.executable, "-c", page], env=environment, capture_output=True, text=True, check=True)

    assert int(done.stdout.split()[0]) > 1_000_000
