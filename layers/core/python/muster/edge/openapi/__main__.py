"""Write the document: `python -m muster.edge.openapi FOLDER_OF_HANDLERS FOLDER_OF_EVENTS FILE`."""

import sys
from pathlib import Path

from muster.edge.openapi.document import document, text
from muster.edge.openapi.handlers import endpoints_of, sample_bodies


def run(handlers: Path, events: Path, file: Path) -> None:
    sys.path.insert(0, str(handlers.resolve().parent))
    file.write_text(text(document(endpoints_of(handlers), sample_bodies(events))), encoding="utf-8")


if __name__ == "__main__":
    run(*map(Path, sys.argv[1:4]))
