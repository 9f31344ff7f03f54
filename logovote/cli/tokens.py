"""Personal tokens, for programs that act for somebody."""

from __future__ import annotations

import click

from logovote.cli.door import (
    NUMBER,
    Door,
    as_json_option,
    note,
    now,
    pass_door,
    print_json,
)
from logovote.contest import people, signing_in, tokens
from logovote.contest.events import written


@click.group()
def token() -> None:
    """Make, list and take back tokens for programs."""


@token.command()
@click.option(
    "--person", "who", default="", help="Whose it is; by default the keeper's."
)
@click.option("--name", default="made in a terminal", help="What it is for.")
@click.option("--write", "writes", is_flag=True, help="It may change things, too.")
@click.option("--days", default=tokens.DEFAULT_DAYS, show_default=True)
@pass_door
def new(door: Door, *, who: str, name: str, writes: bool, days: int) -> None:
    """Print a new token; it is shown this once."""
    with door.store.database.write() as session:
        person = people.person_named(session, who) if who else None
        person = person or signing_in.keeper(session)
        _, text = tokens.new_token(
            session, person, name, now(), writes=writes, days=days
        )
        session.commit()
    click.echo(text)


@token.command("list")
@click.option("--person", "who", default="", help="Whose; by default everybody's.")
@as_json_option
@pass_door
def list_(door: Door, *, who: str, as_json: bool) -> None:
    """List tokens; what they are made of is kept nowhere."""
    with door.store.database.read() as session:
        person = people.person_named(session, who) if who else None
        rows = [
            {
                "id": each.id,
                "who": each.person.key,
                "name": each.name,
                "scope": "write" if each.writes else "read",
                "expires_at": written(each.expires_at),
                "used_at": None if each.used_at is None else written(each.used_at),
            }
            for each in tokens.tokens_of(session, person)
        ]
    if as_json:
        print_json({"tokens": rows})
        return
    for row in rows:
        click.echo(
            f"{row['id']:>4}  {row['scope']:5}  {row['expires_at']}  {row['who']}  "
            f"{row['name']}"
        )


@token.command()
@click.argument("number", type=NUMBER)
@pass_door
def revoke(door: Door, *, number: int) -> None:
    """Take a token back, by its number in the list: it works no more."""
    with door.store.database.write() as session:
        name = tokens.take_back(session, None, number).name
        session.commit()
    note(f"The token “{name}” works no more.")
