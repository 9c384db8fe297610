"""The base of everything that Muster answers.

A record takes the fields that it knows and ignores the rest, so an old client reads a newer server.
"""

from dataclasses import MISSING, Field, dataclass, field, fields
from functools import cache
from typing import Any, Self

from muster_client.errors import UnexpectedAnswer


@dataclass(frozen=True)
class Record:
    """A JSON object of an answer; `raw` is that object as it came."""

    raw: dict[str, Any] = field(default_factory=dict, repr=False, compare=False, kw_only=True)

    @classmethod
    def read(cls, answer: Any) -> Self:
        """The record in an answer; UnexpectedAnswer when a promised field is missing."""
        if not isinstance(answer, dict):
            raise UnexpectedAnswer(f"expected a JSON object for {cls.__name__}, got {type(answer).__name__}")
        known: dict[str, Any] = {"raw": answer}
        kind: Any = cls
        for name, key, reads, required in _layout(kind):
            value = answer.get(key)
            if value is not None:
                known[name] = reads(value) if reads else value
            elif required:
                raise UnexpectedAnswer(f"the answer lacks {key!r} of {cls.__name__}")
        return cls(**known)


@cache
def _layout(record: Any) -> tuple[tuple[str, str, Any, bool], ...]:
    return tuple(
        (one.name, _camel(one.name), one.metadata.get("reads"), _is_required(one))
        for one in fields(record)
        if one.name != "raw"
    )


def _is_required(one: Field[Any]) -> bool:
    return one.default is MISSING and one.default_factory is MISSING


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)


def single(record: type[Record]) -> dict[str, Any]:
    """Field metadata: such a record."""
    return {"reads": record.read}


def each(record: type[Record]) -> dict[str, Any]:
    """Field metadata: a list of such records."""

    def reads(values: Any) -> list[Any]:
        if not isinstance(values, list):
            raise UnexpectedAnswer(f"expected a list of {record.__name__}")
        return [record.read(value) for value in values]

    return {"reads": reads}


def named(record: type[Record]) -> dict[str, Any]:
    """Field metadata: an object of such records by name."""

    def reads(values: Any) -> dict[str, Any]:
        if not isinstance(values, dict):
            raise UnexpectedAnswer(f"expected an object of {record.__name__}")
        return {name: record.read(value) for name, value in values.items()}

    return {"reads": reads}
