"""What is changed inside ministack, and why. Every name that is not ministack's public one is listed here.

The names are checked before anything starts: another ministack version fails with their list, not with odd behaviour.
"""

import importlib
import os
from importlib.metadata import version
from typing import Any

from local import functions
from local.settings import LocalCloudError
from local.shortcut import open_shortcut

TRIED_WITH = "1.5.33"

PRIVATE_NAMES = {
    "ministack.app": {
        "app": "the emulator itself",
        "_build_persistence_save_dict": "what a snapshot saves",
    },
    "ministack.core.persistence": {"save_all": "writes a snapshot"},
    "ministack.core.concurrency": {"esm_wake": "wakes the poller of event source mappings"},
    "ministack.services.lambda_svc": {
        "_execute_function_warm": "replaced: runs functions of the source tree in this process (58 ms a call become 6)",
        "_emit_lambda_logs": "replaced: it keeps every call's log in memory, 15 MB per 10,000 calls",
    },
    "ministack.services.apigateway_v1": {
        "handle_execute": "answers a request to a REST API",
        "_media_type_matches": "wrapped: SAM writes application~1zip, which never matches and mangles binary bodies",
    },
    "ministack.services.dynamodb": {"handle_request": "wrapped: one DynamoDB request at a time, from any thread"},
}


class WrongMinistack(LocalCloudError):
    """this ministack lacks names that the local cloud needs"""


def check_names() -> None:
    """Raise WrongMinistack, naming the version and what it lacks."""
    missing = []
    for module, names in PRIVATE_NAMES.items():
        found = importlib.import_module(module)
        missing += [f"{module}.{name} ({reason})" for name, reason in names.items() if not hasattr(found, name)]
    if missing:
        raise WrongMinistack(
            f"ministack {version('ministack')} lacks {', '.join(missing)}; "
            f"the local cloud was made with {TRIED_WITH}: reinstall from requirements/local.txt"
        )


def install() -> None:
    """Check the names, then put the changes in place. Once per process, before the first request."""
    check_names()
    _run_source_functions_here()
    _understand_escaped_media_types()
    open_shortcut(os.environ["AWS_ENDPOINT_URL"])


def _run_source_functions_here() -> None:
    from ministack.services import lambda_svc

    stock_executor = lambda_svc._execute_function_warm

    def execute(func: dict[str, Any], event: Any, request_id: str) -> dict[str, Any]:
        config = func.get("config") or func
        if functions.is_source_handler(config["Handler"]):
            return functions.invoke(config, event, request_id)
        answer: dict[str, Any] = stock_executor(func, event, request_id)
        return answer

    def keep_no_log(*_: object, **__: object) -> None:
        """Functions write to our own log."""

    lambda_svc._execute_function_warm = execute
    lambda_svc._emit_lambda_logs = keep_no_log


def _understand_escaped_media_types() -> None:
    from ministack.services import apigateway_v1

    literal = apigateway_v1._media_type_matches

    def matches(media_type: str, binary_media_types: list[str] | None) -> bool:
        return bool(literal(media_type, [pattern.replace("~1", "/") for pattern in binary_media_types or []]))

    apigateway_v1._media_type_matches = matches
