"""Hold the built packages, in containers, to the smoke script of the contract and to their sample events.

    python -m tests.local_sam

Exit status 0 if all is as documented, 1 if not. Without a container engine, SAM CLI or Python 3.13 nothing is checked
and it is 0, unless REQUIRE_SAM is set.
"""

import os
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager

from local.template import Template, read_template
from tests.deploy.check import REPOSITORY, run
from tests.deploy.runtime import Impossible
from tests.local_sam import aws, engine, sam, templates
from tests.local_sam.samples import Containers, walk

FOLDER = REPOSITORY / "build" / "local-sam"
"""Packages, the template that runs here, logs of sam and of the functions."""


def check() -> int:
    """How many samples did not answer as documented."""
    template = read_template(REPOSITORY / "template.yaml")
    with engine.bridge(engine.connect()) as bridge, aws.serve(bridge.address) as moto:
        program = sam.prepare(FOLDER, bridge.network, moto.identity)
        with timed("sam build"):
            program.build()
        smoke(program, moto.create(template, "smoke"))
        return samples(program, moto.create(template, "samples"), template)


def smoke(program: sam.Sam, variables: Mapping[str, str]) -> None:
    """The runbook's script, by the test that runs it against the local cloud."""
    test = ["-m", "pytest", "tests/contract/test_runbook.py", "-q", "-p", "no:cacheprovider"]
    with ExitStack() as block:
        with timed("sam local start-api"):
            api = block.enter_context(program.start_api(variables))
        with timed("smoke script"):
            run([sys.executable, *test], {**os.environ, "MUSTER_TEST_API": api}, show=True)


def samples(program: sam.Sam, variables: Mapping[str, str], template: Template) -> int:
    faults = 0
    with timed("sam local invoke, all samples"):
        for outcome in walk(Containers(program, variables, templates.functions(template))):
            print(f"  {outcome.operation:30} {outcome.seconds:6.1f} s  {outcome.answer}{outcome.fault}", flush=True)
            faults += bool(outcome.fault)
    return faults


@contextmanager
def timed(what: str) -> Iterator[None]:
    begun = time.monotonic()
    yield
    print(f"{what:32} {time.monotonic() - begun:6.1f} s", flush=True)


def main() -> int:
    try:
        faults = check()
    except Impossible as missing:
        print(f"sam local not checked: {missing}")
        return 1 if os.environ.get("REQUIRE_SAM") else 0
    except sam.SamFailed as failure:
        print(failure, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    print(f"{faults} samples did not answer as documented" if faults else "every sample answered as documented")
    return 1 if faults else 0


if __name__ == "__main__":
    # Ended either way, containers, network and server go first.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main())
