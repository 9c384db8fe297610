"""Cold starts: CPU of a fresh process up to a handler's first answer, beside what the client library takes alone.

Handlers run from what `sam build` made, on the Python of the runtime, with nothing to import but their package and the
two layers, built for this machine. Their sample events are put to them, about a job and a spot that live on a local
cloud, which answers what they ask of AWS from processes of its own. CPU seconds, unlike time, hardly depend on
what else the machine does, and a ratio within one run less still.
"""

import os
import statistics
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from bench.counting import Row
from bench.living_events import about_something, living
from local import cloud
from local.settings import DUMMY_CREDENTIALS, REPOSITORY
from local.template import read_template, resources
from tests.deploy.check import build, find_sam
from tests.deploy.runtime import RUNTIME, folder_of_runtime

BASELINE = "boto3"
"""What ratios refer to: `import boto3; boto3.client("dynamodb")`, installed by pip with all its services and valid
bytecode."""
TARGET_RATIO = 1.45


@dataclass(frozen=True)
class Start:
    """What is started: a handler with its event, or a client without."""

    what: str
    folders: list[Path]
    event: Path | None = None


@dataclass(frozen=True)
class Subject:
    """Everything that is measured in one run, on one Python."""

    python: Path
    clients: list[Start]
    handlers: list[Start]


def measure(subject: Subject, starts: int) -> list[Row]:
    """Medians over so many starts of each, taken in turn so that whatever disturbs the machine meets all alike."""
    cpu: dict[str, list[float]] = {}
    answers: dict[str, str] = {}
    for _ in range(starts):
        for what, seconds, answer in _turn(subject):
            cpu.setdefault(what, []).append(seconds)
            answers[what] = answer
    baseline = statistics.median(cpu[BASELINE])
    return [
        {"start": what, "cpu_ms": statistics.median(used) * 1_000, "ratio": statistics.median(used) / baseline}
        | {"answer": answers[what], "starts": len(used)}
        for what, used in cpu.items()
    ]


def verdict(rows: list[Row]) -> Row:
    """Against the slowest handler."""
    slowest = max(row["ratio"] for row in rows if row["start"] not in ("boto3", "botocore"))
    return {
        "cold_start_ratio": slowest,
        "cold_start_ratio_target": TARGET_RATIO,
        "cold_start_ratio_met": slowest <= TARGET_RATIO,
    }


@contextmanager
def built() -> Iterator[Subject]:
    """Build everything, for the duration of the block. Raises Impossible without SAM CLI or the runtime's Python."""
    sam, runtime = find_sam(), folder_of_runtime()
    python = Path(runtime) / f"python{RUNTIME}"
    environment = {**os.environ, "PATH": f"{runtime}{os.pathsep}{os.environ['PATH']}", "SAM_CLI_TELEMETRY": "0"}
    with tempfile.TemporaryDirectory(prefix="muster-bench-") as temporary:
        folder = Path(temporary)
        build(sam, environment, folder, python=str(python), version=RUNTIME)
        layers = [folder / "build" / layer / "python" for layer in ("CoreLayer", "VendorLayer")]
        clients = [Start(BASELINE, [_plain_boto3(python, folder)]), Start("botocore", layers)]
        yield Subject(python, clients, list(_handlers(folder / "build", layers)))


def _handlers(packages: Path, layers: list[Path]) -> Iterator[Start]:
    functions = resources(read_template(REPOSITORY / "template.yaml"), "AWS::Serverless::Function")
    for name, properties in functions:
        operation = properties["Handler"].partition(".")[0]
        (event,) = (REPOSITORY / "events").glob(f"*/{operation}.json")
        yield Start(operation, [packages / name, *layers], event)


def _plain_boto3(python: Path, folder: Path) -> Path:
    place = folder / "plain"
    install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target", str(place)]
    subprocess.run([python, *install, f"boto3=={version('boto3')}"], check=True, capture_output=True)
    subprocess.run([python, "-m", "compileall", "-q", str(place)], check=True, capture_output=True)
    return place


def _turn(subject: Subject) -> Iterator[tuple[str, float, str]]:
    """One start of each: what it was, its CPU seconds, what it answered. On a table that is as good as empty."""
    with tempfile.TemporaryDirectory(prefix="muster-bench-") as folder, cloud.start(state=Path(folder)) as running:
        environments = _environments(running)
        # Lists and audits come first, since they meet all jobs that there are.
        for start in [
            *subject.clients,
            *sorted(subject.handlers, key=lambda start: bool(start.event and about_something(start.event))),
        ]:
            event = living(running, start.event, Path(folder)) if start.event else None
            environment = environments.get(start.what, environments[""])
            yield start.what, *_started(subject.python, start, event, environment)


def _is_about_something(start: Start) -> bool:
    return start.event is not None and about_something(start.event)


def _environments(running: cloud.Cloud) -> dict[str, dict[str, str]]:
    """The environment of each operation's function as it was deployed; the empty name's is that of none."""
    aws = {"AWS_ENDPOINT_URL": running.emulator, "AWS_REGION": cloud.REGION, "AWS_DEFAULT_REGION": cloud.REGION}
    found = {"": aws | DUMMY_CREDENTIALS}
    own = {"MUSTER_LOG_FORMAT": "json", "MUSTER_LOCAL_WEBHOOKS": "true"}
    for page in running.client("lambda").get_paginator("list_functions").paginate():
        for function in page["Functions"]:
            told = function.get("Environment", {}).get("Variables", {})
            operation = function["Handler"].rpartition(".")[2]
            found[operation] = told | aws | DUMMY_CREDENTIALS | own
    return found


def _started(python: Path, start: Start, event: Path | None, environment: dict[str, str]) -> tuple[float, str]:
    """CPU seconds, and the status of the answer. One of 500 or above fails the bench, as does a key that is refused."""
    script = Path(__file__).with_name("first_answer.py")
    command = [python, "-I", "-S", "-B", script, start.what, event or "-", *start.folders]
    done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
    assert done.returncode == 0, f"{start.what}: {done.stderr[-2000:]}"
    seconds, _, status = done.stdout.splitlines()[-1].partition(" ")
    assert status != "401", start.what
    assert status < "5", f"{start.what} answered {status}: {done.stdout[-2000:]}"
    return float(seconds), status
