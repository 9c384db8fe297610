"""The template as CloudFormation would see it: transformed first, then linted, then looked at.

Linting what SAM made of it finds dangling references in policies and events, which linting the source passes.
"""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cfnlint.api import lint

from muster.core import errors
from muster.settings import Settings
from muster.store.access.secrets import derive
from tests.template.transformed import REGION, TEMPLATE, of_type

GATEWAY_ERRORS = {
    "ACCESS_DENIED", "API_CONFIGURATION_ERROR", "AUTHORIZER_CONFIGURATION_ERROR", "AUTHORIZER_FAILURE",
    "BAD_REQUEST_BODY", "BAD_REQUEST_PARAMETERS", "DEFAULT_4XX", "DEFAULT_5XX", "EXPIRED_TOKEN", "INTEGRATION_FAILURE",
    "INTEGRATION_TIMEOUT", "INVALID_API_KEY", "INVALID_SIGNATURE", "MISSING_AUTHENTICATION_TOKEN", "QUOTA_EXCEEDED",
    "REQUEST_TOO_LARGE", "RESOURCE_NOT_FOUND", "THROTTLED", "UNAUTHORIZED", "UNSUPPORTED_MEDIA_TYPE", "WAF_FILTERED",
}  # fmt: skip
"""Every type of gateway response that API Gateway has."""


def test_what_sam_makes_of_it_has_no_findings(transformed: dict[str, Any]) -> None:
    assert [str(finding) for finding in lint(json.dumps(transformed, indent=1), regions=[REGION])] == []


def test_it_stays_one_page_that_can_be_read() -> None:
    assert len(TEMPLATE.read_text().splitlines()) <= 900


def test_every_refusal_of_the_gateway_has_our_shape(transformed: dict[str, Any]) -> None:
    (api,) = of_type(transformed, "AWS::ApiGateway::RestApi").values()
    answers = api["Properties"]["Body"]["x-amazon-apigateway-gateway-responses"]

    assert set(answers) == GATEWAY_ERRORS
    for kind, answer in answers.items():
        body = json.loads(answer["responseTemplates"]["application/json"])
        assert {"success", "error", "code"} <= set(body) <= {"success", "error", "code", "requestId"}, kind
        assert (body["success"], bool(body["error"])) == (False, True)
        assert re.fullmatch("[A-Z_]+", body["code"])


@pytest.mark.parametrize(
    ("kind", "status", "error"),
    [
        ("MISSING_AUTHENTICATION_TOKEN", "404", errors.NotFound),
        ("RESOURCE_NOT_FOUND", "404", errors.NotFound),
        ("BAD_REQUEST_BODY", "400", errors.InvalidInput),
        ("UNAUTHORIZED", "401", errors.Unauthorized),
        ("REQUEST_TOO_LARGE", "413", errors.PayloadTooLarge),
        ("INTEGRATION_FAILURE", "503", errors.Unavailable),
    ],
)
def test_the_gateway_says_it_in_the_words_of_the_functions(
    kind: str, status: str, error: type[errors.MusterError], transformed: dict[str, Any]
) -> None:
    (api,) = of_type(transformed, "AWS::ApiGateway::RestApi").values()
    answer = api["Properties"]["Body"]["x-amazon-apigateway-gateway-responses"][kind]
    body = json.loads(answer["responseTemplates"]["application/json"])

    assert (str(answer["statusCode"]), body["error"], body["code"]) == (status, error.__doc__, error.code)


@pytest.mark.parametrize("kind", ["THROTTLED", "QUOTA_EXCEEDED", "INTEGRATION_FAILURE", "INTEGRATION_TIMEOUT"])
def test_who_should_come_back_is_told_when(kind: str, transformed: dict[str, Any]) -> None:
    (api,) = of_type(transformed, "AWS::ApiGateway::RestApi").values()
    answer = api["Properties"]["Body"]["x-amazon-apigateway-gateway-responses"][kind]

    assert re.fullmatch(r"'\d+'", answer["responseParameters"]["gatewayresponse.header.Retry-After"])


