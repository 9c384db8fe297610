"""What the template says that is billed: memory of functions, and what costs by standing there."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from local.template import Template, resources

RECEIVES_A_MONTH = 650_000
"""Assumed: what Lambda's pollers ask of a queue in which there is nothing."""

Memory = Mapping[str, float]
"""Gigabytes that a call is billed for, by operation."""


def memory_of(template: Template) -> Memory:
    shared = template["Globals"]["Function"]["MemorySize"]
    functions = [properties for _, properties in resources(template, "AWS::Serverless::Function")]
    return {
        properties["Handler"].rpartition(".")[2]: properties.get("MemorySize", shared) / 1024
        for properties in functions
    }


def standing(template: Template) -> Counter[str]:
    """What a month costs because it stands in the template, whose parameters are as they are by default: polled queues,
    alarms, the dashboard, secrets."""
    functions = [properties for _, properties in resources(template, "AWS::Serverless::Function")]
    sources = [source["Type"] for properties in functions for source in properties.get("Events", {}).values()]
    made = [resource for resource in template["Resources"].values() if _is_made(template, resource)]
    kinds = Counter(resource["Type"] for resource in made)
    alarms = [resource["Properties"] for resource in made if resource["Type"] == "AWS::CloudWatch::Alarm"]
    found = Counter[str]()
    found["queue requests"] = sources.count("SQS") * RECEIVES_A_MONTH
    found["alarms"] = sum(map(_watched_metrics, alarms))
    found["dashboards"] = kinds["AWS::CloudWatch::Dashboard"]
    found["secrets"] = kinds["AWS::SecretsManager::Secret"]
    return found


def _is_made(template: Template, resource: dict[str, Any]) -> bool:
    """Whether the resource's condition, if it has one, holds by default."""
    if "Condition" not in resource:
        return True
    match template["Conditions"][resource["Condition"]]:
        case {"Fn::Equals": [{"Ref": parameter}, wanted]}:
            return bool(template["Parameters"][parameter]["Default"] == wanted)
        case _:
            return False  # a topic that mails to nobody


def _watched_metrics(alarm: dict[str, Any]) -> int:
    """An alarm on an expression is billed for each metric in it."""
    return len([part for part in alarm.get("Metrics", []) if "MetricStat" in part]) or 1
