"""Settle requests as workers send them: lists of task ids, each answered, a bad one harming no other."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from muster.core import errors
from muster.core.clock import Clock, iso
from muster.core.faults import faults_of
from muster.core.ids import SHARED, LeaseRef, TaskRef, organization_of, parse_task_id
from muster.store import keys
from muster.store.engine.outcomes import Outcome
from muster.store.engine.settling import Answers, Settling
from muster.store.engine.specs import Specs
from muster.sweeps import models
from muster.sweeps.models import SettledItem

REFUSALS: dict[str, type[errors.MusterError]] = {
    "not_found": errors.TaskNotFound,
    "wrong_spot": errors.WrongSpot,
    "cancelled": errors.TaskCancelled,
    "invalid": errors.InvalidInput,
}
"""The error that stands behind an outcome: answered whole by a single settle, item by item by a batch."""

Said = models.CompletedItem | models.FailedItem


def task_ref(organization: str, task_id: str) -> TaskRef | None:
    """The task that an id names, lease and all; None when it is no such id, or another organization's."""
    ref = parse_task_id(task_id)
    if ref is None or ref.lease is None or organization not in (SHARED, organization_of(ref.job)):
        return None
    return ref


def _by_lease(refs: Mapping[str, TaskRef | None]) -> dict[LeaseRef, dict[int, str]]:
    """Task ids by lease and index."""
    groups: dict[LeaseRef, dict[int, str]] = {}
    for task_id, ref in refs.items():
        if ref and ref.lease:
            groups.setdefault(ref.lease, {})[ref.index] = task_id
    return groups


def _answered(task_id: str, outcome: models.Outcome, details: list[errors.Fault] | None = None) -> SettledItem:
    refusal = REFUSALS.get(outcome)
    will_retry = {"will_retry": True, "failed": False}.get(outcome)
    if refusal is None:
        return SettledItem(id=task_id, outcome=outcome, will_retry=will_retry)
    error = refusal()
    told = [dict(fault) for fault in details or ()] or None
    return SettledItem(id=task_id, outcome=outcome, error=error.message, code=error.code, details=told)


