"""Which way a task is run: as the spot was told when it was started, else as its job says."""

import shutil
from dataclasses import dataclass, field

from muster_client.records import ClaimedJob
from muster_client.spot.held import Failure
from muster_client.spot.program import Program


@dataclass(frozen=True)
class PythonCall:
    """`module:function`, called with the payload."""

    name: str


Way = PythonCall | Program | Failure


@dataclass(frozen=True)
class RunnerChoice:
    """The spot's own runner (one of python and command, or none), and what it lets jobs name."""

    python: str | None = None
    command: list[str] = field(default_factory=list)
    allow_commands: bool = False

    def way(self, job: ClaimedJob) -> Way:
        """How to run a task of the job; a failure when this spot can not, though another may."""
        if self.python:
            return PythonCall(self.python)
        if self.command:
            return Program(tuple(self.command))
        return self._of_job(job)

    def _of_job(self, job: ClaimedJob) -> Way:
        runner = job.runner or {}
        if job.jar_path and job.main_class:
            return Program(("java", "-cp", job.jar_path, job.main_class), payload_as_argument=True)
        if runner.get("python"):
            return PythonCall(str(runner["python"]))
        if runner.get("command"):
            if not self.allow_commands:
                return Failure("NotAllowed: this spot runs a job's commands only when started with --allow-commands")
            return Program(tuple(str(word) for word in runner["command"]))
        return Failure("NoRunner: neither the job nor this spot says how to run its tasks")

    def unknown_command(self) -> str | None:
        """The spot's own command, if there is no such program."""
        if self.command and shutil.which(self.command[0]) is None:
            return self.command[0]
        return None
