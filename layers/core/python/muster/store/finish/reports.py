"""Reports as clients ask for them: the text, the files, a delivery once more, a webhook tried out."""

import json

from muster.core.clock import Clock, iso
from muster.core.correlation import correlation_id
from muster.core.errors import ReportNotKept
from muster.core.finish import ReportState
from muster.core.ids import new_nonce
from muster.store import keys
from muster.store.blobs import LINK_SECONDS
from muster.store.finish.deliveries import Deliveries, Send, State, Target, id_of, secrets_of, shown
from muster.store.finish.finishes import Finishes
from muster.store.finish.saved import Saved
from muster.store.table import Item, Table
from muster.sweeps.models import (
    DeliveryView,
    ReportFile,
    ReportFiles,
    ReportPending,
    ReportRedelivered,
    TryWebhook,
    WebhookTried,
)


def state_of(head: Item) -> ReportState:
    return ReportState(head.get("report", ReportState.PENDING))


class Reports:
    def __init__(
        self, table: Table, finishes: Finishes, deliveries: Deliveries, saved: Saved, send: Send, clock: Clock
    ) -> None:
        self._table, self._finishes, self._deliveries, self._saved = table, finishes, deliveries, saved
        self._send, self._clock = send, clock

    def text(self, head: Item, kind: str) -> bytes | ReportPending:
        """The report in one format. Refused when it is not kept, at all or in this format."""
        job, state = keys.job_of(head["pk"]), state_of(head)
        if state is ReportState.PENDING:
            return ReportPending(job_id=job)
        name = f"report.{kind}"
        if state is ReportState.OFF or name not in [file.name for file in self._saved.files(job)]:
            raise ReportNotKept
        return self._saved.read(job, name)

    def files(self, head: Item) -> ReportFiles | ReportPending:
        """What was saved, with links made for this answer and written down nowhere."""
        job, state = keys.job_of(head["pk"]), state_of(head)
        if state is ReportState.PENDING:
            return ReportPending(job_id=job)
        if state is ReportState.OFF:
            raise ReportNotKept
        found = [
            ReportFile(
                name=file.name,
                format=file.format,
                size=file.size,
                url=self._saved.link(job, file.name),
                expires_in_seconds=LINK_SECONDS,
            )
            for file in self._saved.files(job)
        ]
        return ReportFiles(job_id=job, files=found)

    def deliveries(self, job: str) -> list[DeliveryView]:
        return [_view(row) for row in self._deliveries.of(job)]

    def redeliver(self, head: Item, delivery_id: str) -> ReportRedelivered:
        """All attempts anew, by the next generation of the finish."""
        job = keys.job_of(head["pk"])
        self._deliveries.again(job, delivery_id)
        self._finishes.begin(job, self._table.get(keys.head(job)) or head)
        (row,) = (row for row in self._deliveries.of(job) if id_of(row) == delivery_id)
        return ReportRedelivered(job_id=job, delivery=_view(row))

    def try_out(self, request: TryWebhook) -> WebhookTried:
        """One signed message of the type `webhook.test`, sent while the caller waits; nothing of it is kept."""
        target, now = Target(request.webhook.url, secrets_of(request.webhook)), self._clock()
        body = json.dumps({"type": "webhook.test", "timestamp": iso(now), "data": {"text": "Muster reaches you."}})
        receipt = self._send(target, f"msg-test-{new_nonce()}", now, body, correlation_id())
        delivered = receipt.status is not None and 200 <= receipt.status < 300
        return WebhookTried(
            delivered=delivered, status=receipt.status, problem=receipt.problem, took_ms=receipt.took_ms
        )


def _view(row: Item) -> DeliveryView:
    tried, pending = "last_at" in row, row["state"] == State.PENDING
    return DeliveryView(
        id=id_of(row),
        url=shown(row["url"]),
        status=row["state"],
        attempts=row["attempts"],
        last_attempt_at=iso(row["last_at"]) if tried else None,
        last_status=row.get("last_status") or None,
        last_problem=row.get("last_problem") or None,
        next_attempt_at=iso(row["next_at"]) if pending and row["next_at"] else None,
    )
