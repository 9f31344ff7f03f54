"""Rounds: opened, closed, counted, published; and what they say."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import get_args

import click

from logovote.cli.contests import end_of
from logovote.cli.door import (
    ACTOR,
    NUMBER,
    Door,
    as_json_option,
    kind_argument,
    note,
    now,
    pass_door,
    print_json,
)
from logovote.contest import (
    beacons,
    counting,
    dates,
    dealing,
    events,
    notices,
    opening,
    paper,
    plans,
    progress,
    quarantine,
    rounds,
)
from logovote.contest import results as results_
from logovote.contest import review as review_
from logovote.contest.rules import Publish
from logovote.store import queries
from logovote.store.models import Kind, Phase

zone_option = click.option(
    "--zone",
    help="The time zone of --until, such as Europe/London; else the contest's.",
)


@click.group("round")
def round_() -> None:
    """Open, close, count and publish rounds."""


@round_.command("open")
@click.argument("slug", metavar="CONTEST")
@kind_argument
@click.option("--seats", type=NUMBER, help="How many designs the round takes.")
@click.option("--batch", type=NUMBER, help="How many designs are dealt at a time.")
@click.option("--approvals", type=NUMBER, help="How many a ballot may approve.")
@click.option(
    "--publish",
    type=click.Choice(get_args(Publish)),
    help="What anybody may recount from: ballots without names (as planned, or the "
    "default), or sums only.",
)
@click.option("--auditor", "auditors", multiple=True, help="Who gets the ballots.")
@click.option(
    "--only",
    type=NUMBER,
    multiple=True,
    help="Rank only the design with this entry number; give it once for each.",
)
@click.option("--until", help="When it ends, such as “2026-12-06 23:59”.")
@zone_option
@click.option(
    "--beacon", help="A public draw of after the close that decides ties, too."
)
@click.option("--dry-run", is_flag=True, help="Only show what would happen.")
@pass_door
def open_(
    door: Door,
    slug: str,
    kind: str,
    *,
    seats: int | None,
    batch: int | None,
    approvals: int | None,
    publish: str | None,
    auditors: tuple[str, ...],
    only: tuple[int, ...],
    until: str | None,
    zone: str | None,
    beacon: str | None,
    dry_run: bool,
) -> None:
    """Open a round; its rules and families are frozen from now on."""
    with door.writing(slug) as (session, contest):
        end = None if until is None else end_of(until, zone, contest)
        plan = plans.plan_of(contest, Kind(kind))
        if (publish or plan.rules(Kind(kind)).publish) == "ballots":
            for warning in opening.warnings(session, contest):
                note(f"Note: {warning}")
        given = {"Size": seats, "Dealing": batch, "End": until, "Recount": publish}
        given["Approvals on a ballot"] = approvals
        left = [
            default
            for default in progress.defaults_left(session, contest, Kind(kind))
            if given.get(default.name) is None
        ]
        opened = rounds.open_round(
            session,
            contest,
            Kind(kind),
            now(),
            seats=seats,
            batch=batch,
            approvals=approvals,
            publish=publish,
            auditors=auditors,
            until=end,
            beacon=beacon,
            only=only,
            actor=ACTOR,
        )
        designs = len(queries.candidacies(session, opened.id))
        if dry_run:
            session.rollback()
    for default in left:
        note(f"Left at its default: {default.name}: {default.text}")
    verb = "would open" if dry_run else "is open"
    note(f"The {rounds.NAMES[Kind(kind)]} {verb} with {designs} designs.")


@round_.command()
@click.argument("slug", metavar="CONTEST")
@kind_argument
@click.option("--until", required=True, help="The new end: “2026-12-08 23:59”.")
@zone_option
@pass_door
def extend(door: Door, slug: str, kind: str, *, until: str, zone: str | None) -> None:
    """Move the end of an open round to a later time, or give it one."""
    with door.writing(slug) as (session, contest):
        end = end_of(until, zone, contest)
        told = dates.told(end, contest.zone)
        current = rounds.latest(session, contest, Kind(kind))
        rounds.extend_round(session, current, end, now(), actor=ACTOR)
    note(f"The {rounds.NAMES[Kind(kind)]} ends on {told}.")


@round_.command()
@click.argument("slug", metavar="CONTEST")
@kind_argument
@click.option("--until", help="When it goes on by itself; without, `resume` does it.")
@zone_option
@pass_door
def pause(
    door: Door, slug: str, kind: str, *, until: str | None, zone: str | None
) -> None:
    """Let an open round take no ballots for a while; those cast are kept."""
    with door.writing(slug) as (session, contest):
        end = None if until is None else end_of(until, zone, contest)
        current = rounds.latest(session, contest, Kind(kind))
        rounds.pause_round(session, current, now(), until=end, actor=ACTOR)
        told = "" if end is None else f" until {dates.told(end, contest.zone)}"
    note(f"The {rounds.NAMES[Kind(kind)]} is paused{told}.")


@round_.command()
@click.argument("slug", metavar="CONTEST")
@kind_argument
@pass_door
def resume(door: Door, slug: str, kind: str) -> None:
    """Let a paused round take ballots again."""
    with door.writing(slug) as (session, contest):
        current = rounds.latest(session, contest, Kind(kind))
        rounds.resume_round(session, current, now(), actor=ACTOR)
    note(f"The {rounds.NAMES[Kind(kind)]} takes ballots again.")


@round_.command("status")
@click.argument("slug", metavar="CONTEST")
@kind_argument
@as_json_option
@pass_door
def status(door: Door, slug: str, kind: str, *, as_json: bool) -> None:
    """Show how a round goes: turnout and coverage, never what ballots say."""
    with door.reading(slug) as (session, contest):
        current = rounds.latest(session, contest, Kind(kind))
        turnout = progress.attendance(session, current)
        seen = dealing.coverage_of(session, current)
        told = {
            "round": opening.name_of(current),
            "phase": current.phase.value,
            "paused": current.is_paused(now()),
            "paused_until": _written(current.paused_until),
            "closes_at": _written(current.closes_at),
            "turnout": [
                {
                    "group": group.group,
                    "voted": group.voted,
                    "eligible": group.eligible,
                    "unfinished": group.unfinished,
                }
                for group in turnout
            ],
            "seen": {
                "least": seen.least,
                "most": seen.most,
                "not_enough": list(seen.too_few),
            },
            "mails_in_trouble": notices.in_trouble(session, contest.id),
        }
        words = progress.round_text(current, now())
    if as_json:
        print_json(told)
        return
    click.echo(words)
    for group in turnout:
        click.echo(f"{group.group:20} {group.voted} of {group.eligible} voted")
    if seen.warning:
        click.echo(seen.warning)


def _written(moment: datetime | None) -> str | None:
    return None if moment is None else events.written(moment)


@round_.command()
@click.argument("slug", metavar="CONTEST")
@kind_argument
@click.option("--review", is_flag=True, help="Close only; count later.")
@click.option("--yes", is_flag=True, help="Do not ask, even if people have not voted.")
@pass_door
def close(door: Door, slug: str, kind: str, *, review: bool, yes: bool) -> None:
    """Close a round and, unless --review is given, count it.

    At a terminal it asks once where people have not voted.
    """
    with door.reading(slug) as (session, contest):
        current = rounds.latest(session, contest, Kind(kind))
        is_open = current.is_voting(now()) or current.is_paused(now())
        missing_people = progress.unfinished(session, current) if is_open else 0
    if missing_people and not yes and not review and sys.stdin.isatty():
        click.confirm(
            f"{missing_people} who may vote have not. Close and count all the same?",
            abort=True,
            err=True,
        )
    with door.writing(slug) as (session, contest):
        closed = rounds.latest(session, contest, Kind(kind))
        warning = dealing.coverage_of(session, closed).warning
        rounds.end_round(session, closed, now(), actor=ACTOR)
        missing = rounds.waits_for(closed)
        if not review and not missing:
            counting.count_round(session, closed, actor=ACTOR, now=now())
    if warning:
        note(warning)
    if missing_people:
        note(f"{missing_people} who may vote had not.")
    done = "closed" if review or missing else "closed and counted"
    note(f"The {rounds.NAMES[Kind(kind)]} is {done}.")
    if missing:
        note(missing)


@round_.command("review")
@click.argument("slug", metavar="CONTEST")
@kind_argument
@as_json_option
@pass_door
def review(door: Door, slug: str, kind: str, *, as_json: bool) -> None:
    """Look a closed round over for ballots that may not be of as many people.

    It tells which ballots are alike, and never what they say.
    """
    with door.reading(slug) as (session, contest):
        closed = rounds.latest(session, contest, Kind(kind))
        found = review_.review(session, closed)
    if as_json:
        print_json(_review_as_json(found))
        return
    click.echo(f"{found.ballots} ballots in the box, {len(found.groups)} signs.")
    for group in found.groups:
        click.echo(f"\n{group.key}  {group.sign.text}\n  {group.sign.chance}")
        for kind_, number in group.overlaps.items():
            click.echo(f"  {number} of them: {review_.KINDS[kind_].lower()}")
        for one in group.people:
            click.echo(f"  {one.who}  {one.group}  {one.first_saved:%Y-%m-%d %H:%M:%S}")
    for aside in found.aside:
        click.echo(f"\nSet aside: {len(aside.ballots)} ({aside.reason})")


def _review_as_json(found: review_.Review) -> dict[str, object]:
    return {
        "ballots": found.ballots,
        "groups": [
            {
                "key": group.key,
                "kind": group.sign.kind,
                "ballots": len(group.sign.ballots),
                "text": group.sign.text,
                "chance": group.sign.chance,
                "set_aside": group.aside,
                "overlaps": dict(group.overlaps),
                "people": [
                    {
                        "who": one.who,
                        "group": one.group,
                        "first_saved": one.first_saved.isoformat(),
                    }
                    for one in group.people
                ],
            }
            for group in found.groups
        ],
        "set_aside": [
            {"ballots": len(aside.ballots), "reason": aside.reason}
            for aside in found.aside
        ],
    }


@round_.command("set-aside")
@click.argument("slug", metavar="CONTEST")
@kind_argument
@click.option("--group", "keys", multiple=True, help="A group that `review` names.")
@click.option("--who", multiple=True, help="Somebody's address or login.")
@click.option("--reason", required=True, help="Everybody reads it. Name nobody.")
@pass_door
def set_aside(
    door: Door,
    slug: str,
    kind: str,
    *,
    keys: tuple[str, ...],
    who: tuple[str, ...],
    reason: str,
) -> None:
    """Set ballots aside, between the close and the count.

    The official result is without them; the one with all stands beside it.
    """
    with door.writing(slug) as (session, contest):
        closed = rounds.latest(session, contest, Kind(kind))
        ids = review_.chosen(session, closed, keys, who=who)
        number = quarantine.set_aside(
            session, closed, ids, reason, actor=ACTOR, now=now()
        )
    note(f"Set aside: {number}.")


@round_.command("take-back")
@click.argument("slug", metavar="CONTEST")
@kind_argument
@click.option("--reason", required=True, help="The one they were set aside for.")
@pass_door
def take_back(door: Door, slug: str, kind: str, *, reason: str) -> None:
    """Let ballots count again that were set aside, as long as nothing is counted."""
    with door.writing(slug) as (session, contest):
        closed = rounds.latest(session, contest, Kind(kind))
        ids = review_.aside_for(session, closed, " ".join(reason.split()))
        number = quarantine.take_back(session, closed, ids, actor=ACTOR, now=now())
    note(f"Taken back: {number}.")


@round_.command()
@click.argument("slug", metavar="CONTEST")
@kind_argument
@click.argument("value")
@pass_door
def beacon(door: Door, slug: str, kind: str, value: str) -> None:
    """Enter the VALUE of the public draw that a closed round waits for."""
    with door.writing(slug) as (session, contest):
        closed = rounds.latest(session, contest, Kind(kind))
        beacons.enter(session, closed, value, actor=ACTOR, now=now())
    note("Entered. Compare it with what the beacon published; then count.")


@round_.command()
@click.argument("slug", metavar="CONTEST")
@kind_argument
@pass_door
def reopen(door: Door, slug: str, kind: str) -> None:
    """Open a closed round again, as long as it was not counted."""
    with door.writing(slug) as (session, contest):
        closed = rounds.latest(session, contest, Kind(kind))
        rounds.reopen_round(session, closed, actor=ACTOR, now=now())
    note(f"The {rounds.NAMES[Kind(kind)]} is open again.")


@round_.command("count")
@click.argument("slug", metavar="CONTEST")
@kind_argument
@pass_door
def count(door: Door, slug: str, kind: str) -> None:
    """Count a round that was closed with --review."""
    with door.writing(slug) as (session, contest):
        closed = rounds.latest(session, contest, Kind(kind))
        counting.count_round(session, closed, actor=ACTOR, now=now())
    note(f"The {rounds.NAMES[Kind(kind)]} is counted.")


@round_.command()
@click.argument("slug", metavar="CONTEST")
@kind_argument
@pass_door
def publish(door: Door, slug: str, kind: str) -> None:
    """Show a counted result to everybody."""
    with door.writing(slug) as (session, contest):
        counted = rounds.latest(session, contest, Kind(kind))
        rounds.publish_round(session, counted, actor=ACTOR, now=now())
    note(f"The result is public: {door.settings.base_url}/c/{slug}/results/{kind}")


@click.group()
def ballots() -> None:
    """Take in ballots that were cast elsewhere."""


@ballots.command("import")
@click.argument("slug", metavar="CONTEST")
@kind_argument
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@pass_door
def import_(door: Door, slug: str, kind: str, file: Path) -> None:
    """Add the ballots in FILE (any format that `count` reads) to an open round."""
    data = file.read_bytes()
    with door.writing(slug) as (session, contest):
        round_ = rounds.latest(session, contest, Kind(kind))
        number = paper.import_ballots(
            session,
            contest,
            round_,
            name=file.name,
            data=data,
            now=now(),
            actor=ACTOR,
        )
    note(f"Took in {number} ballots.")


@click.command()
@click.argument("slug", metavar="CONTEST")
@kind_argument
@click.option("--number", type=NUMBER, help="An earlier round of this kind, from 1.")
@as_json_option
@pass_door
def results(
    door: Door, slug: str, kind: str, *, number: int | None, as_json: bool
) -> None:
    """Show the result of a counted round."""
    with door.reading(slug) as (session, contest):
        counted = rounds.numbered(session, contest, Kind(kind), number)
        result = results_.result_of(counted)
        phase = counted.phase
    if as_json:
        print_json(result.as_json() | {"published": phase is Phase.PUBLISHED})
        return
    for line in result.order:
        shared = "=" if line.tied else ""
        if line.entry is None:
            click.echo(f"{line.place:3}{shared:1}          None of these")
            continue
        design = result.designs[line.entry]
        words = [design.designer or "", design.title or ""]
        told = " - ".join(word for word in words if word)
        support = "" if line.support is None else f"{float(line.support):6.1%}"
        click.echo(f"{line.place:3}{shared:1} #{line.entry:<6} {support:>6} {told}")
    if not result.voted:
        note("No ballot was counted.")
    elif result.none_share:
        note(f"{float(result.none_share):.1%} of the vote answered “none of these”.")
    for group, part in result.turnout.items():
        note(f"{group}: {part.voted} of {part.eligible} voted")
