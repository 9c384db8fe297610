"""One attempt, whatever the other side does: an answer, none, a trickle, a redirect, noise."""

import logging
import socket
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from muster.core.delivery import Outcome, verdict
from muster.webhooks.addresses import Policy
from muster.webhooks.sender import Sender
from tests.webhooks.conftest import Resolver
from tests.webhooks.receiver import BODY, Answer, Receiver, raw_receiver, read_request
from tests.webhooks.test_signing import PREVIOUS, SECRET, now_ms

LIMIT = 0.4
"""Seconds that an exchange may take where a test waits for its end."""
FOR_EVER = 60


@pytest.fixture
def hurried() -> Sender:
    return Sender(Policy(local=True), total_seconds=LIMIT)


# --- answers ----------------------------------------------------------------------------------------------------------


def test_a_receiver_that_fails_twice_and_then_works_has_the_message_once_it_works(
    sender: Sender, receiver: Receiver
) -> None:
    receiver.answers = [Answer(500, "out of\norder"), Answer(503), Answer(200, "thanks")]

    receipts = [sender.send(receiver.url(), [SECRET], "msg_1", now_ms(), BODY) for _ in range(3)]

    assert [receipt.problem for receipt in receipts] == ["answered 500 out of order", "answered 503", None]
    verdicts = [verdict(receipt, attempts) for attempts, receipt in enumerate(receipts, 1)]
    assert [one.outcome for one in verdicts] == [Outcome.RETRY, Outcome.RETRY, Outcome.DELIVERED]
    assert [one.wait_seconds for one in verdicts] == [2, 10, None]
    assert {received.headers["webhook-id"] for received in receiver.received} == {"msg_1"}


def test_410_ends_it(sender: Sender, receiver: Receiver) -> None:
    receiver.answers = [Answer(410, "no longer")]

    receipt = sender.send(receiver.url(), [SECRET], "msg_1", now_ms(), BODY)

    assert (receipt.status, receipt.problem) == (410, "answered 410 no longer")
    assert verdict(receipt, 1).outcome is Outcome.GONE


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status: int, sender: Sender, receiver: Receiver) -> None:
    with Receiver().running() as target:
        receiver.answers = [Answer(status, headers={"Location": target.url()})]
        receipt = sender.send(receiver.url(), [SECRET], "msg_1", now_ms(), BODY)

    assert (receipt.status, receipt.problem) == (status, f"answered {status} (redirects are not followed)")
    assert verdict(receipt, 1).outcome is Outcome.RETRY
    assert len(receiver.received) == 1
    assert target.received == []


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("120", 120), ("999999999999", 86_400), ("-5", None), ("nan", None), ("Fri, 31 Dec 2100 23:59:59 GMT", 86_400),
     ("Sun, 06 Nov 1994 08:49:37 GMT", 0), ("\xff\xfe", None)],
)  # fmt: skip
def test_what_the_receiver_asks_for_is_in_the_receipt(
    header: str, seconds: int | None, sender: Sender, receiver: Receiver
) -> None:
    receiver.answers = [Answer(429, headers={"Retry-After": header})]

    assert sender.send(receiver.url(), [SECRET], "msg_1", now_ms(), BODY).retry_after_seconds == seconds


def test_a_problem_is_one_short_printable_line_without_a_secret(sender: Sender, receiver: Receiver) -> None:
    said = f"\x1b[31m\u202ebad\x00\r\n{SECRET} {PREVIOUS[6:]} " + "x" * 5000
    receiver.answers = [Answer(400, said)]

    problem = sender.send(receiver.url(), [SECRET, PREVIOUS], "msg_1", now_ms(), BODY).problem

    assert problem is not None
    assert problem.isprintable()
    assert len(problem) == 200
    assert problem.startswith("answered 400 [31m bad whsec_… … xxx")


