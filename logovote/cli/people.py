"""People in, invitation links out."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from pathlib import Path

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
from logovote.contest import (
    invitations,
    joining,
    recusing,
    roll,
    signing_in,
    tokens,
)
from logovote.contest import people as people_
from logovote.contest.contests import contest_by_slug
from logovote.contest.events import written
from logovote.store import queries


@click.group()
def people() -> None:
    """Import voters and print their invitation links."""


@people.command("import")
@click.argument("slug", metavar="CONTEST")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--group", default="", help="The group of those whose line names none.")
@click.option("--dry-run", is_flag=True, help="Only show what would happen.")
@as_json_option
@pass_door
def import_(
    door: Door, slug: str, file: Path, *, group: str, dry_run: bool, as_json: bool
) -> None:
    """Add the people in FILE, a CSV with email,name,group,weight,github.

    Or the members of a GitHub organisation or team, as `gh api orgs/NAME/members
    --paginate` prints them. Lines that cannot be used are named and skipped; the
    others go in.
    """
    rows = people_.read_people(file.read_bytes(), group)
    with door.store.database.write() as session:
        contest = contest_by_slug(session, slug)
        reports = people_.import_people(session, contest, rows, actor=ACTOR, now=now())
        if not dry_run:
            session.commit()
    counts = Counter(report.status for report in reports)
    refused = [report for report in reports if report.status == "refused"]
    for report in refused:
        note(f"Line {report.line} ({report.who}): {report.reason}.")
    if as_json:
        statuses = ("new", "changed", "same", "refused")
        print_json(
            {
                "summary": {status: counts[status] for status in statuses},
                "people": [asdict(report) for report in reports],
            }
        )
    else:
        counted = ", ".join(f"{number} {status}" for status, number in counts.items())
        verb = "Would be" if dry_run else "Imported"
        click.echo(f"{verb}: {counted or 'nobody'}.")
    if reports and len(refused) == len(reports):
        raise click.exceptions.Exit(1)


@people.command()
@click.argument("slug", metavar="CONTEST")
@as_json_option
@pass_door
def links(door: Door, slug: str, *, as_json: bool) -> None:
    """Print everybody's invitation link."""
    with door.reading(slug) as (session, contest):
        voters = queries.voters(session, contest.id)
    rows = [
        {
            "email": voter.person.email,
            "github": voter.person.github,
            "name": voter.person.name,
            "group": voter.group.name,
            "weight": str(voter.weight),
            "link": f"{door.settings.base_url}/i/"
            + invitations.invitation_token(door.settings.secret_key, voter),
        }
        for voter in voters
    ]
    if as_json:
        print_json({"people": rows})
        return
    for row in rows:
        click.echo(f"{row['email'] or row['github']}\t{row['link']}")


@people.command()
@click.argument("slug", metavar="CONTEST")
@as_json_option
@pass_door
def export(door: Door, slug: str, *, as_json: bool) -> None:
    """Print everybody as the CSV that `people import` takes, without links."""
    with door.reading(slug) as (session, contest):
        rows = roll.rows(session, contest)
    if as_json:
        print_json(
            {"people": [dict(zip(roll.COLUMNS, row, strict=True)) for row in rows]}
        )
    else:
        # Imported late: it loads what draws sheets and workbooks.
        from logovote.contest import handoff  # noqa: PLC0415 - see above

        click.echo(handoff.table([roll.COLUMNS, *rows]), nl=False)


@people.command()
@click.argument("slug", metavar="CONTEST")
@click.argument("who")
@click.option("--group", default="", help="Where they are to be.")
@click.option("--weight", default="", help="Such as 1, 0.5 or 2/3; 0 takes the vote.")
@as_json_option
@pass_door
def change(
    door: Door, slug: str, who: str, *, group: str, weight: str, as_json: bool
) -> None:
    """Move WHO, an address or login, to another group, or change their weight.

    Weight 0 takes their vote away and leaves their place. Nothing of it changes while
    a round runs.
    """
    if not group and not weight:
        raise click.UsageError("Say what changes: --group or --weight.")
    with door.writing(slug) as (session, contest):
        voter = roll.change(
            session, contest, who, group=group, weight=weight, now=now(), actor=ACTOR
        )
        told = {
            "who": voter.person.key,
            "group": voter.group.name,
            "weight": str(voter.weight),
        }
    if as_json:
        print_json(told)
    else:
        click.echo(f"{told['who']} is in {told['group']} with weight {told['weight']}.")


@people.command()
@click.argument("slug", metavar="CONTEST")
@click.argument("who")
@pass_door
def remove(door: Door, slug: str, who: str) -> None:
    """Take WHO, an address or login, off the list, who was added by mistake.

    Who has voted stays; and while a round runs, whoever was there when it opened.
    """
    with door.writing(slug) as (session, contest):
        name = roll.remove(session, contest, who, now=now(), actor=ACTOR).key
    click.echo(f"{name} is off the list.")


