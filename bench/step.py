"""One call of one function of the finish workflow, in a process that does nothing else.

`python -m bench.step aggregate_results` reads the state from standard input and prints, as its last line, what the
function answered and what it took. Which table it works on, the environment says.
"""

import json
import sys
import time
from importlib import import_module
from typing import Any

from bench.memory import peak_mb


def take(operation: str, state: dict[str, Any]) -> dict[str, Any]:
    """Seconds are those of the call; the peak is that of the process, interpreter and imports included."""
    handler = getattr(import_module(f"functions.workflow.{operation}"), operation)
    began, used = time.perf_counter(), time.process_time()
    answer = handler(state, None)
    return {
        "function": operation,
        "seconds": time.perf_counter() - began,
        "cpu_seconds": time.process_time() - used,
        "peak_mb": peak_mb(),
        "answer": answer,
    }


if __name__ == "__main__":
    print(json.dumps(take(sys.argv[1], json.load(sys.stdin))))
