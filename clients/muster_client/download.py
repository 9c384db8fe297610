"""Saved files by the links that open them: straight from where they lie, in pieces, and never half there."""

from pathlib import Path

import httpx

from muster_client.errors import UnexpectedAnswer, Unreachable
from muster_client.records import ReportFile

LONGEST_SILENCE_SECONDS = 30.0


def download(file: ReportFile, folder: Path) -> Path:
    """Fetch one file into a folder, in place of one of its name; a reader of the folder sees it when it is whole.

    The link says all that is needed: our key is the coordinator's business and is not sent along.
    """
    if file.name in ("", "..") or Path(file.name).name != file.name:
        raise UnexpectedAnswer(f"{file.name!r} is not the name of a file")
    target = folder / file.name
    unfinished = target.with_name(f".{target.name}.part")
    try:
        with httpx.stream("GET", file.url, timeout=LONGEST_SILENCE_SECONDS) as answer:
            if answer.status_code != httpx.codes.OK:
                raise UnexpectedAnswer(f"the link to {file.name} answered {answer.status_code}")
            with unfinished.open("wb") as out:
                for piece in answer.iter_bytes():
                    out.write(piece)
        return unfinished.replace(target)
    except httpx.HTTPError as error:
        raise Unreachable(f"{file.name} could not be fetched: {error or type(error).__name__}") from error
    finally:
        unfinished.unlink(missing_ok=True)
