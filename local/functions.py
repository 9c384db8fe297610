"""Run a Lambda function in this process, from the source tree, under the rules that AWS gives it.

Event and result pass through JSON, a call has a deadline, a raised exception becomes Lambda's error object (so that
Retry and Catch of a state machine see the real class name), and neither may be larger than Lambda allows.
"""

import contextvars
import importlib
import json
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

log = logging.getLogger("local.functions")

MAX_PAYLOAD_BYTES = 6 * 1024 * 1024
"""What Lambda takes and returns in one synchronous call."""

Handler = Callable[[Any, "LambdaContext"], Any]


@dataclass(frozen=True)
class LambdaContext:
    """The context object of an invocation, with the attributes of the Python runtime."""

    function_name: str
    function_version: str
    invoked_function_arn: str
    memory_limit_in_mb: str
    aws_request_id: str
    log_group_name: str
    log_stream_name: str
    deadline: float
    """By time.monotonic()."""
    identity: None = None
    client_context: None = None

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self.deadline - time.monotonic()) * 1000))


class InvocationCounter:
    """How many invocations began and how many still run; the snapshots ask whether anything happened."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.begun = 0
        self.running = 0

    def __enter__(self) -> None:
        with self._lock:
            self.begun += 1
            self.running += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self.running -= 1


invocations = InvocationCounter()
deployed = threading.Event()
"""Set once the functions' environment is there. A queue message of the last run may be due before that."""


def source_handler(code_folder: str, handler: str) -> str:
    """The deployed Handler that stands for a function of the source tree: its folder, then what the template says."""
    return f"{code_folder.strip('./')}/{handler}"


def is_source_handler(handler: str) -> bool:
    """Whether a deployed Handler is one of ours; a function packaged by `sam build` has no folder in it."""
    return "/" in handler


def import_handler(handler: str) -> Handler:
    """`functions/sweeps/submit_job.submit_job` is `submit_job` of the module `functions.sweeps.submit_job`."""
    module, _, name = handler.rpartition(".")
    found: Handler = getattr(importlib.import_module(module.replace("/", ".")), name)
    return found


def invoke(config: dict[str, Any], event: Any, request_id: str) -> dict[str, Any]:
    """Run the function of this Lambda configuration. The answer is in the form that ministack's executors return."""
    deployed.wait()
    with invocations:
        timeout = float(config.get("Timeout") or 3)
        call = _Call(config["Handler"], event, _context(config, request_id, timeout))
        scope = contextvars.copy_context()
        thread = threading.Thread(target=scope.run, args=(call.run,), daemon=True, name=config["FunctionName"])
        thread.start()
        thread.join(timeout)
        if thread.is_alive():
            log.error("%s timed out after %.2f seconds (request %s)", config["FunctionName"], timeout, request_id)
            return _failed("Sandbox.Timedout", f"{request_id} Task timed out after {timeout:.2f} seconds")
        return call.outcome


class _Call:
    """One invocation, run in a thread of its own so that its deadline can pass."""

    def __init__(self, handler: str, event: Any, context: LambdaContext) -> None:
        self.handler, self.event, self.context = handler, event, context
        self.outcome: dict[str, Any] = _failed("Runtime.ExitError", "the function did not return")

    def run(self) -> None:
        try:
            handler = import_handler(self.handler)
            result = json.dumps(handler(json.loads(json.dumps(self.event)), self.context))
        except BaseException as error:
            name, request = self.context.function_name, self.context.aws_request_id
            log.exception("%s raised (request %s)", name, request)
            self.outcome = _failed(type(error).__name__, str(error))
            return
        if len(result) > MAX_PAYLOAD_BYTES:
            log.error("%s returned %d bytes, Lambda allows %d", self.handler, len(result), MAX_PAYLOAD_BYTES)
            self.outcome = _failed("Function.ResponseSizeTooLarge", "response payload size exceeded")
            return
        self.outcome = {"body": json.loads(result), "log": ""}


def _context(config: dict[str, Any], request_id: str, timeout: float) -> LambdaContext:
    name = config["FunctionName"]
    return LambdaContext(
        function_name=name,
        function_version=config.get("Version", "$LATEST"),
        invoked_function_arn=config.get("FunctionArn", ""),
        memory_limit_in_mb=str(config.get("MemorySize", 128)),
        aws_request_id=request_id,
        log_group_name=f"/aws/lambda/{name}",
        log_stream_name=f"local/{request_id}",
        deadline=time.monotonic() + timeout,
    )


def _failed(kind: str, message: str) -> dict[str, Any]:
    return {"error": True, "body": {"errorType": kind, "errorMessage": message}, "log": ""}
