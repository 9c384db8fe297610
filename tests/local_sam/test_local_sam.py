"""What can be known of the check without a container engine; moto is the real server."""

import copy
from pathlib import Path
from typing import Any

import pytest

from local.template import Template, read_template
from tests.deploy.runtime import Impossible
from tests.local_sam import __main__ as program
from tests.local_sam import aws, engine, templates
from tests.local_sam.samples import Unexpected, answer_of, in_order, judged
from tests.operations import EVENTS, HANDLERS, HTTP, REPOSITORY
from tests.template.moto_stack import ROOT

RAISED = '{"errorMessage": "no such table", "errorType": "ResourceNotFoundException", "stackTrace": []}'


@pytest.fixture
def template() -> Template:
    return read_template(REPOSITORY / "template.yaml")


def test_every_function_is_found_by_folder_and_file(template: Template) -> None:
    assert set(templates.functions(template)) == {f"{path.parent.name}/{path.stem}" for path in HANDLERS}


def test_the_template_that_runs_here_differs_in_processor_and_endpoint_only(template: Template) -> None:
    changed = templates.for_this_machine(copy.deepcopy(template), "x86_64", "http://192.0.2.1:5000")

    shared = changed["Globals"]["Function"]
    assert shared.pop("Architectures") == ["x86_64"] != template["Globals"]["Function"].pop("Architectures")
    assert shared["Environment"]["Variables"].pop("AWS_ENDPOINT_URL") == "http://192.0.2.1:5000"
    for part in (changed, template):
        layers = [layer for layer in part["Resources"].values() if layer["Type"] == templates.LAYER]
        said = [layer["Properties"].pop("CompatibleArchitectures") for layer in layers]
        assert said == [["x86_64"] if part is changed else ["arm64"]] * 2
    assert changed == template


def test_the_variables_name_what_moto_has(template: Template) -> None:
    with aws.serve("127.0.0.1") as moto:
        variables = moto.create(template, "stack")
        table = moto.client("dynamodb").describe_table(TableName=variables["MUSTER_TABLE"])["Table"]
        moto.client("s3").head_bucket(Bucket=variables["MUSTER_BUCKET"])
        url = variables["MUSTER_WATCH_QUEUE_URL"]
        queue = moto.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])
        other = moto.create(template, "other")

    declared = template["Resources"]["Table"]["Properties"]["GlobalSecondaryIndexes"]
    assert {made["IndexName"] for made in table["GlobalSecondaryIndexes"]} == {made["IndexName"] for made in declared}
    assert queue["Attributes"]["VisibilityTimeout"] == "190"
    assert set(variables) <= set(templates.variables(template)), "sam overrides nothing else"
    assert other["MUSTER_TABLE"] != variables["MUSTER_TABLE"]


def test_secrets_are_made_and_state_machines_stood_in_for() -> None:
    own: dict[str, Any] = {
        "SECRET": {"Ref": "Secret"},
        "WORKFLOW": {"Ref": "Finish"},
        "BOTH": {"Fn::Sub": "${Secret}/${Stage}"},
        "STAGE": {"Ref": "Stage"},
    }
    template: Template = {
        "Parameters": {"Stage": {"Type": "String", "Default": "prod"}},
        "Globals": {"Function": {"CodeUri": "functions/sweeps"}},
        "Resources": {
            "Secret": {"Type": "AWS::SecretsManager::Secret", "Properties": {"GenerateSecretString": {}}},
            "Finish": {"Type": "AWS::Serverless::StateMachine", "Properties": {"DefinitionUri": "finish.asl.json"}},
            "Act": {"Type": "AWS::Serverless::Function", "Properties": {"Environment": {"Variables": own}}},
        },
    }
    with aws.serve("127.0.0.1") as moto:
        variables = moto.create(template, "secretive")
        secret = moto.client("secretsmanager").get_secret_value(SecretId=variables["SECRET"])
        started = moto.client("stepfunctions").start_execution(stateMachineArn=variables["WORKFLOW"], name="a")

    assert set(variables) == {"SECRET", "WORKFLOW", "BOTH"}
    assert secret["SecretString"] == ROOT
    assert variables["BOTH"] == f"{variables['SECRET']}/prod"
    assert started["executionArn"].endswith(":a")


def test_samples_run_as_they_make_sense_together_and_none_is_left_out() -> None:
    events = list(EVENTS.glob("*/*.json"))
    ordered = list(in_order(events))

    assert sorted(event for event, _ in ordered) == sorted(events)
    assert {event.stem for event, status in ordered if status} == {path.stem for path in HTTP}
    names = [event.stem for event, _ in ordered]
    assert names.index("submit_job") < names.index("claim_tasks") < names.index("complete_task")


@pytest.mark.parametrize(
    ("printed", "status", "short"),
    [
        ('{"statusCode": 201, "body": "{}"}\n', 201, "201"),
        ('{"batchItemFailures": []}', None, '{"batchItemFailures": []}'),
        ("null", None, "null"),
    ],
)
def test_an_answer_as_documented_is_shown_in_short(printed: str, status: int | None, short: str) -> None:
    assert judged(answer_of(printed), status) == short


@pytest.mark.parametrize(
    ("printed", "status", "reason"),
    [
        (RAISED, 200, "raised ResourceNotFoundException: no such table"),
        (RAISED, None, "raised ResourceNotFoundException: no such table"),
        ("", 200, "no answer"),
        ("Traceback", None, "no answer but 'Traceback'"),
        ('{"statusCode": 503, "body": "{}"}', 200, "not 200 but .*503"),
        ("null", 200, "not 200 but null"),
    ],
)
def test_an_error_is_seen_though_sam_exits_with_0(printed: str, status: int | None, reason: str) -> None:
    with pytest.raises(Unexpected, match=reason):
        judged(answer_of(printed), status)


@pytest.mark.parametrize(("required", "exit_status"), [("", 0), ("1", 1)])
def test_without_an_engine_nothing_is_checked_and_said_so(
    required: str,
    exit_status: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    monkeypatch.setenv("REQUIRE_SAM", required)

    with pytest.raises(Impossible, match="no container engine"):
        engine.connect()
    assert program.main() == exit_status
    assert "sam local not checked: no container engine" in capsys.readouterr().out
