"""The environment of a function."""

import pytest

from muster.settings import Settings


def test_defaults_are_those_of_the_contract() -> None:
    assert (Settings.read({}).agent_key, Settings.read({}).max_attempts) == ("", 3)


def test_an_empty_variable_is_one_that_was_not_set() -> None:
    assert Settings.read({"ORHESTRA_MAX_ATTEMPTS": "", "MUSTER_ORGANIZATION": ""}) == Settings()


@pytest.mark.parametrize("attempts", ["0", "-1", "three", "101", "1.5"])
def test_attempts_that_are_no_number_stop_the_function_with_the_variables_name(attempts: str) -> None:
    with pytest.raises(ValueError, match="ORHESTRA_MAX_ATTEMPTS"):
        Settings.read({"ORHESTRA_MAX_ATTEMPTS": attempts})


@pytest.mark.parametrize("word", ["yes", "0", "ture", " false"])
def test_whether_keys_are_required_is_true_or_false_and_nothing_else(word: str) -> None:
    with pytest.raises(ValueError, match="MUSTER_REQUIRE_KEYS"):
        Settings.read({"MUSTER_REQUIRE_KEYS": word})
    assert not Settings.read({"MUSTER_REQUIRE_KEYS": "False"}).require_keys


@pytest.mark.parametrize("number", ["-1", "many", "1000001", "1.5"])
def test_a_limit_that_is_no_number_stops_the_function_with_the_variables_name(number: str) -> None:
    with pytest.raises(ValueError, match="MUSTER_SUBMITS_PER_MINUTE"):
        Settings.read({"MUSTER_SUBMITS_PER_MINUTE": number})
