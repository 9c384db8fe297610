"""What the local cloud reads from its environment."""

from pathlib import Path

import pytest

from local.settings import (
    REPOSITORY,
    NotConfigured,
    foreign_variables,
    overrides,
    process_environment,
    read_settings,
    state_folder,
)


@pytest.mark.parametrize(
    ("url", "folder"),
    [
        ("", REPOSITORY / ".muster"),
        ("jdbc:h2:file:./data/orhestra;MODE=PostgreSQL;AUTO_SERVER=TRUE", Path("data/orhestra.muster")),
        ("file:/var/lib/orhestra", Path("/var/lib/orhestra.muster")),
        ("/var/lib/orhestra", Path("/var/lib/orhestra.muster")),
        ("data/my.sweeps", Path("data/my.sweeps.muster")),
    ],
)
def test_a_database_url_becomes_a_state_folder(url: str, folder: Path) -> None:
    assert state_folder(url) == folder


@pytest.mark.parametrize("url", ["jdbc:h2:mem:test", "jdbc:postgresql://host/db", "jdbc:h2:tcp://host/db", ";MODE=x"])
def test_a_database_url_that_is_no_file_is_refused_by_name(url: str) -> None:
    with pytest.raises(NotConfigured, match="ORHESTRA_DB_URL"):
        state_folder(url)


def test_orhestra_port_wins_over_port_and_an_argument_wins_over_both() -> None:
    environ = {"ORHESTRA_PORT": "9000", "PORT": "9001"}
    assert read_settings(environ).api_port == 9000
    assert read_settings({"PORT": "9001"}).port_variable == "PORT"
    assert read_settings(environ, port=9002).api_port == 9002
    assert read_settings({}).api_port == 8080


@pytest.mark.parametrize("port", ["80a", "-1", "65536"])
def test_a_port_that_is_none_is_refused_by_name(port: str) -> None:
    with pytest.raises(NotConfigured, match="ORHESTRA_PORT"):
        read_settings({"ORHESTRA_PORT": port})


def test_settings_of_the_user_take_precedence_but_names_of_resources_do_not() -> None:
    environ = {"ORHESTRA_AGENT_KEY": "k", "ORHESTRA_PORT": "1", "MUSTER_TABLE": "stale", "MUSTER_LOG_FORMAT": "json"}
    given = {"ORHESTRA_AGENT_KEY": "k", "MUSTER_LOG_FORMAT": "json"}
    told = overrides(environ, Path("/home/me/.muster"))
    ours = {
        "MUSTER_REQUIRE_KEYS": "false",
        "MUSTER_SUBMITS_PER_MINUTE": "0",
        "MUSTER_LOCAL_WEBHOOKS": "true",
        "MUSTER_RESULTS_FOLDER": "/home/me/.muster/results",
        "MUSTER_LOG_FILE": "/home/me/logs/computations-orchestrator.log",
    }
    assert told == ours | given


def test_reports_are_plain_files_where_the_computations_setting_says() -> None:
    told = overrides({"RESULTS_SAVE_PATH": "/app/results", "ENABLE_API_SENDING": "false"}, Path("/home/me/.muster"))

    assert (told["RESULTS_SAVE_PATH"], told["MUSTER_RESULTS_FOLDER"]) == ("/app/results", "/app/results")
    assert told["ENABLE_API_SENDING"] == "false"


def test_the_local_cloud_asks_for_keys_and_limits_submits_only_when_it_is_told_to() -> None:
    told = {"MUSTER_REQUIRE_KEYS": "true", "MUSTER_SUBMITS_PER_MINUTE": "5"}

    assert {name: overrides({}, Path())[name] for name in told} == {
        "MUSTER_REQUIRE_KEYS": "false",
        "MUSTER_SUBMITS_PER_MINUTE": "0",
    }
    assert told.items() <= overrides(told, Path()).items()


def test_credentials_and_endpoints_of_the_user_stay_outside() -> None:
    environ = {
        "AWS_PROFILE": "work",
        "AWS_ENDPOINT_URL_SQS": "http://elsewhere",
        "AWS_SESSION_TOKEN": "t",
        "PATH": "/bin",
    }
    assert foreign_variables(environ) == ["AWS_ENDPOINT_URL_SQS", "AWS_PROFILE", "AWS_SESSION_TOKEN"]
    assert process_environment(read_settings({}), 4000, environ)["AWS_ACCESS_KEY_ID"] == "local"


def test_a_dynamodb_of_the_users_own_keeps_the_users_credentials_and_region() -> None:
    environ = {"AWS_ENDPOINT_URL_DYNAMODB": "https://dynamodb", "AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "mine"}
    prepared = process_environment(read_settings({}), 4000, environ)
    assert "AWS_ACCESS_KEY_ID" not in prepared
    assert prepared["AWS_REGION"] == prepared["MINISTACK_REGION"] == "eu-west-1"
    assert foreign_variables(environ) == []
