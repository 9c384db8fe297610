"""Every command of the documentation is run, in order, on a cloud of the document's own; the answers are as shown.

Of its own: a spot in a document would work on whatever other tests left in a shared one.
"""

import re
import shutil
from itertools import pairwise
from pathlib import Path

import pytest

from local import cloud as local_cloud
from tests.docs.documents import DOCUMENTS, REPOSITORY, Document
from tests.docs.terminal import Terminal, comparable, documents_of

# With a spot in the background a document waits for work to be done.
RUN = [
    pytest.param(document, marks=[pytest.mark.slow] if any(block.goes_on for block in document.blocks) else [])
    for document in DOCUMENTS
    if any(block.is_run for block in document.blocks)
]
TOOLS = {"curl": ["curl"], "jq": ["jq"], "java": ["java", "javac", "jar"]}


def missing_tools(document: Document) -> list[str]:
    commands = "\n".join(block.text for block in document.blocks if block.is_run)
    wanted = [tool for word, tools in TOOLS.items() if re.search(rf"\b{word}\b", commands) for tool in tools]
    return [tool for tool in wanted if not shutil.which(tool)]


@pytest.mark.parametrize("document", RUN, ids=str)
def test_commands_do_what_the_document_says(document: Document, tmp_path: Path) -> None:
    if missing := missing_tools(document):
        pytest.skip(f"{document} needs {', '.join(missing)}")
    with local_cloud.start(state=tmp_path / "state.muster") as cloud:
        printed = Terminal(cloud, tmp_path).type(document)

    answers = [(before, after) for before, after in pairwise(document.blocks) if after.language == "json"]
    for before, after in answers:
        *_, last = documents_of(printed[before.line])
        (shown,) = documents_of(after.text)
        assert comparable(last) == comparable(shown), f"{document}:{after.line}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_a_comment_above_a_block_says_how_it_is_run_or_why_not(document: Document) -> None:
    noted = [block for block in document.blocks if block.note]

    assert [block for block in noted if not (block.reason or block.first or block.goes_on)] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_every_target_of_make_that_is_named_exists(document: Document) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE))
    commands = "\n".join(block.text for block in document.blocks if block.language == "bash")
    typed = re.findall(r"^make ([a-z-]+)", commands, re.MULTILINE)

    assert set(typed + re.findall(r"`make ([a-z-]+)`", document.prose)) <= targets
