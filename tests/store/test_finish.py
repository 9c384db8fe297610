"""The finish: one report and one successful delivery an address, whatever dies, is started twice or comes late.

The workflow's own definition is run here, state by state, against a table that can be made hostile.
"""

import json
from collections.abc import Callable
from contextlib import suppress
from itertools import count, pairwise
from typing import Any

import pytest

from muster.core import finish as rules
from muster.core.delivery import RETRY_SECONDS, Receipt
from muster.core.errors import DeliveryNotFound, StaleFinish, StillDelivering
from muster.core.finish import Execution, Size
from muster.store.engine.aggregation import IncompleteReport
from muster.store.engine.reading import Reading
from muster.store.finish.deliveries import SENDING_MS, Stack, Target
from muster.sweeps import models
from muster.sweeps.formats import results_as_ndjson
from muster.webhooks.sealing import Sealer
from tests.store.endings import PostOffice
from tests.store.hostile import Death, Died
from tests.store.world import MAIN, World

SECRET = "whsec_" + "c2VjcmV0" * 4
WEBHOOK = {"url": "https://example.com/hook?token=t", "secret": SECRET}
STEPS = ["LoadJob", "AggregateAll", "AggregateResults", "WriteReport", "DeliverAll", "DeliverReport", "RecordFinish"]


def ended(world: World, total: int = 6, webhook: bool = True, **spec: Any) -> str:
    """A job whose last task was just settled."""
    delivery = {"delivery": {"webhook": WEBHOOK} if webhook else {}}
    job = world.submit_many(total, **delivery, **spec)
    spot = world.hello()
    while tasks := world.claim(spot, 50):
        world.complete(spot, tasks, fopt=0.25)
    return job


def view(world: World, job: str) -> models.JobView:
    found: models.JobView = world.ask("get_job", job)
    return found


def report(world: World, job: str) -> dict[str, Any]:
    text = world.sweeps.get_report(MAIN, job, "json")
    assert isinstance(text, bytes)
    found: dict[str, Any] = json.loads(text)
    return found


def states_of_delivery(world: World, job: str) -> list[tuple[str, int]]:
    return [(one.status, one.attempts) for one in view(world, job).deliveries or []]


def run_all(world: World) -> None:
    """Every execution that was started, and those that these start."""
    while world.executions:
        world.execute(world.executions.pop(0))


def test_the_last_settle_starts_one_execution_and_the_job_is_over_before_it_runs(calm_world: World) -> None:
    job = ended(calm_world)

    assert [execution.state() for execution in calm_world.executions] == [
        {"face": "sweeps", "job": job, "generation": 1, "size": "small", "correlation": ""}
    ]
    assert (view(calm_world, job).status, view(calm_world, job).report) == ("COMPLETED", "PENDING")
    assert isinstance(calm_world.sweeps.get_report(MAIN, job, "json"), models.ReportPending)


def test_an_execution_makes_the_report_and_delivers_it_once(calm_world: World) -> None:
    job = ended(calm_world)
    run_all(calm_world)

    assert view(calm_world, job).report == "READY"
    assert report(calm_world, job)["overall"]["fopt"]["best"] == 0.25
    assert states_of_delivery(calm_world, job) == [("DELIVERED", 1)]
    (message,) = calm_world.post.sent
    assert (message.target, message.message_id) == (Target(WEBHOOK["url"], (SECRET,)), f"msg-{job}-webhook")
    assert json.loads(message.body)["data"]["completedTasks"] == 6
    assert list(calm_world.sweeps._jobs.unfinished()) == []
    assert [state for state in calm_world.visited if state in STEPS] == STEPS


def test_an_address_is_shown_without_its_query_and_its_secret_nowhere(calm_world: World) -> None:
    job = ended(calm_world)
    run_all(calm_world)

    assert [one.url for one in view(calm_world, job).deliveries or []] == ["https://example.com/hook"]
    stored = calm_world.reader.scan(TableName=calm_world.table)["Items"]
    assert SECRET.removeprefix("whsec_") not in json.dumps(stored, default=repr)
    assert SECRET not in json.dumps(report(calm_world, job))


