"""Keys that callers send, as texts.

`mk-acme-7w3k9q2m5x8d-<52 letters>`: the organization and 60 bits name the key and may be shown and logged; the 260
bits behind them are the secret. So much chance needs no slow hash: its SHA-256 tells nothing about it.
"""

import hashlib
import re
from dataclasses import dataclass, field

from muster.core.ids import letters

_KEY = re.compile(r"(mk-[a-z0-9]{1,16}-[0-9a-z]{12})-([0-9a-z]{52})")
_ID = re.compile(r"mk-([a-z0-9]{1,16})-[0-9a-z]{12}")
MATERIAL_BYTES = 64


@dataclass(frozen=True, slots=True)
class AccessKey:
    """A key as its holder has it. What is stored of it is `digest`."""

    id: str
    secret: str = field(repr=False)

    @classmethod
    def of(cls, organization: str, material: bytes) -> "AccessKey":
        """The key that these random bytes (MATERIAL_BYTES of them) make."""
        name, secret = int.from_bytes(material[:16]), int.from_bytes(material[16:])
        return cls(f"mk-{organization}-{letters(name, 12)}", letters(secret, 52))

    @classmethod
    def parse(cls, text: str) -> "AccessKey | None":
        """None when the text can not be a key."""
        match = _KEY.fullmatch(text)
        return cls(match[1], match[2]) if match else None

    @property
    def text(self) -> str:
        return f"{self.id}-{self.secret}"

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.secret.encode()).hexdigest()


def organization_of_key(key_id: str) -> str | None:
    """The organization that the id of a key names; None when it is no such id."""
    match = _ID.fullmatch(key_id)
    return match[1] if match else None
