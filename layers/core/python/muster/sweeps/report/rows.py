"""Results as columns: 24 bytes each, however many there are."""

from array import array
from collections.abc import Iterator, Mapping
from math import isnan, nan
from typing import Any, NamedTuple


class Row(NamedTuple):
    """One completed task, by its index. The lowest fopt sorts first, of equal ones the lowest index."""

    fopt: float
    task: int
    runtime_ms: int


class Rows:
    """Completed tasks in no particular order; where there is no fopt, the column holds nan."""

    def __init__(self) -> None:
        self.indices, self.fopts, self.runtimes = array("q"), array("d"), array("q")

    def __len__(self) -> int:
        return len(self.indices)

    def add(self, index: int, outcome: Mapping[str, Any]) -> None:
        fopt = outcome.get("fopt")
        self.indices.append(index)
        self.fopts.append(nan if fopt is None else fopt)
        self.runtimes.append(outcome["runtimeMs"])

    def extend(self, other: "Rows") -> None:
        self.indices.extend(other.indices)
        self.fopts.extend(other.fopts)
        self.runtimes.extend(other.runtimes)

    def with_fopt(self) -> Iterator[Row]:
        columns = zip(self.fopts, self.indices, self.runtimes, strict=True)
        return (Row(fopt, task, runtime) for fopt, task, runtime in columns if not isnan(fopt))

    def state(self) -> list[Any]:
        """As JSON holds it."""
        fopts = [None if isnan(fopt) else fopt for fopt in self.fopts]
        return [self.indices.tolist(), fopts, self.runtimes.tolist()]

    @classmethod
    def of_state(cls, state: list[Any]) -> "Rows":
        indices, fopts, runtimes = state
        rows = cls()
        rows.indices.extend(indices)
        rows.fopts.extend(nan if fopt is None else fopt for fopt in fopts)
        rows.runtimes.extend(runtimes)
        return rows
