"""Every sample event through `sam local invoke`, judged by what comes out."""

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.architecture.test_mirror import SEQUENCE, WORKFLOW, submit_the_job_that_retry_retries
from tests.local_sam.sam import Sam, SamFailed
from tests.operations import EVENTS, file_of
from tests.template.moto_stack import Clock, MotoStack


class Unexpected(Exception):
    """A function did not answer as documented; the message says what came instead."""


@dataclass(frozen=True)
class Outcome:
    """What came of one sample."""

    operation: str
    seconds: float
    answer: str
    """In short: an HTTP status, or what a function without HTTP returned."""
    fault: str = ""
    """Why it is not as documented; empty if it is."""


class Containers(MotoStack):
    """Runs handlers by name like its base, but each call in a container of its own."""

    def __init__(self, sam: Sam, variables: Mapping[str, str], functions: Mapping[str, str]) -> None:
        super().__init__(Clock())
        self._sam, self._variables, self._functions = sam, variables, functions

    def run(self, operation: str, event: dict[str, Any]) -> Any:
        """Raises Unexpected when the function raised, SamFailed when it was not called."""
        function = self._functions[f"{file_of(operation).parent.name}/{operation}"]
        return answer_of(self._sam.invoke(function, event, self._variables))


def answer_of(printed: str) -> Any:
    """What the function returned, from what sam printed. Raises Unexpected when it raised, or printed no JSON."""
    try:
        answer = json.loads(printed)
    except ValueError:
        # A function that passes its timeout prints nothing.
        raise Unexpected(f"no answer but {printed.strip()[:200]!r}") from None
    if isinstance(answer, dict) and "errorMessage" in answer:
        raise Unexpected(f"raised {answer.get('errorType', 'an error')}: {answer['errorMessage']}")
    return answer


def judged(answer: Any, status: int | None) -> str:
    """The answer in short. Raises Unexpected if it is not HTTP with this status; None is for functions without HTTP."""
    if status is None:
        return json.dumps(answer)
    if not isinstance(answer, dict) or answer.get("statusCode") != status:
        raise Unexpected(f"not {status} but {json.dumps(answer)[:300]}")
    return str(status)


def in_order(events: list[Path]) -> Iterator[tuple[Path, int | None]]:
    """Samples with the status that they are documented to answer: HTTP as they make sense together, then the states of
    the workflow, then the rest."""
    files = {event.stem: event for event in events}
    for operation, status in [*SEQUENCE, *((operation, None) for operation in WORKFLOW)]:
        yield files.pop(operation), status
    for event in sorted(files.values()):
        yield event, None


def walk(containers: Containers) -> Iterator[Outcome]:
    """What came of each sample, as it comes."""
    submit_the_job_that_retry_retries(containers)
    for event, status in in_order(list(EVENTS.glob("*/*.json"))):
        begun, answer, fault = time.monotonic(), "", ""
        try:
            answer = judged(containers.run(event.stem, json.loads(event.read_text())), status)
        except (Unexpected, SamFailed) as refusal:
            fault = str(refusal)
        yield Outcome(event.stem, time.monotonic() - begun, answer, fault)
