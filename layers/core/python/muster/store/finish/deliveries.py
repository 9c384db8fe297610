"""Deliveries: where the word of a job's end goes, how often that was tried, what came of it.

    PENDING ──2xx──► DELIVERED
       ├──tried often enough──► FAILED
       ├──410──► GONE
       └◄──redeliver── each of the three

An attempt is taken by one conditional write before anything is sent: two executions never send at the same time. One
that dies between sending and noting is tried again, under the same webhook-id, by which the receiver knows it.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol
from urllib.parse import urlsplit

from muster.core.clock import Clock
from muster.core.delivery import Outcome, Receipt, Verdict, Webhook
from muster.core.errors import DeliveryNotFound, InvalidInput, StillDelivering
from muster.core.ids import organization_of
from muster.store import keys
from muster.store.finish.finishes import Finishes
from muster.store.table import Item, Refused, Table, put, update

JOBS_OWN, STACKS = "webhook", "stack"
"""The two deliveries that a job can have: its own, and the one that every job of the stack has."""
SENDING_MS = 45_000
"""An attempt that has not been noted by then has died; longer than one can take."""


class Seal(Protocol):
    """Keeps secrets unreadable for whoever reads the table."""

    def seal(self, text: str) -> str: ...

    def open(self, token: str) -> str:
        """Raises ValueError for what was sealed under another key."""


class State(StrEnum):
    PENDING = "PENDING"
    DELIVERED = "DELIVERED"
    FAILED = "FAILED"
    GONE = "GONE"


@dataclass(frozen=True, slots=True)
class Target:
    """Where a delivery goes, with the secrets that sign it; the first is the present one."""

    url: str
    secrets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stack:
    """Where every job is reported to, if anywhere, and what signs that; the secrets are asked for when needed."""

    url: str = ""
    secrets: Callable[[], Sequence[str]] = tuple


Send = Callable[[Target, str, int, str, str], Receipt]
"""Sends to a target: message id, time in ms since 1970, body, correlation id. The network never makes it raise;
secrets that can not sign, ValueError."""


@dataclass(frozen=True, slots=True)
class NotNow:
    """Nothing is to be sent at this moment; `until` in ms since 1970, None when nothing is left to do."""

    until: int | None


def shown(url: str) -> str:
    """An address without what may be a secret in it."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


