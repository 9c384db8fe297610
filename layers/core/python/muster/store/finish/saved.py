"""What is saved of a job's report: files under RESULTS_SAVE_PATH, in the bucket and, on one machine, in a folder."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from muster.core.clock import Clock
from muster.core.errors import ReportNotKept
from muster.core.ids import new_nonce
from muster.store import keys
from muster.store.blobs import Blobs
from muster.store.table import Item, Table, put

CONTENT_TYPES = {
    "json": "application/json",
    "txt": "text/plain; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
    "ndjson": "application/x-ndjson",
}


@dataclass(frozen=True, slots=True)
class SavedFile:
    """A file by its name; `size` in bytes."""

    name: str
    size: int

    @property
    def format(self) -> str:
        return self.name.rpartition(".")[2]

    def __str__(self) -> str:
        return f"{self.size} {self.name}"

    @classmethod
    def parse(cls, text: str) -> "SavedFile":
        """The inverse of `str(file)`."""
        size, _, name = text.partition(" ")
        return cls(name, int(size))


class Saved:
    """`prefix` in the bucket; `folder` only where files shall be plain ones as well."""

    def __init__(self, table: Table, blobs: Blobs, prefix: str, folder: Path | None, clock: Clock) -> None:
        self._table, self._blobs, self._clock = table, blobs, clock
        self._prefix, self._folder = prefix.strip("/") or "results", folder

    def save(self, job: str, name: str, content: Iterable[bytes]) -> SavedFile:
        """Write a file, in place of one of the same name; whole or not at all."""
        plain = self._folder / keys.folder(job) / name if self._folder else None
        kept = content if plain is None else _also_to(plain, content)
        size = self._blobs.put_stream(self._key(job, name), kept, CONTENT_TYPES[name.rpartition(".")[2]])
        return SavedFile(name, size)

    def note(self, job: str, files: list[SavedFile]) -> None:
        """What there is. A report made twice has the same files."""
        row: Item = keys.files(job) | {"files": [str(file) for file in files], "saved_at": self._clock()}
        self._table.write(put(row))

    def files(self, job: str) -> list[SavedFile]:
        row = self._table.get(keys.files(job))
        if row is None:
            raise ReportNotKept
        return [SavedFile.parse(text) for text in row["files"]]

    def read(self, job: str, name: str) -> bytes:
        """A file that is small enough to be answered."""
        return self._blobs.get(self._key(job, name))

    def link(self, job: str, name: str) -> str:
        return self._blobs.link(self._key(job, name), f"{job}-{name}")

    def _key(self, job: str, name: str) -> str:
        return f"{self._prefix}/{keys.folder(job)}/{name}"


def _also_to(plain: Path, content: Iterable[bytes]) -> Iterator[bytes]:
    """Write what passes; a reader of the folder sees the file when it is whole."""
    plain.parent.mkdir(parents=True, exist_ok=True)
    unfinished = plain.with_name(f".{plain.name}.{new_nonce()}")
    try:
        with unfinished.open("wb") as out:
            for chunk in content:
                out.write(chunk)
                yield chunk
        unfinished.replace(plain)
    finally:
        unfinished.unlink(missing_ok=True)
