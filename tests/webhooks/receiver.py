"""Receivers of webhooks on 127.0.0.1: one that answers as told, one that does with a connection as it likes."""

import json
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


@dataclass(frozen=True)
class Received:
    path: str
    headers: dict[str, str]
    body: bytes
    at: float = field(default_factory=time.monotonic)


def at_once() -> None:
    """Keeps nobody waiting."""


@dataclass(frozen=True)
class Answer:
    """`when` returns when it is time to answer."""

    status: int
    text: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    when: Callable[[], object] = at_once


class Receiver:
    """Gives its answers in turn, the last one for ever, and keeps what it received and what it answered."""

    def __init__(self, *answers: Answer, tls: ssl.SSLContext | None = None) -> None:
        self.answers = list(answers) or [Answer(204)]
        self.received: list[Received] = []
        self.answered: list[int] = []
        self.server_names: list[str | None] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.received.append(Received(self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                answer = receiver.answers.pop(0) if len(receiver.answers) > 1 else receiver.answers[0]
                answer.when()
                receiver.answered.append(answer.status)
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer.text.encode())

            def log_message(self, format: str, *arguments: object) -> None:
                """Says nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if tls:
            tls.sni_callback = lambda _socket, name, _context: self.server_names.append(name)
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        self.port: int = self.server.server_address[1]

    def url(self, host: str = "127.0.0.1", scheme: str = "http", target: str = "/hook") -> str:
        return f"{scheme}://{host}:{self.port}{target}"

    @contextmanager
    def running(self) -> Iterator["Receiver"]:
        # A client that breaks off in the handshake is what some tests are about.
        self.server.handle_error = lambda *_: None  # type: ignore[method-assign]
        Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        try:
            yield self
        finally:
            self.server.shutdown()
            self.server.server_close()


@contextmanager
def raw_receiver(behave: Callable[[socket.socket], None]) -> Iterator[str]:
    """The URL of a server that hands every connection to `behave` and closes it after."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            behave(connection)

    def accept() -> None:
        with suppress(OSError):
            while True:
                Thread(target=serve, args=[listener.accept()[0]], daemon=True).start()

    Thread(target=accept, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/hook"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def read_request(connection: socket.socket) -> None:
    """Read all of a request, so that closing the connection does not reset it."""
    with connection.makefile("rb") as stream:
        length = 0
        while (line := stream.readline().strip()) != b"":
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        stream.read(length)


BODY = json.dumps(
    {"type": "job.finished", "data": {"jobId": "job-main-1", "name": "Überprüfung π 🐝"}}, ensure_ascii=False
)