class Deliveries:
    """`allow` raises ValueError for an address that nothing will ever be sent to."""

    def __init__(
        self,
        table: Table,
        finishes: Finishes,
        seal: Seal,
        allow: Callable[[str], None],
        stack: Stack,
        clock: Clock,
    ) -> None:
        self._table, self._finishes, self._seal, self._allow = table, finishes, seal, allow
        self._stack, self._clock = stack, clock

    def check_address(self, url: str) -> None:
        """Refuse at once what could only fail later; what a name resolves to is looked at when sending."""
        try:
            self._allow(url)
        except ValueError as refused:
            raise InvalidInput(details=[{"field": "body.delivery.webhook.url", "problem": str(refused)}]) from None

    # --- beginning ------------------------------------------------------------------------------------------------

    def plan(self, job: str, webhook: Webhook) -> None:
        """A job's own delivery, written before the job itself. Secrets are sealed from here on."""
        row = self._fresh(job, JOBS_OWN) | {
            "url": webhook.url,
            "secrets": [self._seal.seal(secret) for secret in secrets_of(webhook)],
        }
        self._put_once(row)

    def plan_like(self, job: str, other: str) -> None:
        """The same delivery as another job's, if it has one."""
        row = self._table.get(keys.delivery(other, JOBS_OWN))
        if row is not None:
            self._put_once(self._fresh(job, JOBS_OWN) | {"url": row["url"], "secrets": row["secrets"]})

    def plan_stacks(self, job: str) -> None:
        """The stack's own delivery of a job that has ended, if the stack has a target."""
        if self._stack.url:
            self._put_once(self._fresh(job, STACKS) | {"url": self._stack.url})

    def _fresh(self, job: str, delivery_id: str) -> Item:
        return keys.delivery(job, delivery_id) | {"state": State.PENDING.value, "attempts": 0, "next_at": 0}

    def _put_once(self, row: Item) -> None:
        try:
            self._table.write(put(row, "attribute_not_exists(#pk)"))
        except Refused:
            return

    def say(self, job: str, told: str) -> None:
        """What all deliveries of the job say; kept with it, so that one on request says the same."""
        self._table.write(put(keys.message(job) | {"told": told}))

    def said(self, job: str) -> str:
        return str((self._table.get(keys.message(job)) or {})["told"])

    # --- looking --------------------------------------------------------------------------------------------------

    def of(self, job: str) -> list[Item]:
        condition = "#pk = :pk AND begins_with(#sk, :delivery)"
        return list(self._table.query(condition, consistent=True, pk=keys.job_pk(job), delivery="DELIVERY#"))

    def pending(self, job: str) -> list[str]:
        """Ids of deliveries that still want to be tried."""
        return [id_of(row) for row in self.of(job) if row["state"] == State.PENDING]

    def target(self, row: Item) -> Target:
        """Where a delivery goes, its secrets unsealed. Raises SealBroken."""
        secrets = map(self._seal.open, row["secrets"]) if "secrets" in row else self._stack.secrets()
        return Target(row["url"], tuple(secrets))

    # --- sending --------------------------------------------------------------------------------------------------

    def take(self, job: str, delivery_id: str) -> Item | NotNow:
        """Take the next attempt; the row says which it is. Or why there is none now."""
        now, key = self._clock(), keys.delivery(job, delivery_id)
        attempt = update(
            key,
            "SET #sending_until = :until, #attempts = #attempts + :one",
            "#state = :pending AND #next_at <= :now"
            " AND (attribute_not_exists(#sending_until) OR #sending_until < :now)",
            until=now + SENDING_MS,
            one=1,
            pending=State.PENDING.value,
            now=now,
        )
        try:
            return self._table.write(attempt, returning="ALL_NEW")
        except Refused as refused:
            return _why_not_now(refused.item)

    def note(self, row: Item, receipt: Receipt, verdict: Verdict) -> State:
        """What came of the attempt that `row` stands for. Of an attempt given up for dead, nothing is noted."""
        now = self._clock()
        state = State.PENDING if verdict.outcome is Outcome.RETRY else State(verdict.outcome)
        facts: Item = {
            "state": state.value,
            "next_at": now + (verdict.wait_seconds or 0) * 1000,
            "last_at": now,
            "last_status": receipt.status or 0,
            "last_problem": receipt.problem or "",
        }
        expression = "SET " + ", ".join(f"#{name} = :{name}" for name in facts) + " REMOVE #sending_until"
        key = {"pk": row["pk"], "sk": row["sk"]}
        try:
            self._table.write(update(key, expression, "#attempts = :mine", mine=row["attempts"], **facts))
        except Refused as refused:
            return State(refused.item["state"]) if refused.item else state
        return state

    # --- addresses that are gone ----------------------------------------------------------------------------------

    def is_gone(self, job: str, url: str) -> bool:
        row = self._table.get(keys.endpoint(str(organization_of(job)), url))
        return row is not None and "gone_at" in row

    def note_gone(self, job: str, url: str) -> None:
        """An address that answered 410 gets no more deliveries of this organization, until somebody redelivers."""
        row = keys.endpoint(str(organization_of(job)), url) | {"url": shown(url), "gone_at": self._clock()}
        self._table.write(put(row))

    def _forgive(self, job: str, url: str) -> None:
        """The address is tried again, whatever it answered."""
        key = keys.endpoint(str(organization_of(job)), url)
        try:
            self._table.write(update(key, "REMOVE #gone_at", "attribute_exists(#pk)"))
        except Refused:
            return

    # --- once more ------------------------------------------------------------------------------------------------

    def again(self, job: str, delivery_id: str) -> None:
        """Deliver once more what has been delivered or given up, with all its attempts. The job's finish is due again
        by the same write. Refused while it is under way."""
        key = keys.delivery(job, delivery_id)
        row = self._table.get(key)
        if row is None:
            raise DeliveryNotFound
        renewed = update(
            key,
            "SET #state = :pending, #attempts = :none, #next_at = :none REMOVE #sending_until",
            "#state = :was",
            pending=State.PENDING.value,
            was=row["state"],
            none=0,
        )
        try:
            self._table.transact(self._finishes.again(job), renewed)
        except Refused:
            raise StillDelivering from None
        self._forgive(job, row["url"])


def secrets_of(webhook: Webhook) -> tuple[str, ...]:
    """The present secret first."""
    held = filter(None, (webhook.secret, webhook.previous_secret))
    return tuple(secret.get_secret_value() for secret in held)


def digest_with(webhook: Webhook, digest: str) -> str:
    """Tells whether two requests ask for the same job and the same delivery."""
    said = "\0".join((digest, webhook.url, *secrets_of(webhook)))
    return hashlib.sha256(said.encode()).hexdigest()[:32]


def id_of(row: Item) -> str:
    return str(row["sk"]).partition("#")[2]


def _why_not_now(row: Item | None) -> NotNow:
    """From the row that refused the attempt."""
    if row is None or row["state"] != State.PENDING:
        return NotNow(None)
    return NotNow(max(row["next_at"], row.get("sending_until", 0)))
