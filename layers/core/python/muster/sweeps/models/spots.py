"""Spots, and the health of the whole."""

from typing import Annotated, Literal

from pydantic import Field

from muster.sweeps.models.base import Float, Pool, Request, Response, SpotId

Host = Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[A-Za-z0-9.:_%-]+$")]


class Hello(Request):
    ip_address: Host
    total_cores: Annotated[int, Field(ge=1, le=100_000)] | None = None
    pool: Pool = "default"


class SpotRegistered(Response):
    spot_id: str
    heartbeat_seconds: int


class Heartbeat(Request):
    """`pool` counts when the heartbeat registers the spot: one that is known stays in its pool."""

    spot_id: SpotId
    ip_address: Host | None = None
    pool: Pool = "default"
    cpu_load: Annotated[Float, Field(ge=0, le=100)] | None = None
    running_tasks: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    total_cores: Annotated[int, Field(ge=1, le=100_000)] | None = None


class HeartbeatRecorded(Response):
    """`cancelledTasks`: ids that the spot still holds although their job was cancelled; stop working on them."""

    success: bool = True
    cancelled_tasks: list[str] | None = None


class SpotView(Response):
    id: str
    ip_address: str | None = None
    status: Literal["UP", "DOWN"]
    cpu_load: float | None = None
    running_tasks: int | None = None
    total_cores: int | None = None
    pool: str
    last_heartbeat: str


class SpotList(Response):
    spots: list[SpotView]
    next: str | None = None


class Health(Response):
    status: Literal["healthy"] = "healthy"
    database: Literal["connected"] = "connected"
    active_spots: int
    pending_tasks: int
    running_tasks: int
