"""DynamoDB for the functions without HTTP: their requests go to the emulator by a call.

Functions and emulator share a process, so a socket between them buys nothing, and it cost more than half of an API
call. What botocore builds and parses stays the same, byte for byte; only the sending is replaced, by the event that
botocore offers for it. Every DynamoDB request, from a socket or from here, holds one lock, which is what makes
conditional writes atomic: before, the emulator owed that to its single event loop.
"""

import threading
from collections.abc import Coroutine, Iterator
from typing import Any

from botocore import UNSIGNED
from botocore.awsrequest import AWSPreparedRequest, AWSResponse

PLUGIN = {"BOTOCORE_EXPERIMENTAL__PLUGINS": "local_cloud=local.shortcut"}
"""The environment variable by which botocore hands each new client to `initialize_client_plugin`.

Should botocore drop it, requests go over HTTP again: slower, and right.
"""

store_lock = threading.RLock()
"""Held by every DynamoDB request, and while the state is frozen for a snapshot."""

Request = tuple[str, str, dict[str, str], bytes, dict[str, list[str]]]
Answer = tuple[int, dict[str, str], bytes | str]


_endpoints: set[str] = set()
"""URLs of the emulator in this process. Empty in any other, also in one that inherited the environment from here."""


def open_shortcut(endpoint: str) -> None:
    """Let clients of this endpoint take the short way, and the emulator's own requests hold the lock too."""
    from ministack.services import dynamodb

    _endpoints.add(endpoint)
    unlocked = dynamodb.handle_request

    async def handle_request(*request: Any) -> Answer:
        return _run_at_once(unlocked(*request))

    dynamodb.handle_request = handle_request


def _run_at_once(request: Coroutine[Any, Any, Answer]) -> Answer:
    """Run a request that never waits to its end, under the lock. One that waits would not be atomic: refused."""
    with store_lock:
        try:
            request.send(None)
        except StopIteration as finished:
            answer: Answer = finished.value
            return answer
    request.close()
    raise RuntimeError("this ministack suspends DynamoDB requests: the local cloud can not keep them atomic")


def initialize_client_plugin(client: Any) -> None:
    """Called by botocore for each new client: take over what DynamoDB clients of the emulator send."""
    if client.meta.endpoint_url in _endpoints and client.meta.service_model.service_name == "dynamodb":
        client.meta.events.register("choose-signer.dynamodb", _unsigned)
        client.meta.events.register("before-send.dynamodb", _answer)


def _unsigned(**_: Any) -> Any:
    """Nobody checks a signature on the way from here to there."""
    return UNSIGNED


def _answer(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
    from ministack.services import dynamodb

    headers = {name.lower(): _text(value) for name, value in request.headers.items()}
    waiting = dynamodb.handle_request("POST", "/", headers, request.body or b"", {})
    status, answered, body = _run_at_once(waiting)
    content = body if isinstance(body, bytes) else body.encode()
    return AWSResponse(request.url, status, answered, _Content(content))  # type: ignore[arg-type]


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


class _Content:
    """A body that is already there, read as botocore reads one from a socket."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self._content
