"""The diagrams of docs/engine.md say what the engine does: edges are traced along their lines and compared."""

import json
import re
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import pytest

from muster.core import finish
from muster.core import lease as rules
from muster.core.delivery import MAX_ATTEMPTS, Outcome, Receipt, verdict
from muster.core.ids import LeaseRef
from muster.core.job import TRANSITIONS
from muster.core.lease import SETS, Lease
from muster.store.finish.deliveries import SENDING_MS
from tests.docs.documents import document
from tests.store.states import DEFINITION

ENGINE = document("docs/engine.md")
NAMES = r"\w+(?:, \w+)*"
Edges = set[tuple[str, str]]


@dataclass(frozen=True)
class Arrow:
    row: int
    start: int
    end: int
    target: str


class Diagram:
    """Lines of boxes-and-arrows text. An arrow starts at the names before it, or at a corner below its source."""

    def __init__(self, text: str) -> None:
        self.rows = text.splitlines()
        self.arrows = [
            Arrow(row, found.start(), found.end(1), found["target"])
            for row, line in enumerate(self.rows)
            for found in re.finditer(r"([├└]?─[^►]*►) +(?P<target>\w+)", line)
        ]

    @property
    def edges(self) -> Edges:
        return {(source, arrow.target) for arrow in self.arrows for source in self._sources(arrow)}

    def _sources(self, arrow: Arrow) -> set[str]:
        line = self.rows[arrow.row]
        joints = [at for at in range(arrow.start, arrow.end) if line[at] in "├└┴"]
        found = {name for at in joints for name in self._above(arrow.row - 1, at)}
        before = re.search(rf"({NAMES}) $", line[: arrow.start])
        return found | set(before[1].split(", ") if before else ())

    def _above(self, row: int, at: int) -> set[str]:
        """The names that a line going up from here ends at: directly, or by joining their arrow."""
        while self.rows[row][at] in "│├":
            row -= 1
        joined = [arrow for arrow in self.arrows if arrow.row == row and arrow.start <= at < arrow.end]
        if joined:
            return self._sources(joined[0])
        return {
            n
            for found in re.finditer(NAMES, self.rows[row])
            if found.start() <= at < found.end()
            for n in found[0].split(", ")
        }


def diagram(beginning: str) -> Diagram:
    return Diagram(next(block.text for block in ENGINE.blocks if block.text.startswith(beginning)))


def test_the_diagram_of_jobs_shows_the_transitions_of_the_engine() -> None:
    drawn = diagram("PENDING")
    moves = {move for before, after in TRANSITIONS.values() for move in product(before, after)}

    assert drawn.edges == {(str(a), str(b)) for a, b in moves if a != b}
    assert all(name in "\n".join(drawn.rows) for name in TRANSITIONS)


def moves_of_the_engine() -> Edges:
    """Every rule applied to a lease of one task in every set that it may be in; into which set it went."""
    task = frozenset({0})
    ref = LeaseRef("job-main-0000000000000000", 0, 1, 1)
    lease = Lease(ref, "main#spot", "claim", attempts=1, max_attempts=2, claimed_at=0, expires_at=1)
    last = replace(lease, attempts=2)
    leases = {name: replace(lease, **{name: task}) for name in SETS}
    moved = [
        *((name, rules.complete(leases[name], task, "r")) for name in ("owed", "returned", "spared")),
        ("owed", rules.fail(leases["owed"], task, 0, terminal=True, result="r")),
        ("owed", rules.fail(leases["owed"], task, 0, terminal=False, result=None)),
        ("owed", rules.release(leases["owed"], task)),
        ("owed", rules.reset(leases["owed"], 0, 0)),
        ("owed", rules.reset(replace(last, owed=task), 0, 0)),
        ("owed", rules.renew(leases["owed"], frozenset(), 2)),
        *((name, rules.drop(leases[name])) for name in ("owed", "returned", "spared")),
        ("dropped", rules.acknowledge(leases["dropped"], task)),
    ]
    for name in ("returned", "spared"):
        taken = rules.take_over(leases[name], 1, 0, "main#other", "claim", 1)
        assert taken
        moved.append((name, taken[0]))
    return {(before, after) for before, now in moved for after in SETS if getattr(now, after) == task}


def test_the_diagram_of_leases_shows_every_move_of_the_rules() -> None:
    assert diagram("owed").edges == moves_of_the_engine()


def moves_of(machine: dict[str, Any]) -> Edges:
    """Every way on from a state of the machine, choices and caught errors included."""
    return {
        (name, way["Next"])
        for name, state in machine["States"].items()
        for way in (state, {"Next": state.get("Default")}, *state.get("Choices", ()), *state.get("Catch", ()))
        if way.get("Next")
    }


def test_the_diagrams_of_the_finish_show_every_move_of_its_definition() -> None:
    assert diagram("LoadJob").edges == moves_of(DEFINITION)
    assert diagram("DeliverReport").edges == moves_of(DEFINITION["States"]["DeliverAll"]["ItemProcessor"])


def test_the_table_of_steps_explains_each_state_that_calls_a_function_once() -> None:
    rows = re.findall(r"^\| `(\w+)`", ENGINE.sections["The finish"], re.MULTILINE)
    calling = re.findall(r'"\$\{(\w+)\}"', json.dumps(DEFINITION))

    assert sorted(rows) == sorted(calling)


def test_the_diagram_of_deliveries_shows_what_an_attempt_can_lead_to() -> None:
    receipts = [Receipt(status, None, None, 0) for status in (204, 302, 410, 429, 500, None)]
    outcomes = {verdict(receipt, attempts).outcome for receipt in receipts for attempts in range(1, MAX_ATTEMPTS + 1)}

    assert diagram("PENDING ──2xx").edges == {("PENDING", str(outcome)) for outcome in outcomes - {Outcome.RETRY}}


@pytest.mark.parametrize(
    "figure",
    [
        f"up to {finish.SMALL_JOB_TASKS:,} tasks",
        f"begun: {finish.STEP_PATIENCE_MS // 1000} s, {finish.PART_PATIENCE_MS // 60_000} minutes",
        f"after {SENDING_MS // 1000} s",
        f"{DEFINITION['States']['AggregateAll']['MaxConcurrency']} at a time",
        "3, 6, 12 minutes … 6 hours",
    ],
)
def test_figures_of_the_finish_are_those_of_the_code(figure: str) -> None:
    waits = [finish.patience_ms(generation) // 60_000 for generation in (2, 3, 4, 99)]

    assert figure in ENGINE.sections["The finish"].replace("\n", " ")
    assert waits == [3, 6, 12, 360]


def test_the_table_of_sets_explains_each_set_once() -> None:
    rows = re.findall(r"^\| (`.*?) \|", ENGINE.text.partition("| set |")[2].partition("\n\n")[0], re.MULTILINE)

    assert sorted(name for row in rows for name in re.findall(r"`(\w+)`", row)) == sorted(SETS)
