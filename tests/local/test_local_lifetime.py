"""Starting, stopping, crashing and starting again."""

import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from local import cloud, launcher
from local.cloud import Cloud
from local.settings import REPOSITORY
from local.snapshots import INTERVAL_SECONDS

STACK = Path(__file__).parent / "stack" / "template.yaml"


def count(running: Cloud, name: str) -> int:
    return int(httpx.post(f"{running.api}/counters/{name}", trust_env=False).json()["count"])


def tally(running: Cloud, name: str) -> int:
    return int(httpx.get(f"{running.api}/counters/{name}", trust_env=False).json().get("tally", 0))


def command(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "local", *arguments],
        cwd=REPOSITORY,
        env={"PATH": "/usr/bin:/bin", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_restart_keeps_rows_objects_and_the_stack(tmp_path: Path) -> None:
    with cloud.start(template=STACK, state=tmp_path) as running:
        assert count(running, "kept") == 1
        before = httpx.get(f"{running.api}/echo/environment", trust_env=False).json()
        running.client("s3").create_bucket(Bucket="things")
        running.client("s3").put_object(Bucket="things", Key="one", Body=b"content")
        running.stop()
        with pytest.raises(httpx.ConnectError):
            count(running, "kept")
        running.start()
        assert count(running, "kept") == 2
        assert httpx.get(f"{running.api}/echo/environment", trust_env=False).json() == before
        assert running.client("s3").get_object(Bucket="things", Key="one")["Body"].read() == b"content"


def test_a_crash_loses_the_last_seconds_and_never_half_a_transaction(tmp_path: Path) -> None:
    with cloud.start(template=STACK, state=tmp_path) as running:
        for _ in range(20):
            count(running, "early")
        with httpx.Client(base_url=running.api, trust_env=False) as client:
            end = time.monotonic() + INTERVAL_SECONDS + 1.5
            while time.monotonic() < end:
                assert client.post("/transactions/pair").status_code == 200
        running.kill()
        running.start()
        assert tally(running, "early") == 20
        assert tally(running, "pair-left") == tally(running, "pair-right") > 0
        assert count(running, "after") == 1


def test_a_message_that_came_due_while_nothing_ran_is_delivered_at_the_start(tmp_path: Path) -> None:
    with cloud.start(template=STACK, state=tmp_path) as running:
        httpx.post(f"{running.api}/messages/due", content="1", trust_env=False)
        running.stop()
        time.sleep(1)
        running.start()
        deadline = time.monotonic() + 10
        while not tally(running, "due"):
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_a_changed_template_updates_the_stack_in_place(tmp_path: Path) -> None:
    stack = tmp_path / "stack"
    shutil.copytree(STACK.parent, stack)
    with cloud.start(template=stack / "template.yaml", state=tmp_path / "state") as running:
        count(running, "kept")
        running.stop()
        text = (stack / "template.yaml").read_text()
        (stack / "template.yaml").write_text(
            text.replace('MAX_ATTEMPTS: "3"', 'MAX_ATTEMPTS: "5"').replace("/echo/special", "/new")
        )
        running.start()
        assert httpx.get(f"{running.api}/echo/environment", trust_env=False).json()["ORHESTRA_MAX_ATTEMPTS"] == "5"
        assert httpx.post(f"{running.api}/new", trust_env=False).status_code == 200
        assert count(running, "kept") == 2


def test_settings_of_the_user_reach_the_functions(tmp_path: Path) -> None:
    environment = {"ORHESTRA_AGENT_KEY": "secret", "ORHESTRA_MAX_ATTEMPTS": "7", "AWS_PROFILE": "of-the-user"}
    with cloud.start(template=STACK, state=tmp_path, environment=environment) as running:
        seen = httpx.get(f"{running.api}/echo/environment", trust_env=False).json()
        assert seen["ORHESTRA_AGENT_KEY"] == "secret"
        assert seen["ORHESTRA_MAX_ATTEMPTS"] == "7"


def test_the_table_is_created_and_used_in_a_dynamodb_of_the_users_own(tmp_path: Path, small_cloud: Cloud) -> None:
    environment = {"AWS_ENDPOINT_URL_DYNAMODB": small_cloud.emulator}
    with cloud.start(template=STACK, state=tmp_path, environment=environment) as running:
        assert count(running, "elsewhere") == 1
        table = httpx.get(f"{running.api}/echo/environment", trust_env=False).json()["MUSTER_TABLE"]
        key = {"pk": {"S": "elsewhere"}, "sk": {"S": "COUNTER"}}
        assert small_cloud.client("dynamodb").get_item(TableName=table, Key=key)["Item"]["tally"] == {"N": "1"}


def test_a_state_that_can_not_be_read_is_told_and_the_cloud_starts_empty(tmp_path: Path) -> None:
    (tmp_path / "emulator").mkdir()
    (tmp_path / "emulator" / "dynamodb.json").write_text("{half")
    with cloud.start(template=STACK, state=tmp_path) as running:
        assert "dynamodb.json" in running.log()
        assert count(running, "new") == 1
    assert (next(tmp_path.glob("unreadable-*")) / "emulator" / "dynamodb.json").read_text() == "{half"


def test_a_taken_port_is_an_error_that_names_the_variable(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        answer = command("up", "--template", str(STACK), "--state", str(tmp_path), ORHESTRA_PORT=port)
    assert answer.returncode == 1
    assert f"port {port} is taken" in answer.stderr
    assert "ORHESTRA_PORT" in answer.stderr


FUNCTION = """
    Type: AWS::Serverless::Function
    Properties:
      {{Handler: a.a, Runtime: python3.13, Environment: {{Variables: {{NAME: {value}}}}}}}
"""
BAD_TEMPLATES = {
    "can not be read": "Resources: {",
    "Unrecognized resource types: [AWS::Nothing::Here]": "Resources:\n  N: {Type: AWS::Nothing::Here}\n",
    "set it in Globals": "Transform: AWS::Serverless-2016-10-31\nResources:\n"
    f"  First:{FUNCTION.format(value='one')}  Second:{FUNCTION.format(value='two')}",
}


@pytest.mark.parametrize("reason", BAD_TEMPLATES)
def test_a_template_that_can_not_be_deployed_is_an_error_that_says_why(tmp_path: Path, reason: str) -> None:
    template = tmp_path / "template.yaml"
    template.write_text(BAD_TEMPLATES[reason])
    state = ("--state", str(tmp_path / "state"))
    answer = command("up", *state, "--template", str(template), "--port", "0")
    command("down", *state)
    assert answer.returncode == 1
    assert reason in answer.stderr
    assert "Traceback" not in answer.stderr


def test_up_twice_down_twice_and_status_between(tmp_path: Path) -> None:
    state = ("--state", str(tmp_path))
    assert "no local cloud runs" in command("status", *state).stdout
    first = command("up", *state, "--template", str(STACK), "--port", "0")
    try:
        assert first.returncode == 0
        assert "is up" in first.stdout
        assert "  API       http://127.0.0.1:" in first.stdout
        again = command("up", *state, "--template", str(STACK), "--port", "0")
        assert again.returncode == 0
        assert again.stdout == first.stdout.replace("is up", "already runs")
        assert "local cloud runs" in command("status", *state).stdout
    finally:
        down = command("down", *state)
    assert (down.returncode, down.stdout) == (0, "local cloud stopped\n")
    assert command("down", *state).stdout == "no local cloud runs\n"


def test_starting_what_runs_already_gives_the_running_one(small_cloud: Cloud) -> None:
    assert launcher.start(small_cloud.settings, small_cloud.environment)["pid"] == small_cloud.pid
