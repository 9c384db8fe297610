"""The bill: its arithmetic against sums done by hand, its counts on a tiny run."""

from collections import Counter
from typing import Any

import pytest

from bench import bill
from bench.deployed import standing
from bench.meter import Spent
from bench.prices import MONTH_HOURS, PRICES, usd, usd_beyond_free
from bench.stand import stand
from tests.bench.test_bench import TINY


def test_prices_are_per_million_per_thousand_or_apiece() -> None:
    paid = usd({"API calls": 2e6, "objects written": 3_000, "alarms": 5, "metrics": 2 * MONTH_HOURS})
    assert paid == pytest.approx({"API calls": 7.0, "objects written": 0.015, "alarms": 0.5, "metrics": 0.6})


def test_only_what_exceeds_the_free_tier_is_paid_there() -> None:
    used = {"function calls": 1_500_000, "queue requests": 650_000, "write units": 1e6, "dashboards": 1}
    paid = usd_beyond_free(used)
    assert paid == pytest.approx({"function calls": 0.10, "queue requests": 0, "write units": 0.625, "dashboards": 0})


def test_a_call_is_billed_its_time_its_requests_and_its_log() -> None:
    requests = Counter({"dynamodb.UpdateItem": 2, "s3.PutObject": 1, "sqs.SendMessage": 1})
    spent = Spent(calls=1, requests=requests, write_units=3, read_units=0.5)
    usage = bill.usage_of({"complete_tasks": spent}, times=1_000, memory={"complete_tasks": 0.5}, hours=2)
    assert usage == {
        "API calls": 1_000,
        "function calls": 1_000,
        "function time": pytest.approx(1_000 * (0.010 + 4 * 0.008) * 0.5),
        "write units": 3_000,
        "read units": 500,
        "objects written": 1_000,
        "queue requests": 1_000,
        "logs": 300_000,
        "metrics": 2,
    }


def test_a_tick_comes_through_no_api_and_its_message_is_received_and_deleted() -> None:
    usage = bill.usage_of({"keep_watch": Spent(calls=1)}, times=1, memory={"keep_watch": 0.5}, hours=0)
    assert usage["queue requests"] == 2
    assert "API calls" not in usage


def test_what_stands_in_the_template_is_billed_by_the_month() -> None:
    def resource(kind: str, **properties: Any) -> dict[str, Any]:
        return {"Type": kind, "Properties": properties}

    stat = {"MetricStat": {}}
    template = {
        "Resources": {
            "Polls": resource("AWS::Serverless::Function", Events={"Tick": {"Type": "SQS"}, "Http": {"Type": "Api"}}),
            "Simple": resource("AWS::CloudWatch::Alarm", MetricName="Errors"),
            "Rate": resource("AWS::CloudWatch::Alarm", Metrics=[stat, stat, {"Expression": "a / b"}]),
            "Board": resource("AWS::CloudWatch::Dashboard"),
            "Key": resource("AWS::SecretsManager::Secret"),
        }
    }
    assert standing(template) == {"queue requests": 650_000, "alarms": 3, "dashboards": 1, "secrets": 1}


def test_what_its_parameter_leaves_out_by_default_is_not_billed() -> None:
    def board(condition: str) -> dict[str, Any]:
        return {"Type": "AWS::CloudWatch::Dashboard", "Condition": condition, "Properties": {}}

    template = {
        "Parameters": {"Dashboard": {"Default": "true"}, "Second": {"Default": "false"}},
        "Conditions": {name: {"Fn::Equals": [{"Ref": name}, "true"]} for name in ("Dashboard", "Second")},
        "Resources": {name: board(name) for name in ("Dashboard", "Second")},
    }
    assert standing(template)["dashboards"] == 1


def test_a_month_and_a_million_tasks_are_billed_from_what_a_tiny_run_counts() -> None:
    with stand() as fresh:
        lines = bill.bills(fresh, TINY)
    quantities = {(line["scenario"], line["line"]): line["quantity"] for line in lines}
    assert quantities[bill.IDLE, "schedule"] == quantities[bill.IDLE, "function calls"] == 43_800
    assert (bill.IDLE, "API calls") not in quantities
    beats_and_claims = MONTH_HOURS * 3_600 * (1 / 3 + 1 / 5)
    assert quantities["month of a waiting spot", "API calls"] == pytest.approx(beats_and_claims)
    assert quantities["million tasks, batch 1", "API calls"] == 2_000_001
    assert quantities["million tasks, batch 50", "API calls"] == 40_001
    assert quantities[bill.EXPRESS, "function calls"] == quantities[bill.STANDARD, "function calls"] == 5_000
    assert quantities[bill.EXPRESS, "express workflows"] == 1_000
    assert quantities[bill.STANDARD, "workflow steps"] == 10_000
    assert (bill.IDLE, "metrics") not in quantities
    verdict = bill.verdict(lines)
    assert verdict["USD, million tasks, batch 50_met"]
    assert bill.totals(lines)["million tasks, batch 50"].full == verdict["USD, million tasks, batch 50"]


def test_every_price_says_where_it_is_published() -> None:
    assert all("ricing" in price.page and price.per > 0 for price in PRICES.values())
