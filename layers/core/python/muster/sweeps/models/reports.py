"""Reports of ended jobs, and their deliveries."""

from typing import Literal

from pydantic import Field

from muster.core.delivery import Webhook
from muster.core.wire import Request, Response

ReportStatus = Literal["PENDING", "READY", "OFF"]
DeliveryStatus = Literal["PENDING", "DELIVERED", "FAILED", "GONE"]


class DeliveryView(Response):
    """Where the word of a job's end goes, and how far it is. `url` is shown without its query."""

    id: str
    url: str
    status: DeliveryStatus
    attempts: int
    last_attempt_at: str | None = None
    last_status: int | None = None
    last_problem: str | None = None
    next_attempt_at: str | None = None


class ReportPending(Response):
    """The report is not there yet; ask again."""

    job_id: str
    report: ReportStatus = "PENDING"


class ReportFile(Response):
    """One saved file. `url` opens it for whoever holds it, until `expiresInSeconds` are over."""

    name: str
    format: str
    size: int = Field(description="in bytes")
    url: str
    expires_in_seconds: int


class ReportFiles(Response):
    job_id: str
    files: list[ReportFile]


class ReportRedelivered(Response):
    success: bool = True
    job_id: str
    delivery: DeliveryView


class TryWebhook(Request):
    webhook: Webhook


class WebhookTried(Response):
    """What one message to the address came to, just now."""

    delivered: bool
    status: int | None = None
    problem: str | None = None
    took_ms: int
