"""Everything that Muster refuses, by situation.

MusterError
├── InvalidInput            the request can not be understood; every fault is named in `details`
│   └── PayloadTooLarge     more than a body may hold
├── Unauthorized            no key, or a wrong one
│   └── WrongRole           the key is good, but not for this route
├── Forbidden               an organization was named that is not the key's
├── NotFound                no such route or resource
│   ├── JobNotFound
│   ├── TaskNotFound
│   ├── SpotNotFound
│   ├── DeliveryNotFound
│   ├── ReportNotKept       reports are not saved here
│   └── KeyNotFound
├── Conflict                the request is fine, the state says no
│   ├── WrongSpot           another spot holds the task, or nobody does
│   ├── TaskCancelled       the task's job was cancelled
│   ├── TaskNotRunning      only running tasks can be reset
│   ├── JobEnded            the job is over
│   ├── NothingToRetry      the job has no failed tasks
│   ├── StaleFinish         another execution finishes the job
│   └── StillDelivering     the job's deliveries are under way
├── IdempotencyMismatch     the same Idempotency-Key with another body
├── TooManyRequests         the organization has used up this minute; `retry_after_seconds` are left of it
└── Unavailable             try again after `retry_after_seconds`
    ├── StoreBusy           conflicts or throttling outlasted our retries
    ├── StoreUnreachable    the table does not answer, or not to us
    └── SchemaNewer         a row was written by a newer Muster than this one

The class says what happened, its docstring is the default message, `code` is what clients compare. Which HTTP status
belongs to it is known to muster.edge alone.
"""

from typing import ClassVar, TypedDict


class Fault(TypedDict):
    """One thing wrong with a request: where, and what."""

    field: str
    problem: str


NO_SUCH_PAGE: Fault = {"field": "query.next", "problem": "not a value that an earlier page gave"}


class MusterError(Exception):
    """request refused"""

    code: ClassVar[str] = "REFUSED"
    retry_after_seconds: int | None = None

    def __init__(
        self, message: str | None = None, details: list[Fault] | None = None, retry_after_seconds: int | None = None
    ) -> None:
        self.retry_after_seconds = retry_after_seconds or type(self).retry_after_seconds
        self.message = message or (type(self).__doc__ or "").strip()
        self.details = details or []
        super().__init__(self.message)


class InvalidInput(MusterError):
    """invalid input"""

    code = "INVALID_INPUT"


class PayloadTooLarge(InvalidInput):
    """request body too large"""

    code = "PAYLOAD_TOO_LARGE"


class Unauthorized(MusterError):
    """missing or wrong key"""

    code = "UNAUTHORIZED"


class WrongRole(Unauthorized):
    """this key's role does not open this route"""

    code = "WRONG_ROLE"


class Forbidden(MusterError):
    """the key is another organization's"""

    code = "FORBIDDEN"


class NotFound(MusterError):
    """not found"""

    code = "NOT_FOUND"


class JobNotFound(NotFound):
    """job not found"""

    code = "JOB_NOT_FOUND"


class TaskNotFound(NotFound):
    """task not found"""

    code = "TASK_NOT_FOUND"


class SpotNotFound(NotFound):
    """spot not found"""

    code = "SPOT_NOT_FOUND"


class DeliveryNotFound(NotFound):
    """delivery not found"""

    code = "DELIVERY_NOT_FOUND"


class ReportNotKept(NotFound):
    """reports are not saved here"""

    code = "REPORT_NOT_KEPT"


class KeyNotFound(NotFound):
    """key not found"""

    code = "KEY_NOT_FOUND"


class Conflict(MusterError):
    """the current state does not allow this"""

    code = "CONFLICT"


class WrongSpot(Conflict):
    """task not assigned to this spot"""

    code = "WRONG_SPOT"


class TaskCancelled(Conflict):
    """task was cancelled"""

    code = "TASK_CANCELLED"


class TaskNotRunning(Conflict):
    """task is not running"""

    code = "TASK_NOT_RUNNING"


class JobEnded(Conflict):
    """job has already ended"""

    code = "JOB_ENDED"


class NothingToRetry(Conflict):
    """job has no failed tasks"""

    code = "NOTHING_TO_RETRY"


class StaleFinish(Conflict):
    """another execution finishes this job"""

    code = "STALE_FINISH"


class StillDelivering(Conflict):
    """the deliveries of this job are still under way"""

    code = "STILL_DELIVERING"


class IdempotencyMismatch(MusterError):
    """this Idempotency-Key was used with another body"""

    code = "IDEMPOTENCY_MISMATCH"


class TooManyRequests(MusterError):
    """too many requests"""

    code = "TOO_MANY_REQUESTS"
    retry_after_seconds = 60


class Unavailable(MusterError):
    """temporarily unavailable"""

    code = "UNAVAILABLE"
    retry_after_seconds = 2


class StoreBusy(Unavailable):
    """the table is busy"""

    code = "STORE_BUSY"


class StoreUnreachable(Unavailable):
    """database disconnected"""

    code = "DATABASE_DISCONNECTED"


class SchemaNewer(Unavailable):
    """written by a newer version"""

    code = "SCHEMA_NEWER"
    retry_after_seconds = 30
