"""What capacity units cost. Prices change: these are constants with their date and region, and dollars are computed."""

from bench.counting import Row

REGION = "us-east-1"
AS_OF = "November 2024"
USD_PER_MILLION_WRITE_UNITS = 0.625
USD_PER_MILLION_READ_UNITS = 0.125
"""On demand, standard table class."""


def usd_per_million_tasks(row: Row) -> float:
    """DynamoDB alone; of a row with units per task."""
    return float(row["write_units"] * USD_PER_MILLION_WRITE_UNITS + row["read_units"] * USD_PER_MILLION_READ_UNITS)
