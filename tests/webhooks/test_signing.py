"""Signatures are those of the Standard Webhooks specification, checked by code that shares nothing with the sender."""

import base64
import hashlib
import hmac
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from muster.webhooks.sender import Sender
from muster.webhooks.signing import signed_headers
from tests.webhooks.receiver import BODY, Received, Receiver

SECRET = "whsec_" + base64.b64encode(bytes(range(24))).decode()
PREVIOUS = "whsec_" + base64.b64encode(bytes(range(64, 128))).decode()


def verifies(received: Received, secret: str) -> bool:
    """As the specification has it: HMAC-SHA256 over id, time and body, one of the signatures after `v1,`."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    headers = received.headers
    signed = b".".join([headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), received.body])
    expected = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    return f"v1,{expected}" in headers["webhook-signature"].split(" ")


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def test_a_message_as_received_verifies_by_the_specification_and_by_the_package(
    sender: Sender, receiver: Receiver
) -> None:
    receipt = sender.send(receiver.url(), [SECRET], "msg_1", now_ms(), BODY, "request-7")

    (received,) = receiver.received
    assert (receipt.status, receipt.problem) == (204, None)
    assert verifies(received, SECRET)
    assert Webhook(SECRET).verify(received.body, received.headers) == json.loads(BODY)
    assert received.body == BODY.encode()
    assert received.headers["webhook-id"] == "msg_1"
    assert received.headers["content-type"] == "application/json"
    assert received.headers["user-agent"] == "Muster-Webhooks/1"
    assert received.headers["x-correlation-id"] == "request-7"


def test_an_altered_body_id_time_or_another_secret_does_not_verify(sender: Sender, receiver: Receiver) -> None:
    sender.send(receiver.url(), [SECRET], "msg_1", now_ms(), BODY)
    (received,) = receiver.received
    later = str(int(received.headers["webhook-timestamp"]) + 1)

    assert not verifies(Received("", received.headers, received.body + b" "), SECRET)
    assert not verifies(Received("", received.headers | {"webhook-id": "msg_2"}, received.body), SECRET)
    assert not verifies(Received("", received.headers | {"webhook-timestamp": later}, received.body), SECRET)
    assert not verifies(received, PREVIOUS)


def test_during_rotation_a_receiver_with_either_secret_can_verify(sender: Sender, receiver: Receiver) -> None:
    sender.send(receiver.url(), [SECRET, PREVIOUS], "msg_1", now_ms(), BODY)

    (received,) = receiver.received
    assert len(received.headers["webhook-signature"].split(" ")) == 2
    for secret in (SECRET, PREVIOUS):
        assert verifies(received, secret)
        Webhook(secret).verify(received.body, received.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook("whsec_" + base64.b64encode(b"x" * 24).decode()).verify(received.body, received.headers)


@given(
    st.binary(min_size=24, max_size=64),
    st.integers(0, 4_000_000_000_000),
    st.text(st.characters(exclude_categories=["Cs"])),
)
def test_any_body_at_any_time_verifies(key: bytes, sent_at_ms: int, body: str) -> None:
    secret = "whsec_" + base64.b64encode(key).decode()
    headers = signed_headers([secret], "msg_1", sent_at_ms, body)

    assert headers["webhook-timestamp"] == str(sent_at_ms // 1000)
    assert verifies(Received("", headers, body.encode()), secret)


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "America/New_York"])
def test_the_time_zone_of_the_machine_does_not_matter(zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        headers = signed_headers([SECRET], "msg_1", 1_769_619_600_123, BODY)
    finally:
        monkeypatch.undo()
        time.tzset()

    assert headers["webhook-timestamp"] == "1769619600"
    assert verifies(Received("", headers, BODY.encode()), SECRET)


def test_a_secret_works_without_its_prefix() -> None:
    bare = SECRET.removeprefix("whsec_")

    assert signed_headers([bare], "msg_1", 0, "") == signed_headers([SECRET], "msg_1", 0, "")


def test_nothing_is_sent_unsigned() -> None:
    with pytest.raises(ValueError, match="nothing to sign with"):
        signed_headers([], "msg_1", 0, "")