@pytest.mark.parametrize("state", [state for state in STEPS if not state.endswith("All")])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_finish_killed_in_any_state_is_taken_over_and_nothing_is_done_twice(
    calm_world: World, state: str, when: str
) -> None:
    """Killed as the state begins, or when its function has answered and the answer is lost."""
    job = ended(calm_world)
    killing_execution(calm_world, calm_world.executions.pop(0), state, when)
    assert "finish_by" in calm_world.sweeps._jobs.head(MAIN, job) or state == "RecordFinish"
    calm_world.pass_time(rules.PART_PATIENCE_MS / 1000 + 61)
    run_all(calm_world)

    assert view(calm_world, job).report == "READY"
    assert report(calm_world, job)["overall"]["count"] == 6
    assert states_of_delivery(calm_world, job) == [("DELIVERED", 1)]
    assert calm_world.post.delivered == [f"msg-{job}-webhook"]
    assert list(calm_world.sweeps._jobs.unfinished()) == []


class Killed(BaseException):
    """The execution is gone; no Catch of the definition sees it."""


def killing_execution(world: World, execution: Execution, state: str, when: str) -> None:
    steps = world.steps()

    class Deadly:
        def __getattr__(self, operation: str) -> Callable[..., Any]:
            def run(given: dict[str, Any]) -> Any:
                begun = "".join(word.capitalize() for word in operation.split("_"))
                answer = None if (begun, when) == (state, "before") else getattr(steps, operation)(given)
                if begun == state:
                    raise Killed
                return answer

            return run

    real, world.steps = world.steps, lambda **_: Deadly()  # type: ignore[assignment, misc, return-value]
    try:
        with suppress(Killed):
            world.execute(execution)
    finally:
        world.steps = real  # type: ignore[method-assign]


@pytest.mark.parametrize("after", [False, True])
def test_a_finish_whose_functions_die_at_any_write_ends_with_one_report_and_one_delivery(
    new_world: Callable[..., World], after: bool
) -> None:
    """Every write of every function in turn; what was sent before a death is sent again under the same id."""
    for place in count(1):
        world = new_world()
        job = ended(world)
        world.injector.death = Death(place, after)
        died = False
        try:
            run_all(world)
        except Died:
            died = True
        world.injector.death = None
        world.pass_time(rules.PART_PATIENCE_MS / 1000 + 61)
        run_all(world)

        assert view(world, job).report == "READY"
        assert [state for state, _ in states_of_delivery(world, job)] == ["DELIVERED"]
        assert set(world.post.delivered) == {f"msg-{job}-webhook"}
        assert len(world.post.sent) <= 2
        assert list(world.sweeps._jobs.unfinished()) == []
        if not died:
            assert place > 8, "hardly anything was written"
            return


