"""Names that resolve as tests need them, in every Python that is started with this folder on its PYTHONPATH.

They end in `.test`, which no name server knows; all others are resolved as ever.
"""

import socket
from typing import Any

ADDRESSES = {
    "receiver.test": ["127.0.0.1"],
    "metadata.test": ["169.254.169.254"],
    "mixed.test": ["127.0.0.1", "169.254.169.254"],
}
_ask = socket.getaddrinfo


def _resolve(host: Any, port: Any, *more: Any, **named: Any) -> list[Any]:
    return [found for address in ADDRESSES.get(host, [host]) for found in _ask(address, port, *more, **named)]


socket.getaddrinfo = _resolve
