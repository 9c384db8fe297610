"""A coordinator in memory that speaks the contract over real HTTP and can be made to misbehave.

It is for the client's behaviour under faults: it drops answers after having acted, refuses, stops and comes back on
the same port with its memory or without.
"""

import json
import re
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.clients.engine import Engine, Refused


class Coordinator:
    """`calls` counts requests by path without ids; `bodies` keeps them."""

    def __init__(self, agent_key: str | None = None) -> None:
        self.engine = Engine()
        self.agent_key = agent_key
        self.calls: Counter[str] = Counter()
        self.bodies: dict[str, list[Any]] = {}
        self.headers: dict[str, list[dict[str, str]]] = {}
        self._faults: dict[str, list[Any]] = {}
        self._guard = threading.Lock()
        self._server: ThreadingHTTPServer | None = None
        self._port = 0
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        self._server = _Server(("127.0.0.1", self._port), type("Handler", (_Handler,), {"coordinator": self}))
        self._port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=[0.02], daemon=True).start()

    def stop(self) -> None:
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server.break_connections()
            self._server = None

    @contextmanager
    def down(self) -> Iterator[None]:
        self.stop()
        try:
            yield
        finally:
            self.start()

    def drop_answers(self, path: str, times: int) -> None:
        """Act on the next requests of this path, and break the connection instead of answering."""
        self._add_faults(path, ["drop"] * times)

    def refuse(self, path: str, status: int, times: int, headers: dict[str, str] | None = None) -> None:
        self._add_faults(path, [(status, headers or {})] * times)

    def _add_faults(self, path: str, faults: list[Any]) -> None:
        with self._guard:
            self._faults.setdefault(path, []).extend(faults)

    def next_fault(self, path: str) -> Any:
        with self._guard:
            faults = self._faults.get(path)
            return faults.pop(0) if faults else None

    def note(self, path: str, body: Any, headers: dict[str, str]) -> None:
        with self._guard:
            self.calls[path] += 1
            self.bodies.setdefault(path, []).append(body)
            self.headers.setdefault(path, []).append(headers)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, *args: Any) -> None:
        self._connections: set[socket.socket] = set()
        super().__init__(*args)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._connections.discard(request)
        super().shutdown_request(request)

    def break_connections(self) -> None:
        """A process that goes away takes its connections with it."""
        for connection in list(self._connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that broke is what these tests are about, not something to print."""


_IDS = re.compile(r"/(job-[^/]+|[^/]+\.\d+[^/]*)(?=/|$)")


class _Handler(BaseHTTPRequestHandler):
    coordinator: Coordinator
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def log_message(self, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        self._serve("GET", None)

    def do_POST(self) -> None:
        text = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self._serve("POST", json.loads(text) if text else None)

    def _serve(self, method: str, body: Any) -> None:
        path, _, query = self.path.partition("?")
        general = _IDS.sub("/{id}", path)
        self.coordinator.note(general, body, dict(self.headers))
        fault = self.coordinator.next_fault(general)
        if isinstance(fault, tuple):
            return self._answer(fault[0], {"success": False, "error": f"told to answer {fault[0]}"}, fault[1])
        status, answer = self._act(method, path, query, body)
        if fault == "drop":
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return None
        return self._answer(status, answer, {})

    def _act(self, method: str, path: str, query: str, body: Any) -> tuple[int, Any]:
        key = self.coordinator.agent_key
        if key and path.startswith("/internal/") and self.headers.get("X-Orhestra-Key") != key:
            return 401, {"success": False, "error": "missing or wrong key", "code": "UNAUTHORIZED"}
        try:
            return self.coordinator.engine.act(method, path, query, body)
        except Refused as refused:
            return refused.status, refused.body

    def _answer(self, status: int, answer: Any, headers: dict[str, str]) -> None:
        text = answer if isinstance(answer, str) else json.dumps(answer)
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(text.encode()))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text.encode())
        self.wfile.flush()
