"""The template twice, as it stands and as SAM transforms it."""

from typing import Any

import pytest

from local.template import read_template
from tests.template.transformed import TEMPLATE, transformed_template


@pytest.fixture(scope="session")
def source() -> dict[str, Any]:
    return read_template(TEMPLATE)


@pytest.fixture(scope="session")
def transformed() -> dict[str, Any]:
    return transformed_template()
