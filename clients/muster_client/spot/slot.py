"""One core of a spot: runs one task at a time in a process of its own."""

from dataclasses import replace
from threading import Lock

from muster_client.spot.child import Child
from muster_client.spot.choice import PythonCall, RunnerChoice
from muster_client.spot.held import Failure, HeldTask, Outcome
from muster_client.spot.program import Program, start
from muster_client.spot.python_worker import PythonWorker


class Slot:
    """Owned by one thread, except for `abort`."""

    def __init__(self, choice: RunnerChoice, paths: list[str]) -> None:
        self._choice = choice
        self._paths = paths
        self._worker: PythonWorker | None = None
        self._guard = Lock()
        self._task_id: str | None = None
        self._child: Child | None = None
        self._aborted = False
        self._interruption: Failure | None = None

    def run(self, task: HeldTask) -> Outcome | None:
        """The outcome; None when the task was aborted."""
        with self._guard:
            self._task_id, self._child, self._aborted = task.id, None, False
        outcome = self._run(task)
        with self._guard:
            self._task_id, self._child = None, None
            aborted, interruption = self._aborted, self._interruption
        if aborted:
            self.close()
            return None
        if interruption and isinstance(outcome, Failure):
            return replace(interruption, output=outcome.output)
        return outcome

    def abort(self, task_id: str) -> bool:
        """End the task if this slot runs it; whether it did."""
        with self._guard:
            if self._task_id != task_id:
                return False
            self._aborted = True
            if self._child:
                self._child.kill()
            return True

    def interrupt(self, failure: Failure) -> None:
        """End what runs, if anything does; unless it is just done, that is the task's outcome. Nothing runs after."""
        with self._guard:
            self._interruption = failure
            if self._task_id and self._child:
                self._child.kill()

    def close(self) -> None:
        """End the worker process."""
        if self._worker:
            self._worker.close()
            self._worker = None

    def kill(self) -> None:
        """End whatever runs, without asking for a lock: the agent itself is about to die."""
        for child in (self._child, self._worker.child if self._worker else None):
            if child:
                child.kill_now()

    def _run(self, task: HeldTask) -> Outcome:
        way = self._choice.way(task.grant.job)
        if isinstance(way, Failure):
            return way
        limit_seconds = task.grant.job.task_timeout_seconds
        if isinstance(way, PythonCall):
            worker = self._live_worker()
            self._attend(worker.child)
            return worker.outcome(way.name, task.payload, limit_seconds)
        return self._run_program(way, task, limit_seconds)

    def _run_program(self, program: Program, task: HeldTask, limit_seconds: float) -> Outcome:
        run = start(program, task.label, task.payload)
        if isinstance(run, Failure):
            return run
        self._attend(run.child)
        return run.outcome(limit_seconds)

    def _attend(self, child: Child) -> None:
        """From here on, an abort kills this child."""
        with self._guard:
            self._child = child
            if self._aborted or self._interruption:
                child.kill()

    def _live_worker(self) -> PythonWorker:
        if self._worker and not self._worker.is_alive():
            self.close()
        if not self._worker:
            self._worker = PythonWorker(self._paths)
        return self._worker
