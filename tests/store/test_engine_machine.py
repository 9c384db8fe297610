"""Random walks over the whole engine: any operation, by anybody, at any time, with processes dying at any write.

After every step every invariant holds of every row; in the end audits, reapers and one honest worker finish every job.
MUSTER_WALKS and MUSTER_WALK_STEPS lengthen it; MUSTER_WALK_SEED makes it another walk than the one of every day.
"""

import os
from collections.abc import Callable
from random import Random
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from muster.core import ids
from muster.core.errors import Conflict, NotFound
from muster.store.keys import job_of
from muster.sweeps import models
from muster.sweeps.models import SubmitJob
from tests.store.hostile import Death, Died, Interruption, Plan
from tests.store.invariants import Truth, rows
from tests.store.world import MAIN, World, short_id

WALK = Plan("walk", conflict=0.08, throttle=0.03, lost=0.08)
LATE_WALK = Plan("late walk", conflict=0.05, lost=0.05, late_ms=3_000)

deaths = st.one_of(st.none(), st.none(), st.builds(Death, st.integers(1, 6), st.booleans()))
ACTS = ["complete", "fail", "renew", "release", "claim", "reset", "cancel", "reap", "audit"]
picks = st.lists(st.integers(0, 10**6), min_size=1, max_size=6)


def step(weight: int, needs: str = "", **arguments: st.SearchStrategy[Any]) -> Callable[..., Any]:
    """A step of a walk, as likely as its weight; what it `needs` must not be empty."""

    def marked(method: Any) -> Any:
        method.step = (weight, needs, arguments)
        return method

    return marked


