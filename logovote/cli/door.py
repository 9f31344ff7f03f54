"""What every command has at hand: the settings, the store, and how to answer."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, wraps
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

import click
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from logovote import settings
from logovote.contest.contests import contest_by_slug
from logovote.errors import LogovoteError
from logovote.settings import Settings
from logovote.store.models import Contest, Kind
from logovote.store.store import Store

ACTOR = "cli"
"""Who does what a command does, as the log says."""

P = ParamSpec("P")
R = TypeVar("R")

NUMBER = click.IntRange(0, 2**31 - 1)
"""What every database, and every reader of what is published, holds."""

as_json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON document."
)
kind_argument = click.argument("kind", type=click.Choice([kind.value for kind in Kind]))


@dataclass(frozen=True)
class Door:
    """Opens what a command needs, when it needs it."""

    data: Path | None

    @cached_property
    def settings(self) -> Settings:
        """The settings, read once."""
        return settings.load(self.data)

    @cached_property
    def store(self) -> Store:
        """The store, made or brought up to date on first use."""
        return Store.open(
            self.settings.database_url,
            self.settings.files_folder,
            self.settings.storage_url,
        )

    @contextmanager
    def reading(self, slug: str) -> Iterator[tuple[Session, Contest]]:
        """Open a contest for looking."""
        with self.store.database.read() as session:
            yield session, contest_by_slug(session, slug)

    @contextmanager
    def writing(self, slug: str) -> Iterator[tuple[Session, Contest]]:
        """Open a contest for a change, which is committed if nothing was refused."""
        with self.store.database.write() as session:
            yield session, contest_by_slug(session, slug)
            session.commit()


def pass_door(command: Callable[Concatenate[Door, P], R]) -> Callable[P, R]:
    """Hand a command its door as the first argument."""

    @wraps(command)
    def with_door(*args: P.args, **kwargs: P.kwargs) -> R:
        data = click.get_current_context().find_root().params.get("data")
        with usable_database():
            return command(Door(data), *args, **kwargs)

    return with_door


@contextmanager
def usable_database() -> Iterator[None]:
    """Turn trouble with the database into words."""
    try:
        yield
    except UnicodeEncodeError as error:
        raise LogovoteError(
            "Something that was typed is no text in UTF-8, so it cannot be kept."
        ) from error
    except DatabaseError as error:
        raise LogovoteError(
            f"The database cannot be used now ({error.orig}). Try again; if it goes "
            "on, restore the data folder from a backup."
        ) from error


def now() -> datetime:
    """Return the time that a command acts at."""
    return datetime.now(UTC)


def print_json(document: object) -> None:
    """Print one JSON document and nothing else."""
    click.echo(json.dumps(document, ensure_ascii=False, indent=2))


@contextmanager
def progress(label: str) -> Iterator[Callable[[int, int], None]]:
    """Show a bar on standard error while a terminal watches; nothing in a pipe.

    What it yields takes the steps done and the steps in all.
    """
    bar = click.progressbar(length=1, label=label, file=sys.stderr)

    def show(done: int, total: int) -> None:
        bar.length = total
        bar.update(done - bar.pos)

    bar.render_progress()
    try:
        yield show
    finally:
        bar.render_finish()


def note(text: str) -> None:
    """Say something that is not data."""
    click.echo(text, err=True)
