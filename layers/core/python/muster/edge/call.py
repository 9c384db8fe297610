"""What an operation may know of the call that it serves."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from muster.store.sweeps import Sweeps


@dataclass(frozen=True)
class Call:
    """One call of one organization."""

    organization: str

    @property
    def sweeps(self) -> "Sweeps":
        """The store, connected at the first use in this process."""
        # Imported here so that handlers can be read, listed and described without the AWS client library.
        from muster import wiring

        return wiring.sweeps()
