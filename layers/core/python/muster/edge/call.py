"""What an operation may know of the call that it serves."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from muster.core.caller import Caller

if TYPE_CHECKING:
    from muster.store.access.limits import Limits
    from muster.store.access.operations import Access
    from muster.store.access.trail import Trail
    from muster.store.finish.steps import Finish
    from muster.store.sweeps import Sweeps


@dataclass(frozen=True)
class Call:
    """One call of one caller. `request_id` is the gateway's; it follows what the call sets going."""

    caller: Caller
    request_id: str = ""

    @property
    def organization(self) -> str:
        return self.caller.organization

    def organization_named(self, named: str | None) -> str:
        """The organization that a body or query names, if it does; Forbidden when that is another than the key's."""
        return self.caller.acting_for(named)

    # Imported at their first use, so that handlers can be read, listed and described without the AWS client library.

    @property
    def sweeps(self) -> "Sweeps":
        """The store of the sweeps face, connected at the first use in this process."""
        from muster import wiring

        return wiring.sweeps()

    @property
    def finish(self) -> "Finish":
        """The steps of the finish workflow."""
        from muster import wiring

        return wiring.finish()

    @property
    def access(self) -> "Access":
        """Keys and the trail, likewise."""
        from muster import wiring

        return wiring.access()

    @property
    def trail(self) -> "Trail":
        """Where the shell records what a call does."""
        from muster import wiring

        return wiring.trail()

    @property
    def limits(self) -> "Limits":
        """Where the shell counts what an organization asks for."""
        from muster import wiring

        return wiring.limits()
