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
    """What spots send as X-Orhestra-Key; empty means the one that the stack's secret gives, where keys are required."""
    max_attempts: int = 3
    """Runs of a task in all, unless its job says otherwise."""
    organization: str = "main"
    """The operator's."""
    require_keys: bool = True
    """Whether who sends no key is refused."""
    submits_per_minute: int = 0
    """Submits and retries that an organization gets in a minute; 0 sets no limit."""
    secret: str = ""
    """The stack's secret in Secrets Manager, by name or ARN."""
    log_format: str = "text"
    """json or text."""
    tracing: bool = False

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> "Settings":
        """Raises ValueError for a value that can not be, naming the variable."""
        return cls(
            table=environ.get("MUSTER_TABLE", cls.table),
            bucket=environ.get("MUSTER_BUCKET", cls.bucket),
            watch_queue_url=environ.get("MUSTER_WATCH_QUEUE_URL", cls.watch_queue_url),
            agent_key=environ.get("ORHESTRA_AGENT_KEY", cls.agent_key),
            max_attempts=_attempts(environ.get("ORHESTRA_MAX_ATTEMPTS") or str(cls.max_attempts)),
            require_keys=_is_true("MUSTER_REQUIRE_KEYS", environ.get("MUSTER_REQUIRE_KEYS") or "true"),
            submits_per_minute=_submits(environ.get("MUSTER_SUBMITS_PER_MINUTE") or str(cls.submits_per_minute)),
            secret=environ.get("MUSTER_SECRET", cls.secret),
            organization=environ.get("MUSTER_ORGANIZATION") or cls.organization,
            log_format=environ.get("MUSTER_LOG_FORMAT") or cls.log_format,
            tracing=environ.get("POWERTOOLS_TRACE_ENABLED", "").lower() == "true",
        )


def _attempts(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 100:
        raise ValueError(f"ORHESTRA_MAX_ATTEMPTS is {text!r}: a number from 1 to 100")
    return int(text)


def _submits(text: str) -> int:
    if not text.isdecimal() or int(text) > 1_000_000:
        raise ValueError(f"MUSTER_SUBMITS_PER_MINUTE is {text!r}: a number from 0 to 1000000")
    return int(text)


def _is_true(name: str, text: str) -> bool:
    """Refuses what is neither: a misspelt false must not pass for one, nor a misspelt true."""
    if text.lower() not in ("true", "false"):
        raise ValueError(f"{name} is {text!r}: true or false")
    return text.lower() == "true"


@cache
def settings() -> Settings:
    """The settings of this process. After a change of the environment: `settings.cache_clear()`."""
    return Settings.read(os.environ)