@people.command()
@click.argument("slug", metavar="CONTEST")
@click.argument("who")
@pass_door
def renew(door: Door, slug: str, who: str) -> None:
    """Switch off the link of WHO, an address or login, and print a new one."""
    with door.writing(slug) as (session, contest):
        voter = invitations.renew_link(session, contest, who)
        token = invitations.invitation_token(door.settings.secret_key, voter)
    click.echo(f"{door.settings.base_url}/i/{token}")


@people.command("sign-out")
@click.argument("who")
@as_json_option
@pass_door
def sign_out(door: Door, who: str, *, as_json: bool) -> None:
    """Sign WHO, an address or login, out wherever they are signed in.

    Their tokens for programs work no more, either.
    """
    with door.store.database.write() as session:
        person = people_.person_named(session, who)
        ended = signing_in.end_all_sessions(session, person, now())
        taken = tokens.take_back_all(session, person)
        session.commit()
        name = person.key
    if as_json:
        print_json({"who": name, "ended": ended, "tokens": taken})
        return
    places = "1 place" if ended == 1 else f"{ended} places"
    click.echo(f"{name} is signed out in {places}.")
    if taken:
        click.echo(f"Tokens taken back: {taken}.")


@people.command("joining")
@click.argument("slug", metavar="CONTEST")
@click.option("--open/--closed", "is_open", default=None, help="Whether anybody asks.")
@click.option("--domain", "domains", multiple=True, help="Whose addresses suffice.")
@click.option("--no-domains", is_flag=True, help="No address suffices any more.")
@click.option("--group", help="Where they come in.")
@as_json_option
@pass_door
def joining_(
    door: Door,
    slug: str,
    *,
    is_open: bool | None,
    domains: tuple[str, ...],
    no_domains: bool,
    group: str | None,
    as_json: bool,
) -> None:
    """Say who may join without an invitation; without options, show it."""
    with door.writing(slug) as (session, contest):
        old = joining.terms_of(contest)
        kept = () if no_domains else old.domains
        wanted = joining.Terms(
            old.open if is_open is None else is_open,
            (*kept, *domains),
            old.group if group is None else group,
        )
        joining.set_terms(session, contest, wanted, actor=ACTOR, now=now())
        terms = joining.terms_of(contest)
        session.flush()
    if as_json:
        print_json(asdict(terms))
        return
    click.echo(f"Anybody may ask: {'yes' if terms.open else 'no'}")
    click.echo(f"Addresses that suffice: {' '.join(terms.domains) or 'none'}")
    click.echo(f"Group: {terms.group}")


@people.command()
@click.argument("slug", metavar="CONTEST")
@as_json_option
@pass_door
def requests(door: Door, slug: str, *, as_json: bool) -> None:
    """List who asks to join."""
    with door.reading(slug) as (session, contest):
        rows = [
            {
                "who": asked.person.key,
                "name": asked.person.name,
                "note": asked.note,
                "at": written(asked.at),
            }
            for asked in joining.waiting(session, contest.id)
        ]
    if as_json:
        print_json({"requests": rows})
        return
    for row in rows:
        click.echo(f"{row['who']}\t{row['name']}\t{' '.join(row['note'].split())}")


@people.command("let-in")
@click.argument("slug", metavar="CONTEST")
@click.argument("who")
@click.option(
    "--group", default="", help="Another group than the one of those who join."
)
@pass_door
def let_in(door: Door, slug: str, who: str, *, group: str) -> None:
    """Let WHO in, who asked to join, and send them their link."""
    with door.writing(slug) as (session, contest):
        joining.admit(session, contest, who, now(), group=group, actor=ACTOR)
    click.echo(f"{who} may vote now.")


@people.command()
@click.argument("slug", metavar="CONTEST")
@click.argument("who")
@click.argument("designer")
@pass_door
def recuse(door: Door, slug: str, who: str, designer: str) -> None:
    """Mark voter WHO as DESIGNER, by the name on their designs or an entry number.

    Their votes for the own designs do not count.
    """
    with door.writing(slug) as (session, contest):
        voter = recusing.recuse(session, contest, who, designer, actor=ACTOR, now=now())
        key = voter.person.key
    click.echo(f"{key} is marked: votes for the own designs do not count.")


@people.command()
@click.argument("slug", metavar="CONTEST")
@click.argument("who")
@pass_door
def decline(door: Door, slug: str, who: str) -> None:
    """Say no to WHO, who asked to join."""
    with door.writing(slug) as (session, contest):
        joining.decline(session, contest, who)
    click.echo(f"{who} may not vote.")


@people.command()
@click.argument("slug", metavar="CONTEST")
@click.argument("who")
@pass_door
def admit(door: Door, slug: str, who: str) -> None:
    """Take back every mark of voter WHO as a designer."""
    with door.writing(slug) as (session, contest):
        voter = recusing.take_back(session, contest, who, actor=ACTOR, now=now())
        key = voter.person.key
    click.echo(f"{key} is not marked any more: the whole ballot counts.")
