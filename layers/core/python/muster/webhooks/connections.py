"""A connection to a verified address that ends at a given moment, whatever the other side does."""

import socket
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPSConnection
from threading import Timer
from time import monotonic

from muster.webhooks.addresses import Address, Endpoint


class Deadline:
    """The moment at which an exchange ends, `seconds` from now."""

    def __init__(self, seconds: float) -> None:
        self._ends = monotonic() + seconds
        self.passed = False

    def remaining(self) -> float:
        """Seconds, above 0. Raises TimeoutError when it is too late."""
        left = self._ends - monotonic()
        self.passed = self.passed or left <= 0
        self.check()
        return left

    def check(self) -> None:
        """Raises TimeoutError when it is too late."""
        if self.passed:
            raise TimeoutError

    @contextmanager
    def cutting(self, connection: socket.socket) -> Iterator[None]:
        """Shut the connection down when the time comes.

        A time limit on the socket would not do: it counts anew with every byte that arrives.
        """
        timer = Timer(self.remaining(), self._cut, [connection])
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _cut(self, connection: socket.socket) -> None:
        self.passed = True
        try:
            # Not the method of a TLS socket: that would let the reader go on without TLS.
            socket.socket.shutdown(connection, socket.SHUT_RDWR)
        except OSError:
            return  # closed in the meantime


def dial(addresses: Sequence[Address], port: int, seconds: float, deadline: Deadline) -> socket.socket:
    """Connect to the first address that takes it, `seconds` for each. Raises the last one's OSError."""
    *others, last = addresses
    for address in others:
        try:
            return _dial(address, port, min(seconds, deadline.remaining()))
        except OSError:
            continue
    return _dial(last, port, min(seconds, deadline.remaining()))


def _dial(address: Address, port: int, seconds: float) -> socket.socket:
    # `socket.create_connection` would ask the resolver, if only to have the address read.
    connection = socket.socket(socket.AF_INET if address.version == 4 else socket.AF_INET6, socket.SOCK_STREAM)
    try:
        connection.settimeout(seconds)
        connection.connect((str(address), port))
        connection.settimeout(None)
    except OSError as error:
        connection.close()
        if isinstance(error, TimeoutError):
            raise TimeoutError("could not connect in time") from None
        raise
    return connection


@contextmanager
def conversation(
    endpoint: Endpoint, connection: socket.socket, tls: ssl.SSLContext, deadline: Deadline
) -> Iterator[HTTPConnection]:
    """HTTP with the endpoint over a connection to one of its addresses; the certificate has to be its name's."""
    stream = connection
    if endpoint.https:
        name = endpoint.host.rstrip(".")
        stream = tls.wrap_socket(connection, server_hostname=name, do_handshake_on_connect=False)
    with stream, deadline.cutting(stream):
        http = HTTPConnection(endpoint.host, endpoint.port)
        if isinstance(stream, ssl.SSLSocket):
            stream.do_handshake()
            http = HTTPSConnection(endpoint.host, endpoint.port, context=tls)
        http.sock = stream
        yield http
