"""Build with `sam build`, deploy what was built to the emulator with `sam deploy`, hold that to the contract.

    python -m tests.deploy.check

Needs the SAM CLI (`SAM`, else `sam` of .venv-sam or of the path) and a Python 3.13 for it. What is deployed here runs
as packages in processes of their own, layers and all, unlike the local cloud, which runs the source tree. Layers are
built for this machine and this Python, since the emulator has no other. Without SAM CLI or Python 3.13 nothing is
checked and the exit code is 0, unless REQUIRE_SAM is set.
"""

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from local import cloud
from local.settings import DUMMY_CREDENTIALS
from tests.deploy.runtime import Impossible, folder_of_runtime

REPOSITORY = Path(__file__).resolve().parents[2]
STACK, PACKAGES = "muster-check", "packages"
SENDERS = ("SubmitJob", "TryWebhook", "DeliverReport")
"""Functions that judge the address of a webhook."""
THIS_VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"


def find_sam() -> str:
    sam = os.environ.get("SAM") or shutil.which("sam", path=f"{REPOSITORY}/.venv-sam/bin:{os.environ['PATH']}")
    if not sam:
        raise Impossible("no SAM CLI: `make build` installs it")
    return sam


def build(
    sam: str, environment: dict[str, str], folder: Path, python: str = sys.executable, version: str = THIS_VERSION
) -> None:
    """The template's functions and layers into `folder`/build, the layers for this machine and that Python."""
    here = {
        "LAYER_PYTHON": python,
        "LAYER_VERSION": version,
        "LAYER_FOR": platform.machine().replace("arm64", "aarch64"),
    }
    command = [sam, "build", "--build-dir", f"{folder}/build", "--cache-dir", f"{folder}/cache"]
    run(command, {**environment, **here})


def packages_stand_alone(folder: Path) -> None:
    """Handlers, and what they import when they need it, come with the packages: the emulator's Python has more."""
    layers = [f"{folder}/build/{layer}/python" for layer in ("CoreLayer", "VendorLayer")]
    needed_later = "muster.wiring, muster.store.finish.steps, muster.webhooks.sealing, muster.webhooks.sender"
    for function in ("SubmitJob", "KeepWatch", "ShowDocs", "DeliverReport", "CreateKey"):
        package = folder / "build" / function
        modules = ", ".join(sorted(file.stem for file in package.glob("*.py")))
        path = os.pathsep.join([str(package), *layers])
        run([sys.executable, "-S", "-c", f"import {modules}, {needed_later}"], {"PYTHONPATH": path})


def deploy(sam: str, environment: dict[str, str], folder: Path, running: cloud.Cloud) -> str:
    """The base URL of the stack's API."""
    running.client("s3").create_bucket(Bucket=PACKAGES)
    endpoint = {"AWS_ENDPOINT_URL": running.emulator, "AWS_DEFAULT_REGION": cloud.REGION, **DUMMY_CREDENTIALS}
    run(
        [
            sam, "deploy", "--template-file", f"{folder}/build/template.yaml", "--stack-name", STACK,
            "--s3-bucket", PACKAGES, "--no-resolve-s3", "--capabilities", "CAPABILITY_IAM", "--no-confirm-changeset",
            "--no-progressbar", "--parameter-overrides", "RequireKeys=false", "SubmitsPerMinute=0",
            "--config-file", f"{folder}/none.toml", "--region", cloud.REGION,
        ],
        {**environment, **endpoint},
    )  # fmt: skip
    described = running.client("cloudformation").describe_stack_resources(StackName=STACK)["StackResources"]
    let_webhooks_stay_here(running, {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in described})
    physical = {resource["ResourceType"]: resource["PhysicalResourceId"] for resource in described}
    api, stage = physical["AWS::ApiGateway::RestApi"], physical["AWS::ApiGateway::Stage"]
    return f"{running.emulator}/restapis/{api}/{stage}/_user_request_"


def let_webhooks_stay_here(running: cloud.Cloud, names: dict[str, str]) -> None:
    """The receivers of the tests are on this machine, which a stack on AWS would send nothing to."""
    functions = running.client("lambda")
    for name in map(names.__getitem__, SENDERS):
        told = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
        here = {"Variables": told | {"MUSTER_LOCAL_WEBHOOKS": "true"}}
        functions.update_function_configuration(FunctionName=name, Environment=here)


def run(command: list[str], environment: dict[str, str], *, show: bool = False) -> None:
    done = subprocess.run(command, check=False, cwd=REPOSITORY, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(command[:3])} failed:\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}")
    if show:
        print(done.stdout.strip().splitlines()[-1])


def hold_to_the_contract(base: str) -> None:
    """The contract's own tests, against this stack. The gateway's refusals are left out: the emulator has its own."""
    files = [f"tests/contract/test_{name}.py" for name in ("coordinator_v1", "refusals", "openapi", "job_reports")]
    chosen = ["-k", "not unknown_routes and not too_large", "-m", "not slow", "-n", "2", "-q", "-p", "no:cacheprovider"]
    run([sys.executable, "-m", "pytest", *files, *chosen], {**os.environ, "MUSTER_TEST_API": base}, show=True)


def check() -> None:
    sam, runtime = find_sam(), folder_of_runtime()
    environment = {**os.environ, "PATH": f"{runtime}{os.pathsep}{os.environ['PATH']}", "SAM_CLI_TELEMETRY": "0"}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "none.toml").write_text("version = 0.1\n")
        build(sam, environment, folder)
        packages_stand_alone(folder)
        with cloud.start(state=folder / "state", only_emulator=True) as running:
            hold_to_the_contract(deploy(sam, environment, folder, running))


if __name__ == "__main__":
    try:
        check()
        print("built, deployed and held to the contract")
    except Impossible as missing:
        print(f"deployment not checked: {missing}")
        sys.exit(1 if os.environ.get("REQUIRE_SAM") else 0)
