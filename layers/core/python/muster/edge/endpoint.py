"""The shell of an HTTP function: a handler declares its route and its types, everything else happens here.

    @endpoint("POST", "/api/v1/jobs", status=201)
    def submit_job(call: Call, body: SubmitJob, idempotency_key: IdempotencyKey | None = None) -> JobSubmitted:
        return call.sweeps.submit_job(call.organization, body, idempotency_key)

makes `submit_job` a Lambda handler. Nothing of a call is kept in the endpoint: any number of threads may run it.
"""

import logging
from collections.abc import Callable, Mapping

from pydantic import BaseModel

from muster.core.caller import Caller
from muster.core.correlation import correlated
from muster.core.errors import MusterError
from muster.edge import answers, logs, requests
from muster.edge.answers import Answer, Document
from muster.edge.call import Call
from muster.edge.metrics import count_call
from muster.edge.requests import Event
from muster.edge.signature import Signature
from muster.edge.tracing import traced
from muster.settings import settings

log = logging.getLogger("muster.Api")

Operation = Callable[..., BaseModel | Document]


class Endpoint:
    """One route as a Lambda handler. Never raises: whatever goes wrong is an answer."""

    def __init__(
        self, method: str, path: str, status: int, statuses: Mapping[type[BaseModel], int], operation: Operation
    ) -> None:
        self.operation, self.__doc__ = operation.__name__, operation.__doc__
        self.method, self.path, self.status, self.statuses = method, path, status, statuses
        self.function = operation
        self._signature = Signature(operation, path)
        self._run = traced(operation)
        self._is_internal = path.startswith("/internal/")
        logs.set_up()

    def __call__(self, event: Event, _context: object) -> Answer:
        request_id = requests.request_id(event)
        call = Call(Caller(settings().organization), request_id)
        with (
            correlated(requests.correlation_id(event)),
            logs.fields(operation=self.operation, organization=call.organization, request_id=request_id),
        ):
            answer = self._answer(event, call, request_id)
            count_call(self.operation, answer["statusCode"])
        return answer

    def _answer(self, event: Event, call: Call, request_id: str) -> Answer:
        try:
            if self._is_internal:
                requests.check_agent_key(event, settings().agent_key)
            requests.check_size(event)
            outcome = self._run(call, **self._signature.arguments(event))
            return answers.answer(self.statuses.get(type(outcome), self.status), outcome)
        except MusterError as refused:
            return answers.refusal(refused)
        except Exception:
            log.exception("%s failed, request %s", self.operation, request_id)
            return answers.breakdown(request_id)


def endpoint(
    method: str, path: str, *, status: int = 200, statuses: Mapping[type[BaseModel], int] | None = None
) -> Callable[[Operation], Endpoint]:
    """Make an operation the handler of a route; its name is the operation's id everywhere. `statuses`: of outcomes that
    are answered with another status than the others."""

    def make(operation: Operation) -> Endpoint:
        return Endpoint(method, path, status, statuses or {}, operation)

    return make


__all__ = ["Answer", "Call", "Document", "Endpoint", "Event", "endpoint"]
