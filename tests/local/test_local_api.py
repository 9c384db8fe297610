"""Requests to the API of a running local cloud."""

import base64
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from local.cloud import Cloud
from local.shortcut import PLUGIN


def refusal(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of an error, which must have our shape."""
    body = answer.json()
    assert body["success"] is False
    assert isinstance(body["error"], str)
    assert answer.headers["content-type"] == "application/json"
    return answer.status_code, body["code"]


def test_a_request_reaches_the_function_with_path_query_and_body(api: httpx.Client) -> None:
    said = api.post("/echo/bob", params={"x": "1"}, json={"größe": "Ω"}).json()
    assert said["resource"] == "/echo/{name}"
    assert said["queryStringParameters"] == {"x": "1"}
    assert said["body"] == '{"größe":"Ω"}'
    assert 0 < said["remaining"] <= 2000


def test_a_literal_path_wins_over_a_parameter(api: httpx.Client) -> None:
    assert api.post("/echo/special").json()["resource"] == "/echo/special"


def test_an_unknown_path_is_404(api: httpx.Client) -> None:
    assert refusal(api.get("/nowhere")) == (404, "NOT_FOUND")
    assert refusal(api.post("/echo/a/b/c", json={})) == (404, "NOT_FOUND")


def test_a_wrong_method_is_405_and_names_the_right_ones(api: httpx.Client) -> None:
    answer = api.put("/echo/bob")
    assert refusal(answer) == (405, "METHOD_NOT_ALLOWED")
    assert answer.headers["allow"] == "GET, POST"


def test_a_body_above_what_lambda_takes_is_413_after_it_was_read(api: httpx.Client) -> None:
    assert refusal(api.post("/echo/bob", content=b"x" * 11_000_000)) == (413, "PAYLOAD_TOO_LARGE")
    chunked = (b"x" * 1_000_000 for _ in range(11))
    assert refusal(api.post("/echo/bob", content=chunked)) == (413, "PAYLOAD_TOO_LARGE")
    assert api.get("/echo/bob").status_code == 200


def test_a_form_of_a_megabyte_does_not_stop_the_cloud(api: httpx.Client) -> None:
    form = b"a=%41&" * 200_000
    began = time.monotonic()
    answer = api.post("/echo/bob", content=form, headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert len(answer.json()["body"]) == len(form)
    assert time.monotonic() - began < 5


def test_binary_bodies_of_a_declared_type_arrive_and_leave_unchanged(api: httpx.Client) -> None:
    every_byte = bytes(range(256)) * 100
    zipped = {"Content-Type": "application/zip"}
    said = api.post("/echo/bob", content=every_byte, headers=zipped).json()
    assert said["isBase64Encoded"] is True
    assert base64.b64decode(said["body"]) == every_byte
    back = api.post("/echo/zip", content=every_byte, headers={**zipped, "Accept": "application/zip"})
    assert back.content == every_byte


def test_an_exception_is_an_error_of_ours_without_its_text(api: httpx.Client, small_cloud: Cloud) -> None:
    answer = api.get("/echo/raise")
    assert refusal(answer) == (502, "INTERNAL_ERROR")
    assert "secret" not in answer.text
    assert "RuntimeError: a secret of the program" in small_cloud.log()


def test_a_function_has_only_its_timeout(api: httpx.Client, small_cloud: Cloud) -> None:
    began = time.monotonic()
    assert refusal(api.get("/echo/hang")) == (502, "INTERNAL_ERROR")
    assert 2 <= time.monotonic() - began < 15
    assert "timed out after 2.00 seconds" in small_cloud.log()


def test_an_answer_above_what_lambda_returns_is_refused(api: httpx.Client) -> None:
    assert refusal(api.get("/echo/huge")) == (502, "INTERNAL_ERROR")


def test_functions_run_side_by_side(api: httpx.Client) -> None:
    began = time.monotonic()
    with ThreadPoolExecutor(40) as threads:
        answers = list(threads.map(lambda _: api.get("/echo/sleep").status_code, range(40)))
    assert set(answers) == {200}
    assert time.monotonic() - began < 15


def test_functions_see_the_environment_of_the_template(api: httpx.Client, small_cloud: Cloud) -> None:
    seen = api.get("/echo/environment").json()
    assert seen["ORHESTRA_AGENT_KEY"] == ""
    assert seen["ORHESTRA_MAX_ATTEMPTS"] == "3"
    assert seen["MUSTER_LOG_FORMAT"] == "text"
    assert seen["AWS_ENDPOINT_URL"] == small_cloud.emulator
    assert seen["MUSTER_TABLE"] in small_cloud.client("dynamodb").list_tables()["TableNames"]
    assert seen["MUSTER_WATCH_QUEUE_URL"].startswith(small_cloud.emulator)


@pytest.mark.parametrize("delay", [0, 1])
def test_a_queue_message_reaches_its_function_on_time(api: httpx.Client, delay: int) -> None:
    sent = time.time()
    assert api.post(f"/messages/on-time-{delay}", content=str(delay)).status_code == 200
    while "arrived" not in (found := api.get(f"/counters/on-time-{delay}").json()):
        assert time.time() - sent < delay + 10
        time.sleep(0.02)
    assert delay <= float(found["arrived"]) - sent < delay + 3


def test_one_counter_moved_by_functions_and_by_clients_loses_nothing(api: httpx.Client, small_cloud: Cloud) -> None:
    """Functions call the emulator's DynamoDB in their own threads, clients through its socket: one lock for both."""
    table = api.get("/echo/environment").json()["MUSTER_TABLE"]
    dynamodb = small_cloud.client("dynamodb")

    def by_client(_: int) -> None:
        dynamodb.update_item(
            TableName=table,
            Key={"pk": {"S": "contended"}, "sk": {"S": "COUNTER"}},
            UpdateExpression="ADD tally :one",
            ExpressionAttributeValues={":one": {"N": "1"}},
        )

    with ThreadPoolExecutor(8) as threads:
        calls = [threads.submit(api.post, "/counters/contended") for _ in range(100)]
        writes = [threads.submit(by_client, n) for n in range(100)]
        seen = [call.result().json()["count"] for call in calls]
        assert all(write.result() is None for write in writes)
    assert len(set(seen)) == 100
    assert api.get("/counters/contended").json()["tally"] == "200"


def test_a_process_beside_the_cloud_reaches_the_same_table(
    api: httpx.Client, small_cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process may inherit the switch for the shortcut; its own, empty emulator must not answer."""
    for name, value in PLUGIN.items():
        monkeypatch.setenv(name, value)
    api.post("/counters/beside")
    table = api.get("/echo/environment").json()["MUSTER_TABLE"]
    key = {"pk": {"S": "beside"}, "sk": {"S": "COUNTER"}}
    assert small_cloud.client("dynamodb").get_item(TableName=table, Key=key)["Item"]["tally"] == {"N": "1"}


def test_a_head_request_is_refused_without_a_body(api: httpx.Client) -> None:
    answer = api.head("/echo/bob")
    assert (answer.status_code, answer.content) == (405, b"")
    assert api.get("/echo/bob").status_code == 200


def test_time_to_live_of_the_template_is_applied(api: httpx.Client, small_cloud: Cloud) -> None:
    table = api.get("/echo/environment").json()["MUSTER_TABLE"]
    found = small_cloud.client("dynamodb").describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    assert found == {"TimeToLiveStatus": "ENABLED", "AttributeName": "ttl"}


@pytest.mark.slow
def test_a_schedule_fires_after_a_minute(api: httpx.Client) -> None:
    deadline = time.monotonic() + 130
    while "tally" not in api.get("/counters/schedule").json():
        assert time.monotonic() < deadline
        time.sleep(1)
