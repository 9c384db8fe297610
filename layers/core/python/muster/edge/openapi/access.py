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


def security(endpoint: Endpoint) -> list[dict[str, list[str]]]:
    """Alternatives, one of which a caller has to meet; none where no key is asked for, however the stack is set up."""
    admission = endpoint.admission
    if admission.public:
        return []
    roles = sorted(str(role) for role in admission.roles)
    agent: list[dict[str, list[str]]] = [{"agentKey": []}] if admission.takes_agent_key else []
    return [{"key": roles}, *agent]
