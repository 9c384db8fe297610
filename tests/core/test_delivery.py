"""Where messages may be ordered to, and what follows from each answer."""

import base64
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from muster.core.delivery import (
    MAX_ATTEMPTS,
    RETRY_SECONDS,
    Delivery,
    Outcome,
    Receipt,
    Verdict,
    Webhook,
    retry_after_seconds,
    verdict,
)
from muster.core.faults import faults_of

SECRET = "whsec_" + base64.b64encode(bytes(range(24))).decode()
OTHER = "whsec_" + base64.b64encode(b"x" * 64).decode()
NOW = datetime(2026, 1, 28, 17, 0, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)
DAY = 86_400


def answered(status: int | None, retry_after: int | None = None) -> Receipt:
    return Receipt(status, retry_after, None if status == 200 else "problem", 12)


def faults(model: type[Webhook] | type[Delivery], body: Any) -> dict[str, str]:
    with pytest.raises(ValidationError) as refused:
        model.model_validate(body)
    return {fault["field"]: fault["problem"] for fault in faults_of(refused.value, body)}


# --- what may be ordered ----------------------------------------------------------------------------------------------


def test_a_delivery_without_fields_writes_every_format_and_tells_nobody() -> None:
    assert Delivery.model_validate({}) == Delivery(webhook=None, formats=["json", "txt", "csv", "ndjson"])


def test_all_faults_of_a_delivery_are_named_at_once() -> None:
    body = {"webhook": {"url": "ftp://example.com", "secret": "short", "key": 1}, "formats": ["json", "pdf"]}

    assert faults(Delivery, body) == {
        "webhook.url": "must be an http or https URL",
        "webhook.secret": "must be whsec_ and the base64 of 24 to 64 bytes",
        "webhook.key": "is not known",
        "formats.1": "must be 'json', 'txt', 'csv' or 'ndjson'",
    }


@pytest.mark.parametrize("formats", [[], ["json", "json"]])
def test_formats_are_one_or_more_and_each_is_named_once(formats: list[str]) -> None:
    assert set(faults(Delivery, {"formats": formats})) == {"formats"}


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("https://Example.COM:443", "https://example.com/"),
        ("http://localhost:9000/a?b=c", "http://localhost:9000/a?b=c"),
        ("https://bücher.example/ü", "https://xn--bcher-kva.example/%C3%BC"),
        ("http://0x7f.1/", "http://127.0.0.1/"),
        ("http://2852039166/", "http://169.254.169.254/"),
        ("http://0251.0376.0251.0376/", "http://169.254.169.254/"),
    ],
)
def test_a_url_is_kept_in_the_one_spelling_that_all_readers_agree_on(sent: str, kept: str) -> None:
    assert Webhook.model_validate({"url": sent, "secret": SECRET}).url == kept


@pytest.mark.parametrize(
    "url",
    [
        "", "example.com", "//example.com", "ftp://example.com/", "file:///etc/passwd", "https://", "https://u@h/",
        "https://u:p@h/", "https://:p@h/", "https://h/#top", "https://h/#", "https://h:99999/", "https://[::1",
        "https://[fe80::1%25eth0]/", "https://1.2.3.400/", "https://h/" + "a" * 2048, "https://h/" + "ü" * 500,
    ],
)  # fmt: skip
def test_what_is_no_plain_url_is_refused(url: str) -> None:
    assert set(faults(Webhook, {"url": url, "secret": SECRET})) == {"url"}


@pytest.mark.parametrize("size", [24, 32, 64])
def test_a_secret_is_kept_with_its_prefix_however_it_came(size: int) -> None:
    encoded = base64.b64encode(b"k" * size).decode()

    for sent in (encoded, f"whsec_{encoded}"):
        webhook = Webhook.model_validate({"url": "https://h/", "secret": sent})
        assert webhook.secret.get_secret_value() == f"whsec_{encoded}"


@pytest.mark.parametrize(
    "secret",
    ["", "hunter2", "whsec_" + base64.b64encode(b"k" * 23).decode(), "ü" * 40, 7, None,
     "whsec_" + base64.b64encode(b"k" * 65).decode(), SECRET + "\n", SECRET[:12] + " " + SECRET[12:], "a" * 33],
)  # fmt: skip
def test_what_is_no_secret_is_refused_and_not_repeated(secret: Any) -> None:
    told = faults(Webhook, {"url": "https://h/", "secret": secret})

    assert set(told) == {"secret"}
    assert not secret or str(secret) not in told["secret"]


