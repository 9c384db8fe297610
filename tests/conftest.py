"""What every test may ask for."""

from tests.fixtures_cloud import cloud, emulator_table

__all__ = ["cloud", "emulator_table"]
