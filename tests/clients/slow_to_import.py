"""Takes longer to import than its tasks may run."""

import time
from typing import Any

time.sleep(1.5)


def run(payload: dict[str, Any]) -> dict[str, Any]:
    return {"fopt": 1.0}
