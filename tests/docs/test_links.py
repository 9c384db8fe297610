"""Links lead somewhere: to a file of the repository, and to a heading that it has."""

import pytest

from tests.docs.documents import DOCUMENTS, Document


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_links_lead_to_files_and_headings_that_exist(document: Document) -> None:
    own = [link for link in document.links if "://" not in link]
    broken = [link for link in own if not leads_somewhere(document, link)]

    assert not broken


def leads_somewhere(document: Document, link: str) -> bool:
    path, _, anchor = link.partition("#")
    target = (document.path.parent / path).resolve() if path else document.path
    return target.exists() and (not anchor or anchor in Document(target).anchors)
