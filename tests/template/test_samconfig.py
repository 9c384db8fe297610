"""The environments of samconfig.toml: each names parameters that exist, with values that they take."""

import re
import tomllib
from typing import Any

import pytest

from tests.operations import REPOSITORY

CONFIG: dict[str, Any] = tomllib.loads((REPOSITORY / "samconfig.toml").read_text())
ENVIRONMENTS = [name for name in CONFIG if name != "version"]


def overrides(environment: str) -> list[tuple[str, str, str]]:
    """Command, name and value."""
    return [
        (command, *one.split("=", 1))
        for command, section in CONFIG[environment].items()
        for one in section["parameters"].get("parameter_overrides", [])
    ]


def test_the_environments_are_these() -> None:
    assert CONFIG["version"] == 0.1
    assert ENVIRONMENTS == ["default", "dev", "prod", "local"]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_what_an_environment_overrides_exists_and_takes_the_value(environment: str, source: dict[str, Any]) -> None:
    for _, name, value in overrides(environment):
        parameter = source["Parameters"][name]
        assert value in map(str, parameter.get("AllowedValues", [value])), name
        assert re.fullmatch(parameter.get("AllowedPattern", ".*"), value), name
        assert parameter["Type"] != "Number" or value.isdecimal(), name


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_an_environment_is_a_stack_of_its_own_that_needs_no_more_than_a_command(environment: str) -> None:
    deploy = CONFIG[environment]["deploy"]["parameters"]
    stacks = [CONFIG[one]["global"]["parameters"]["stack_name"] for one in ENVIRONMENTS]

    assert len(set(stacks)) == len(stacks)
    assert (deploy["capabilities"], deploy["resolve_s3"]) == ("CAPABILITY_IAM", True)


def test_only_where_others_rely_on_it_a_change_is_confirmed() -> None:
    confirmed = {one: CONFIG[one]["deploy"]["parameters"]["confirm_changeset"] for one in ENVIRONMENTS}

    assert confirmed == {"default": True, "dev": False, "prod": True, "local": False}


def test_no_key_is_written_down(source: dict[str, Any]) -> None:
    secret = {name for name, parameter in source["Parameters"].items() if parameter.get("NoEcho")}

    assert secret
    assert not secret & {name for environment in ENVIRONMENTS for _, name, _ in overrides(environment)}