def test_a_known_path_answers_405_to_a_method_that_it_does_not_have(transformed: dict[str, Any]) -> None:
    (api,) = of_type(transformed, "AWS::ApiGateway::RestApi").values()

    for path, methods in api["Properties"]["Body"]["paths"].items():
        mock = methods["x-amazon-apigateway-any-method"]["x-amazon-apigateway-integration"]
        answer = mock["responses"]["default"]
        assert (mock["type"], answer["statusCode"]) == ("mock", "405"), path
        assert json.loads(answer["responseTemplates"]["application/json"])["code"] == "METHOD_NOT_ALLOWED"
        assert len(methods) > 1, path


def test_schedules_are_rates_or_have_six_fields(transformed: dict[str, Any]) -> None:
    rules = of_type(transformed, "AWS::Events::Rule")

    assert rules
    for rule in rules.values():
        expression = rule["Properties"]["ScheduleExpression"]
        assert re.fullmatch(r"rate\((1 (minute|hour|day)|([2-9]|\d\d+) (minutes|hours|days))\)", expression) or (
            re.fullmatch(r"cron\((\S+ ){5}\S+\)", expression)
        )


def test_what_lasts_outlives_the_stack(source: dict[str, Any]) -> None:
    for name in ("Table", "Bucket", "Secret"):
        assert source["Resources"][name]["DeletionPolicy"] == "Retain"
        assert source["Resources"][name]["UpdateReplacePolicy"] == "Retain"
    table = source["Resources"]["Table"]["Properties"]
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["TimeToLiveSpecification"] == {"AttributeName": "ttl", "Enabled": True}
    assert table["BillingMode"] == "PAY_PER_REQUEST"


