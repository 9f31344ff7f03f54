"""Contests and their groups."""

from __future__ import annotations

import click

from logovote.cli.door import (
    ACTOR,
    Door,
    as_json_option,
    note,
    now,
    pass_door,
    print_json,
)
from logovote.contest import organisers as organisers_
from logovote.contest import people
from logovote.contest.contests import new_contest
from logovote.store.models import Role


@click.group()
def contest() -> None:
    """Start contests."""


@contest.command("new")
@click.argument("slug", metavar="CONTEST")
@click.option("--title", required=True, help="What people call the contest.")
@click.option("--about", default="", help="A sentence or two for its page.")
@click.option("--status-quo", default="", help="What “none of these” would mean.")
@pass_door
def new(door: Door, slug: str, title: str, about: str, status_quo: str) -> None:
    """Start a contest under the short name CONTEST."""
    with door.store.database.write() as session:
        new_contest(
            session,
            slug,
            title=title,
            about=about,
            status_quo=status_quo,
            now=now(),
            actor=ACTOR,
        )
        session.commit()
    note(f"Started “{title}”. Next: logovote import {slug} FOLDER_OR_ZIP")


def _pairs(values: tuple[str, ...], option: str) -> dict[str, str]:
    """Split NAME=VALUE arguments."""
    pairs = {}
    for value in values:
        name, equals, rest = value.partition("=")
        if not equals or not name:
            raise click.UsageError(f"{option} takes NAME=VALUE, not “{value}”.")
        pairs[name] = rest
    return pairs


@click.command()
@click.argument("slug", metavar="CONTEST")
@click.option("--add", "added", multiple=True, metavar="ADDRESS=ROLE")
@click.option("--remove", "removed", multiple=True, metavar="ADDRESS")
@as_json_option
@pass_door
def organisers(
    door: Door,
    slug: str,
    added: tuple[str, ...],
    removed: tuple[str, ...],
    *,
    as_json: bool,
) -> None:
    """Show who runs the contest, name others or give them another role, or remove them.

    ADDRESS may be a GitHub login; ROLE is owner, organiser or observer.
    """
    wanted = {who: _role(text) for who, text in _pairs(added, "--add").items()}
    if wanted or removed:
        with door.writing(slug) as (session, contest_):
            for who, role in wanted.items():
                organisers_.name(session, contest_, who, role, now=now(), actor=ACTOR)
            for who in removed:
                organisers_.remove(session, contest_, who, now=now(), actor=ACTOR)
    with door.reading(slug) as (session, contest_):
        rows = [
            {
                "who": each.person.key,
                "name": each.person.name,
                "role": each.role.value,
            }
            for each in organisers_.organisers(session, contest_)
        ]
    if as_json:
        print_json({"organisers": rows})
        return
    for row in rows:
        click.echo(f"{row['role']:10} {row['who']}  {row['name']}".rstrip())


def _role(text: str) -> Role:
    try:
        return Role(text)
    except ValueError as error:
        roles = ", ".join(role.value for role in Role)
        raise click.UsageError(f"“{text}” is no role: choose of {roles}.") from error


@click.command()
@click.argument("slug", metavar="CONTEST")
@click.option("--share", "shares", multiple=True, metavar="GROUP=FRACTION")
@click.option("--reason", "reasons", multiple=True, metavar="GROUP=TEXT")
@as_json_option
@pass_door
def groups(
    door: Door,
    slug: str,
    shares: tuple[str, ...],
    reasons: tuple[str, ...],
    *,
    as_json: bool,
) -> None:
    """Show the groups of voters, or set their shares and the reasons for them."""
    wanted = {
        name: people.parse_share(text)
        for name, text in _pairs(shares, "--share").items()
    }
    why = _pairs(reasons, "--reason")
    if wanted or why:
        with door.writing(slug) as (session, contest_):
            people.set_shares(session, contest_, wanted, why, actor=ACTOR, now=now())
    with door.reading(slug) as (session, contest_):
        targets = people.target_shares(session, contest_)
    if as_json:
        print_json(
            {
                "groups": [
                    {"name": group.name, "share": str(share), "reason": group.reason}
                    for group, share in targets
                ]
            }
        )
        return
    for group, share in targets:
        click.echo(f"{group.name:20} {share!s:>8}  {group.reason}".rstrip())
