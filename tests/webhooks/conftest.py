"""What tests of webhooks share: secrets, a sender for this machine, names that resolve as a test wants."""

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from muster.webhooks.addresses import Policy
from muster.webhooks.sender import Sender
from tests.webhooks.receiver import Receiver

Resolver = Callable[..., None]


@pytest.fixture
def sender() -> Sender:
    return Sender(Policy(local=True))


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver().running() as running:
        yield running


@pytest.fixture
def resolving(monkeypatch: pytest.MonkeyPatch) -> Resolver:
    """Make names resolve to addresses; a list of lists is one answer after the other."""

    def resolve(**names: list[list[str]]) -> None:
        known = {name.replace("_", "."): answers for name, answers in names.items()}

        def getaddrinfo(host: str, *_: Any, **__: Any) -> list[Any]:
            if host not in known:
                raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
            answers = known[host]
            addresses = answers.pop(0) if len(answers) > 1 else answers[0]
            return [
                (socket.AF_INET6, socket.SOCK_STREAM, 6, "", (address, 0, 0, 0))
                if ":" in address
                else (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0))
                for address in addresses
            ]

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)

    return resolve
