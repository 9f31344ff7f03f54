"""Designs in, and what an organiser hands on out."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

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
    progress,
)
from logovote.cli.families import WHO
from logovote.contest import handoff, intake, purging, withdrawing
from logovote.contest.contests import contest_by_slug
from logovote.errors import LogovoteError
from logovote.imaging.worker import Fence
from logovote.ingest.members import printable
from logovote.ingest.reading import read_entries

_EXISTING = click.Path(exists=True, path_type=Path)


class ExportError(LogovoteError):
    """The folder cannot be written into."""


@click.command("import")
@click.argument("slug", metavar="CONTEST")
@click.argument("path", type=_EXISTING)
@click.option("--manifest", type=_EXISTING, help="The list of entries, if not inside.")
@click.option(
    "--withdraw-missing",
    is_flag=True,
    help="Mark entries that are not in PATH as withdrawn.",
)
@click.option("--dry-run", is_flag=True, help="Only show what would happen.")
@as_json_option
@pass_door
def import_(
    door: Door,
    slug: str,
    path: Path,
    manifest: Path | None,
    *,
    withdraw_missing: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Take the designs in PATH, a folder, zip, tar or single picture, into CONTEST."""
    with door.reading(slug) as (_, contest):
        contest_id = contest.id
    with (
        read_entries(path, manifest) as reading,
        Fence() as fence,
        progress("Looking" if dry_run else "Importing") as show,
    ):
        report = intake.import_designs(
            door.store,
            contest_id,
            reading,
            fence,
            now=now(),
            dry_run=dry_run,
            withdraw_missing=withdraw_missing,
            progress=show,
            actor=ACTOR,
        )
    for remark in report.remarks:
        note(remark)
    if as_json:
        print_json(report.as_json())
        return
    for file in report.files:
        if file.status != "same":
            entry = "" if file.entry is None else f"#{file.entry}"
            line = f"{file.status:9} {entry:7} {printable(file.file)}"
            click.echo(f"{line}: {file.reason}" if file.reason else line)
    counts = ", ".join(f"{n} {status}" for status, n in report.summary().items() if n)
    click.echo(f"{'Would be' if dry_run else 'Imported'}: {counts or 'nothing'}.")


@click.command()
@click.argument("slug", metavar="CONTEST")
@click.argument("entry", type=NUMBER)
@click.option("--reason", required=True, help="Why; voters who chose it are told.")
@click.option("--remove-pictures", is_flag=True, help="Remove its pictures for good.")
@pass_door
def withdraw(
    door: Door, slug: str, entry: int, reason: str, *, remove_pictures: bool
) -> None:
    """Take the design ENTRY out of CONTEST, and out of the ballots of an open round.

    It stays out, whatever is imported, until it is reinstated.
    """
    if remove_pictures:
        with door.writing(slug) as (session, contest):
            gone = purging.take_down(
                session, contest, entry, reason, who=WHO, actor=ACTOR, now=now()
            )
        gone.forget(door.store)
        note(f"Design {entry} is withdrawn, and its pictures are removed.")
        return
    with door.writing(slug) as (session, contest):
        withdrawing.withdraw(
            session, contest, entry, reason, who=WHO, now=now(), actor=ACTOR
        )
    note(f"Design {entry} is withdrawn. Undo: logovote reinstate {slug} {entry}")


@click.command()
@click.argument("slug", metavar="CONTEST")
@click.argument("entry", type=NUMBER)
@pass_door
def reinstate(door: Door, slug: str, entry: int) -> None:
    """Bring the withdrawn design ENTRY back into CONTEST."""
    with door.writing(slug) as (session, contest):
        withdrawing.bring_back(session, contest, entry, who=WHO, now=now(), actor=ACTOR)
    note(f"Design {entry} stands again.")


@click.command()
@click.argument("slug", metavar="CONTEST")
@click.option(
    "--design", "designs", type=NUMBER, multiple=True, help="An entry number."
)
@click.option("--all", "all_", is_flag=True, help="All designs of the contest.")
@click.option("--keep", type=NUMBER, multiple=True, help="Except this entry number.")
@click.option(
    "--after",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Do nothing before this day (UTC): for a job that runs daily.",
)
@click.option("--dry-run", is_flag=True, help="Only show what would happen.")
@as_json_option
@pass_door
def purge(
    door: Door,
    slug: str,
    *,
    designs: tuple[int, ...],
    all_: bool,
    keep: tuple[int, ...],
    after: datetime | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Remove the pictures of designs for good; results and fingerprints stay.

    Unsold designs are their designers' property: run it when the contest is over.
    """
    if bool(designs) == all_:
        raise click.UsageError("Give either --design NUMBER or --all.")
    with door.store.database.write() as session:
        contest = contest_by_slug(session, slug)
        chosen = set(designs or purging.with_pictures(session, contest)) - set(keep)
        if after is not None and now() < after.replace(tzinfo=UTC):
            note(f"Not before {after:%Y-%m-%d}: nothing was removed.")
            chosen = set()
        gone = purging.purge(session, contest, chosen, actor=ACTOR, now=now())
        if not dry_run:
            session.commit()
            gone.forget(door.store)
    if as_json:
        print_json({"designs": gone.entries, "pictures": len(gone.originals)})
        return
    done = "would lose" if dry_run else "lost"
    note(f"{len(gone.entries)} designs {done} their pictures ({len(gone.originals)}).")


@click.command()
@click.argument("slug", metavar="CONTEST")
@click.option(
    "--to",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="The folder to write into.",
)
@pass_door
def export(door: Door, slug: str, folder: Path) -> None:
    """Write everything an organiser hands on."""
    with door.reading(slug) as (session, contest):
        try:
            paths = handoff.export_to(folder, door.store, session, contest)
        except OSError as error:
            raise ExportError(
                f"Cannot write into {click.format_filename(folder)} "
                f"({error.strerror}). Choose another folder with --to."
            ) from error
    for path in paths:
        click.echo(path)
