"""Keeping a site safe: backups, and moving to other engines."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import click

from logovote.cli.door import Door, note, now, pass_door, progress
from logovote.store import backlog, copying
from logovote.store.copying import Contents
from logovote.store.store import Store


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@pass_door
def backup(door: Door, *, file: Path) -> None:
    """Write all that the site keeps into FILE, a zip; the site may be in use.

    The secret key is not in it: keep that too, or invitation links stop working.
    """
    with closing(door.store.database), progress("Backing up") as show:
        kept = copying.back_up(door.store, file, now(), show)
    note(f"{file} holds {_in_words(kept)}.")


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@pass_door
def restore(door: Door, *, file: Path) -> None:
    """Fill an empty site from FILE, and compare the two."""
    with closing(door.store.database), progress("Restoring") as show:
        kept = copying.restore(file, door.store, show)
        with door.store.database.read() as session:
            mails = backlog.undelivered(session)
    note(f"Restored and compared: {_in_words(kept)}.")
    if mails:
        note(
            f"{mails} {'mail' if mails == 1 else 'mails'} waited in it, and "
            f"{'leaves' if mails == 1 else 'leave'} once a site starts here, maybe for "
            "the second time. To try a backup out, leave LOGOVOTE_MAIL_URL unset."
        )


@click.command()
@click.option("--database", required=True, help="As LOGOVOTE_DATABASE_URL.")
@click.option("--storage", default="", help="As LOGOVOTE_STORAGE_URL.")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where files go, if there is no storage: the `files` of a data folder.",
)
@pass_door
def move(door: Door, *, database: str, storage: str, folder: Path | None) -> None:
    """Copy the site, which must be stopped, to other engines, and compare the two."""
    if bool(storage) == (folder is not None):
        raise click.UsageError("Say where files go, by --storage or by --folder.")
    target = Store.open(database, folder or Path(), storage)
    with (
        closing(door.store.database),
        closing(target.database),
        progress("Copying") as show,
    ):
        kept = copying.copy(door.store, target, show)
    note(
        f"Copied and compared: {_in_words(kept)}. Set LOGOVOTE_DATABASE_URL, "
        "LOGOVOTE_STORAGE_URL and the same LOGOVOTE_SECRET_KEY as before, and start "
        "the site."
    )


def _in_words(kept: Contents) -> str:
    files = sum(map(len, kept.files.values()))
    return f"{kept.rows} rows and {files} pictures"
