"""Families from a terminal: looking at them, and deciding."""

from __future__ import annotations

from typing import Any

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
from logovote.contest import families as families_
from logovote.contest import regrouping
from logovote.contest.families import Grouping

# How the record of changes names whoever sits at the server.
WHO = "somebody at the terminal"


@click.command()
@click.argument("slug", metavar="CONTEST")
@click.option("--merge", metavar="ENTRIES", help="Make one family of 12,57,103.")
@click.option("--split", metavar="ENTRIES", help="Let each of 12,57 stand alone.")
@click.option("--confirm", is_flag=True, help="Confirm all proposed families.")
@click.option("--undo", is_flag=True, help="Take the last change back.")
@as_json_option
@pass_door
def families(
    door: Door,
    slug: str,
    merge: str | None,
    split: str | None,
    *,
    confirm: bool,
    undo: bool,
    as_json: bool,
) -> None:
    """List families, the variants that share one vote, or change them.

    Proposed families merge no votes until they are confirmed; what was split is not
    proposed again.
    """
    if undo:
        with door.writing(slug) as (session, contest):
            note(regrouping.undo(session, contest, who=WHO, now=now(), actor=ACTOR))
    deeds: list[tuple[regrouping.Deed, list[int]]] = []
    if merge is not None:
        deeds.append(("merge", _entries(merge)))
    if split is not None:
        deeds.append(("split", _entries(split)))
    if confirm:
        deeds.append(("confirm", []))
    for deed, entries in deeds:
        with door.writing(slug) as (session, contest):
            note(
                regrouping.regroup(
                    session, contest, deed, entries, who=WHO, now=now(), actor=ACTOR
                )
            )
    if not as_json and (deeds or undo):
        return
    with door.reading(slug) as (session, contest):
        groupings = families_.groupings(session, contest)
    if as_json:
        print_json({"families": [_described(grouping) for grouping in groupings]})
        return
    for grouping in groupings:
        entries_ = " ".join(f"#{entry}" for entry in grouping.entries)
        click.echo(f"{grouping.id:8} {entries_}{_proposal(grouping)}")


def _described(grouping: Grouping) -> dict[str, Any]:
    described: dict[str, Any] = {
        "id": grouping.id,
        "entries": list(grouping.entries),
        "confirmed": grouping.confirmed,
    }
    if grouping.confidence is not None:
        described["confidence"] = grouping.confidence
        described["reasons"] = list(grouping.reasons)
    if grouping.joins is not None:
        described["joins"] = grouping.joins
    return described


def _proposal(grouping: Grouping) -> str:
    """Say what is proposed, how surely and why."""
    if not grouping.proposed:
        return ""
    what = f"proposed to join {grouping.joins}" if grouping.joins else "proposed"
    sure = f", {grouping.confidence:.0%}" if grouping.confidence is not None else ""
    why = f": {'; '.join(grouping.reasons)}" if grouping.reasons else ""
    return f"  {what}{sure}{why}"


def _entries(text: str) -> list[int]:
    """Read entry numbers such as 12,57."""
    parts = [part.strip().removeprefix("#") for part in text.split(",")]
    if not all(part.isdecimal() and len(part) < 10 for part in parts):
        raise click.UsageError(f"“{text}” is no list of entry numbers such as 12,57.")
    return [int(part) for part in parts]