def test_two_secrets_must_differ_to_be_a_rotation() -> None:
    body = {"url": "https://h/", "secret": SECRET, "previousSecret": SECRET.removeprefix("whsec_")}

    assert faults(Webhook, body) == {"previousSecret": "must differ from secret"}
    assert Webhook.model_validate(body | {"previousSecret": OTHER}).previous_secret


def test_no_text_of_a_webhook_shows_its_secrets() -> None:
    delivery = Delivery.model_validate({"webhook": {"url": "https://h/", "secret": SECRET, "previousSecret": OTHER}})

    for text in (repr(delivery), str(delivery), delivery.model_dump_json(), repr(delivery.model_dump())):
        assert SECRET[6:] not in text
        assert OTHER[6:] not in text


# --- what follows from an answer --------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_2xx_is_delivered(status: int) -> None:
    assert verdict(answered(status), 1) == Verdict(Outcome.DELIVERED)


@pytest.mark.parametrize("attempts", [1, MAX_ATTEMPTS])
def test_410_is_gone_at_any_attempt(attempts: int) -> None:
    assert verdict(answered(410), attempts) == Verdict(Outcome.GONE)


@pytest.mark.parametrize("status", [None, 100, 199, 300, 302, 308, 400, 401, 404, 409, 429, 500, 503, 999])
def test_everything_else_is_tried_again_by_the_schedule_and_then_failed(status: int | None) -> None:
    verdicts = [verdict(answered(status), attempts) for attempts in range(1, MAX_ATTEMPTS + 1)]

    assert [one.wait_seconds for one in verdicts] == [2, 10, 60, 300, 1800, 7200, 28_800, None]
    assert [one.outcome for one in verdicts] == [Outcome.RETRY] * 7 + [Outcome.FAILED]


def test_an_endpoint_may_ask_for_a_longer_wait_and_not_for_a_shorter_one() -> None:
    assert verdict(answered(503, 100), 1) == Verdict(Outcome.RETRY, 100)
    assert verdict(answered(503, 100), 5) == Verdict(Outcome.RETRY, 1800)
    assert verdict(answered(503, 0), 1) == Verdict(Outcome.RETRY, 2)


# --- Retry-After ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "date", ["Wed, 28 Jan 2026 17:02:00 GMT", "Wednesday, 28-Jan-26 17:02:00 GMT", "Wed Jan 28 17:02:00 2026"]
)
def test_a_date_in_any_of_its_three_forms_is_a_wait_until_then(date: str) -> None:
    assert retry_after_seconds(date, NOW_MS) == 120


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0), ("120", 120), (" 120 ", 120), ("007", 7), ("86400", DAY), ("86401", DAY), ("9" * 5000, DAY),
        ("Mon, 28 Jan 2036 17:00:00 GMT", DAY), ("Tue, 28 Jan 2025 17:00:00 GMT", 0),
    ],
)  # fmt: skip
def test_what_an_endpoint_asks_for_is_kept_between_nothing_and_a_day(header: str, seconds: int) -> None:
    assert retry_after_seconds(header, NOW_MS) == seconds


@pytest.mark.parametrize(
    "header",
    [None, "", "-1", "-86400", "nan", "NaN", "inf", "1e3", "1.5", "+5", "0x10", "٣", "soon", "1 2", "5s",
     "Wed, 99 Jan 2026 17:02:00 GMT", "Wed, 28 Jan 99999 17:02:00 GMT",
     "Wed, 28 Jan 2026 17:02:00 +99999999999999999999"],
)  # fmt: skip
def test_what_is_neither_seconds_nor_a_date_asks_for_nothing(header: str | None) -> None:
    assert retry_after_seconds(header, NOW_MS) is None


@given(st.integers(-3 * DAY, 3 * DAY))
def test_a_date_is_as_many_seconds_away_as_it_is(seconds: int) -> None:
    header = format_datetime(NOW + timedelta(seconds=seconds), usegmt=True)

    assert retry_after_seconds(header, NOW_MS) == max(0, min(seconds, DAY))


dates = st.lists(st.sampled_from(["Wed,", "28", "Jan", "2026", "99999", "17:00:00", "25:61", "GMT", "+9999", "-", ":"]))


@given(st.text() | dates.map(" ".join), st.integers(1, MAX_ATTEMPTS - 1))
def test_no_header_breaks_the_schedule(header: str, attempts: int) -> None:
    asked = retry_after_seconds(header, NOW_MS)
    wait = verdict(answered(503, asked), attempts).wait_seconds

    assert wait is not None
    assert RETRY_SECONDS[attempts - 1] <= wait <= DAY
