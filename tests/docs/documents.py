"""Documents as the tests read them: Markdown, its blocks of code with the comment above, its headings and links.

How a block is run stands in an HTML comment directly above it:

    <!-- not run: why -->     the block is only shown
    <!-- in the background --> one command that goes on; it is ended when the document is
    <!-- first: command -->   what a reader who comes to this block has behind them

A block of `json` is what the block before it prints last.
"""

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
PATHS = [
    REPOSITORY / "README.md",
    REPOSITORY / "CONTRIBUTING.md",
    REPOSITORY / "examples" / "README.md",
    *sorted((REPOSITORY / "docs").rglob("*.md")),
]

_BLOCK = re.compile(
    r"(?:^<!-- (?P<note>[^\n]*) -->\n)?^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE
)
_LINK = re.compile(r"\]\((?P<inline>[^)\s]+)\)|(?:src|srcset|href)=\"(?P<attribute>[^\"]+)\"")
_HEADING = re.compile(r"^(?P<depth>#+) (?P<title>.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    line: int
    language: str
    text: str
    note: str

    @property
    def reason(self) -> str:
        """Why it is only shown."""
        return self.note.removeprefix("not run: ") if self.note.startswith("not run: ") else ""

    @property
    def is_run(self) -> bool:
        if self.reason:
            return False
        # Targets of make install and run everything: that they exist is all that is looked at.
        return self.language == "python" or (
            self.language == "bash" and bool(re.search("^(?!make ).", self.text, re.MULTILINE))
        )

    @property
    def first(self) -> str:
        return self.note.removeprefix("first: ") if self.note.startswith("first: ") else ""

    @property
    def goes_on(self) -> bool:
        return self.note == "in the background"


class Document:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = str(path.relative_to(REPOSITORY))
        self.text = path.read_text(encoding="utf-8")

    @cached_property
    def blocks(self) -> list[Block]:
        return [
            Block(self.text.count("\n", 0, found.start("text")), found["language"], found["text"], found["note"] or "")
            for found in _BLOCK.finditer(self.text)
        ]

    @cached_property
    def prose(self) -> str:
        """The text without its blocks."""
        return _BLOCK.sub("", self.text)

    @property
    def links(self) -> list[str]:
        return [found["inline"] or found["attribute"] for found in _LINK.finditer(self.prose)]

    @property
    def anchors(self) -> set[str]:
        """Names by which headings are linked to, as GitHub makes them."""
        titles = (found["title"].lower() for found in _HEADING.finditer(self.prose))
        return {re.sub(r"[^\w\- ]", "", title).replace(" ", "-") for title in titles}

    @property
    def sections(self) -> dict[str, str]:
        """Text by heading of the second and third depth, each up to the next such heading."""
        parts = re.split(r"^##+ (.+)\n", self.text, flags=re.MULTILINE)
        return dict(zip(parts[1::2], parts[2::2], strict=True))

    def __repr__(self) -> str:
        return self.name


DOCUMENTS = [Document(path) for path in PATHS]


def document(name: str) -> Document:
    return next(one for one in DOCUMENTS if one.name == name)
