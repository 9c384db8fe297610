"""DELETE /api/v1/keys/{keyId}: have a key open nothing any more."""

from muster.access.models import KeyRevoked
from muster.edge.endpoint import ADMINS, Call, endpoint


@endpoint("DELETE", "/api/v1/keys/{keyId}", admits=ADMINS)
def revoke_key(call: Call, key_id: str) -> KeyRevoked:
    return call.access.revoke_key(call.caller, key_id)
