"""Who asks: an organization, and in it a role.

    admin   everything in its organization, keys included
    user    jobs: submit, look at, cancel
    agent   work: register as a spot, claim, settle

The operator is the admin of the organization that runs Muster; it alone may make keys of other organizations.
"""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    ADMIN = "admin"
    USER = "user"
    AGENT = "agent"


@dataclass(frozen=True, slots=True)
class Caller:
    """`key` names the key that was sent, never its text; empty where none is asked for."""

    organization: str
    role: Role = Role.ADMIN
    key: str = ""
    operator: bool = False