class Engine(RuleBasedStateMachine):
    """`held`: every task that any spot was ever given, with that spot; answers are kept to compare with the table."""

    new_world: ClassVar[Callable[..., World]]
    plan: ClassVar[Plan] = WALK
    letters: ClassVar[Random] = Random(0)

    def __init__(self) -> None:
        super().__init__()
        self.letters.seed(0)
        self.world = type(self).new_world(self.plan, 7)
        self.jobs: list[str] = []
        self.spots = [self.world.hello()]
        self.held: list[tuple[str, str]] = []
        self.claims: list[tuple[str, int, str]] = []
        self.said = 0.0
        self.accepted: dict[str, float] = {}
        self.ended: dict[str, str] = {}
        self.settled: dict[str, dict[int, tuple[str, Any]]] = {}
        self.cancelled: set[str] = set()

    def do(self, death: Death | None, operation: str, *args: Any) -> Any:
        """One request to a process that may die over it; None when it did, or when the engine refused."""
        self.world.injector.death = None if death is None else Death(death.at, death.after)
        try:
            return getattr(self.world.sweeps, operation)(MAIN, *args)
        except Died:
            self.world.sweeps = self.world.process()
        except (Conflict, NotFound):
            pass
        finally:
            self.world.injector.death = None
        return None

    def some(self, which: list[int], spot: int, wrong: bool) -> tuple[str, list[str]]:
        """A spot and tasks: mostly its own, mostly of late, sometimes another's."""
        name = self.spots[spot % len(self.spots)]
        own = [task for holder, task in self.held if wrong or holder == name][-12:] or [self.held[-1][1]]
        return name, list(dict.fromkeys(own[one % len(own)] for one in which))

    @initialize()
    def begin(self) -> None:
        """Two jobs under way: hardly anything happens to an empty table."""
        for attempts in (3, 1):
            self.submit(40, attempts, 300, None)
            self.spots.append(self.world.hello())
        self.world.now += 3_000
        for spot in self.spots:
            self._claim(spot, 6, None, None)
        assert self.held

    # One rule that draws the step: with a rule for each, a walk leaves most of them out, and comes nowhere.
    @rule(data=st.data())
    def take_a_step(self, data: st.DataObject) -> None:
        steps = {name: method.step for name, method in vars(Engine).items() if hasattr(method, "step")}
        weighted = [name for name, (weight, *_) in steps.items() for _ in range(weight)]
        name = data.draw(st.sampled_from(weighted), "step")
        _, needs, arguments = steps[name]
        if not needs or getattr(self, needs):
            getattr(self, name)(**{key: data.draw(strategy, key) for key, strategy in arguments.items()})

    # --- two at once --------------------------------------------------------------------------------------------------

    @step(
        8,
        needs="held",
        one=st.sampled_from(ACTS),
        other=st.sampled_from(ACTS),
        at=st.integers(1, 4),
        which=picks,
        final=st.booleans(),
    )
    def two_at_once(self, one: str, other: str, at: int, which: list[int], final: bool) -> None:
        """Before a write of the one, another process does all of the other, mostly to the same tasks."""
        spot = which[0]

        def meanwhile() -> None:
            interrupted, self.world.sweeps = self.world.sweeps, self.world.process()
            self.act(other, which, spot, final)
            self.world.sweeps = interrupted

        self.world.injector.interruption = Interruption(at, meanwhile)
        self.act(one, which[::-1], spot, not final)
        self.world.injector.interruption = None

    def act(self, what: str, which: list[int], spot: int, final: bool) -> None:  # noqa: C901
        name, tasks = self.some(which, spot, wrong=False)
        match what:
            case "complete":
                self._complete(name, tasks, None)
            case "fail":
                items = [{"id": task, "error": "e", "retriable": not final} for task in tasks]
                self.do(None, "fail_tasks", models.FailTasks(spot_id=name, tasks=items))
            case "renew" | "release":
                self.do(None, f"{what}_tasks", models.HeldTasks(spot_id=name, tasks=tasks))
            case "claim":
                self._claim(name, len(which), None, None)
            case "reset":
                self.do(None, "reset_task", short_id(tasks[0]))
            case "cancel" if final and self.do(None, "cancel_job", tasks[0].partition(".")[0]):
                self.cancelled.add(tasks[0].partition(".")[0])
            case "reap":
                self.world.now += 17_000
                slot = self.world.now // 5_000
                self.do_by_the_clock("keep_watch", {"slot": slot + -slot % 6 * final}, 1)
            case "audit":
                self.world.now += 31_000 * final
                self.do_by_the_clock("audit_jobs")

    def do_by_the_clock(self, operation: str, *args: Any) -> None:
        """Of the world, not of a client."""
        getattr(self.world.sweeps, operation)(*args)

    # --- clients ------------------------------------------------------------------------------------------------------

    @step(1, size=st.integers(1, 40), attempts=st.integers(1, 3), timeout=st.sampled_from([5, 300]), death=deaths)
    def submit(self, size: int, attempts: int, timeout: int, death: Death | None) -> None:
        if len(self.jobs) == 5:
            return
        axes = {"i": {"min": 1, "max": size, "step": 1}}
        spec = {"parameters": axes, "maxAttempts": attempts, "taskTimeoutSeconds": timeout}
        answer = self.do(death, "submit_job", SubmitJob.model_validate(spec))
        if answer:
            self.jobs.append(answer.job_id)

    @step(1, needs="jobs", which=st.integers(0, 3), death=deaths, sure=st.integers(0, 3))
    def cancel(self, which: int, death: Death | None, sure: int) -> None:
        job = self.jobs[which % len(self.jobs)]
        if sure == 0 and self.do(death, "cancel_job", job):
            self.cancelled.add(job)

    @step(1, needs="held", which=picks, death=deaths)
    def reset(self, which: list[int], death: Death | None) -> None:
        self.do(death, "reset_task", short_id(self.held[which[0] % len(self.held)][1]))

    # --- spots --------------------------------------------------------------------------------------------------------

    @step(1)
    def hello(self) -> None:
        if len(self.spots) < 4:
            self.spots.append(self.world.hello())

    @step(1, spot=st.integers(0, 3), death=deaths)
    def heartbeat(self, spot: int, death: Death | None) -> None:
        self.do(death, "record_heartbeat", models.Heartbeat(spot_id=self.spots[spot % len(self.spots)]))

    @step(8, spot=st.integers(0, 3), count=st.integers(1, 7), named=st.booleans(), death=deaths)
    def claim(self, spot: int, count: int, named: bool, death: Death | None) -> None:
        name, claim_id = self.spots[spot % len(self.spots)], f"claim{len(self.claims)}" if named else None
        if claim_id:
            self.claims.append((name, count, claim_id))
        self._claim(name, count, claim_id, death)

    @step(2, needs="claims", back=st.integers(0, 2), death=deaths)
    def claim_again(self, back: int, death: Death | None) -> None:
        self._claim(*self.claims[-1 - back % len(self.claims)], death)

    def _claim(self, spot: str, count: int, claim_id: str | None, death: Death | None) -> None:
        request = models.ClaimTasks(spot_id=spot, max_tasks=count, claim_id=claim_id)
        cancelled = set(self.cancelled)
        answer = self.do(death, "claim_tasks", request)
        for task in answer.tasks if answer else ():
            new = (spot, task.id) not in self.held
            assert not new or task.id.partition(".")[0] not in cancelled, "a cancelled job handed something out"
            assert not new or task.id not in {known for _, known in self.held}, "one task id for two spots"
            if new:
                self.held.append((spot, task.id))

    @step(5, needs="held", which=picks, spot=st.integers(0, 3), wrong=st.booleans(), single=st.booleans(), death=deaths)
    def complete(self, which: list[int], spot: int, wrong: bool, single: bool, death: Death | None) -> None:
        name, tasks = self.some(which, spot, wrong)
        self._complete(name, tasks[:1] if single else tasks, death)

    @step(4, needs="held", death=deaths, back=st.integers(0, 2))
    def complete_a_whole_lease(self, death: Death | None, back: int) -> None:
        leases = list(dict.fromkeys((spot, task.rpartition(".")[2]) for spot, task in self.held))
        name, lease = leases[-1 - back % len(leases)]
        self._complete(
            name, [task for spot, task in self.held if (spot, task.rpartition(".")[2]) == (name, lease)], death
        )

    def _complete(self, spot: str, tasks: list[str], death: Death | None) -> None:
        self.said += 1
        items = [{"id": task, "runtimeMs": 1, "fopt": self.said} for task in tasks]
        answer = self.do(death, "complete_tasks", models.CompleteTasks(spot_id=spot, tasks=items))
        for one in answer.results if answer else ():
            if one.outcome == "completed":
                assert short_id(one.id) not in self.accepted, "accepted twice"
                self.accepted[short_id(one.id)] = self.said

    @step(
        4,
        needs="held",
        which=picks,
        spot=st.integers(0, 3),
        wrong=st.booleans(),
        final=st.lists(st.booleans(), min_size=6, max_size=6),
        death=deaths,
    )
    def fail(self, which: list[int], spot: int, wrong: bool, final: list[bool], death: Death | None) -> None:
        name, tasks = self.some(which, spot, wrong)
        items = [{"id": one, "error": "e", "retriable": not hard} for one, hard in zip(tasks, final, strict=False)]
        self.do(death, "fail_tasks", models.FailTasks(spot_id=name, tasks=items))

    @step(2, needs="held", which=picks, spot=st.integers(0, 3), wrong=st.booleans(), death=deaths)
    def release(self, which: list[int], spot: int, wrong: bool, death: Death | None) -> None:
        name, tasks = self.some(which, spot, wrong)
        self.do(death, "release_tasks", models.HeldTasks(spot_id=name, tasks=tasks))

    @step(2, needs="held", which=picks, spot=st.integers(0, 3), wrong=st.booleans(), death=deaths)
    def renew(self, which: list[int], spot: int, wrong: bool, death: Death | None) -> None:
        name, tasks = self.some(which, spot, wrong)
        self.do(death, "renew_tasks", models.HeldTasks(spot_id=name, tasks=tasks))

    # --- time ---------------------------------------------------------------------------------------------------------

    @step(3, seconds=st.sampled_from([0.4, 1, 2, 6, 11, 17, 33]), alive=st.integers(0, 4))
    def wait(self, seconds: float, alive: int) -> None:
        self.world.pass_time(seconds, alive=self.spots[:alive])

    @step(2, slots=st.integers(0, 7), death=deaths, received=st.integers(1, 2))
    def tick(self, slots: int, death: Death | None, received: int) -> None:
        """A message of the watch, on time, late or a copy, to a process that may die over it."""
        self.world.injector.death = None if death is None else Death(death.at, death.after)
        try:
            self.world.sweeps.keep_watch({"slot": self.world.now // 5_000 + slots - 3}, received)
        except Died:
            self.world.sweeps = self.world.process()
        finally:
            self.world.injector.death = None

    @step(2, death=deaths, later=st.sampled_from([0, 31_000]))
    def audit(self, death: Death | None, later: int) -> None:
        self.world.now += later
        self.world.injector.death = None if death is None else Death(death.at, death.after)
        try:
            self.world.sweeps.audit_jobs()
        except Died:
            self.world.sweeps = self.world.process()
        finally:
            self.world.injector.death = None

    # --- what holds ---------------------------------------------------------------------------------------------------

    @invariant()
    def everything_holds(self) -> None:
        everything = list(rows(self.world))
        for job in [job_of(row["pk"]) for row in everything if row["sk"] == "HEAD"]:
            truth = Truth(self.world, job, everything)
            truth.check()
            self._nothing_final_changed(job, truth)

    def _nothing_final_changed(self, job: str, truth: Truth) -> None:
        status = truth.head["status"]
        assert self.ended.get(job, status) == status, "an ended job changed its status"
        if status not in ("PENDING", "RUNNING"):
            self.ended[job] = status
        results = truth.accepted()
        now = {
            index: (name, results[index].get("fopt") if name == "done" else None)
            for index, (_, name) in truth.newest().items()
            if name in ("done", "failed")
        }
        for index, was in self.settled.get(job, {}).items():
            assert now.get(index) == was, f"task {index} was {was}, is {now.get(index)}"
        self.settled[job] = now
        for index, (name, fopt) in now.items():
            accepted = self.accepted.get(f"{job}.{index}")
            assert accepted is None or (name, fopt) == ("done", accepted), "what was accepted is not what is kept"
        lost = [task for task in self.accepted if task.startswith(f"{job}.") and int(task.split(".")[1]) not in now]
        assert not lost, f"accepted and not there: {lost}"

    def teardown(self) -> None:
        self.world.injector.death = self.world.injector.interruption = None
        self.world.injector.peaceful = True
        for job in dict.fromkeys(job_of(row["pk"]) for row in rows(self.world) if row["sk"] == "HEAD"):
            view = self.world.finish(job)
            assert view.status not in ("PENDING", "RUNNING"), f"{job} does not end: {view}"
            counts = view.completed_tasks + view.failed_tasks + view.cancelled_tasks
            assert (counts, view.waiting_tasks, view.running_tasks) == (view.total_tasks, 0, 0)
        self.everything_holds()
        assert "Scan" not in self.world.injector.operations


WALKS = settings(
    max_examples=int(os.environ.get("MUSTER_WALKS", "12")),
    stateful_step_count=int(os.environ.get("MUSTER_WALK_STEPS", "40")),
    deadline=None,
    derandomize="MUSTER_WALK_SEED" not in os.environ,
    database=None,
    phases=[Phase.generate, Phase.shrink] if "MUSTER_WALK_SHRINK" in os.environ else [Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.slow
@pytest.mark.timeout(0)
@pytest.mark.parametrize("plan", [WALK, LATE_WALK], ids=lambda plan: plan.name.replace(" ", "_"))
def test_whatever_anybody_does_the_invariants_hold_and_every_job_ends(
    plan: Plan, new_world: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Ids decide shards and so the order of things: the same walk needs the same ids.
    monkeypatch.setattr(ids, "secrets", SimpleNamespace(randbits=Engine.letters.getrandbits))
    machine = type("Walk", (Engine,), {"new_world": staticmethod(new_world), "plan": plan})
    if "MUSTER_WALK_SEED" in os.environ:
        machine = seed(int(os.environ["MUSTER_WALK_SEED"]))(machine)
    run_state_machine_as_test(machine, settings=WALKS)
