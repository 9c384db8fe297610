"""The tasks of a sweep, computed from its specification: task i is i written in mixed radix.

Algorithms are the outermost digit, the last axis runs fastest. Nothing is enumerated: the size of a space of 10^9
tasks and any one of its payloads cost the same as those of a space of one.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction
from functools import cached_property

from muster.core.errors import InvalidInput
from muster.sweeps import exact_json
from muster.sweeps.models import MAX_TASKS, Axis, Range, SubmitJob

_EXACT = Context(prec=100)
LONGEST_PAYLOAD = 400_000
"""Characters in one payload; escaped in an answer it may be several times as long, and a function answers 6 MB."""


@dataclass(frozen=True)
class Steps:
    """The values min, min + step, … of an inclusive range; exact decimals."""

    first: Decimal
    step: Decimal
    count: int

    @classmethod
    def of(cls, axis: Range) -> "Steps":
        count = (Fraction(axis.max) - Fraction(axis.min)) // Fraction(axis.step) + 1
        return cls(Decimal(axis.min), Decimal(axis.step), count)

    def __getitem__(self, place: int) -> str:
        value = _EXACT.fma(self.step, Decimal(place), self.first)
        text = f"{value:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text


class Texts(tuple[str, ...]):
    """Listed values, each as JSON text."""

    __slots__ = ()


Digits = Steps | Texts


def radix_of(digits: Digits) -> int:
    """How many values an axis has."""
    # Not len(): a range may have more values than a Python length can hold before it is refused.
    return digits.count if isinstance(digits, Steps) else len(digits)


def _digits(axis: Axis) -> Digits:
    return Steps.of(axis) if isinstance(axis, Range) else Texts(map(exact_json.dumps, axis))


def axes_of(job: SubmitJob) -> dict[str, Axis]:
    """The axes in order: the contract's three, then the named ones."""
    fixed = {"iterations": job.iterations, "agents": job.agents, "dimension": job.dimension}
    return {name: axis for name, axis in fixed.items() if axis is not None} | dict(job.parameters or {})


def _width(digits: Digits) -> int:
    """Characters of the longest value."""
    if isinstance(digits, Texts):
        return max(map(len, digits))
    places = max(0, -int(digits.step.as_tuple().exponent), -int(digits.first.as_tuple().exponent))
    return max(len(digits[0]), len(digits[digits.count - 1])) + places + 1  # and its point


class Space:
    """All tasks of one job. `subset`, for a retry, picks tasks of the original space."""

    def __init__(self, job: SubmitJob, subset: Sequence[int] | None = None) -> None:
        self.job = job
        self.subset = subset

    @cached_property
    def axes(self) -> list[tuple[str, Digits]]:
        """Name and values of each digit, outermost first; `alg` before all if there are algorithms."""
        outermost = {"alg": Texts(map(exact_json.dumps, self.job.algorithms))} if self.job.algorithms else {}
        named = {name: _digits(axis) for name, axis in axes_of(self.job).items()}
        return list((outermost | named).items())

    @cached_property
    def _members(self) -> list[tuple[str, Digits]]:
        """The axes, their names as JSON text."""
        return [(exact_json.dumps(name), digits) for name, digits in self.axes]

    @cached_property
    def _whole(self) -> int:
        if self.job.tasks is not None:
            return len(self.job.tasks)
        return math.prod(radix_of(digits) for _, digits in self.axes)

    @property
    def total(self) -> int:
        return self._whole if self.subset is None else len(self.subset)

    def place(self, index: int) -> int:
        """Where a task is in the whole space, 0 <= index < total: the number that the digits of its axes write."""
        return index if self.subset is None else self.subset[index]

    def payload(self, index: int) -> str:
        """The JSON text of one task, 0 <= index < total."""
        place = self.place(index)
        if self.job.tasks is not None:
            return exact_json.dumps(self.job.tasks[place])
        members = []
        for name, digits in reversed(self._members):
            place, digit = divmod(place, radix_of(digits))
            members.append(f"{name}:{digits[digit]}")
        return "{" + ",".join(reversed(members)) + "}"

    @cached_property
    def longest(self) -> int:
        """Characters that no payload exceeds."""
        if self.job.tasks is not None:
            return max(len(exact_json.dumps(task)) for task in self.job.tasks)
        return sum(len(name) + 2 + _width(digits) for name, digits in self._members) + 1


def checked_space(job: SubmitJob) -> Space:
    """The space of a new job. Refuses one that has no tasks, too many, or is given in two ways."""
    axes = axes_of(job)
    faults = []
    if job.tasks is not None and (axes or job.algorithms):
        faults.append("tasks can not be combined with algorithms or axes")
    if job.tasks is None and not axes and not job.algorithms:
        faults.append("nothing to run: give algorithms, axes or tasks")
    doubled = (
        {"iterations", "agents", "dimension"}
        & set(job.parameters or {})
        & {name for name in ("iterations", "agents", "dimension") if getattr(job, name) is not None}
    )
    faults += [f"axis {name} is given twice" for name in sorted(doubled)]
    if "alg" in axes and job.algorithms:
        faults.append("axis alg collides with algorithms")
    space = Space(job)
    if not faults and space.total > MAX_TASKS:
        faults.append(f"{space.total} tasks, at most {MAX_TASKS} in one job")
    if not faults and space.longest > LONGEST_PAYLOAD:
        faults.append(f"a payload has {space.longest} characters, at most {LONGEST_PAYLOAD}")
    if faults:
        raise InvalidInput(details=[{"field": "body", "problem": fault} for fault in faults])
    return space
