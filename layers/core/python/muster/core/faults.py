"""Pydantic's findings in the words of the wire: `{"field": "body.iterations.step", "problem": "must be …"}`."""

from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from muster.core.errors import Fault

MAX_FAULTS = 100
"""More than that help nobody; the last one says how many were left out."""

_PROBLEMS = {
    "missing": "is required",
    "extra_forbidden": "is not known",
    "int_type": "must be an integer",
    "int_parsing": "must be an integer",
    "int_from_float": "must be an integer",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "finite_number": "must be a finite number",
    "decimal_type": "must be a number",
    "decimal_parsing": "must be a number",
    "is_instance_of": "must be a number",
    "bool_type": "must be true or false",
    "string_type": "must be a text",
    "list_type": "must be a list",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "too_short": "must have at least {min_length} items",
    "too_long": "must have at most {max_length} items",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "string_pattern_mismatch": "must match {pattern}",
    "string_unicode": "must be a text",
    "greater_than": "must be greater than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "literal_error": "must be {expected}",
}
_TYPES = frozenset(
    problem for kind, problem in _PROBLEMS.items() if kind.endswith(("_type", "_parsing", "instance_of"))
)


def faults_of(error: ValidationError, sent: Any) -> list[Fault]:
    """Every fault once, by field. `sent` is what was validated; it tells members of the wire from names of types."""
    problems: dict[str, list[str]] = {}
    for found in error.errors(include_url=False, include_input=False):
        told = problems.setdefault(_field(found, sent), [])
        told += [problem for problem in _problems(found) if problem not in told]
    faults: list[Fault] = [
        {"field": field, "problem": one} for field, told in problems.items() for one in _joined(told)
    ]
    if len(faults) > MAX_FAULTS:
        left = len(faults) - MAX_FAULTS + 1
        faults[MAX_FAULTS - 1 :] = [{"field": "body", "problem": f"has {left} more faults"}]
    return faults


def _problems(found: ErrorDetails) -> list[str]:
    """What is wrong, in words that end a sentence about the field."""
    known = _PROBLEMS.get(found["type"])
    if known:
        return [known.format_map(found.get("ctx", {}))]
    told = found["msg"].removeprefix("Value error, ").split("; ")
    return [one.replace("Input should be", "must be", 1) for one in told]


def _joined(told: list[str]) -> list[str]:
    """Alternatives of a union as one problem: "must be an integer" and "must be a text" are not two faults."""
    types = [one for one in told if one in _TYPES]
    if "must be a number" in types:
        types = [one for one in types if one != "must be an integer"]
    alternatives = " or ".join([*types[:1], *(one.removeprefix("must be ") for one in types[1:])])
    return [*([alternatives] if types else []), *(one for one in told if one not in _TYPES)]


def _field(found: ErrorDetails, sent: Any) -> str:
    """The location without what pydantic adds to it: members of unions, tags, the mark of a key."""
    steps: list[str] = []
    here = sent
    *inner, last = found["loc"] or ("",)
    for step in inner:
        if _holds(here, step):
            steps.append(str(step))
            here = here[step]
    if _holds(here, last) or found["type"] in ("missing", "extra_forbidden"):
        steps.append(str(last))
    return ".".join(steps)


def _holds(value: Any, step: int | str) -> bool:
    if isinstance(value, dict):
        return step in value
    return isinstance(value, list) and isinstance(step, int) and 0 <= step < len(value)