def test_the_bucket_is_closed_and_its_owner_s_alone(source: dict[str, Any]) -> None:
    bucket = source["Resources"]["Bucket"]["Properties"]

    assert len(bucket["PublicAccessBlockConfiguration"]) == 4
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert bucket["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    assert "VersioningConfiguration" not in bucket


def test_nobody_reaches_the_bucket_without_tls(source: dict[str, Any]) -> None:
    policy = source["Resources"]["BucketTlsOnly"]["Properties"]
    (statement,) = policy["PolicyDocument"]["Statement"]

    assert policy["Bucket"] == {"Ref": "Bucket"}
    assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", "s3:*")
    assert statement["Resource"] == [{"Fn::GetAtt": ["Bucket", "Arn"]}, {"Fn::Sub": "${Bucket.Arn}/*"}]
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_every_attribute_of_a_key_is_declared_and_no_other(source: dict[str, Any]) -> None:
    table = source["Resources"]["Table"]["Properties"]
    schemas = [table["KeySchema"], *(index["KeySchema"] for index in table["GlobalSecondaryIndexes"])]
    declared = [attribute["AttributeName"] for attribute in table["AttributeDefinitions"]]

    assert sorted(declared) == sorted({key["AttributeName"] for schema in schemas for key in schema})


def test_a_message_is_invisible_for_longer_than_its_function_can_retry(source: dict[str, Any]) -> None:
    queue = source["Resources"]["WatchQueue"]["Properties"]
    watcher = source["Resources"]["KeepWatch"]["Properties"]

    assert queue["VisibilityTimeout"] > 6 * watcher["Timeout"]
    assert queue["RedrivePolicy"]["deadLetterTargetArn"] == {"Fn::GetAtt": ["DeadLetters", "Arn"]}


def test_functions_share_one_environment_that_the_settings_know(
    source: dict[str, Any], transformed: dict[str, Any]
) -> None:
    variables = source["Globals"]["Function"]["Environment"]["Variables"]
    told = dict.fromkeys([*variables, "MUSTER_ORGANIZATION", "ORHESTRA_AGENT_KEY"], "1")
    told |= {"MUSTER_REQUIRE_KEYS": "false", "POWERTOOLS_TRACE_ENABLED": "true", "LOG_LEVEL": "DEBUG"}
    told |= {"ENABLE_API_SENDING": "false", "ENABLE_FILESYSTEM_SAVING": "false"}
    told |= {"MUSTER_LOCAL_WEBHOOKS": "true", "MUSTER_LOG_FILE": "1", "MUSTER_RESULTS_FOLDER": "1"}

    assert {name: value for name, value in vars(Settings.read(told)).items() if value == vars(Settings())[name]} == {}
    for name, function in of_type(transformed, "AWS::Lambda::Function").items():
        assert set(function["Properties"]["Environment"]["Variables"]) == set(variables), name


def test_logs_go_to_one_group_that_forgets(source: dict[str, Any], transformed: dict[str, Any]) -> None:
    assert source["Resources"]["Logs"]["Properties"]["RetentionInDays"] == {"Ref": "LogRetentionDays"}
    for function in of_type(transformed, "AWS::Lambda::Function").values():
        assert function["Properties"]["LoggingConfig"]["LogGroup"] == {"Ref": "Logs"}


def test_keys_are_asked_for_unless_somebody_says_otherwise(source: dict[str, Any]) -> None:
    assert source["Parameters"]["RequireKeys"]["Default"] == "true"
    assert Settings.read({}).require_keys


def test_no_key_stands_in_an_environment_and_none_is_told_by_an_output(source: dict[str, Any]) -> None:
    variables = source["Globals"]["Function"]["Environment"]["Variables"]

    assert [name for name in variables if name.endswith("_KEY")] == []
    assert "resolve:secretsmanager" not in TEMPLATE.read_text()


def test_the_output_that_prints_the_operators_key_prints_it(source: dict[str, Any], tmp_path: Path) -> None:
    """A stand-in for the AWS command line prints the secret, openssl does the rest."""
    aws = tmp_path / "aws"
    aws.write_text("#!/bin/sh\nprintf '%s\\n' kZ3v9QmT\n")
    aws.chmod(0o755)
    command = source["Outputs"]["OperatorKey"]["Value"]["Fn::Sub"].replace("${", "").replace("}", "")
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(["bash", "-c", command], env={"PATH": path}, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == derive("kZ3v9QmT", "operator").hex()


def test_every_parameter_has_a_default(source: dict[str, Any]) -> None:
    assert all("Default" in parameter for parameter in source["Parameters"].values())


def test_every_parameter_is_in_one_group_in_the_order_in_which_it_is_asked_for(source: dict[str, Any]) -> None:
    groups = source["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]

    assert [name for group in groups for name in group["Parameters"]] == list(source["Parameters"])
    assert all(group["Label"]["default"] for group in groups)


def test_a_new_account_can_deploy_it(transformed: dict[str, Any]) -> None:
    """It has 10 executions at once in all, which nobody may reserve."""
    functions = of_type(transformed, "AWS::Lambda::Function").values()

    assert not [one for one in functions if "ReservedConcurrentExecutions" in one["Properties"]]


def test_the_guide_does_not_ask_about_every_route(source: dict[str, Any], transformed: dict[str, Any]) -> None:
    """SAM asks about each one of an API that says nothing of keys; what is said must not change the API."""
    (api,) = of_type(transformed, "AWS::ApiGateway::RestApi").values()

    assert source["Resources"]["Api"]["Properties"]["Auth"] == {"ApiKeyRequired": False}
    assert "security" not in json.dumps(api["Properties"]["Body"])


def test_the_vendored_packages_are_the_tested_ones() -> None:
    def pins(path: str) -> dict[str, str]:
        return dict(re.findall(r"^([a-z0-9-]+)==([^ ]+)", (TEMPLATE.parent / path).read_text(), re.MULTILINE))

    tested, vendored = pins("requirements/local.txt"), pins("layers/vendor/requirements.txt")
    assert {name: version for name, version in vendored.items() if tested.get(name, version) != version} == {}
    assert {"aws-lambda-powertools", "botocore", "pydantic", "tenacity"} <= set(vendored) & set(tested)
