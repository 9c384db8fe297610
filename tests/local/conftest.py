"""The fixture stack of tests/local/stack on a local cloud of its own."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from local import cloud

STACK = Path(__file__).parent / "stack" / "template.yaml"


@pytest.fixture(scope="session")
def small_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[cloud.Cloud]:
    """Shared by the tests that leave it running; they keep apart by the names in their paths."""
    with cloud.start(template=STACK, state=tmp_path_factory.mktemp("small")) as running:
        yield running


@pytest.fixture
def api(small_cloud: cloud.Cloud) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=small_cloud.api, timeout=10, trust_env=False) as client:
        yield client
