"""What goes back: statuses, the one error shape, and numbers bit for bit."""

import csv
import io
import json
import math
import struct
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.sweeps.claim_tasks import claim_tasks
from functions.sweeps.complete_task import complete_task
from functions.sweeps.get_health import get_health
from functions.sweeps.get_job import get_job
from functions.sweeps.list_results import list_results
from functions.sweeps.submit_job import submit_job
from muster.core import errors
from muster.edge import strict_json
from muster.edge.answers import STATUS, status_of
from muster.edge.requests import UnsupportedMediaType
from muster.sweeps.models import JobSubmitted, ResultList, ResultView, TaskCompleted, TasksClaimed
from tests.edge.conftest import Recorder, answered, event

SWEEP = {"algorithms": ["PSO"], "agents": [10]}


def every_error(kind: type[errors.MusterError] = errors.MusterError) -> list[type[errors.MusterError]]:
    return [found for child in kind.__subclasses__() for found in (child, *every_error(child))]


@pytest.mark.parametrize("kind", every_error(), ids=lambda kind: kind.__name__)
def test_every_refusal_has_a_status_and_the_error_shape(kind: type[errors.MusterError], store: Recorder) -> None:
    store.outcome = kind()
    status, body = answered(get_job(event(path={"jobId": "j"}), None))

    assert status == status_of(store.outcome)
    assert status in STATUS.values()
    assert body == {"success": False, "error": kind.__doc__, "code": kind.code}


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (errors.InvalidInput, 400),
        (errors.Unauthorized, 401),
        (errors.JobNotFound, 404),
        (errors.WrongSpot, 409),
        (errors.PayloadTooLarge, 413),
        (UnsupportedMediaType, 415),
        (errors.IdempotencyMismatch, 422),
        (errors.StoreBusy, 503),
    ],
)
def test_statuses_are_those_of_the_contract(kind: type[errors.MusterError], status: int) -> None:
    assert status_of(kind()) == status


def test_details_of_a_refusal_are_told(store: Recorder) -> None:
    store.outcome = errors.InvalidInput(details=[{"field": "query.next", "problem": "is not ours"}])

    assert answered(get_job(event(path={"jobId": "j"}), None))[1]["details"] == store.outcome.details


def test_what_is_unavailable_says_when_to_come_back(store: Recorder) -> None:
    store.outcome = errors.Unavailable("the table does not answer")
    answer = get_health(event(), None)

    assert answered(answer) == (503, {"success": False, "error": "the table does not answer", "code": "UNAVAILABLE"})
    assert answer["headers"]["Retry-After"] == "2"


def test_what_nobody_foresaw_is_500_with_the_request_and_nothing_else(
    store: Recorder, capsys: pytest.CaptureFixture[str]
) -> None:
    store.outcome = RuntimeError("secret of the table")
    status, body = answered(get_job(event(path={"jobId": "j"}), None))

    assert (status, body) == (
        500,
        {"success": False, "error": "internal error", "code": "INTERNAL_ERROR", "requestId": "request-1"},
    )
    printed = capsys.readouterr().out
    assert "secret of the table" in printed
    assert "request-1" in printed
    assert "Traceback" in printed


def test_a_success_has_the_status_of_its_route_and_leaves_out_what_is_not_there(store: Recorder) -> None:
    store.outcome = JobSubmitted(job_id="j", total_tasks=1)
    answer = submit_job(event(SWEEP), None)

    assert answered(answer) == (201, {"success": True, "jobId": "j", "totalTasks": 1})
    assert answer["headers"] == {"Content-Type": "application/json"}
    assert answer["isBase64Encoded"] is False


def test_an_empty_list_is_not_left_out(store: Recorder) -> None:
    store.outcome = TasksClaimed(tasks=[], retry_after_ms=1000)

    assert answered(claim_tasks(event({"spotId": "s"}), None))[1] == {"tasks": [], "retryAfterMs": 1000}


@given(number=st.floats(allow_nan=False, allow_infinity=False))
def test_every_double_survives_in_both_directions(number: float) -> None:
    (there,) = strict_json.loads(f"[{number!r}]")
    (back,) = json.loads(strict_json.dumps([float(there)]))

    assert struct.pack(">d", back) == struct.pack(">d", number)


