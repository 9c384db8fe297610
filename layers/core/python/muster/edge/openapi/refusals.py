"""How operations refuse: one shape for all, and the statuses that each of them can really answer with."""

import inspect
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from muster.core import errors
from muster.core.errors import Fault, MusterError
from muster.edge.answers import STATUS, status_of
from muster.edge.endpoint import Endpoint
from muster.edge.signature import Signature

Json = dict[str, Any]

ERROR: Json = {
    "type": "object",
    "description": "Programs compare `code`, `error` is for people; `details` names every fault of a request.",
    "required": ["success", "error", "code"],
    "properties": {
        "success": {"const": False},
        "error": {"type": "string"},
        "code": {"type": "string", "pattern": "^[A-Z_]+$"},
        "details": {"type": "array", "items": {"$ref": "#/components/schemas/Fault"}},
        "requestId": {"type": "string", "description": "Leads to the log of what went wrong on our side."},
    },
}
FAULT: Json = {
    "type": "object",
    "description": "One thing wrong with a request: where, and what.",
    "required": list(Fault.__annotations__),
    "properties": {name: {"type": "string"} for name in Fault.__annotations__},
}
RETRY_AFTER: Json = {"description": "Seconds to wait before the next attempt.", "schema": {"type": "integer"}}

SCHEMAS = {"Error": ERROR, "Fault": FAULT}
OTHER = "Refused"
"""The name of the response for all statuses that an operation does not list."""

_COME_BACK = (429, 503)


def statuses(endpoint: Endpoint, signature: Signature, declared: set[int]) -> list[int]:
    """What it can answer with, besides faults of ours: told by its form, and what it declares."""
    # A key that is sent is looked at also where none is needed, so 401 is everywhere.
    found = {400, 401, 429, 503} | declared
    if _names_an_organization(signature):
        found.add(403)
    if signature.parts["path"]:
        found.add(404)
        # What changes one named thing can find it in a state that does not allow that.
        found |= set() if endpoint.method == "GET" else {409}
    if signature.body:
        found |= {413, 415}
    if any(parameter.name == "idempotency_key" for parameter in signature.parts["header"]):
        found.add(422)
    return sorted(found)


def _names_an_organization(signature: Signature) -> bool:
    """Only who names another organization than the key's is forbidden something."""
    body = getattr(signature.body.annotation, "model_fields", {}) if signature.body else {}
    return "organization" in {*body, *(parameter.name for parameter in signature.parts["query"])}


@dataclass
class _Refusal:
    """All errors of one status; the first says what the status means."""

    name: str
    meaning: str
    code: str
    codes: set[str] = field(default_factory=set)


def _refusals() -> dict[int, _Refusal]:
    """By status; with those by which the gateway refuses before a function is called."""
    told = {
        403: _Refusal("Forbidden", "not allowed", "FORBIDDEN", {"FORBIDDEN"}),
        429: _Refusal("TooManyRequests", "too many requests", "TOO_MANY_REQUESTS", {"TOO_MANY_REQUESTS"}),
    }
    for kind in _kinds():
        refusal = told.setdefault(status_of(kind()), _Refusal(kind.__name__, kind().message, kind.code))
        refusal.codes.add(kind.code)
    return dict(sorted(told.items()))


def _kinds() -> Iterator[type[MusterError]]:
    """Every error, those first that the table of statuses names."""
    known = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, MusterError)]
    yield from STATUS
    yield from (kind for kind in known if kind is not MusterError and kind not in STATUS)


def name(status: int) -> str:
    """What the shared response of a status is called."""
    return _refusals()[status].name


def responses() -> dict[str, Json]:
    """The shared responses by name."""
    made = {refusal.name: _response(status, refusal) for status, refusal in _refusals().items()}
    return {**made, OTHER: _response(0, _Refusal(OTHER, "any other refusal, and faults of ours", MusterError.code))}


def _response(status: int, refusal: _Refusal) -> Json:
    codes = ", ".join(f"`{code}`" for code in sorted(refusal.codes))
    meaning = refusal.meaning[:1].upper() + refusal.meaning[1:]
    example = {"success": False, "error": refusal.meaning, "code": refusal.code}
    made: Json = {
        "description": f"{meaning}: {codes}" if codes else meaning,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}, "example": example}},
    }
    if status in _COME_BACK:
        made["headers"] = {"Retry-After": {"$ref": "#/components/headers/RetryAfter"}}
    return made
