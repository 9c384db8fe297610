"""What is said over HTTP about keys, and about who did what."""

from typing import Annotated, Literal

from pydantic import Field

from muster.core.wire import Organization, Request, Response

RoleName = Literal["admin", "user", "agent"]
Day = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]


class CreateKey(Request):
    """`user` binds the key to one: what it does, it does for nobody else."""

    role: RoleName
    name: Annotated[str, Field(min_length=1, max_length=100)]
    user: Annotated[str, Field(min_length=1, max_length=128)] | None = None
    organization: Organization | None = None


class KeyView(Response):
    """A key without its secret."""

    id: str
    organization: str
    role: RoleName
    name: str
    user: str | None = None
    created_at: str
    revoked_at: str | None = None


class KeyCreated(KeyView):
    """`key` is the text to send, told here and never again."""

    key: str


class KeyList(Response):
    keys: list[KeyView]
    next: str | None = None


class KeyRevoked(Response):
    success: bool = True
    key_id: str
    message: str | None = None


class ActionView(Response):
    """One recorded call. Without a status it has not ended yet, or how it ended could not be written down."""

    at: str
    operation: str
    target: str | None = None
    created: str | None = None
    role: RoleName
    key: str | None = None
    request_id: str | None = None
    status: int | None = None


class ActionList(Response):
    day: str
    actions: list[ActionView]
    next: str | None = None
