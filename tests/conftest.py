"""What every test may ask for. Handlers that a test calls itself ask for no keys, unless it says otherwise."""

import os

from hypothesis import settings

from tests.fixtures_cloud import cloud, emulator_table

os.environ["MUSTER_REQUIRE_KEYS"] = "false"

__all__ = ["cloud", "emulator_table"]

# A slow machine makes no example wrong.
settings.register_profile("muster", deadline=None)
settings.load_profile("muster")
