"""A task for spots in tests."""

import time


def nap(payload: dict[str, float]) -> dict[str, float]:
    time.sleep(payload["seconds"])
    return {"fopt": payload["number"]}