@pytest.mark.parametrize("number", [1e-300, -0.0, 1e308, 5e-324, 0.1])
def test_fopt_reaches_the_store_bit_for_bit(number: float, store: Recorder) -> None:
    store.outcome = TaskCompleted()
    sent = event(f'{{"spotId": "s", "runtimeMs": 1, "fopt": {number!r}}}', path={"taskId": "t"})
    status, _ = answered(complete_task(sent, None))

    ((_, (_, _, body), _),) = store.calls
    assert status == 200
    assert (body.fopt, math.copysign(1, body.fopt)) == (number, math.copysign(1, number))


@given(
    value=st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.text()
        | st.decimals(allow_nan=False, allow_infinity=False, places=30),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=10,
    )
)
def test_decimals_are_written_digit_for_digit(value: Any) -> None:
    written = strict_json.dumps(value)

    assert json.loads(written, parse_float=Decimal) == value


def result(index: int) -> ResultView:
    parameters = {"agents": index, "rate": 0.1}
    return ResultView(
        task_id=f"job-main-x.{index}", index=index, attempt=1, algorithm="PSO", parameters=parameters, fopt=-0.0,
        iter=7, runtime_ms=3, result_json='{"a": "b,c"}', spot_id="s", finished_at="2026-01-01T00:00:00Z",
    )  # fmt: skip


@pytest.fixture
def page(store: Recorder) -> ResultList:
    first = ResultList(job_id="j", total_completed=5, results=[result(0), result(1)], next="after-1")
    store.outcome = first
    return first


def results(**query: str) -> dict[str, Any]:
    return list_results(event(path={"jobId": "j"}, query=query), None)


def test_results_are_json_unless_asked_otherwise(page: ResultList) -> None:
    status, body = answered(results())

    assert (status, body["next"], body["totalCompleted"]) == (200, "after-1", 5)
    assert body["results"][1]["parameters"] == {"agents": 1, "rate": 0.1}


def test_results_as_a_table_name_the_axes_in_order(page: ResultList) -> None:
    answer = results(format="csv")

    assert answer["body"].splitlines() == [
        "taskId,index,attempt,algorithm,agents,rate,fopt,iter,runtimeMs,spotId,finishedAt,resultJson",
        'job-main-x.0,0,1,PSO,0,0.1,-0.0,7,3,s,2026-01-01T00:00:00Z,"{""a"": ""b,c""}"',
        'job-main-x.1,1,1,PSO,1,0.1,-0.0,7,3,s,2026-01-01T00:00:00Z,"{""a"": ""b,c""}"',
    ]
    assert answer["headers"] == {"Content-Type": "text/csv; charset=utf-8", "X-Muster-Next": "after-1"}


def test_results_as_lines_are_one_json_object_each(page: ResultList) -> None:
    answer = results(format="ndjson")

    assert [json.loads(line)["index"] for line in answer["body"].splitlines()] == [0, 1]
    assert answer["headers"] == {"Content-Type": "application/x-ndjson", "X-Muster-Next": "after-1"}


def test_the_last_page_names_no_next_one(store: Recorder) -> None:
    store.outcome = ResultList(job_id="j", total_completed=0, results=[])

    assert "X-Muster-Next" not in results(format="csv")["headers"]
    assert results(format="ndjson")["body"] == ""


def test_explicit_tasks_have_a_column_for_their_payload(store: Recorder) -> None:
    explicit = result(0).model_copy(update={"parameters": None, "payload": {"file": "a.csv"}})
    store.outcome = ResultList(job_id="j", total_completed=1, results=[explicit])

    header, row = results(format="csv")["body"].splitlines()
    assert header.split(",")[3:6] == ["algorithm", "payload", "fopt"]
    assert '"{""file"":""a.csv""}"' in row


def test_a_table_reads_back_when_texts_hold_line_ends(store: Recorder) -> None:
    wild = 'a\r\nb\n"c",d'
    store.outcome = ResultList(
        job_id="j", total_completed=1, results=[result(0).model_copy(update={"result_json": wild})]
    )

    (row,) = csv.DictReader(io.StringIO(results(format="csv")["body"], newline=""))
    assert row["resultJson"] == wild
