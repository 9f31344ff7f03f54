"""What voters said of the designs, and which of their notes designers get."""

from __future__ import annotations

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
from logovote.cli.handoff import counted_round, round_option
from logovote.contest import feedback as feedback_

_numbers = click.argument(
    "notes", metavar="NOTE...", type=NUMBER, nargs=-1, required=True
)


@click.group()
def feedback() -> None:
    """Read what voters said of designs, and say which notes are handed on."""


@feedback.command("list")
@click.argument("slug", metavar="CONTEST")
@round_option
@as_json_option
@pass_door
def list_(door: Door, slug: str, kind: str | None, *, as_json: bool) -> None:
    """Show the reasons and notes of a counted round, by design."""
    with door.reading(slug) as (session, contest):
        round_ = counted_round(session, contest, kind)
        found = feedback_.gathered(session, round_)
        kind = round_.kind.value
    if as_json:
        print_json({"round": kind, "designs": [design.as_json() for design in found]})
        return
    for design in found:
        if not design.heads and not design.notes:
            continue
        click.echo(f"#{design.entry} {design.designer or ''}".rstrip())
        for line in design.told:
            click.echo(f"  {line}")
        for each in design.notes:
            words = " ".join(each.text.split())
            click.echo(f"  note {each.id} ({each.state.value}): {words}")


@feedback.command()
@click.argument("slug", metavar="CONTEST")
@_numbers
@pass_door
def approve(door: Door, slug: str, notes: tuple[int, ...]) -> None:
    """Hand these notes on to their designers."""
    _moderate(door, slug, notes, "approve")


@feedback.command()
@click.argument("slug", metavar="CONTEST")
@_numbers
@pass_door
def hide(door: Door, slug: str, notes: tuple[int, ...]) -> None:
    """Keep these notes from their designers."""
    _moderate(door, slug, notes, "hide")


@feedback.command()
@click.argument("slug", metavar="CONTEST")
@_numbers
@pass_door
def restore(door: Door, slug: str, notes: tuple[int, ...]) -> None:
    """Take back what was changed in these notes; they wait for your word again."""
    _moderate(door, slug, notes, "restore")


@feedback.command()
@click.argument("slug", metavar="CONTEST")
@click.argument("number", metavar="NOTE", type=NUMBER)
@click.option("--words", required=True, help="What the designer reads instead.")
@pass_door
def edit(door: Door, slug: str, number: int, words: str) -> None:
    """Change a note and hand it on; what its voter wrote is kept."""
    _moderate(door, slug, (number,), "edit", words)


def _moderate(
    door: Door, slug: str, notes: tuple[int, ...], deed: str, words: str = ""
) -> None:
    with door.writing(slug) as (session, contest):
        for number in notes:
            done = feedback_.moderate(
                session, contest, number, deed, words, actor=ACTOR, now=now()
            )
            note(f"Note {number} about design {done.entry}: {done.state.value}.")
