"""One cold start, alone in its process: prints the CPU seconds from nothing to the first answer, and its status.

    python -I -S -B first_answer.py WHAT EVENT FOLDER…

WHAT is a handler, called with the event in the file EVENT, or one of CLIENTS, the starts that it is compared with.
FOLDERs are all that can be imported beside the standard library.
"""

import importlib
import json
import resource
import sys
from typing import Any


def boto3() -> None:
    importlib.import_module("boto3").client("dynamodb")


def botocore() -> None:
    importlib.import_module("botocore.session").get_session().create_client("dynamodb")


CLIENTS = {"boto3": boto3, "botocore": botocore}


def answer(operation: str, event: str) -> Any:
    handler = getattr(importlib.import_module(operation), operation)
    with open(event) as file:  # noqa: PTH123 - pathlib would be one more import to pay for
        return handler(json.load(file), None)


def main(what: str, event: str, *folders: str) -> None:
    sys.path[:0] = folders
    answered = CLIENTS[what]() if what in CLIENTS else answer(what, event)
    used = resource.getrusage(resource.RUSAGE_SELF)
    status = (answered or {}).get("statusCode", "")
    # On a line of its own, below what the handler logs.
    print(f"\n{used.ru_utime + used.ru_stime} {status}")


if __name__ == "__main__":
    main(*sys.argv[1:])
