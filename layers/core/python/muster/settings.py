"""What a function is told by its environment; read once per process."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True)
class Settings:
    """The environment of a function, typed. Defaults are those of the contract."""

    table: str = ""
    bucket: str = ""
    watch_queue_url: str = ""
    agent_key: str = ""
    """What spots send as X-Orhestra-Key; empty leaves the internal routes open."""
    max_attempts: int = 3
    """Runs of a task in all, unless its job says otherwise."""
    organization: str = "main"
    log_format: str = "text"
    """json or text."""
    tracing: bool = False

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> "Settings":
        """Raises ValueError for a number that is none."""
        return cls(
            table=environ.get("MUSTER_TABLE", cls.table),
            bucket=environ.get("MUSTER_BUCKET", cls.bucket),
            watch_queue_url=environ.get("MUSTER_WATCH_QUEUE_URL", cls.watch_queue_url),
            agent_key=environ.get("ORHESTRA_AGENT_KEY", cls.agent_key),
            max_attempts=_attempts(environ.get("ORHESTRA_MAX_ATTEMPTS") or str(cls.max_attempts)),
            organization=environ.get("MUSTER_ORGANIZATION") or cls.organization,
            log_format=environ.get("MUSTER_LOG_FORMAT") or cls.log_format,
            tracing=environ.get("POWERTOOLS_TRACE_ENABLED", "").lower() == "true",
        )


def _attempts(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 100:
        raise ValueError(f"ORHESTRA_MAX_ATTEMPTS is {text!r}: a number from 1 to 100")
    return int(text)


@cache
def settings() -> Settings:
    """The settings of this process. After a change of the environment: `settings.cache_clear()`."""
    return Settings.read(os.environ)
