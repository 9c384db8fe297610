"""What AWS takes for what was counted, without and with its free tier. Prices change: these have a date and a region.

Each is what its service's public page, named beside it, stood at on that date: look there before you rely on one.
Dollars are computed from them, never measured.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from bench.counting import Row

REGION = "us-east-1"
AS_OF = "November 2024"
"""Since when DynamoDB's prices on demand are half of what they were; the others are older and stood then."""


@dataclass(frozen=True)
class Price:
    """US dollars for so many of a unit, beyond what is free in every month; `page` is where it is published."""

    usd: float
    per: float
    unit: str
    page: str
    free: float = 0

    def of(self, quantity: float) -> float:
        return quantity / self.per * self.usd

    def beyond_free(self, quantity: float) -> float:
        """Where nothing else of the account uses up the free tier."""
        return self.of(max(0.0, quantity - self.free))


MONTH_HOURS = 730
_MILLION = 1e6
_LAMBDA, _DYNAMODB, _CLOUDWATCH = "AWS Lambda Pricing", "Amazon DynamoDB pricing", "Amazon CloudWatch Pricing"

PRICES = {
    "API calls": Price(3.50, _MILLION, "REST API calls", "Amazon API Gateway pricing"),
    "function calls": Price(0.20, _MILLION, "requests", _LAMBDA, free=1e6),
    "function time": Price(0.0000133334, 1, "GB-seconds on arm64", _LAMBDA, free=400_000),
    "write units": Price(0.625, _MILLION, "write request units on demand", _DYNAMODB),
    "read units": Price(0.125, _MILLION, "read request units on demand", _DYNAMODB),
    "objects written": Price(0.005, 1_000, "PUT requests, standard", "Amazon S3 pricing"),
    "objects read": Price(0.0004, 1_000, "GET requests, standard", "Amazon S3 pricing"),
    "queue requests": Price(0.40, _MILLION, "requests to standard queues", "Amazon SQS pricing", free=1e6),
    "schedule": Price(0.0, _MILLION, "invocations by scheduled rules", "Amazon EventBridge pricing"),
    "workflow steps": Price(0.025, 1_000, "state transitions, Standard", "AWS Step Functions Pricing", free=4_000),
    "express workflows": Price(1.00, _MILLION, "requests, Express", "AWS Step Functions Pricing"),
    "express time": Price(0.00001667, 1, "GB-seconds, Express", "AWS Step Functions Pricing"),
    "logs": Price(0.50, 1e9, "bytes taken in", _CLOUDWATCH, free=5e9),
    "metrics": Price(0.30, MONTH_HOURS, "hours of a custom metric", _CLOUDWATCH, free=10 * MONTH_HOURS),
    "alarms": Price(0.10, 1, "months of a metric that an alarm watches", _CLOUDWATCH, free=10),
    "dashboards": Price(3.00, 1, "months of a dashboard", _CLOUDWATCH, free=3),
    "secrets": Price(0.40, 1, "months of a secret", "AWS Secrets Manager pricing"),
}
"""Only what is free for good counts as free: API Gateway and S3 have a free tier for the first year alone. Of what is
billed by size, nothing is stored here: tables and objects at rest cost what they hold."""

Usage = Mapping[str, float]
"""How much of each price's unit."""


def usd(usage: Usage) -> dict[str, float]:
    """By name of the price, without a free tier."""
    return {name: PRICES[name].of(quantity) for name, quantity in usage.items()}


def usd_beyond_free(usage: Usage) -> dict[str, float]:
    """By name of the price, for an account that has nothing else."""
    return {name: PRICES[name].beyond_free(quantity) for name, quantity in usage.items()}


def usd_per_million_tasks(row: Row) -> float:
    """DynamoDB alone; of a row with units per task."""
    return sum(usd({name: row[name.replace(" ", "_")] * 1e6 for name in ("write units", "read units")}).values())
