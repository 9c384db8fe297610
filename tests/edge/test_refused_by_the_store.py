"""What only the store can refuse: answered like the rest, and the table is as it was."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.template.moto_stack import MotoStack, moto_stack

RANGE = {"min": 1, "max": 10, "step": 1}
MILLION = {"min": 1, "max": 1_000_000, "step": 1}


@pytest.fixture(scope="module")
def stack() -> Iterator[MotoStack]:
    with pytest.MonkeyPatch.context() as patch, moto_stack(patch) as running:
        yield running


SWEEPS = {
    "a million millions of tasks": {"algorithms": ["PSO"], "agents": MILLION, "iterations": MILLION},
    "steps without number": {"algorithms": ["PSO"], "agents": {"min": -1e18, "max": 1e18, "step": 1e-30}},
    "one task too many": {"algorithms": ["PSO"], "agents": {"min": 0, "max": 1_000_000_000, "step": 1}},
    "nothing to run": {"jarPath": "/o.jar"},
    "tasks and algorithms": {"tasks": [1], "algorithms": ["PSO"]},
    "tasks and an axis": {"tasks": [1], "agents": RANGE},
    "an axis given twice": {"algorithms": ["PSO"], "agents": RANGE, "parameters": {"agents": RANGE}},
    "an axis called alg": {"algorithms": ["PSO"], "parameters": {"alg": RANGE}},
}


@pytest.mark.parametrize("body", SWEEPS.values(), ids=SWEEPS)
def test_a_sweep_that_can_not_be_is_400_and_writes_nothing(body: dict[str, Any], stack: MotoStack) -> None:
    before = that_exist(stack.everything())
    status, answer = stack.call("submit_job", body)

    assert (status, answer["code"], bool(answer["details"])) == (400, "INVALID_INPUT", True)
    assert that_exist(stack.everything()) == before


@pytest.mark.parametrize("operation", ["list_jobs", "list_tasks", "list_results"])
@pytest.mark.parametrize("next", ["x", "-1", "9" * 30, "1~job-main-0000000000000000x", "٣"])
def test_a_next_that_no_page_gave_is_400(operation: str, next: str, stack: MotoStack) -> None:
    _, job = stack.call("submit_job", {"algorithms": ["PSO"], "agents": RANGE}, key="for-pages")
    names = {} if operation == "list_jobs" else {"jobId": job["jobId"]}
    status, answer = stack.call(operation, next=next, **names)

    assert (status, [fault["field"] for fault in answer["details"]]) == (400, ["query.next"])


NO_TASKS = [
    "none", "0", "..", "%00", "é", "t" * 2000, "job-main-0000000000000000", "job-main-0000000000000000.0",
    "job-main-0000000000000000.-1", "job-main-0000000000000000.0.0-1-1", "job-other-0000000000000000.0.0-1-1",
]  # fmt: skip


def that_exist(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without result rows, since one that no lease names does not exist, and without the trail of who tried what."""
    kept = [row for row in rows if not row.get("sk", {"S": ""})["S"].startswith("RESULT#")]
    return [row for row in kept if "#TRAIL#" not in row.get("pk", {"S": ""})["S"]]


@pytest.mark.parametrize("task", NO_TASKS)
def test_a_task_id_that_is_none_is_404(task: str, stack: MotoStack) -> None:
    before = stack.everything()
    answers = [
        stack.call("complete_task", {"spotId": "s", "runtimeMs": 1}, taskId=task),
        stack.call("fail_task", {"spotId": "s", "error": "e"}, taskId=task),
        stack.call("reset_task", taskId=task),
    ]

    assert [(status, answer["code"]) for status, answer in answers] == [(404, "TASK_NOT_FOUND")] * 3
    assert that_exist(stack.everything()) == that_exist(before)


@pytest.mark.parametrize("operation", ["get_job", "cancel_job", "retry_job", "list_tasks", "list_results"])
@pytest.mark.parametrize(
    "job", ["none", "job-main-0000000000000000", "job-other-0000000000000000", "é", "#", "j" * 2000]
)
def test_a_job_id_that_is_none_is_404(operation: str, job: str, stack: MotoStack) -> None:
    status, answer = stack.call(operation, jobId=job)

    assert (status, answer["code"]) == (404, "JOB_NOT_FOUND")


ITEMS = [{}, {"id": "x"}, {"id": 5, "runtimeMs": 1}, {"id": "x" * 200, "runtimeMs": 1}, {"id": "x", "runtimeMs": -1},
         {"id": "x", "runtimeMs": 1, "fopt": "1"}, {"id": "x", "runtimeMs": 1, "color": "red"}]  # fmt: skip


@pytest.mark.parametrize("item", ITEMS, ids=str)
def test_a_bad_item_of_a_batch_is_answered_as_invalid(item: dict[str, Any], stack: MotoStack) -> None:
    status, answer = stack.call("complete_tasks", {"spotId": "s", "tasks": [item]})

    (told,) = answer["results"]
    assert (status, told["outcome"], told["code"]) == (200, "invalid", "INVALID_INPUT")
    assert told["details"]
