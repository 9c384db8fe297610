"""Who calls: from the key that was sent, or from none where none is asked for.

    Authorization: Bearer mk-…      a key of the table: its organization and role
    Authorization: Bearer <other>   the operator's own, by which the first key is made
    X-Orhestra-Key: <agent key>     on spots' routes alone: a spot of the operator

Where both are sent to a spot's route, the agent key decides. A key that is sent is always looked at, also where none is
asked for: whoever sends a wrong one should know. Texts of keys are compared in constant time and go nowhere else.
"""

import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING

from muster.core.access_key import AccessKey
from muster.core.caller import Caller, Role
from muster.core.errors import Unauthorized, WrongRole
from muster.core.ids import SHARED
from muster.edge import requests
from muster.edge.requests import Event
from muster.settings import settings

if TYPE_CHECKING:
    from muster.store.access.access_keys import AccessKeys
    from muster.store.access.secrets import Secrets

OPERATOR_KEY, AGENT_KEY = "operator", "agent"
"""What stands for the stack's own keys where a key is named: in logs and in the trail."""


@dataclass(frozen=True, slots=True)
class Admission:
    """Who may call a route."""

    roles: frozenset[Role]
    public: bool = False
    """Also without a key, as the operator's organization; with one, in any role."""
    anonymous: bool = False
    """No key is looked at: the answer is everybody's."""
    takes_agent_key: bool = False


CLIENTS = Admission(frozenset({Role.USER, Role.ADMIN}))
SPOTS = Admission(frozenset({Role.AGENT, Role.ADMIN}), takes_agent_key=True)
ADMINS = Admission(frozenset({Role.ADMIN}))
PUBLIC = Admission(CLIENTS.roles, public=True)
ANYBODY = Admission(CLIENTS.roles, public=True, anonymous=True)


def usual(path: str) -> Admission:
    """Of a route that does not say otherwise."""
    return SPOTS if path.startswith("/internal/") else CLIENTS


def caller_of(event: Event, admission: Admission) -> Caller:
    """Raises Unauthorized without a good key where one is needed, WrongRole for a good one that does not fit."""
    told = settings()
    if admission.anonymous:
        return Caller(told.organization, Role.USER)
    asks_for_agent_key = admission.takes_agent_key and bool(told.require_keys or told.agent_key)
    agent_key = requests.header(event, "X-Orhestra-Key")
    if asks_for_agent_key and agent_key is not None:
        return _spot_of_the_operator(agent_key)
    bearer = requests.header(event, "Authorization")
    if bearer is not None:
        return _admitted(_holder_of(bearer), admission)
    if admission.public:
        return Caller(told.organization, Role.USER)
    if told.require_keys or asks_for_agent_key:
        raise Unauthorized
    return Caller(told.organization, Role.ADMIN, operator=True)


def _spot_of_the_operator(sent: str) -> Caller:
    """Where keys are required, such spots work for everybody; else there is one organization, and they are its."""
    told = settings()
    if not _same(sent, told.agent_key or _stack().agent_key()):
        raise Unauthorized
    return Caller(SHARED if told.require_keys else told.organization, Role.AGENT, AGENT_KEY)


def _holder_of(authorization: str) -> Caller:
    scheme, _, text = authorization.strip().partition(" ")
    text = text.strip()
    if scheme.lower() != "bearer" or not text:
        raise Unauthorized
    key = AccessKey.parse(text)
    caller = _keys().caller(key) if key else _operator(text)
    if caller is None:
        raise Unauthorized
    return caller


def _operator(sent: str) -> Caller | None:
    if not _same(sent, _stack().operator_key()):
        return None
    return Caller(settings().organization, Role.ADMIN, OPERATOR_KEY, operator=True)


def _admitted(caller: Caller, admission: Admission) -> Caller:
    if not admission.public and caller.role not in admission.roles:
        raise WrongRole
    return caller


def _same(sent: str, expected: str) -> bool:
    return hmac.compare_digest(sent.encode("utf-8", "replace"), expected.encode())


# Imported when a key is there to be looked at: handlers can be listed and described without the AWS client library.


def _keys() -> "AccessKeys":
    from muster import wiring

    return wiring.access_keys()


def _stack() -> "Secrets":
    from muster import wiring

    return wiring.secrets()