def test_two_executions_at_once_make_one_report_and_send_once(calm_world: World) -> None:
    """The second runs whole while the first one is sending."""
    job = ended(calm_world)
    execution = calm_world.executions.pop(0)

    def meanwhile() -> None:
        calm_world.post.meanwhile = None
        second = calm_world.steps()
        state = second.load_job(execution.state())
        assert state["made"] is True
        answer = second.deliver_report(state | {"delivery": "webhook"})
        assert (answer["again"], answer["wait"]) == (True, SENDING_MS // 1000)

    calm_world.post.meanwhile = meanwhile
    calm_world.execute(execution)

    assert calm_world.post.meanwhile is None
    assert calm_world.post.delivered == [f"msg-{job}-webhook"]
    assert states_of_delivery(calm_world, job) == [("DELIVERED", 1)]


def test_an_execution_that_was_overtaken_ends_quietly_and_writes_nothing(calm_world: World) -> None:
    job = ended(calm_world)
    first = calm_world.executions.pop(0)
    calm_world.pass_time(rules.STEP_PATIENCE_MS / 1000 + 61)
    second = calm_world.executions.pop(0)
    assert (second.job, second.generation) == (job, 2)

    assert calm_world.execute(first)[-1] == "OvertakenByAnother"
    assert view(calm_world, job).report == "PENDING"
    with pytest.raises(StaleFinish):
        calm_world.steps().record_finish(first.state())
    calm_world.execute(second)
    assert view(calm_world, job).report == "READY"
    assert calm_world.post.delivered == [f"msg-{job}-webhook"]


def test_a_finish_that_never_gets_further_is_tried_ever_more_rarely(calm_world: World) -> None:
    ended(calm_world)
    generations: list[tuple[int, int]] = []
    for _ in range(200):
        calm_world.pass_time(60)
        generations += [(calm_world.now, execution.generation) for execution in calm_world.executions]
        calm_world.executions.clear()
    assert [generation for _, generation in generations] == list(range(1, len(generations) + 1))
    times = [now for now, _ in generations]
    gaps = [(later - earlier) / 1000 for earlier, later in pairwise(times[1:])]
    assert gaps == sorted(gaps)
    assert 6 < len(generations) < 10


@pytest.mark.parametrize("failures", [1, 3])
def test_a_delivery_that_fails_is_tried_again_on_its_schedule(calm_world: World, failures: int) -> None:
    calm_world.post.statuses = [500] * failures + [204]
    job = ended(calm_world)
    began = calm_world.now
    run_all(calm_world)

    assert states_of_delivery(calm_world, job) == [("DELIVERED", failures + 1)]
    assert calm_world.now - began == sum(RETRY_SECONDS[:failures]) * 1000
    assert len(set(calm_world.post.delivered)) == 1


def test_a_small_job_hands_a_delivery_that_waits_long_over_to_a_standard_execution(calm_world: World) -> None:
    calm_world.post.statuses = [500]
    job = ended(calm_world)
    small = calm_world.executions.pop(0)
    calm_world.execute(small)

    assert states_of_delivery(calm_world, job) == [("PENDING", 4)]
    (large,) = calm_world.executions
    assert (large.name, large.size) == (small.name, Size.LARGE)
    calm_world.execute(calm_world.executions.pop(0))
    assert states_of_delivery(calm_world, job) == [("FAILED", len(RETRY_SECONDS) + 1)]
    assert list(calm_world.sweeps._jobs.unfinished()) == []


def test_a_job_without_failing_deliveries_starts_no_standard_execution(calm_world: World) -> None:
    ended(calm_world)
    execution = calm_world.executions.pop(0)
    calm_world.execute(execution)

    assert execution.size is Size.SMALL
    assert calm_world.executions == []


def test_a_waiting_delivery_is_not_taken_for_a_dead_one(calm_world: World) -> None:
    """For eight hours nothing happens, and the audit lets it be."""
    calm_world.post.statuses = [500]
    ended(calm_world)
    run_small = calm_world.executions.pop(0)
    calm_world.execute(run_small)
    large = calm_world.executions.pop(0)
    steps = calm_world.steps()
    state = steps.load_job(large.state()) | {"delivery": "webhook"}
    for _ in range(4):
        state = calm_world.steps().deliver_report(state) | {"delivery": "webhook"}
        calm_world.pass_time(state["wait"] - 1)
        assert calm_world.executions == []
        calm_world.pass_time(1)


def test_a_delivery_that_waits_long_is_not_overdue_because_another_was_quick(calm_world: World) -> None:
    calm_world.stack = Stack("https://stack.example/all", lambda: [SECRET])
    calm_world.sweeps = calm_world.process()
    calm_world.post = OneFails("https://stack.example/all")
    ended(calm_world)
    calm_world.execute(calm_world.executions.pop(0))
    state = calm_world.executions.pop(0).state()
    slow = calm_world.steps().deliver_report(state | {"delivery": "stack"})
    calm_world.steps().deliver_report(state | {"delivery": "webhook"})

    assert slow["wait"] > 200
    calm_world.pass_time(slow["wait"] - 1)
    assert calm_world.executions == []


def test_a_report_that_lacks_results_is_not_given_out(calm_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    job = ended(calm_world)
    monkeypatch.setattr(Reading, "settled", lambda *_: iter(()))
    with pytest.raises(IncompleteReport):
        run_all(calm_world)
    monkeypatch.undo()

    assert view(calm_world, job).report == "PENDING"
    calm_world.pass_time(rules.PART_PATIENCE_MS / 1000 + 61)
    run_all(calm_world)
    assert view(calm_world, job).report == "READY"


def test_retry_after_is_honoured_when_it_is_longer(calm_world: World) -> None:
    calm_world.post.statuses = [Receipt(503, 40, "busy", 1), 204]
    job = ended(calm_world)
    began = calm_world.now
    run_all(calm_world)

    assert calm_world.now - began == 40_000
    assert states_of_delivery(calm_world, job) == [("DELIVERED", 2)]


def test_410_ends_all_deliveries_to_that_address_until_somebody_redelivers(calm_world: World) -> None:
    calm_world.post.statuses = [410, 204]
    first, second = ended(calm_world), ended(calm_world)
    run_all(calm_world)

    assert states_of_delivery(calm_world, first) == [("GONE", 1)]
    assert states_of_delivery(calm_world, second) == [("GONE", 1)]
    assert calm_world.post.delivered == [f"msg-{first}-webhook"], "the second was not even tried"
    calm_world.sweeps.redeliver_report(MAIN, second, "webhook")
    run_all(calm_world)
    assert states_of_delivery(calm_world, second) == [("DELIVERED", 1)]


def test_one_failing_delivery_does_not_stop_another(calm_world: World) -> None:
    calm_world.stack = Stack("https://stack.example/all", lambda: [SECRET])
    calm_world.sweeps = calm_world.process()
    calm_world.post = OneFails("https://stack.example/all")
    job = ended(calm_world)
    run_all(calm_world)

    assert dict(states_of_delivery(calm_world, job)) == {"FAILED": 8, "DELIVERED": 1}


class NothingToSign(PostOffice):
    """Raises what the sender raises for a target without a secret."""

    def send(self, target: Target, *args: Any) -> Receipt:
        if not target.secrets:
            raise ValueError("nothing to sign with")
        return super().send(target, *args)


def test_a_stack_whose_secret_is_none_fails_that_delivery_alone(calm_world: World) -> None:
    calm_world.stack = Stack("https://stack.example/all", lambda: [])
    calm_world.sweeps = calm_world.process()
    calm_world.post = NothingToSign()
    job = ended(calm_world)
    run_all(calm_world)

    assert dict(states_of_delivery(calm_world, job)) == {"FAILED": 8, "DELIVERED": 1}
    shown = {one.id: one.last_problem for one in calm_world.sweeps.get_job(MAIN, job).deliveries or ()}
    assert shown == {"stack": "its secret is missing, malformed or sealed under another key", "webhook": None}
    assert list(calm_world.sweeps._jobs.unfinished()) == []


def test_a_webhook_sealed_under_a_former_secret_of_the_stack_fails_and_the_finish_ends(
    calm_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = ended(calm_world)
    monkeypatch.setattr("tests.store.endings.SEALER", Sealer([b"n" * 32]))
    run_all(calm_world)

    assert states_of_delivery(calm_world, job) == [("FAILED", 8)]
    assert list(calm_world.sweeps._jobs.unfinished()) == []


class OneFails(PostOffice):
    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url

    def send(self, target: Target, *args: Any) -> Receipt:
        receipt = super().send(target, *args)
        return Receipt(500, None, "answered 500", 1) if target.url == self._url else receipt


def test_a_report_is_delivered_again_on_request_and_says_the_same(calm_world: World) -> None:
    job = ended(calm_world)
    run_all(calm_world)
    redelivered = calm_world.sweeps.redeliver_report(MAIN, job, "webhook")

    assert (redelivered.delivery.status, redelivered.delivery.attempts) == ("PENDING", 0)
    with pytest.raises(StillDelivering):
        calm_world.sweeps.redeliver_report(MAIN, job, "webhook")
    assert [execution.generation for execution in calm_world.executions] == [2]
    run_all(calm_world)
    assert "AggregateResults" not in calm_world.visited
    assert len({(message.message_id, message.body) for message in calm_world.post.sent}) == 1
    assert len(calm_world.post.sent) == 2
    with pytest.raises(DeliveryNotFound):
        calm_world.sweeps.redeliver_report(MAIN, job, "stack")


def test_a_cancelled_job_reports_what_was_done_until_then(calm_world: World) -> None:
    job = calm_world.submit_many(6, delivery={"webhook": WEBHOOK})
    spot = calm_world.hello()
    calm_world.complete(spot, calm_world.claim(spot, 2), fopt=1.5)
    calm_world.ask("cancel_job", job)
    assert calm_world.executions == []
    calm_world.pass_time(150)
    run_all(calm_world)

    assert report(calm_world, job)["job"]["status"] == "CANCELLED"
    assert report(calm_world, job)["overall"]["count"] == 2
    assert states_of_delivery(calm_world, job) == [("DELIVERED", 1)]
    assert list(calm_world.sweeps._jobs.unfinished()) == []


def test_a_retry_is_delivered_where_the_first_job_was(calm_world: World) -> None:
    job = calm_world.submit_many(2, delivery={"webhook": WEBHOOK})
    spot = calm_world.hello()
    calm_world.fail(spot, calm_world.claim(spot, 2), retriable=False)
    again = calm_world.ask("retry_job", job).job_id
    calm_world.complete(spot, calm_world.claim(spot, 2), fopt=2.5)
    run_all(calm_world)

    assert states_of_delivery(calm_world, again) == [("DELIVERED", 1)]
    assert {message.target.secrets for message in calm_world.post.sent} == {(SECRET,)}


def test_the_same_idempotency_key_with_another_webhook_is_another_request(calm_world: World) -> None:
    from muster.core.errors import IdempotencyMismatch

    spec = {"algorithms": ["PSO"], "delivery": {"webhook": WEBHOOK}}
    job = calm_world.submit(key="k", **spec)
    assert calm_world.submit(key="k", **spec) == job
    with pytest.raises(IdempotencyMismatch):
        calm_world.submit(key="k", algorithms=["PSO"], delivery={"webhook": WEBHOOK | {"url": "https://b.example/"}})


def test_nothing_saved_and_nothing_sent_is_said_in_the_log(calm_world: World, caplog: pytest.LogCaptureFixture) -> None:
    job = ended(calm_world, webhook=False)
    with caplog.at_level("INFO", "muster"):
        calm_world.execute(calm_world.executions.pop(0), saving=False)

    lines = [record.getMessage() for record in caplog.records if record.name == "muster.AggregatedResultsHandler"]
    assert lines[0] == "Sending is on, but RESULTS_API_URL names no address"
    assert any("Group 1/" in line for line in lines)
    assert view(calm_world, job).report == "OFF"


def test_only_the_formats_that_were_asked_for_are_saved(calm_world: World) -> None:
    from muster.core.errors import ReportNotKept

    job = calm_world.submit_many(2, delivery={"formats": ["txt", "ndjson"]})
    spot = calm_world.hello()
    calm_world.complete(spot, calm_world.claim(spot, 2), fopt=1.5)
    run_all(calm_world)

    files = calm_world.sweeps.list_report_files(MAIN, job)
    assert isinstance(files, models.ReportFiles)
    assert [file.name for file in files.files] == ["report.txt", "results.ndjson"]
    with pytest.raises(ReportNotKept):
        calm_world.sweeps.get_report(MAIN, job, "json")


def test_saved_lines_are_those_that_a_client_gets(calm_world: World) -> None:
    job = calm_world.submit_many(5, delivery={"formats": ["ndjson"]})
    spot = calm_world.hello()
    claimed = calm_world.claim(spot, 5)
    calm_world.complete(spot, claimed[:2], fopt=1e-300, resultJson='{"said": "früh"}')
    calm_world.fail(spot, claimed[2:3], error="once", retriable=True)
    calm_world.fail(spot, claimed[3:4], error="for good", retriable=False)
    calm_world.complete(spot, claimed[4:], iter=7)
    calm_world.pass_time(120, alive=[spot])
    calm_world.complete(spot, calm_world.claim(spot, 1), fopt=0.1)
    run_all(calm_world)

    saved = calm_world.steps()._saved.read(job, "results.ndjson").decode()
    answered = results_as_ndjson(calm_world.results(job))
    assert sorted(saved.splitlines()) == sorted(answered.splitlines())
    assert saved.count("\n") == 4


def test_the_finish_survives_a_hostile_table(world: World) -> None:
    job = ended(world)
    world.settle_indexes()
    for _ in range(40):
        with suppress(Died):
            run_all(world)
        world.pass_time(600)
        if not world.executions and not list(world.sweeps._jobs.unfinished()):
            break

    assert view(world, job).report == "READY"
    assert report(world, job)["overall"]["count"] == 6
    assert [state for state, _ in states_of_delivery(world, job)] == ["DELIVERED"]
    assert set(world.post.delivered) == {f"msg-{job}-webhook"}
