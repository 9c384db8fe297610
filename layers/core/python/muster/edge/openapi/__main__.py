"""Write the document: `python -m muster.edge.openapi FOLDER_OF_HANDLERS FILE`."""

import sys
from pathlib import Path

from muster.edge.openapi.document import document, text
from muster.edge.openapi.handlers import endpoints_of


def run(folder: Path, file: Path) -> None:
    sys.path.insert(0, str(folder.resolve().parent))
    file.write_text(text(document(endpoints_of(folder))), encoding="utf-8")


if __name__ == "__main__":
    run(Path(sys.argv[1]), Path(sys.argv[2]))
