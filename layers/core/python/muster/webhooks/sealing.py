"""Secrets at rest: sealed before they are stored, opened when something is to be signed."""

import base64
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet

KEY_BYTES = 32


class SealBroken(ValueError):
    """sealed with none of our keys, or altered since"""

    def __init__(self) -> None:
        super().__init__(type(self).__doc__)


class Sealer:
    """Seals with the first of its keys and opens with any of them, so that keys can be rotated.

    Raises ValueError unless there are keys and each has 32 bytes.
    """

    def __init__(self, keys: Sequence[bytes]) -> None:
        if not keys or any(len(key) != KEY_BYTES for key in keys):
            raise ValueError(f"sealing needs at least one key, each of {KEY_BYTES} bytes")
        self._keys = tuple(keys)

    def seal(self, text: str) -> str:
        """A token of ASCII characters, another one each time; about 4/3 of the text and 100 characters."""
        return self._fernet.encrypt(text.encode()).decode()

    def open(self, token: str) -> str:
        """The text that was sealed. Raises SealBroken."""
        from cryptography.fernet import InvalidToken

        try:
            return self._fernet.decrypt(token.encode()).decode()
        except InvalidToken:
            raise SealBroken from None

    @cached_property
    def _fernet(self) -> "MultiFernet":
        # Imported here: a function that seals nothing would pay for it in every cold start.
        from cryptography.fernet import Fernet, MultiFernet

        return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in self._keys])
