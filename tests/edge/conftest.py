"""Events as API Gateway sends them, and a store that only remembers what reached it."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from muster.edge.call import Call
from muster.settings import settings

Event = dict[str, Any]


class Recorder:
    """Stands where the store stands: notes every call, answers or raises what the test told it to."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []
        self.outcome: Any = None

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        def record(*args: Any, **kwargs: Any) -> Any:
            self.calls.append((operation, args, kwargs))
            if isinstance(self.outcome, Exception):
                raise self.outcome
            return self.outcome

        return record


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    recorder = Recorder()
    for part in ("sweeps", "access"):
        monkeypatch.setattr(Call, part, property(lambda _: recorder))
    for part in ("trail", "limits"):
        monkeypatch.setattr(Call, part, property(lambda _: Recorder()))
    return recorder


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Sets variables and has the settings read again, now and after the test."""

    def change(**variables: str) -> None:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        settings.cache_clear()

    yield change
    monkeypatch.undo()
    settings.cache_clear()


def event(
    body: Any = None,
    *,
    path: dict[str, str] | None = None,
    query: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
    base64: bool = False,
) -> Event:
    """A request; a body that is no text is sent as JSON."""
    text = body if body is None or isinstance(body, str) else json.dumps(body)
    return {
        "headers": {"Content-Type": "application/json"} if headers is None else headers,
        "pathParameters": path,
        "queryStringParameters": query,
        "multiValueQueryStringParameters": {name: [value] for name, value in query.items()} if query else None,
        "requestContext": {"requestId": "request-1"},
        "body": text,
        "isBase64Encoded": base64,
    }


def answered(answer: dict[str, Any]) -> tuple[int, Any]:
    """Status and body of an answer."""
    return answer["statusCode"], json.loads(answer["body"])
