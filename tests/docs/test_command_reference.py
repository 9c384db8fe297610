"""docs/cli.md and docs/spot.md name every command and every option, with the variables that stand in for them."""

from collections.abc import Iterator
from typing import Any

import pytest
import typer

from muster_client.cli.main import app
from tests.docs.documents import document

CLI, SPOT = document("docs/cli.md").text, document("docs/spot.md").text


def commands(of: Any, name: str = "muster") -> Iterator[tuple[str, Any]]:
    """The commands themselves, not the groups they are in."""
    if not hasattr(of, "commands"):
        yield name, of
        return
    for inner, command in of.commands.items():
        yield from commands(command, f"{name} {inner}")


COMMANDS = dict(commands(typer.main.get_command(app)))


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_and_its_options_are_named(name: str) -> None:
    text = SPOT if name == "muster spot" else CLI
    options = [option for option in COMMANDS[name].params if option.param_type_name == "option"]
    wanted = [max(option.opts, key=len) for option in options if "--help" not in option.opts]
    wanted += [str(option.envvar) for option in options if option.envvar]

    assert f"`{name}" in CLI
    assert [word for word in wanted if word not in text] == []
