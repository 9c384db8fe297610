"""What an operation takes, read from its signature: one model validates all parts of a request in one go.

By name: `body` is the JSON body, a name in the path's braces is a path parameter (`job_id` is `{jobId}`),
`idempotency_key` is the header Idempotency-Key, any other is a query parameter. The first parameter is the call.
"""

import inspect
import re
from collections.abc import Callable
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model
from pydantic.alias_generators import to_camel

from muster.core.errors import InvalidInput
from muster.core.faults import faults_of
from muster.edge import requests
from muster.edge.requests import Event

_HEADERS = {"idempotency_key": "Idempotency-Key"}
_CLOSED = ConfigDict(extra="forbid", hide_input_in_errors=True)


class Signature:
    """Reads the arguments of one operation out of events.

    `parts` are its parameters by where they are sent: `path`, `query` or `header`; `body` is the one of that name.
    """

    def __init__(self, operation: Callable[..., object], path: str) -> None:
        parameters = list(inspect.signature(operation, eval_str=True).parameters.values())[1:]
        in_path = set(re.findall(r"{(\w+)}", path))
        self.body = next((parameter for parameter in parameters if parameter.name == "body"), None)
        self.parts: dict[str, list[inspect.Parameter]] = {"path": [], "query": [], "header": []}
        for parameter in parameters:
            if parameter.name != "body":
                self.parts[_part_of(parameter.name, in_path)].append(parameter)
        fields: dict[str, Any] = {part: (_model(part, found), ...) for part, found in self.parts.items()}
        fields |= {"body": (self.body.annotation, ...)} if self.body else {}
        self._model = create_model(operation.__name__, __config__=_CLOSED, **fields)

    def arguments(self, event: Event) -> dict[str, Any]:
        """The operation's arguments by name. Raises MusterError, InvalidInput with every fault."""
        sent = {
            "path": event.get("pathParameters") or {},
            "query": requests.query_of(event),
            "header": {name: requests.header(event, name) for name in _HEADERS.values()},
        }
        if self.body:
            sent["body"] = requests.body_of(event)
        try:
            read = self._model.model_validate(sent, by_alias=True, by_name=False)
        except ValidationError as error:
            raise InvalidInput(details=faults_of(error, sent)) from None
        arguments: dict[str, Any] = {"body": read.body} if self.body else {}
        for part in ("path", "query", "header"):
            arguments |= dict(getattr(read, part))
        return arguments


def wire_name(parameter: inspect.Parameter) -> str:
    """What a parameter is called on the wire."""
    return _HEADERS.get(parameter.name, to_camel(parameter.name))


def _part_of(name: str, in_path: set[str]) -> str:
    if to_camel(name) in in_path:
        return "path"
    return "header" if name in _HEADERS else "query"


def _model(part: str, parameters: list[inspect.Parameter]) -> type[BaseModel]:
    """Closed for the query; the gateway alone fills the path, and headers are anybody's."""
    fields: dict[str, Any] = {
        parameter.name: (
            parameter.annotation,
            Field(
                default=... if parameter.default is inspect.Parameter.empty else parameter.default,
                alias=wire_name(parameter),
            ),
        )
        for parameter in parameters
    }
    config = _CLOSED if part == "query" else ConfigDict(extra="ignore", hide_input_in_errors=True)
    return create_model(part, __config__=config, **fields)
