"""What every test may ask for."""

from hypothesis import settings

from tests.fixtures_cloud import cloud, emulator_table

__all__ = ["cloud", "emulator_table"]

# A slow machine makes no example wrong.
settings.register_profile("muster", deadline=None)
settings.load_profile("muster")
