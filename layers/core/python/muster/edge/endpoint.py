"""The shell of an HTTP function: a handler declares its route and its types, everything else happens here.

    @endpoint("POST", "/api/v1/jobs", status=201)
    def submit_job(call: Call, body: SubmitJob, idempotency_key: IdempotencyKey | None = None) -> JobSubmitted:
        return call.sweeps.submit_job(call.organization, body, idempotency_key)

makes `submit_job` a Lambda handler. Nothing of a call is kept in the endpoint: any number of threads may run it.
"""

import json
import logging
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel

from muster.core.caller import Role
from muster.core.correlation import correlated
from muster.core.errors import MusterError
from muster.edge import answers, logs, requests
from muster.edge.answers import Answer, Document
from muster.edge.authentication import ADMINS, ANYBODY, PUBLIC, Admission, caller_of, usual
from muster.edge.call import Call
from muster.edge.metrics import count_call
from muster.edge.requests import Event
from muster.edge.signature import Signature
from muster.edge.tracing import traced

log = logging.getLogger("muster.Api")

Operation = Callable[..., BaseModel | Document]


class Endpoint:
    """One route as a Lambda handler. Never raises: whatever goes wrong is an answer."""

    def __init__(
        self, method: str, path: str, operation: Operation, *, status: int, statuses: Mapping[type[BaseModel], int],
        admission: Admission, creates: str | None, limited: bool,
    ) -> None:  # fmt: skip
        self.operation, self.__doc__ = operation.__name__, operation.__doc__
        self.method, self.path, self.status, self.statuses = method, path, status, statuses
        self.function, self.admission = operation, admission
        # Work is done by the million, and what came of it is in the results.
        self.recorded = method != "GET" and Role.AGENT not in admission.roles
        self._creates, self._limited = creates, limited
        self._signature = Signature(operation, path)
        self._run = traced(operation)
        logs.set_up()

    def __call__(self, event: Event, _context: object) -> Answer:
        request_id = requests.request_id(event)
        with (
            correlated(requests.correlation_id(event)),
            logs.fields(operation=self.operation, request_id=request_id),
        ):
            answer = self._answered(lambda: self._serve(event, request_id), request_id)
            count_call(self.operation, answer["statusCode"])
        return answer

    def _answered(self, work: Callable[[], Answer], request_id: str) -> Answer:
        try:
            return work()
        except MusterError as refused:
            return answers.refusal(refused)
        except Exception:
            log.exception("%s failed, request %s", self.operation, request_id)
            return answers.breakdown(request_id)

    def _serve(self, event: Event, request_id: str) -> Answer:
        call = Call(caller_of(event, self.admission), request_id)
        with logs.fields(organization=call.organization, key=call.caller.key):
            return self._answered(lambda: self._serve_caller(call, event), request_id)

    def _serve_caller(self, call: Call, event: Event) -> Answer:
        requests.check_size(event)
        arguments = self._signature.arguments(event)
        if self._limited:
            call.limits.count_submit(call.organization)
        return self._record(call, event, arguments) if self.recorded else self._perform(call, arguments)

    def _record(self, call: Call, event: Event, arguments: dict[str, Any]) -> Answer:
        """Perform it between two lines of the trail: nothing is done that has not been put down before."""
        target = next(iter((event.get("pathParameters") or {}).values()), None)
        line = call.trail.begin(call.caller, self.operation, target, call.request_id)
        answer = self._answered(lambda: self._perform(call, arguments), call.request_id)
        status = answer["statusCode"]
        made = json.loads(answer["body"]).get(self._creates) if status < 300 and self._creates else None
        call.trail.end(line, status, made)
        return answer

    def _perform(self, call: Call, arguments: dict[str, Any]) -> Answer:
        outcome = self._run(call, **arguments)
        return answers.answer(self.statuses.get(type(outcome), self.status), outcome)


def endpoint(
    method: str, path: str, *, status: int = 200, statuses: Mapping[type[BaseModel], int] | None = None,
    admits: Admission | None = None, creates: str | None = None, limited: bool = False,
) -> Callable[[Operation], Endpoint]:  # fmt: skip
    """Make an operation the handler of a route; its name is the operation's id everywhere.

    statuses: of outcomes that are answered with another status than the others. admits: whom, if that does not follow
    from the path. creates: the member of the answer that names what was created, for the trail. limited: counts as a
    submit of the organization.
    """
    admission = admits or usual(path)

    def make(operation: Operation) -> Endpoint:
        return Endpoint(
            method, path, operation, status=status, statuses=statuses or {}, admission=admission, creates=creates,
            limited=limited,
        )  # fmt: skip

    return make


__all__ = ["ADMINS", "ANYBODY", "PUBLIC", "Answer", "Call", "Document", "Endpoint", "Event", "endpoint"]
