"""Who asks: an organization, and in it a role.

    admin   everything in its organization, keys and the trail included
    user    jobs: submit, look at, cancel
    agent   work: register as a spot, claim, settle

The operator is the admin of the organization that runs Muster; it alone may act for other organizations.
"""

from dataclasses import dataclass
from enum import StrEnum

from muster.core.errors import Forbidden


class Role(StrEnum):
    ADMIN = "admin"
    USER = "user"
    AGENT = "agent"


@dataclass(frozen=True, slots=True)
class Caller:
    """`key` names the key that was sent, never its text; empty where none is asked for.

    `user` is whom the key is bound to: what it does, it does for nobody else.
    """

    organization: str
    role: Role = Role.ADMIN
    key: str = ""
    operator: bool = False
    user: str | None = None

    def acting_for(self, named: str | None) -> str:
        """The organization that a request is about, which may name one in its body or query.

        Whoever names another than the key's is refused (Forbidden), but for the operator.
        """
        if named in (None, self.organization) or self.operator:
            return named or self.organization
        raise Forbidden
