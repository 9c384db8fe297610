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
    log_level: str = "INFO"
    log_file: str = ""
    """Where lines go too; on one machine only."""
    tracing: bool = False
    finish_machine: str = ""
    """ARN of the Standard state machine that finishes jobs."""
    small_finish_machine: str = ""
    """ARN of the Express state machine with the same definition."""
    results_path: str = "results"
    """Where reports are saved: a prefix in the bucket."""
    results_folder: str = ""
    """Where they are saved as plain files too; on one machine only."""
    saving: bool = True
    sending: bool = True
    results_url: str = ""
    """Where the end of every job is reported to."""
    results_secret: str = ""
    """What signs that; two, separated by a blank, while it changes."""
    local_webhooks: bool = False
    """Whether webhooks may go to this machine and by http."""

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> "Settings":
        """Raises ValueError for a value that can not be, naming the variable."""
        return cls(
            table=environ.get("MUSTER_TABLE", cls.table),
            bucket=environ.get("MUSTER_BUCKET", cls.bucket),
            watch_queue_url=environ.get("MUSTER_WATCH_QUEUE_URL", cls.watch_queue_url),
            agent_key=environ.get("ORHESTRA_AGENT_KEY", cls.agent_key),
            max_attempts=_attempts(environ.get("ORHESTRA_MAX_ATTEMPTS") or str(cls.max_attempts)),
            require_keys=_switch(environ, "MUSTER_REQUIRE_KEYS", cls.require_keys),
            submits_per_minute=_submits(environ.get("MUSTER_SUBMITS_PER_MINUTE") or str(cls.submits_per_minute)),
            secret=environ.get("MUSTER_SECRET", cls.secret),
            organization=environ.get("MUSTER_ORGANIZATION") or cls.organization,
            log_format=environ.get("MUSTER_LOG_FORMAT") or cls.log_format,
            log_level=_level(environ.get("LOG_LEVEL") or cls.log_level),
            log_file=environ.get("MUSTER_LOG_FILE", cls.log_file),
            tracing=_switch(environ, "POWERTOOLS_TRACE_ENABLED", cls.tracing),
            finish_machine=environ.get("MUSTER_FINISH_MACHINE", cls.finish_machine),
            small_finish_machine=environ.get("MUSTER_SMALL_FINISH_MACHINE", cls.small_finish_machine),
            results_path=environ.get("RESULTS_SAVE_PATH") or cls.results_path,
            results_folder=environ.get("MUSTER_RESULTS_FOLDER", cls.results_folder),
            saving=_switch(environ, "ENABLE_FILESYSTEM_SAVING", cls.saving),
            sending=_switch(environ, "ENABLE_API_SENDING", cls.sending),
            results_url=environ.get("RESULTS_API_URL", cls.results_url),
            results_secret=environ.get("RESULTS_API_SECRET", cls.results_secret),
            local_webhooks=_switch(environ, "MUSTER_LOCAL_WEBHOOKS", cls.local_webhooks),
        )


def _level(text: str) -> str:
    level = {"WARN": "WARNING"}.get(text.upper(), text.upper())
    if level not in ("DEBUG", "INFO", "WARNING", "ERROR"):
        raise ValueError(f"LOG_LEVEL is {text!r}: DEBUG, INFO, WARN or ERROR")
    return level


def _switch(environ: Mapping[str, str], name: str, default: bool) -> bool:
    """Refuses what is neither: a misspelt false must not pass for true, nor a misspelt true for false."""
    text = (environ.get(name) or str(default)).lower()
    if text not in ("true", "false"):
        raise ValueError(f"{name} is {text!r}: true or false")
    return text == "true"


def _attempts(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 100:
        raise ValueError(f"ORHESTRA_MAX_ATTEMPTS is {text!r}: a number from 1 to 100")
    return int(text)


def _submits(text: str) -> int:
    if not text.isdecimal() or int(text) > 1_000_000:
        raise ValueError(f"MUSTER_SUBMITS_PER_MINUTE is {text!r}: a number from 0 to 1000000")
    return int(text)


@cache
def settings() -> Settings:
    """The settings of this process. After a change of the environment: `settings.cache_clear()`."""
    return Settings.read(os.environ)
