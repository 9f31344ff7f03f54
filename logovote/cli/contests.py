"""Contests, their settings and their groups."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from typing import Any

import click

from logovote.cli.door import (
    ACTOR,
    NUMBER,
    Door,
    as_json_option,
    note,
    now,
    pass_door,
    print_json,
)
from logovote.contest import dates, example, people, plans, progress, rights
from logovote.contest import organisers as organisers_
from logovote.contest.contests import change_contest, contest_by_slug, new_contest
from logovote.contest.plans import Plan
from logovote.store import queries
from logovote.store.models import Contest, Kind, Role


@click.group()
def contest() -> None:
    """Start contests, and change their settings."""


@contest.command("new")
@click.argument("slug", metavar="CONTEST")
@click.option("--title", required=True, help="What people call the contest.")
@click.option("--about", default="", help="A sentence or two for its page.")
@click.option("--status-quo", default="", help="What “none of these” would mean.")
@click.option("--like", metavar="SLUG", help="Take the settings of an earlier one.")
@pass_door
def new(
    door: Door,
    slug: str,
    *,
    title: str,
    about: str,
    status_quo: str,
    like: str | None,
) -> None:
    """Start a contest under the short name CONTEST."""
    with door.store.database.write() as session:
        new_contest(
            session,
            slug,
            title=title,
            about=about,
            status_quo=status_quo,
            like=contest_by_slug(session, like) if like else None,
            now=now(),
            actor=ACTOR,
        )
        session.commit()
    note(f"Started “{title}”. Next: logovote import {slug} FOLDER_OR_ZIP")


@contest.command("list")
@as_json_option
@pass_door
def list_(door: Door, *, as_json: bool) -> None:
    """List all contests, and what each waits for."""
    with door.store.database.read() as session:
        found = [
            (each.slug, each.title, progress.waits_for(session, each, now()))
            for each in queries.contests(session)
        ]
    if as_json:
        names = ("contest", "title", "waits_for")
        print_json({"contests": [dict(zip(names, e, strict=True)) for e in found]})
        return
    for slug, title, text in found:
        click.echo(f"{slug:20} {title}\n{'':20} {text}")


@contest.command()
@click.argument("slug", metavar="CONTEST")
@as_json_option
@pass_door
def show(door: Door, slug: str, *, as_json: bool) -> None:
    """Show the settings of CONTEST and what is done of it."""
    with door.reading(slug) as (session, contest_):
        told = _settings(contest_)
        tasks = progress.tasks_of(session, contest_, now())
        left = {
            kind.value: progress.defaults_left(session, contest_, kind) for kind in Kind
        }
    if as_json:
        told["tasks"] = [task.as_json() for task in tasks]
        told["defaults"] = {
            kind: [{"name": each.name, "default": each.text} for each in defaults]
            for kind, defaults in left.items()
        }
        print_json(told)
        return
    click.echo(f"{told['title']} ({slug})\n")
    for task in tasks:
        click.echo(f"{task.state:12} {task.title:20} {task.text}")


@contest.command("set")
@click.argument("slug", metavar="CONTEST")
@click.option("--title", help="What people call it.")
@click.option("--about", help="A sentence or two for its page.")
@click.option("--status-quo", help="What “none of these” would mean.")
@click.option("--zone", help="Its time zone, such as Europe/London; “” is UTC.")
@click.option(
    "--rights",
    "modes",
    multiple=True,
    type=click.Choice(["open", *rights.MODES]),
    help="Who sees pictures; given twice, both hold. “open” is neither.",
)
@click.option(
    "--purge-on", metavar="DATE", help="Remove all pictures on that day, or “never”."
)
@as_json_option
@pass_door
def set_(
    door: Door,
    slug: str,
    *,
    title: str | None,
    about: str | None,
    status_quo: str | None,
    zone: str | None,
    modes: tuple[str, ...],
    purge_on: str | None,
    as_json: bool,
) -> None:
    """Change settings of CONTEST; what is not given stays."""
    with door.writing(slug) as (session, contest_):
        chosen = rights.rights_of(contest_)
        if modes:
            given = rights.read_rights(mode for mode in modes if mode != "open")
            chosen = replace(given, purge_on=chosen.purge_on)
        if purge_on is not None:
            day = "" if purge_on == "never" else purge_on
            chosen = replace(chosen, purge_on=rights.read_rights((), day).purge_on)
        change_contest(
            session,
            contest_,
            title=title,
            about=about,
            status_quo=status_quo,
            zone=zone,
            rights=chosen,
            actor=ACTOR,
            now=now(),
        )
        told = _settings(contest_)
    _tell_settings(told, as_json=as_json)


@contest.command("plan")
@click.argument("slug", metavar="CONTEST")
@click.argument("kind", type=click.Choice([kind.value for kind in Kind]))
@click.option("--seats", type=NUMBER, help="How many designs the round takes.")
@click.option("--batch", type=NUMBER, help="How many designs are dealt at a time.")
@click.option("--approvals", type=NUMBER, help="How many a ballot may approve.")
@click.option("--publish", type=click.Choice(["ballots", "aggregate"]))
@click.option("--until", help="When it ends, in the contest's zone or --zone.")
@click.option("--zone", help="The time zone of --until; that of the contest if none.")
@click.option("--clear", is_flag=True, help="Forget what was planned before.")
@as_json_option
@pass_door
def plan(
    door: Door,
    slug: str,
    kind: str,
    *,
    seats: int | None,
    batch: int | None,
    approvals: int | None,
    publish: str | None,
    until: str | None,
    zone: str | None,
    clear: bool,
    as_json: bool,
) -> None:
    """Set what the next round of a KIND opens with; what is not given stays."""
    with door.writing(slug) as (session, contest_):
        planned = Plan() if clear else plans.plan_of(contest_, Kind(kind))
        given = {
            "seats": seats,
            "batch": batch,
            "approvals": approvals,
            "publish": publish,
            "until": None if until is None else end_of(until, zone, contest_),
        }
        changes: dict[str, Any] = {k: v for k, v in given.items() if v is not None}
        plans.set_plan(
            session,
            contest_,
            Kind(kind),
            replace(planned, **changes),
            actor=ACTOR,
            now=now(),
        )
        told = _settings(contest_)
    _tell_settings(told, as_json=as_json)


def end_of(until: str, zone: str | None, contest_: Contest) -> datetime:
    """Read a local time, and say how it was understood where that is not plain."""
    moment = dates.parse_moment(until, zone or contest_.zone)
    if moment.note:
        note(f"Note: {moment.note}")
    return moment.at


@contest.command("example")
@click.argument("slug", metavar="CONTEST")
@as_json_option
@pass_door
def example_(door: Door, slug: str, *, as_json: bool) -> None:
    """Show on made-up ballots what the rules of CONTEST do."""
    with door.reading(slug) as (session, contest_):
        made = example.example_of(session, contest_)
    if as_json:
        print_json(made.as_json())
        return
    for each in made.shortlist.votes:
        click.echo(f"{each.number} approve of {', '.join(each.logos)}")
    click.echo(f"Shortlist of {made.shortlist.places}: {_row(made.shortlist.elected)}")
    click.echo(f"By approvals alone: {_row(made.shortlist.by_approval)}\n")
    for each in made.ranking.votes:
        click.echo(f"{each.number} rank {' > '.join(each.logos)}")
    click.echo(f"Ranking: {_row(made.ranking.order)}")
    click.echo(f"By first places alone: {_row(made.ranking.by_first_places)}\n")
    for weighed in made.weights:
        click.echo(
            f"{weighed.group:20} {weighed.size} people decide {weighed.share} if all "
            f"vote, one ballot {weighed.ballot}; if two vote, {weighed.share_of_two}"
        )


def _row(logos: tuple[str, ...]) -> str:
    return ", ".join(logos)


def _settings(contest_: Contest) -> dict[str, Any]:
    """Return a contest's settings as programs read them."""
    chosen = rights.rights_of(contest_)
    day = chosen.purge_on
    return {
        "contest": contest_.slug,
        "title": contest_.title,
        "about": contest_.about,
        "status_quo": contest_.status_quo,
        "zone": contest_.zone or dates.DEFAULT_ZONE,
        "rights": chosen.modes,
        "purge_on": None if day is None else day.isoformat(),
        "plans": {kind.value: plans.plan_of(contest_, kind).as_json() for kind in Kind},
    }


def _tell_settings(told: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(told)
        return
    for name, value in told.items():
        click.echo(f"{name:12} {json.dumps(value, ensure_ascii=False)}")


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
@click.option("--remove", "removed", multiple=True, metavar="GROUP")
@as_json_option
@pass_door
def groups(
    door: Door,
    slug: str,
    shares: tuple[str, ...],
    reasons: tuple[str, ...],
    removed: tuple[str, ...],
    *,
    as_json: bool,
) -> None:
    """Show the groups of voters, or set their shares and the reasons for them.

    A group that nobody is in can be removed.
    """
    wanted = {
        name: people.parse_share(text)
        for name, text in _pairs(shares, "--share").items()
    }
    why = _pairs(reasons, "--reason")
    if wanted or why or removed:
        with door.writing(slug) as (session, contest_):
            for name in removed:
                people.remove_group(session, contest_, name, actor=ACTOR, now=now())
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
