"""`muster keys …` and `muster trail`: who may do what, and who did what."""

import sys
from typing import Annotated

import typer

from muster_client.cli import tables
from muster_client.cli.exits import command
from muster_client.cli.options import AsJson, Key, KeyRole, Limit, Organization, Url, connect, more, print_json, some

app = typer.Typer(help="Keys: who may do what.", no_args_is_help=True)


@app.command()
@command
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What to find the key by: whose it is, or where.")],
    role: Annotated[KeyRole, typer.Option(help="admin: everything; user: jobs; agent: work as a spot.")],
    user: Annotated[str | None, typer.Option(help="Bind the key to this user.")] = None,
    organization: Organization = None,
    as_json: AsJson = False,
    url: Url = None,
    key: Key = None,
) -> None:
    """Make a key and print it. It is told this once and kept nowhere."""
    with connect(url, key) as muster:
        made = muster.create_key(role, name, user=user, organization=organization)
    if as_json:
        print_json(made.raw)
    else:
        print(made.key)
        print(f"{made.id} of {made.organization}: keep the key above, it is not told again", file=sys.stderr)


@app.command("list")
@command
def list_keys(
    organization: Organization = None, limit: Limit = 100, as_json: AsJson = False, url: Url = None, key: Key = None
) -> None:
    """List the keys, revoked ones too; their secrets nobody knows."""
    with connect(url, key) as muster:
        found, rest = some(muster.iterate_keys(organization=organization), limit)
    if as_json:
        print_json({"keys": [one.raw for one in found]})
    else:
        tables.show(tables.keys(found), *more(rest))


@app.command()
@command
def revoke(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="The id of a key: mk-, organization, 12 letters.")],
    as_json: AsJson = False,
    url: Url = None,
    key: Key = None,
) -> None:
    """Have a key open nothing any more, everywhere after a minute at most."""
    with connect(url, key) as muster:
        revoked = muster.revoke_key(key_id)
    if as_json:
        print_json(revoked.raw)
    else:
        print(f"{revoked.key_id} {revoked.message or 'revoked'}")


@command
def trail(
    day: Annotated[str | None, typer.Option(metavar="YYYY-MM-DD", show_default="today, UTC", help="The day.")] = None,
    organization: Organization = None,
    limit: Limit = 50,
    as_json: AsJson = False,
    url: Url = None,
    key: Key = None,
) -> None:
    """Show who did what, newest first."""
    with connect(url, key) as muster:
        found, rest = some(muster.iterate_actions(day=day, organization=organization), limit)
    if as_json:
        print_json({"actions": [one.raw for one in found]})
    else:
        tables.show(tables.actions(found), *more(rest))
