from collections.abc import Iterator

import pytest

from bench.stand import Stand, stand


@pytest.fixture(scope="session")
def bench_stand() -> Iterator[Stand]:
    """One for all tests of a process: they keep apart by jobs of their own and by taking what they spent."""
    with stand() as built:
        yield built
