"""The front of the local cloud: one ASGI application behind several ports.

The emulator's port goes to ministack as it is. Every other port is the API of the stack, and what the gateway itself
refuses is answered in our error shape there: 404, 405, 413, 502, 503.
"""

import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs

from local.functions import MAX_PAYLOAD_BYTES
from local.routes import RouteTable
from muster.edge.logs import REQUESTS

log = logging.getLogger("local.gateway")
request_log = logging.getLogger(REQUESTS).getChild("Gateway")

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Headers = dict[str, str | list[str]]
Answer = tuple[int, Headers, bytes]

CODES = {
    400: ("invalid input", "INVALID_INPUT"),
    401: ("missing or wrong key", "UNAUTHORIZED"),
    403: ("not allowed", "FORBIDDEN"),
    404: ("not found", "NOT_FOUND"),
    405: ("method not allowed", "METHOD_NOT_ALLOWED"),
    413: ("request body too large", "PAYLOAD_TOO_LARGE"),
    415: ("body must be application/json", "UNSUPPORTED_MEDIA_TYPE"),
    429: ("too many requests", "TOO_MANY_REQUESTS"),
    500: ("internal error", "INTERNAL_ERROR"),
    502: ("internal error", "INTERNAL_ERROR"),
    503: ("temporarily unavailable", "UNAVAILABLE"),
}


class _ClientGone(Exception):
    """The client went away before its request was complete: half a body must not reach a function."""


class Front:
    """Tells the ports apart and serves the API. `deployed` is called when a stack is ready; 503 until then."""

    def __init__(self, emulator_port: int, emulator: Callable[[Scope, Receive, Send], Awaitable[None]]) -> None:
        self._emulator_port = emulator_port
        self._emulator = emulator
        self._api = ("", "")
        self._routes = RouteTable([])
        self.emulator_requests = 0
        self.stopping = False

    def deployed(self, api_id: str, stage: str, routes: RouteTable) -> None:
        self._api, self._routes = (api_id, stage), routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["server"][1] == self._emulator_port:
            self.emulator_requests += 1
            await self._emulator(scope, receive, send)
            return
        try:
            body = await _read_body(receive)
        except _ClientGone:
            return
        answer = await self._answer(scope, body)
        # As it was sent: decoded, it could hold a line of its own.
        request_log.info("%s %s %d", scope["method"], scope["raw_path"].decode("ascii", "replace"), answer[0])
        await _send(send, answer)

    async def _answer(self, scope: Scope, body: bytes | None) -> Answer:
        method, path = scope["method"], scope["path"]
        if self.stopping or not self._api[0]:
            return error(503, {"Retry-After": "1"})
        methods = self._routes.methods(path)
        if methods and not methods & {method, "ANY"}:
            return error(405, {"Allow": ", ".join(sorted(methods))})
        if body is None:
            return error(413)
        from ministack.services.apigateway_v1 import handle_execute

        query = parse_qs(scope.get("query_string", b"").decode(), keep_blank_values=True)
        try:
            answer = await handle_execute(*self._api, method, path, _headers(scope), body, query)
        except Exception:
            log.exception("%s %s failed in the gateway", method, path)
            return error(500)
        return in_our_shape(answer, known_path=bool(methods))


def in_our_shape(answer: Answer, *, known_path: bool) -> Answer:
    """The answer of the stack; one that the gateway made itself (a lone `message`) as an error of ours.

    An unknown path is 403 by API Gateway's defaults and 404 here, unless the stack's gateway responses say something.
    """
    status, _, body = answer
    if status < 400 or not _is_gateway_made(body):
        return answer
    if status == 502:
        # The text may be that of an exception: it is in the log, and no business of the client.
        return error(502)
    return error(404 if status == 403 and not known_path else status)


def _is_gateway_made(body: bytes) -> bool:
    if len(body) > 100_000 or not body.lstrip().startswith(b"{"):
        return False
    try:
        return set(json.loads(body)) in ({"message"}, {"Message"})
    except ValueError:
        return False


def error(status: int, headers: dict[str, str] | None = None) -> Answer:
    """A refusal in the error shape that all of our errors have."""
    text, code = CODES.get(status, ("request refused", "REFUSED"))
    body = json.dumps({"success": False, "error": text, "code": code}).encode()
    return status, {"Content-Type": "application/json", **(headers or {})}, body


async def _read_body(receive: Receive) -> bytes | None:
    """The body; None for one larger than a function can take, which is read to its end and dropped.

    API Gateway takes 10 MB, but hands none of it on above Lambda's own limit. Draining lets a client that writes first
    and reads later see the answer.
    """
    chunks, size = [], 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise _ClientGone
        chunk = message.get("body", b"")
        size += len(chunk)
        if size <= MAX_PAYLOAD_BYTES:
            chunks.append(chunk)
        if not message.get("more_body", False):
            return b"".join(chunks) if size <= MAX_PAYLOAD_BYTES else None


def _headers(scope: Scope) -> dict[str, str]:
    """Headers by lower-case name, repeated ones joined as RFC 9110 allows."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope.get("headers", []):
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        separator = "; " if name == "cookie" else ", "
        headers[name] = f"{headers[name]}{separator}{value}" if name in headers else value
    return headers


async def _send(send: Send, answer: Answer) -> None:
    status, headers, body = answer
    lines = [
        (name.encode("latin-1"), str(value).encode("latin-1", "replace"))
        for name, values in headers.items()
        for value in (values if isinstance(values, list) else [values])
        if name.lower() != "content-length"
    ]
    lines.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": lines})
    await send({"type": "http.response.body", "body": body})
