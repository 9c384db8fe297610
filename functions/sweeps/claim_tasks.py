"""POST /internal/v1/tasks/claim: hand tasks to a spot, or tell it how long to wait."""

from typing import Annotated

from muster.edge.answers import Refuses
from muster.edge.endpoint import Call, endpoint
from muster.sweeps.models import ClaimTasks, TasksClaimed


@endpoint("POST", "/internal/v1/tasks/claim")
def claim_tasks(call: Call, body: ClaimTasks) -> Annotated[TasksClaimed, Refuses(404)]:
    return call.sweeps.claim_tasks(call.organization, body)
