"""How a command ends: its exit status, and what it says when it could not do its work."""

import os
import sys
from collections.abc import Callable
from functools import wraps
from typing import NoReturn, ParamSpec, TypeVar

import typer
from rich.console import Console
from rich.text import Text

from muster_client.errors import MusterApiError, MusterError

OK, ENDED_BADLY, USAGE, REFUSED, UNREACHABLE, NOT_YET, INTERRUPTED, PIPE_CLOSED = 0, 1, 2, 3, 4, 5, 130, 141

P = ParamSpec("P")
T = TypeVar("T")


def command(function: Callable[P, T]) -> Callable[P, T]:
    """Make a function a command that ends with one of the statuses above, never with a traceback."""

    @wraps(function)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return function(*args, **kwargs)
        except MusterApiError as error:
            details = [f"  {fault.get('field', '?')}: {fault.get('problem', '?')}" for fault in error.details]
            leave(UNREACHABLE if error.status >= 500 else REFUSED, error.message, *details)
        except MusterError as error:
            leave(UNREACHABLE, str(error))
        except KeyboardInterrupt:
            leave(INTERRUPTED, "interrupted")
        except BrokenPipeError:
            # Whoever read our output has had enough; there must be no second complaint when Python flushes at the end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(PIPE_CLOSED) from None

    return guarded


def leave(status: int, problem: str, *details: str) -> NoReturn:
    """One red line, the details below it."""
    console = Console(stderr=True, soft_wrap=True)
    console.print(Text(problem, style="bold red"))
    for detail in details:
        console.print(Text(detail))
    raise typer.Exit(status)
