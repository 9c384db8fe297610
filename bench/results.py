"""Results as spots send them: JSON text of a given length whose content hardly compresses."""

import random
import string
import zlib
from typing import Any

_LETTERS = string.ascii_letters + string.digits
_WRAPPED = len('{"x":""}')


def result_json(size: int, dice: random.Random) -> str:
    """Random letters and digits, `size` bytes as JSON: six bits of information in a byte of eight."""
    text = "".join(dice.choices(_LETTERS, k=size - _WRAPPED))
    return f'{{"x":"{text}"}}'


def completion(task_id: str, size: int, dice: random.Random) -> dict[str, Any]:
    """What a spot says of one task."""
    return {
        "id": task_id,
        "runtimeMs": dice.randrange(1_000, 60_000),
        "iter": dice.randrange(100, 1_000),
        "fopt": dice.random(),
        "resultJson": result_json(size, dice),
    }


def compressed_to(size: int) -> float:
    """What part of 50 such texts zlib leaves over."""
    dice = random.Random(size)
    text = "".join(result_json(size, dice) for _ in range(50)).encode()
    return len(zlib.compress(text)) / len(text)
