"""What one call of each operation costs, by a process that remembers nothing."""

from collections.abc import Callable

from bench.counting import BATCH, RESULT_BYTES, SLOW_MS, Row, per_call
from bench.results import completion
from bench.stand import ORGANIZATION, Stand, sweep_of
from bench.worker import Worker
from muster.store.sweeps import Sweeps
from muster.sweeps import models


class _Session:
    """One spot and one job of 10,000 tasks; each method is a call of the operation that it is named after."""

    def __init__(self, stand: Stand) -> None:
        self._stand, self.sweeps = stand, stand.sweeps()
        self.job = self.sweeps.submit_job(ORGANIZATION, sweep_of(10_000)).job_id
        self.worker = Worker(stand, self.sweeps, BATCH, BATCH, RESULT_BYTES, SLOW_MS)
        self.held = self.worker.take()
        self.slot = stand.clock() // 5_000

    def call(self, operation: str, run: Callable[[Sweeps], object]) -> None:
        self._stand.clock.move(SLOW_MS)
        with self._stand.meter.during(operation):
            run(self.sweeps)

    def requests_of_spots(self) -> None:
        spot, held, dice = self.worker.spot, self.held, self.worker.dice
        alive = models.Heartbeat(spot_id=spot, cpu_load=50.0, running_tasks=8)
        self.call("record_heartbeat", lambda sweeps: sweeps.record_heartbeat(ORGANIZATION, alive))
        kept = models.HeldTasks(spot_id=spot, tasks=held)
        self.call("renew_tasks", lambda sweeps: sweeps.renew_tasks(ORGANIZATION, kept))
        one = {name: value for name, value in completion(held[0], RESULT_BYTES, dice).items() if name != "id"}
        complete = models.CompleteTask.model_validate(one | {"spotId": spot})
        self.call("complete_task", lambda sweeps: sweeps.complete_task(ORGANIZATION, held[0], complete))
        failures = [{"id": task, "error": "OutOfMemoryError", "retriable": True} for task in held[1:25]]
        fail = models.FailTasks(spot_id=spot, tasks=failures)
        self.call("fail_tasks", lambda sweeps: sweeps.fail_tasks(ORGANIZATION, fail))
        rest = models.HeldTasks(spot_id=spot, tasks=held[25:])
        self.call("release_tasks", lambda sweeps: sweeps.release_tasks(ORGANIZATION, rest))

    def requests_of_clients(self) -> None:
        self.call("get_job", lambda sweeps: sweeps.get_job(ORGANIZATION, self.job))
        self.call("submit_job", lambda sweeps: self._stand.put_away(_submitted(sweeps)))
        self.call("get_health", lambda sweeps: sweeps.get_health(ORGANIZATION))

    def ticks(self) -> None:
        self.slot += 1
        self.call("keep_watch", lambda sweeps: sweeps.keep_watch({"slot": self.slot * 6 + 1}))
        self.call("keep_watch, TaskReaper too", lambda sweeps: sweeps.keep_watch({"slot": self.slot * 6 + 6}))
        self.call("audit_jobs", lambda sweeps: sweeps.audit_jobs())


def _submitted(sweeps: Sweeps) -> str:
    return sweeps.submit_job(ORGANIZATION, sweep_of(1_000)).job_id


def by_operation(stand: Stand) -> list[Row]:
    """Batches of 50, results of 200 bytes, one spot, one running job of 10,000 tasks."""
    session = _Session(stand)
    stand.meter.take()
    session.requests_of_spots()
    session.worker.work(BATCH * 8)
    session.requests_of_clients()
    session.ticks()
    spent = stand.meter.take()
    idle = models.ClaimTasks(spot_id=session.worker.spot, max_tasks=BATCH)
    stand.put_away(session.job)
    session.call("claim_tasks, nothing there", lambda sweeps: sweeps.claim_tasks(ORGANIZATION, idle))
    spent |= stand.meter.take()
    return [per_call(operation, one) for operation, one in sorted(spent.items())]
