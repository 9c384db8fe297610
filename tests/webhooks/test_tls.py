"""The certificate has to be the name's, whatever address the connection goes to."""

import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from muster.webhooks.addresses import Policy
from muster.webhooks.sender import Sender
from tests.webhooks.conftest import Resolver
from tests.webhooks.receiver import BODY, Receiver, raw_receiver
from tests.webhooks.test_sending import LIMIT, drips
from tests.webhooks.test_signing import SECRET, now_ms

Key = ec.EllipticCurvePrivateKey
USAGES = [
    "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
    "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
]  # fmt: skip


def certificate(name: str, key: Key, signer: Key, issuer: str) -> x509.Certificate:
    """Valid for an hour on both sides of now; one that signs itself is an authority."""
    now = datetime.now(UTC)
    authority = key is signer
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        # Asked for from Python 3.13 on.
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    )
    if authority:
        usage = dict.fromkeys(USAGES, False) | {"key_cert_sign": True}
        builder = builder.add_extension(x509.KeyUsage(**usage), critical=True)
    else:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    return builder.sign(signer, hashes.SHA256())


def write(path: Path, *parts: Key | x509.Certificate) -> Path:
    pem = serialization.Encoding.PEM
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    texts = [p.public_bytes(pem) if isinstance(p, x509.Certificate) else p.private_bytes(pem, *plain) for p in parts]
    path.write_bytes(b"".join(texts))
    return path


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A certificate for hooks.example by an authority that this process trusts."""
    authority, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    own = certificate("Authority", authority, authority, "Authority")
    monkeypatch.setenv("SSL_CERT_FILE", str(write(tmp_path / "authority.pem", own)))
    return write(tmp_path / "hooks.pem", key, certificate("hooks.example", key, authority, "Authority"))


@pytest.fixture
def tls(trusted: Path) -> ssl.SSLContext:
    """What a server at hooks.example has."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(trusted)
    return context


@pytest.fixture
def receiver(tls: ssl.SSLContext) -> Iterator[Receiver]:
    with Receiver(tls=tls).running() as running:
        yield running


def test_the_connection_goes_to_the_address_and_all_else_to_the_name(
    sender: Sender, receiver: Receiver, resolving: Resolver
) -> None:
    resolving(hooks_example=[["127.0.0.1"]])

    receipt = sender.send(receiver.url("hooks.example", "https"), [SECRET], "msg_1", now_ms(), BODY)

    assert (receipt.status, receipt.problem) == (204, None)
    assert receiver.server_names == ["hooks.example"]
    assert receiver.received[0].headers["host"] == f"hooks.example:{receiver.port}"


def test_a_name_with_a_final_dot_is_the_same_name_to_the_certificate(
    sender: Sender, receiver: Receiver, resolving: Resolver
) -> None:
    resolving(hooks_example_=[["127.0.0.1"]])

    assert sender.send(receiver.url("hooks.example.", "https"), [SECRET], "msg_1", now_ms(), BODY).status == 204


def test_the_certificate_of_another_name_is_refused(sender: Sender, receiver: Receiver, resolving: Resolver) -> None:
    resolving(other_example=[["127.0.0.1"]])

    receipt = sender.send(receiver.url("other.example", "https"), [SECRET], "msg_1", now_ms(), BODY)

    assert receipt.status is None
    assert receipt.problem is not None
    assert receipt.problem.startswith("its certificate is refused: Hostname mismatch")
    assert receiver.received == []


def test_a_certificate_for_a_name_is_none_for_its_address(sender: Sender, receiver: Receiver) -> None:
    receipt = sender.send(receiver.url(scheme="https"), [SECRET], "msg_1", now_ms(), BODY)

    assert receipt.problem is not None
    assert receipt.problem.startswith("its certificate is refused: IP address mismatch")
    assert receiver.received == []


def test_a_certificate_of_an_unknown_authority_is_refused(
    receiver: Receiver, resolving: Resolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolving(hooks_example=[["127.0.0.1"]])
    monkeypatch.delenv("SSL_CERT_FILE")
    receipt = Sender(Policy(local=True)).send(receiver.url("hooks.example", "https"), [SECRET], "msg_1", now_ms(), BODY)

    assert receipt.status is None
    assert receipt.problem is not None
    assert receipt.problem.startswith("its certificate is refused: ")
    assert receiver.received == []


def test_a_trickle_inside_tls_is_cut_off_at_the_deadline(tls: ssl.SSLContext, resolving: Resolver) -> None:
    resolving(hooks_example=[["127.0.0.1"]])
    trickle = drips(b"HTTP/1.1 200 OK\r\n", b"X-Slow: x\r\n")

    def behave(connection: socket.socket) -> None:
        with tls.wrap_socket(connection, server_side=True) as encrypted:
            trickle(encrypted)

    with raw_receiver(behave) as url:
        port = url.split(":")[2].removesuffix("/hook")
        hurried = Sender(Policy(local=True), total_seconds=LIMIT)
        receipt = hurried.send(f"https://hooks.example:{port}/", [SECRET], "msg_1", now_ms(), BODY)

    assert (receipt.status, receipt.problem) == (None, f"no answer within {LIMIT} s")
