"""What goes back to the contest site, and what the organiser decides."""

from __future__ import annotations

import click
from sqlalchemy.orm import Session

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
from logovote.contest import deciding, rounds
from logovote.contest import handoff as handoff_
from logovote.contest import sheets as sheets_
from logovote.store.models import Contest, Kind, Round

round_option = click.option(
    "--round",
    "kind",
    type=click.Choice([kind.value for kind in Kind]),
    help="The round; by default the one counted last.",
)


def counted_round(session: Session, contest: Contest, kind: str | None) -> Round:
    """Return the round that a command names, or the one counted last."""
    if kind is None:
        return handoff_.deciding_round(session, contest)
    return rounds.latest(session, contest, Kind(kind))


@click.command()
@click.argument("slug", metavar="CONTEST")
@round_option
@as_json_option
@pass_door
def handoff(door: Door, slug: str, kind: str | None, *, as_json: bool) -> None:
    """Show up to 8 designs for the site's poll and up to 6 designers to go on with."""
    with door.reading(slug) as (session, contest):
        round_ = counted_round(session, contest, kind)
        drawn = sheets_.sheets_of(session, contest, round_)
        document = drawn.as_json()
    if as_json:
        print_json(document)
        return
    click.echo(f"Designs for the poll: {drawn.poll_text or 'none'}")
    for line in drawn.designers:
        click.echo(f"\n{line.text}")
        note(f"({float(line.backed):.1%} of the vote chose a design of {line.title})")
    for remark in drawn.remarks:
        note(f"Note: {remark}")
    if drawn.designers:
        note(drawn.rule)
    if drawn.equal:
        note(f"{drawn.equal} other sets of designers do exactly as well.")


@click.command()
@click.argument("slug", metavar="CONTEST")
@click.option(
    "--design", "designs", type=NUMBER, multiple=True, help="An entry number."
)
@click.option("--none", "none", is_flag=True, help="Decide for none of these.")
@click.option("--reason", default="", help="Why; needed if the vote says otherwise.")
@click.option("--publish", is_flag=True, help="Show the decision to everybody.")
@round_option
@as_json_option
@pass_door
def decide(
    door: Door,
    slug: str,
    *,
    designs: tuple[int, ...],
    none: bool,
    reason: str,
    publish: bool,
    kind: str | None,
    as_json: bool,
) -> None:
    """Record your decision beside the community's result, or show and publish it."""
    if designs and none:
        raise click.UsageError("Give either --design or --none.")
    with door.writing(slug) as (session, contest):
        round_ = counted_round(session, contest, kind)
        if designs or none:
            deciding.decide(session, contest, round_, designs, reason, now=now())
        if publish:
            deciding.publish(session, contest, round_, actor=ACTOR, now=now())
        verdict = deciding.current(session, round_)
        kind = round_.kind.value
    if as_json:
        print_json({"round": kind, "decision": verdict and verdict.as_json()})
        return
    if verdict is None:
        note("Nothing is decided yet. Decide with --design NUMBER or --none.")
        return
    chosen = ", ".join(f"#{entry}" for entry in verdict.entries) or "none of these"
    click.echo(f"Decided: {chosen}{' (differs from the vote)' * verdict.differs}")
    if verdict.published_at is None:
        note("It is not published. Publish it with --publish.")
