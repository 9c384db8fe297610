"""A small world around the engine: its table, a clock that the test moves, a queue, processes that may die.

`World.ask` is a client over HTTP: when the process dies before it answered, another one gets the same request. What
such a client can not tell apart ("already completed" after a try that died) is answered here as if it had been the
first. Ticks and audits come by the clock when time passes.
"""

import heapq
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from muster.core.finish import Execution
from muster.store.blobs import Blobs
from muster.store.finish.deliveries import Stack
from muster.store.finish.ending import Ending
from muster.store.finish.steps import Finish
from muster.store.sweeps import Sweeps
from muster.store.table import Table
from muster.sweeps import models
from muster.sweeps.models import ClaimedTask, SubmitJob
from tests.store.endings import PostOffice, ending, finish
from tests.store.hostile import Died, Injector, Plan
from tests.store.late_index import LateIndex
from tests.store.states import Interpreter

MAIN = "main"
MINUTE_MS = 60_000
START_MS = 1_700_000_000_000
_FIRST_TIME = {"already_completed": "completed", "already_terminal": "failed"}


@dataclass(frozen=True)
class Clients:
    dynamodb: Any
    s3: Any


class World:
    """`hooked` are clients that the faults get at, `reader` and `objects` such that they do not."""

    def __init__(self, hooked: Clients, untouched: Clients, table: str, bucket: str, plan: Plan, seed: int) -> None:
        self.table, self.bucket, self.plan = table, bucket, plan
        self.now, self.chance = START_MS, Random(seed)
        self.reader, self.objects = untouched.dynamodb, untouched.s3
        late = LateIndex(self.reader, table, lambda: self.now, self.chance, plan.late_ms) if plan.late_ms else None
        self.injector = Injector(plan, self.chance, f"-{table}", late)
        self._dynamodb, self._s3 = hooked.dynamodb, hooked.s3
        self.queue: list[tuple[int, int, dict[str, int]]] = []
        self.ticks: list[int] = []
        self.sent = self._submits = 0
        self.next_audit = START_MS + MINUTE_MS
        self.schedule_on = True
        self.executions: list[Execution] = []
        self.visited: list[str] = []
        self.post = PostOffice()
        self.stack = Stack()
        self.sweeps = self.process()

    def process(self) -> Sweeps:
        """A fresh process with an empty memory."""
        table, blobs = self._store()
        return Sweeps(table, blobs, self._send, lambda: self.now, 3, self._ending(table, blobs))

    def _store(self) -> tuple[Table, Blobs]:
        return Table(self._dynamodb, self.table), Blobs(lambda: self._s3, self.bucket)

    def _ending(self, table: Table, blobs: Blobs) -> Ending:
        return ending(table, blobs, lambda: self.now, start=self._start, post=self.post, stack=self.stack)

    def _start(self, execution: Execution) -> None:
        """As the service does: an execution of a name that is known is not another one."""
        if execution.name not in {known.name for known in self.executions if known.size is execution.size}:
            self.executions.append(execution)

    def steps(self, *, saving: bool = True) -> Finish:
        """A fresh process of the workflow's functions."""
        table, blobs = self._store()
        return finish(self.process(), blobs, self._ending(table, blobs), lambda: self.now, saving=saving)

    def execute(self, execution: Execution, *, saving: bool = True) -> list[str]:
        """Run an execution to its end, each function in a process of its own. Which states it went through."""

        def call(name: str, state: dict[str, Any]) -> dict[str, Any]:
            operation = re.sub("(?<!^)([A-Z])", r"_\1", name).lower()
            answer: dict[str, Any] = getattr(self.steps(saving=saving), operation)(state)
            return answer

        def wait(seconds: int) -> None:
            self.now += seconds * 1000

        interpreter = Interpreter(call, wait)
        try:
            interpreter.run(execution.state())
        finally:
            self.visited = interpreter.visited
        return interpreter.visited

    def _send(self, message: dict[str, int], delay_seconds: int) -> None:
        self.sent += 1
        heapq.heappush(self.queue, (self.now + delay_seconds * 1000, self.sent, message))

    # --- requests -----------------------------------------------------------------------------------------------------

    def ask(self, operation: str, *args: Any, organization: str = MAIN, **named: Any) -> Any:
        """One request, sent again to a fresh process as often as processes die over it."""
        died = False
        while True:
            try:
                answer = getattr(self.sweeps, operation)(organization, *args, **named)
            except Died:
                died = True
                self.sweeps = self.process()
            else:
                return _as_if_first(answer) if died else answer

    def submit(self, organization: str = MAIN, key: str | None = None, **spec: Any) -> str:
        """Under deaths with a key, as a client does that wants one job when it asks again."""
        self._submits += 1
        key = key or (f"submit{self._submits}" if self.plan.death else None)
        request = SubmitJob.model_validate(spec or {"algorithms": ["PSO"]})
        job: str = self.ask("submit_job", request, key, organization=organization).job_id
        return job

    def submit_many(self, count: int, organization: str = MAIN, **spec: Any) -> str:
        """A job of so many tasks."""
        axes = {"i": {"min": 0, "max": count - 1, "step": 1}}
        return self.submit(organization, parameters=axes, **spec)

    def hello(self, organization: str = MAIN, pool: str = "default") -> str:
        hello = models.Hello(ip_address="127.0.0.1", total_cores=2, pool=pool)
        spot: str = self.ask("register_spot", hello, organization=organization).spot_id
        return spot

    def beat(self, spot: str, organization: str = MAIN) -> list[str]:
        """A heartbeat; the cancelled tasks that the spot learns of."""
        told = self.ask("record_heartbeat", models.Heartbeat(spot_id=spot), organization=organization)
        return told.cancelled_tasks or []

    def claim_once(
        self, spot: str, count: int = 1, claim_id: str | None = None, organization: str = MAIN
    ) -> list[ClaimedTask]:
        """No process dies over it: which tasks the next one hands out is then a matter of time, not of the answer.
        That deaths in a claim lose nothing is shown in test_crashes.py and by the state machine."""
        request = models.ClaimTasks(spot_id=spot, max_tasks=count, claim_id=claim_id)
        self.injector.immortal = True
        try:
            tasks: list[ClaimedTask] = self.ask("claim_tasks", request, organization=organization).tasks
        finally:
            self.injector.immortal = False
        return tasks

    def claim(
        self, spot: str, count: int = 1, claim_id: str | None = None, organization: str = MAIN
    ) -> list[ClaimedTask]:
        """As a worker claims: an empty answer is asked again while an index may be late, a second apart."""
        tasks = self.claim_once(spot, count, claim_id, organization)
        for _ in range(4 if self.plan.late_ms else 0):
            if tasks:
                break
            self.now += 1_000
            tasks = self.claim_once(spot, count, claim_id, organization)
        return tasks

    def claim_all(self, spot: str, count: int, batch: int = 500) -> list[ClaimedTask]:
        """Claims until so many tasks are there, or nothing comes any more."""
        tasks: list[ClaimedTask] = []
        while len(tasks) < count and (more := self.claim(spot, min(batch, count - len(tasks)))):
            tasks += more
        return tasks

    def complete(
        self, spot: str, tasks: Iterable[ClaimedTask | str], organization: str = MAIN, **said: Any
    ) -> list[str]:
        """The outcomes of a batch."""
        items = [{"id": task_id(task), "runtimeMs": 7, **said} for task in tasks]
        request = models.CompleteTasks(spot_id=spot, tasks=items)
        return [one.outcome for one in self.ask("complete_tasks", request, organization=organization).results]

    def fail(self, spot: str, tasks: Iterable[ClaimedTask | str], **said: Any) -> list[str]:
        items = [{"id": task_id(task), "error": "boom", **said} for task in tasks]
        request = models.FailTasks(spot_id=spot, tasks=items)
        return [one.outcome for one in self.ask("fail_tasks", request).results]

    def renew(self, spot: str, tasks: Sequence[ClaimedTask | str]) -> list[str]:
        request = models.HeldTasks(spot_id=spot, tasks=[task_id(task) for task in tasks])
        return [one.outcome for one in self.ask("renew_tasks", request).results]

    def release(self, spot: str, tasks: Sequence[ClaimedTask | str]) -> list[str]:
        request = models.HeldTasks(spot_id=spot, tasks=[task_id(task) for task in tasks])
        return [one.outcome for one in self.ask("release_tasks", request).results]

    def job(self, job: str, organization: str = MAIN) -> models.JobView:
        """The job; under deaths after an audit, which records the end that a death left unrecorded."""
        if self.plan.death:
            self.audit()
        view: models.JobView = self.ask("get_job", job, organization=organization)
        return view

    def results(self, job: str, limit: int = 1000) -> list[models.ResultView]:
        """All pages."""
        found: list[models.ResultView] = []
        further: str | None = None
        while True:
            page = self.ask("list_results", job, limit=limit, next=further)
            found += page.results
            further = page.next
            if further is None:
                return found

    # --- time ---------------------------------------------------------------------------------------------------------

    def settle_indexes(self) -> None:
        """Wait until no index is late any more."""
        self.now += self.plan.late_ms

    def pass_time(self, seconds: float, alive: Sequence[str] = ()) -> None:
        """Let the clock run: ticks when their messages are due, audits every minute, heartbeats of those alive."""
        until, next_beat = self.now + round(seconds * 1000), self.now
        while True:
            moments = [self.queue[0][0]] if self.queue else []
            moments += [self.next_audit] if self.schedule_on else []
            moments += [next_beat] if alive else []
            moment = min(moments, default=until + 1)
            if moment > until:
                break
            self.now = max(self.now, moment)
            if alive and moment == next_beat:
                next_beat += 3_000
                for spot in alive:
                    self.beat(spot)
            elif self.queue and moment == self.queue[0][0]:
                self.tick(heapq.heappop(self.queue)[2])
            else:
                self.next_audit += MINUTE_MS
                self.audit()
        self.now = max(self.now, until)

    def tick(self, message: dict[str, int]) -> None:
        """A message of the queue, received again by another process as often as one dies over it."""
        self.ticks.append(message["slot"])
        received = 1
        while True:
            try:
                self.sweeps.keep_watch(message, received)
            except Died:
                received += 1
                self.sweeps = self.process()
            else:
                return

    def tick_again(self, message: dict[str, int]) -> None:
        """The queue delivers once more what nobody answered for."""
        self.sweeps.keep_watch(message, 2)

    def audit(self) -> None:
        while True:
            try:
                self.sweeps.audit_jobs()
            except Died:
                self.sweeps = self.process()
            else:
                return

    def finish(self, job: str, minutes: int = 10) -> models.JobView:
        """Time, and one honest worker that takes whatever it can get, until the job ends."""
        spot = self.hello()
        for _ in range(minutes * 12):
            view = self.job(job)
            if view.status not in ("PENDING", "RUNNING"):
                break
            while tasks := self.claim_once(spot, 50):
                self.complete(spot, tasks)
            self.pass_time(5, alive=[spot])
        return self.job(job)


def task_id(task: ClaimedTask | str) -> str:
    return task if isinstance(task, str) else task.id


def short_id(task: ClaimedTask | str) -> str:
    return task_id(task).rpartition(".")[0]


def index_of(task: ClaimedTask | str) -> int:
    return int(task_id(task).split(".")[1])


def _as_if_first(answer: Any) -> Any:
    match answer:
        case models.TasksSettled():
            first = [
                one.model_copy(update={"outcome": _FIRST_TIME.get(one.outcome, one.outcome)}) for one in answer.results
            ]
            return answer.model_copy(update={"results": first})
        case models.TaskFailed(message=str()):
            return models.TaskFailed(will_retry=False)
        case models.TaskCompleted() | models.JobCancelled() | models.TaskReset():
            return answer.model_copy(update={"message": None})
    return answer
