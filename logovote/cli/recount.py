"""After the count: anybody recounts, and the organiser seals."""

from __future__ import annotations

import click

from logovote import recount as recount_
from logovote.cli.door import ACTOR, Door, note, now, pass_door, print_json
from logovote.contest import opening, sealing


@click.command()
@click.argument("bundle", metavar="BUNDLE.zip", type=click.Path())
@click.option("--head", metavar="HEX", help="The head of the log, as it was published.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--large", is_flag=True, help="Take a bundle of a million ballots.")
def recount(bundle: str, head: str | None, *, as_json: bool, large: bool) -> None:
    """Count a published round again from its bundle, byte for byte.

    Exit status: 0 reproduced, 2 mismatch (it says what), 3 no bundle, or too large,
    4 the order cannot be counted from this bundle, which holds sums instead of ballots.
    """
    head = head and head.strip().lower()
    report = recount_.check(bundle, head, large=large)
    if as_json:
        print_json(report)
    else:
        click.echo(recount_.told(report))
    raise click.exceptions.Exit(report["exit"])


@click.command()
@click.argument("slug", metavar="CONTEST")
@click.option(
    "--now",
    "waive",
    is_flag=True,
    help="Do not wait for the time to object; the public log says so.",
)
@pass_door
def seal(door: Door, slug: str, *, waive: bool) -> None:
    """Destroy the link from voters to ballots in all published rounds of CONTEST.

    A round can be sealed a week after it was published, since whoever objects to its
    count needs that link. Afterwards nobody's ballot can be corrected, and backups made
    before still hold the link: delete them. Repeating the command is harmless.
    """
    with door.writing(slug) as (session, contest):
        sealed = sealing.seal_rounds(session, contest, now(), waive=waive, actor=ACTOR)
        names = [opening.name_of(round_) for round_ in sealed]
    door.store.database.rewrite()
    done = ", ".join(names) or "all was sealed before"
    note(f"Sealed: {done}. Now delete the backups made before.")
