"""A worker on the stand: claims a batch, settles it, and the clock moves as told."""

import random
import uuid
from dataclasses import dataclass, field

from bench.results import completion
from bench.stand import ORGANIZATION, Stand
from muster.store.sweeps import Sweeps
from muster.sweeps import models


@dataclass
class Worker:
    """`claim` and `settle` are tasks a request. `step_ms` passes before every request."""

    stand: Stand
    sweeps: Sweeps
    claim: int
    settle: int
    result_bytes: int
    step_ms: int
    claim_ids: bool = True
    """Whether each claim carries a claim id, as the spot agent's do."""
    dice: random.Random = field(default_factory=lambda: random.Random(20260101))
    spot: str = ""

    def __post_init__(self) -> None:
        hello = models.Hello(ip_address="127.0.0.1", total_cores=8)
        with self.stand.meter.during("register_spot"):
            self.spot = self.sweeps.register_spot(ORGANIZATION, hello).spot_id

    def work(self, tasks: int) -> int:
        """Do so many tasks, or as many as there are; answers how many it did."""
        done = 0
        while done < tasks:
            ids = self.take()
            if not ids:
                break
            self.give(ids)
            done += len(ids)
        return done

    def take(self) -> list[str]:
        self.stand.clock.move(self.step_ms)
        claim_id = uuid.UUID(int=self.dice.getrandbits(128)).hex if self.claim_ids else None
        asked = models.ClaimTasks(spot_id=self.spot, max_tasks=self.claim, claim_id=claim_id)
        with self.stand.meter.during("claim_tasks"):
            answer = self.sweeps.claim_tasks(ORGANIZATION, asked)
        return [task.id for task in answer.tasks]

    def give(self, ids: list[str]) -> None:
        for place in range(0, len(ids), self.settle):
            self.stand.clock.move(self.step_ms)
            items = [completion(one, self.result_bytes, self.dice) for one in ids[place : place + self.settle]]
            said = models.CompleteTasks(spot_id=self.spot, tasks=items)
            with self.stand.meter.during("complete_tasks"):
                answer = self.sweeps.complete_tasks(ORGANIZATION, said)
            outcomes = {item.outcome for item in answer.results}
            assert outcomes == {"completed"}, outcomes