class Batches:
    def __init__(self, settling: Settling, specs: Specs, clock: Clock) -> None:
        self._settling, self._specs, self._clock = settling, specs, clock

    # --- one task -----------------------------------------------------------------------------------------------------

    def complete_one(self, organization: str, task_id: str, said: models.CompleteTask) -> models.TaskCompleted:
        self._check_id(organization, task_id)
        item = models.CompletedItem(id=task_id, **said.model_dump(exclude={"spot_id"}))
        outcome = self._complete(organization, said.spot_id, [item])[task_id]
        self._raise_refusal(outcome)
        message = None if outcome == "completed" else outcome.replace("_", " ")
        return models.TaskCompleted(message=message)

    def fail_one(self, organization: str, task_id: str, said: models.FailTask) -> models.TaskFailed:
        self._check_id(organization, task_id)
        item = models.FailedItem(id=task_id, **said.model_dump(exclude={"spot_id"}))
        outcome = self._fail(organization, said.spot_id, [item])[task_id]
        self._raise_refusal(outcome)
        if outcome in ("will_retry", "failed"):
            return models.TaskFailed(will_retry=outcome == "will_retry")
        return models.TaskFailed(message="already terminal")

    @staticmethod
    def _check_id(organization: str, task_id: str) -> None:
        if task_ref(organization, task_id) is None:
            raise errors.TaskNotFound

    @staticmethod
    def _raise_refusal(outcome: str) -> None:
        refusal = REFUSALS.get(outcome)
        if refusal:
            raise refusal

    # --- batches ------------------------------------------------------------------------------------------------------

    def complete_many(self, organization: str, request: models.CompleteTasks) -> models.TasksSettled:
        def settle(items: Sequence[models.CompletedItem]) -> dict[str, models.Outcome]:
            return self._complete(organization, request.spot_id, items)

        return self._settle_items(request.tasks, models.CompletedItem, settle)

    def fail_many(self, organization: str, request: models.FailTasks) -> models.TasksSettled:
        def settle(items: Sequence[models.FailedItem]) -> dict[str, models.Outcome]:
            return self._fail(organization, request.spot_id, items)

        return self._settle_items(request.tasks, models.FailedItem, settle)

    def renew(self, organization: str, request: models.HeldTasks) -> models.TasksSettled:
        spot, now = keys.holder(organization, request.spot_id), self._clock()
        expires: dict[str, str] = {}

        def renewed(ref: LeaseRef, ids: Mapping[int, str]) -> Answers:
            expires_at = now + self._timeout_ms(ref.job)
            answers = self._settling.renew(ref, spot, frozenset(ids), expires_at)
            expires.update({ids[index]: iso(expires_at) for index, answer in answers.items() if answer == "renewed"})
            return answers

        outcomes = self._each_lease(organization, request.tasks, renewed)
        answered = [_answered(task_id, outcomes[task_id]) for task_id in request.tasks]
        return models.TasksSettled(
            results=[item.model_copy(update={"expires_at": expires.get(item.id)}) for item in answered]
        )

    def _timeout_ms(self, job: str) -> int:
        try:
            return self._specs.get(job).job.task_timeout_seconds * 1000
        except errors.JobNotFound:
            return 0

    def release(self, organization: str, request: models.HeldTasks) -> models.TasksSettled:
        spot = keys.holder(organization, request.spot_id)

        def released(ref: LeaseRef, ids: Mapping[int, str]) -> Answers:
            return self._settling.release(ref, spot, frozenset(ids))

        outcomes = self._each_lease(organization, request.tasks, released)
        return models.TasksSettled(results=[_answered(task_id, outcomes[task_id]) for task_id in request.tasks])

    # --- behind them --------------------------------------------------------------------------------------------------

    def _settle_items(
        self, items: list[dict[str, Any]], model: type[Any], settle: Callable[[Any], dict[str, models.Outcome]]
    ) -> models.TasksSettled:
        """Check items one by one, settle the good ones together, answer all in order."""
        good: dict[str, Any] = {}
        bad: dict[int, SettledItem] = {}
        for place, item in enumerate(items):
            try:
                said = model.model_validate(item, by_alias=True, by_name=False)
                good.setdefault(said.id, said)
            except ValidationError as fault:
                bad[place] = _answered(str(item.get("id", ""))[:128], "invalid", faults_of(fault, item))
        outcomes = settle(list(good.values())) if good else {}
        return models.TasksSettled(
            results=[bad.get(place) or _answered(item["id"], outcomes[item["id"]]) for place, item in enumerate(items)]
        )

    def _complete(
        self, organization: str, spot_id: str, items: Sequence[models.CompletedItem]
    ) -> dict[str, models.Outcome]:
        spot, now = keys.holder(organization, spot_id), self._clock()
        said = {item.id: item for item in items}

        def completed(ref: LeaseRef, ids: Mapping[int, str]) -> Answers:
            outcomes = {index: _completion(index, now, said[task_id]) for index, task_id in ids.items()}
            return self._settling.complete(ref, spot, outcomes)

        return self._each_lease(organization, list(said), completed)

    def _fail(self, organization: str, spot_id: str, items: Sequence[models.FailedItem]) -> dict[str, models.Outcome]:
        spot, now = keys.holder(organization, spot_id), self._clock()
        said = {item.id: item for item in items}

        def failed(ref: LeaseRef, ids: Mapping[int, str]) -> Answers:
            outcomes = {index: _failure(index, now, said[task_id]) for index, task_id in ids.items()}
            final = frozenset(index for index, task_id in ids.items() if not said[task_id].retriable)
            return self._settling.fail(ref, spot, outcomes, final)

        return self._each_lease(organization, list(said), failed)

    def _each_lease(
        self, organization: str, task_ids: list[str], settle: Callable[[LeaseRef, Mapping[int, str]], Answers]
    ) -> dict[str, models.Outcome]:
        outcomes: dict[str, models.Outcome] = dict.fromkeys(task_ids, "not_found")
        for ref, ids in _by_lease({task_id: task_ref(organization, task_id) for task_id in task_ids}).items():
            for index, outcome in settle(ref, ids).items():
                outcomes[ids[index]] = outcome
        return outcomes


def _completion(index: int, now: int, said: models.Completion) -> Outcome:
    outcome: Outcome = {"index": index, "at": now, "runtimeMs": said.runtime_ms}
    if said.iter is not None:
        outcome["iter"] = said.iter
    if said.fopt is not None:
        outcome["fopt"] = said.fopt
    if said.result_json is not None:
        outcome["resultJson"] = said.result_json
    return outcome


def _failure(index: int, now: int, said: models.Failure) -> Outcome:
    outcome: Outcome = {"index": index, "at": now, "error": said.error}
    if said.output is not None:
        outcome["output"] = said.output
    return outcome
