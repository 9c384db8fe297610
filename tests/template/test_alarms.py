"""Alarms watch what is there and say what to do; the dashboard's charts are those of this stack."""

import json
import re
from typing import Any

import pytest

from tests.docs.documents import document
from tests.operations import HANDLERS
from tests.template.transformed import of_type

OPERATIONS = document("docs/operations.md")
ALARMS = ["AuditSilent", "DeadLettersWaiting", "FinishStalled", "ReapersLate", "ServerErrors"]
COUNTED = {path.stem for path in HANDLERS} | {"FinishOverdue"}
"""The metrics of the namespace Muster: one for each operation, and the audit's own."""


@pytest.fixture(scope="module")
def alarms(transformed: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return of_type(transformed, "AWS::CloudWatch::Alarm")


def test_the_alarms_are_these_and_on_unless_switched_off(
    alarms: dict[str, dict[str, Any]], source: dict[str, Any]
) -> None:
    assert sorted(alarms) == ALARMS
    assert {alarm["Condition"] for alarm in alarms.values()} == {"Alarmed"}
    assert source["Conditions"]["Alarmed"] == {"Fn::Equals": [{"Ref": "Alarms"}, "true"]}
    assert source["Parameters"]["Alarms"]["Default"] == "true"


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_says_where_to_read_what_to_do(name: str, alarms: dict[str, dict[str, Any]]) -> None:
    description = alarms[name]["Properties"]["AlarmDescription"]
    path, _, anchor = description.rpartition(": ")[2].partition("#")

    assert (path, anchor) == (OPERATIONS.name, name.lower())
    assert len(OPERATIONS.sections[name].split()) > 40, "a section that says what to do"
    assert f"| [{name}](#{anchor}) |" in OPERATIONS.sections["Alarms"]
    assert len(description) <= 1024


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_has_thought_of_silence_and_says_when_it_is_over(name: str, alarms: dict[str, dict[str, Any]]) -> None:
    alarm = alarms[name]["Properties"]
    mail = {"Fn::If": ["Mailed", [{"Ref": "AlarmTopic"}], {"Ref": "AWS::NoValue"}]}

    assert alarm["TreatMissingData"] == ("breaching" if name == "AuditSilent" else "notBreaching")
    assert alarm["AlarmActions"] == alarm["OKActions"] == mail
    assert "Metrics" not in alarm, "the local cloud knows no arithmetic of metrics"


def test_nobody_is_mailed_without_an_address(transformed: dict[str, Any]) -> None:
    (topic,) = of_type(transformed, "AWS::SNS::Topic").values()

    assert topic["Condition"] == "Mailed"
    without = {"Fn::Not": [{"Fn::Equals": [{"Ref": "AlarmEmail"}, ""]}]}
    assert transformed["Conditions"]["Mailed"] == {"Fn::And": [{"Condition": "Alarmed"}, without]}
    assert transformed["Parameters"]["AlarmEmail"]["Default"] == ""


@pytest.mark.parametrize(("address", "taken"), [("", True), ("a@example.org", True), ("a b@c", False), ("a", False)])
def test_an_address_is_one_or_none(address: str, taken: bool, source: dict[str, Any]) -> None:
    assert bool(re.fullmatch(source["Parameters"]["AlarmEmail"]["AllowedPattern"], address)) is taken


WATCHED = {
    "AuditSilent": ("AWS/Lambda", "AWS::Lambda::Function", {"FunctionName": {"Ref": "AuditJobs"}}),
    "DeadLettersWaiting": ("AWS/SQS", "AWS::SQS::Queue", {"QueueName": {"Fn::GetAtt": ["DeadLetters", "QueueName"]}}),
    "ReapersLate": ("AWS/SQS", "AWS::SQS::Queue", {"QueueName": {"Fn::GetAtt": ["WatchQueue", "QueueName"]}}),
}


@pytest.mark.parametrize("name", WATCHED)
def test_an_alarm_watches_a_resource_of_this_stack(name: str, transformed: dict[str, Any]) -> None:
    namespace, kind, dimensions = WATCHED[name]
    alarm = transformed["Resources"][name]["Properties"]
    (place,) = alarm["Dimensions"]
    resource = next(iter(place["Value"].values()))

    assert (alarm["Namespace"], {place["Name"]: place["Value"]}) == (namespace, dimensions)
    assert (resource if isinstance(resource, str) else resource[0]) in of_type(transformed, kind)


def test_the_gateway_is_watched_by_the_name_and_stage_that_it_has(transformed: dict[str, Any]) -> None:
    (api,) = of_type(transformed, "AWS::ApiGateway::RestApi").values()
    (stage,) = of_type(transformed, "AWS::ApiGateway::Stage").values()
    dimensions = transformed["Resources"]["ServerErrors"]["Properties"]["Dimensions"]

    assert {one["Name"]: one["Value"] for one in dimensions} == {
        "ApiName": api["Properties"].get("Name", api["Properties"]["Body"]["info"]["title"]),
        "Stage": stage["Properties"]["StageName"],
    }


def test_muster_s_own_metrics_are_told_apart_by_stack(source: dict[str, Any], transformed: dict[str, Any]) -> None:
    variables = source["Globals"]["Function"]["Environment"]["Variables"]
    alarm = transformed["Resources"]["FinishStalled"]["Properties"]

    assert alarm["Dimensions"] == [{"Name": "service", "Value": variables["POWERTOOLS_SERVICE_NAME"]}]
    assert alarm["Namespace"] == variables["POWERTOOLS_METRICS_NAMESPACE"]
    assert alarm["MetricName"] in COUNTED


def test_silence_is_listened_for_once_the_schedule_is_there(transformed: dict[str, Any]) -> None:
    alarm = transformed["Resources"]["AuditSilent"]
    rule = transformed["Resources"][alarm["DependsOn"]]["Properties"]

    assert rule["ScheduleExpression"] == "rate(1 minute)"
    assert (alarm["Properties"]["Period"], alarm["Properties"]["EvaluationPeriods"]) == (60, 2)


def test_the_bill_for_alarms_is_stated() -> None:
    assert f"| five alarms | {0.10 * len(ALARMS):.2f};" in OPERATIONS.sections["What it costs to watch"]
    assert len(ALARMS) == 5


# --- the dashboard ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def widgets(transformed: dict[str, Any]) -> list[dict[str, Any]]:
    """As CloudWatch gets them, each name substituted by itself."""
    (dashboard,) = of_type(transformed, "AWS::CloudWatch::Dashboard").values()
    body = dashboard["Properties"]["DashboardBody"]["Fn::Sub"]
    found: list[dict[str, Any]] = json.loads(re.sub(r"\$\{([\w:.]+)\}", r"\1", body))["widgets"]
    return found


def test_the_dashboard_is_three_charts_a_row_with_a_title_each(widgets: list[dict[str, Any]]) -> None:
    titles = [widget["properties"]["title"] for widget in widgets]

    assert len(set(titles)) == len(widgets)
    assert len(widgets) % 3 == 0
    assert {(widget["width"], widget["height"]) for widget in widgets} == {(8, 6)}
    assert {widget["properties"]["region"] for widget in widgets} == {"AWS::Region"}


def test_the_charts_that_the_documents_send_people_to_are_there(widgets: list[dict[str, Any]]) -> None:
    titles = [widget["properties"]["title"] for widget in widgets]
    sent = re.findall(r"\*([A-Z]\w+: [\w ]+|Refused and failed calls)\*", OPERATIONS.text)

    assert len(sent) >= 4
    assert [title for title in sent if not any(one.startswith(title) for one in titles)] == []


def test_charts_show_metrics_that_exist(widgets: list[dict[str, Any]]) -> None:
    shown: dict[str, set[str]] = {}
    for widget in widgets:
        space = name = ""
        for metric in widget["properties"].get("metrics", []):
            if isinstance(metric[0], str) and metric[0] != "...":
                space, name = (metric[0], metric[1]) if metric[0] != "." else (space, metric[1])
                shown.setdefault(space, set()).update({name} - {"."})

    assert set(shown) == {"AWS/ApiGateway", "AWS/DynamoDB", "AWS/Lambda", "AWS/SQS", "Muster"}
    assert shown["Muster"] <= COUNTED
    assert {"claim_tasks", "complete_tasks", "fail_tasks"} <= shown["Muster"]


def test_searches_keep_to_this_stack(widgets: list[dict[str, Any]]) -> None:
    searches = [
        metric[0]["expression"]
        for widget in widgets
        for metric in widget["properties"].get("metrics", [])
        if isinstance(metric[0], dict)
    ]

    assert searches
    for search in searches:
        assert re.fullmatch(r"SEARCH\('\{[\w/,]+\}( \w+=(\w+|\"[\w:]+\"))+', 'Sum', \d+\)", search)
        assert any(own in search for own in ('service="AWS::StackName"', 'TableName="Table"', "StateMachineArn=Finish"))