def test_nothing_is_logged_whatever_the_receiver_answers(
    sender: Sender, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    receiver.answers = [Answer(200), Answer(500, "no", {"X-Odd": "a\r\n continued\r\nno colon in this line"})]
    with caplog.at_level(logging.DEBUG):
        for _ in receiver.answers.copy():
            sender.send(receiver.url(target="/hook?token=hidden"), [SECRET], "msg_1", now_ms(), BODY)

    assert receiver.received[0].path == "/hook?token=hidden"
    assert caplog.records == []


def test_proxies_and_netrc_of_the_machine_are_not_used(
    sender: Sender, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine 127.0.0.1 login me password hidden")
    monkeypatch.setenv("NETRC", str(netrc))
    with Receiver().running() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url(target=""))
        sender.send(receiver.url(), [SECRET], "msg_1", now_ms(), BODY)

    assert proxy.received == []
    assert "authorization" not in receiver.received[0].headers


# --- no answer --------------------------------------------------------------------------------------------------------


def test_a_receiver_that_is_not_there_is_a_problem_in_words(sender: Sender) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    receipt = sender.send(f"http://127.0.0.1:{port}/", [SECRET], "msg_1", now_ms(), BODY)

    assert (receipt.status, receipt.problem) == (None, "Connection refused")


def drips(beginning: bytes, drop: bytes) -> Callable[[socket.socket], None]:
    """Always a little more, well within any time limit that starts anew with every byte."""

    def behave(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(beginning)
        ends = time.monotonic() + FOR_EVER
        while time.monotonic() < ends:
            connection.sendall(drop)
            time.sleep(0.02)

    return behave


@pytest.mark.parametrize(
    ("beginning", "drop"),
    [
        (b"", b"H"),
        (b"HTTP/1.1 200 OK\r\nX-Slow: ", b"x"),
        (b"HTTP/1.1 200 OK\r\n", b"X-Slow: x\r\n"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
    ids=["status line", "one header", "many headers", "100 Continue"],
)
def test_a_trickle_is_cut_off_at_the_deadline_and_is_no_answer(beginning: bytes, drop: bytes, hurried: Sender) -> None:
    with raw_receiver(drips(beginning, drop)) as url:
        receipt = hurried.send(url, [SECRET], "msg_1", now_ms(), BODY)

    assert receipt.status is None
    assert receipt.problem == f"no answer within {LIMIT} s"
    assert LIMIT * 1000 - 1 <= receipt.took_ms < FOR_EVER * 1000 / 2
    assert verdict(receipt, 1).outcome is Outcome.RETRY


def test_an_error_whose_text_never_ends_is_an_answer_all_the_same() -> None:
    patient = Sender(Policy(local=True), total_seconds=3)
    endless = drips(b"HTTP/1.1 500 Oh\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n")
    with raw_receiver(endless) as url:
        receipt = patient.send(url, [SECRET], "msg_1", now_ms(), BODY)

    assert receipt.status == 500
    assert receipt.took_ms < FOR_EVER * 1000 / 2


def test_a_success_is_not_read_to_its_end(sender: Sender) -> None:
    with raw_receiver(drips(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 100)) as url:
        receipt = sender.send(url, [SECRET], "msg_1", now_ms(), BODY)

    assert (receipt.status, receipt.problem) == (200, None)


def test_a_receiver_that_says_nothing_is_left_at_the_deadline(hurried: Sender) -> None:
    done = Event()
    with raw_receiver(lambda _connection: done.wait(FOR_EVER) and None) as url:
        receipt = hurried.send(url, [SECRET], "msg_1", now_ms(), "x" * 10_000_000)
        done.set()

    assert (receipt.status, receipt.problem) == (None, f"no answer within {LIMIT} s")


def test_a_server_that_does_not_speak_tls_is_a_problem_in_words(sender: Sender) -> None:
    with raw_receiver(lambda connection: connection.sendall(b"SSH-2.0-OpenSSH_9.6\r\n")) as url:
        receipt = sender.send(url.replace("http:", "https:"), [SECRET], "msg_1", now_ms(), BODY)

    assert receipt.status is None
    assert receipt.problem is not None
    assert receipt.problem.startswith(("TLS failed: ", "the connection was closed"))


def test_a_handshake_that_does_not_end_is_cut_off_at_the_deadline(hurried: Sender) -> None:
    done = Event()

    def behave(connection: socket.socket) -> None:
        # The beginning of a record of 16 KB, a byte at a time.
        for byte in b"\x16\x03\x03\x40\x00" + b"\x02" * 3000:
            connection.sendall(bytes([byte]))
            if done.wait(0.02):
                return

    with raw_receiver(behave) as url:
        receipt = hurried.send(url.replace("http:", "https:"), [SECRET], "msg_1", now_ms(), BODY)
        done.set()

    assert (receipt.status, receipt.problem) == (None, f"no answer within {LIMIT} s")


NOISE = st.lists(
    st.binary(max_size=40)
    | st.sampled_from(
        [b"HTTP/1.1 ", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 500 \r\n", b"\r\n", b"Content-Length: ", b"-1", b"9" * 5000,
         b"Transfer-Encoding: chunked\r\n", b"ffffffffffffffffffff\r\n", b": x\r\n", b"Retry-After: ",
         b"A: b\r\n" * 101]
    ),
    max_size=8,
).map(b"".join)  # fmt: skip


def test_no_noise_breaks_the_sender(sender: Sender) -> None:
    said = [b""]

    def behave(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(said[0])

    with raw_receiver(behave) as url:

        @settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
        @given(NOISE)
        def try_it(noise: bytes) -> None:
            said[0] = noise
            receipt = sender.send(url, [SECRET], "msg_1", now_ms(), BODY)

            delivered = receipt.status is not None and 200 <= receipt.status < 300
            assert (receipt.problem is None) == delivered
            assert receipt.problem is None or (receipt.problem.isprintable() and len(receipt.problem) <= 200)

        try_it()


# --- addresses --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("policy", [Policy(), Policy(local=True)])
def test_a_name_that_resolves_to_the_metadata_address_is_refused_and_tried_again_later(
    policy: Policy, resolving: Resolver
) -> None:
    resolving(hooks_example=[["169.254.169.254"]])

    receipt = Sender(policy).send("https://hooks.example/latest/meta-data", [SECRET], "msg_1", now_ms(), BODY)

    assert (receipt.status, receipt.problem) == (None, "the address of the endpoint is not allowed")
    assert verdict(receipt, 1).wait_seconds == 2


def test_on_aws_this_machine_receives_nothing(receiver: Receiver, resolving: Resolver) -> None:
    resolving(hooks_example=[["127.0.0.1"]])
    for url in (receiver.url("hooks.example", "https"), receiver.url("hooks.example"), receiver.url(scheme="https")):
        assert Sender(Policy()).send(url, [SECRET], "msg_1", now_ms(), BODY).status is None

    assert receiver.received == []


def test_a_name_that_would_resolve_to_another_address_a_moment_later_is_not_asked_again(
    sender: Sender, receiver: Receiver, resolving: Resolver
) -> None:
    resolving(rebinding_example=[["127.0.0.1"], ["169.254.169.254"]])

    first = sender.send(receiver.url("rebinding.example"), [SECRET], "msg_1", now_ms(), BODY)
    second = sender.send(receiver.url("rebinding.example"), [SECRET], "msg_1", now_ms(), BODY)

    assert (first.status, second.status) == (204, None)
    (received,) = receiver.received
    assert received.headers["host"] == f"rebinding.example:{receiver.port}"


def test_the_next_address_of_a_name_is_tried_when_one_takes_no_connection(
    sender: Sender, receiver: Receiver, resolving: Resolver
) -> None:
    resolving(two_example=[["127.0.0.2", "127.0.0.1"]])

    assert sender.send(receiver.url("two.example"), [SECRET], "msg_1", now_ms(), BODY).status == 204
    assert len(receiver.received) == 1


def test_an_unknown_name_and_a_url_that_is_none_are_problems_in_words(sender: Sender, resolving: Resolver) -> None:
    resolving()
    problems = [
        sender.send(url, [SECRET], "msg_1", now_ms(), BODY).problem
        for url in ("https://unknown.example/", "mailto:me@example.com", "https://u:hidden@example.com/")
    ]

    assert problems == [
        "the name does not resolve",
        "the endpoint's URL must be an http or https URL",
        "the endpoint's URL must not carry credentials",
    ]
