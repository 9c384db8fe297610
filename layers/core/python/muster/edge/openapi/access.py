"""Who may call an operation, as security requirements of the document."""

from typing import Any

from muster.edge.endpoint import Endpoint

SCHEMES: dict[str, dict[str, Any]] = {
    "key": {
        "type": "http",
        "scheme": "bearer",
        "description": "A key of an organization. A requirement lists roles of which the key has to have one.",
    },
    "agentKey": {
        "type": "apiKey",
        "in": "header",
        "name": "X-Orhestra-Key",
        "description": "The operator's key for spots of the shared pool.",
    },
}


def is_public(endpoint: Endpoint) -> bool:
    """Whether it asks for no key, however the stack is set up."""
    return bool(getattr(endpoint, "public", False))


def roles_of(endpoint: Endpoint) -> list[str]:
    """The roles that may call it, if it cares."""
    return sorted(str(role) for role in getattr(endpoint, "roles", None) or ())


def security(endpoint: Endpoint) -> list[dict[str, list[str]]]:
    """Alternatives, one of which a caller has to meet."""
    if is_public(endpoint):
        return []
    agent: list[dict[str, list[str]]] = [{"agentKey": []}] if endpoint.path.startswith("/internal/") else []
    return [{"key": roles_of(endpoint)}, *agent]
