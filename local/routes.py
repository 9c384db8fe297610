"""The routes of the deployed API: which methods a path knows.

Read back from the gateway of the emulator after each deployment, so that the template stays the only list.
"""

import re
from collections.abc import Iterable


class RouteTable:
    """Paths with their methods, matched as API Gateway matches resources."""

    def __init__(self, resources: Iterable[tuple[str, Iterable[str]]]) -> None:
        """`resources`: path templates like `/jobs/{jobId}` or `/{proxy+}`, with the methods that each one has."""
        self._routes = [(_pattern(path), frozenset(methods)) for path, methods in resources if methods]

    def methods(self, path: str) -> frozenset[str]:
        """The methods that some route has for this path; none for an unknown path."""
        found: frozenset[str] = frozenset()
        for pattern, methods in self._routes:
            if pattern.fullmatch(path):
                found |= methods
        return found


def _pattern(path: str) -> re.Pattern[str]:
    segments = [segment for segment in path.strip("/").split("/") if segment]
    return re.compile("/" + "/".join(map(_segment_pattern, segments)) + "/?")


def _segment_pattern(segment: str) -> str:
    if segment.startswith("{"):
        return ".+" if segment.endswith("+}") else "[^/]+"
    return re.escape(segment)
