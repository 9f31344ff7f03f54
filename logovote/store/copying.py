"""All that a site keeps, carried elsewhere whole: into a file, or into another engine.

One code reads and writes every table, by the models alone, so that what a backup holds
and what a move copies cannot differ; and both end with a comparison. Imports that are
still on their way are left behind: their uploads are sent again.
"""

from __future__ import annotations

import base64
import enum
import hashlib
import json
import os
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Enum, LargeBinary, Table, func, insert, select
from sqlalchemy.orm import Session

from logovote.errors import LogovoteError
from logovote.store import migrate, queries
from logovote.store.base import Base, Exact, Moment
from logovote.store.media import Media, MissingMediaError, digest_of
from logovote.store.models import (
    Derivative,
    ImportJob,
    JobState,
    RefusedPicture,
)
from logovote.store.session import Database, is_postgresql
from logovote.store.store import Store

Progress = Callable[[int, int], None]
Row = list[Any]
"""A row in the order of its columns, each value as JSON has it."""

PLACES = ("originals", "derivatives")
_FACTS = "backup.json"
_FORMAT = "logovote-backup-1"
_ROWS_AT_ONCE = 1000
_WAITING = {JobState.LOOKING, JobState.READY, JobState.IMPORTING}


class CopyError(LogovoteError):
    """What was to be copied cannot be, or was not copied as it is."""


@dataclass(frozen=True)
class Contents:
    """What a site keeps, so that two can be compared.

    Attributes:
        tables: how many rows each table has, and a digest of them all.
        files: the digests of the files that rows speak of, by place.
    """

    tables: Mapping[str, tuple[int, str]]
    files: Mapping[str, frozenset[str]]

    @property
    def rows(self) -> int:
        """How many rows there are in all."""
        return sum(count for count, _ in self.tables.values())

    def unlike(self, other: Contents) -> list[str]:
        """Say in which tables two sites differ."""
        differences = []
        for name, (count, digest) in self.tables.items():
            there, its_digest = other.tables.get(name, (0, ""))
            if count != there:
                differences.append(f"{name} has {there} rows instead of {count}")
            elif digest != its_digest:
                differences.append(f"{name} has other rows")
        return differences


def contents(session: Session) -> Contents:
    """Describe all that a database holds, in the one state that the session sees."""
    tables = {}
    for table in _tables():
        count, sha = 0, hashlib.sha256()
        for row in _rows(session, table):
            count += 1
            sha.update(_line(row))
        tables[table.name] = (count, sha.hexdigest())
    named: dict[str, Iterable[str]] = {
        "originals": queries.kept_originals(session),
        "derivatives": session.scalars(select(Derivative.digest)),
    }
    return Contents(tables, {place: frozenset(named[place]) for place in PLACES})


def copy(source: Store, target: Store, progress: Progress) -> Contents:
    """Copy a site into an empty store, and compare the two.

    Raises:
        CopyError: the target holds something, a picture is missing, or the two differ
            in the end: somebody changed the source meanwhile.
    """
    _refuse_unless_empty(target.database)
    with source.database.read() as session:
        kept = contents(session)
        for place, data in _files(source, kept, progress):
            _place(target, place).put(data)
        with target.database.write() as into:
            for table in _tables():
                _write(into, table, _rows(session, table))
            into.commit()
    with source.database.read() as session:
        kept = contents(session)
    _compare(kept, target, "Was the site running? Stop it, empty the target, and")
    return kept


def back_up(store: Store, path: Path, now: datetime, progress: Progress) -> Contents:
    """Write all that a site keeps into one zip, in one state, while it is in use.

    Raises:
        CopyError: the file is there already or cannot be written, or a picture is
            missing.
    """
    try:
        made = open(path, "xb", opener=_for_its_owner)  # noqa: SIM115 - below
    except FileExistsError as error:
        raise CopyError(f"{path} is there already. Name another file.") from error
    except OSError as error:
        raise CopyError(f"{path} cannot be written ({error.strerror}).") from error
    try:
        with (
            made,
            zipfile.ZipFile(made, "w") as archive,
            store.database.read() as session,
        ):
            kept = contents(session)
            for table in _tables():
                entry = zipfile.ZipInfo(f"tables/{table.name}.jsonl")
                entry.compress_type = zipfile.ZIP_DEFLATED
                with archive.open(entry, "w", force_zip64=True) as file:
                    for row in _rows(session, table):
                        file.write(_line(row))
            # Pictures are compressed already.
            for place, data in _files(store, kept, progress):
                archive.writestr(f"{place}/{digest_of(data)}", data)
            facts = {
                "format": _FORMAT,
                "made_at": now.isoformat(),
                "revision": migrate.newest(),
                "tables": kept.tables,
                "files": {place: sorted(kept.files[place]) for place in PLACES},
            }
            # Last: a backup that was cut off has none, and is refused.
            archive.writestr(_FACTS, json.dumps(facts))
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return kept


def _for_its_owner(path: str, flags: int) -> int:
    """Make a file that nobody else reads: it holds who voted what."""
    return os.open(path, flags, 0o600)


def restore(path: Path, store: Store, progress: Progress) -> Contents:
    """Fill an empty store from a backup, and compare the two.

    Raises:
        CopyError: it is no backup, a damaged one or one of another release, or the
            store holds something already.
    """
    _refuse_unless_empty(store.database)
    damaged = f"{path} is no backup of logovote, or it is damaged"
    try:
        with zipfile.ZipFile(path) as archive:
            kept = _described(archive)
            done, total = 0, sum(map(len, kept.files.values()))
            for place in PLACES:
                for digest in kept.files[place]:
                    data = archive.read(f"{place}/{digest}")
                    if _place(store, place).put(data) != digest:
                        raise CopyError(f"{damaged}: {place}/{digest[:12]}….")
                    progress(done := done + 1, total)
            with store.database.write() as session:
                for table in _tables():
                    with archive.open(f"tables/{table.name}.jsonl") as file:
                        _write(session, table, map(json.loads, file))
                if differences := kept.unlike(contents(session)):
                    raise CopyError(f"{damaged}: {'; '.join(differences)}.")
                session.commit()
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, EOFError) as error:
        raise CopyError(f"{damaged}.") from error
    except OSError as error:
        raise CopyError(f"{path} cannot be read ({error.strerror}).") from error
    return kept


def _described(archive: zipfile.ZipFile) -> Contents:
    """Read what a backup says that it holds."""
    facts = json.loads(archive.read(_FACTS))
    if facts["format"] != _FORMAT or facts["revision"] != migrate.newest():
        raise CopyError(
            "The backup is of another release, with the tables of "
            f"{facts['revision']}. Restore it with that release, then upgrade."
        )
    return Contents(
        {name: (count, digest) for name, (count, digest) in facts["tables"].items()},
        {place: frozenset(facts["files"][place]) for place in PLACES},
    )


def _compare(kept: Contents, target: Store, advice: str) -> None:
    with target.database.read() as session:
        differences = kept.unlike(contents(session))
    for place in PLACES:
        if gone := _place(target, place).missing(kept.files[place]):
            differences.append(f"{len(gone)} {place} are missing")
    if differences:
        raise CopyError(
            f"The copy is not like the original ({'; '.join(differences)}), so do not "
            f"use it. {advice} give the same command again."
        )


def _refuse_unless_empty(database: Database) -> None:
    with database.read() as session:
        for table in _tables():
            if session.scalar(select(func.count()).select_from(table)):
                raise CopyError(
                    "There is a site already where this was to be copied to. Name an "
                    "empty data folder or database."
                )


def _place(store: Store, name: str) -> Media:
    media: Media = getattr(store, name)
    return media


def _files(
    store: Store, kept: Contents, progress: Progress
) -> Iterator[tuple[str, bytes]]:
    """Yield the files that rows speak of, with their place."""
    done, total = 0, sum(map(len, kept.files.values()))
    for place in PLACES:
        for digest in sorted(kept.files[place]):
            try:
                yield place, _place(store, place).get(digest)
            except MissingMediaError as error:
                raise CopyError(f"The site is not whole: {error}") from error
            progress(done := done + 1, total)


def _tables() -> list[Table]:
    """List what is copied, each table after those that it refers to."""
    left_out = RefusedPicture.__tablename__
    return [table for table in Base.metadata.sorted_tables if table.name != left_out]


def _rows(session: Session, table: Table) -> Iterator[Row]:
    """Yield a table's rows in the order of their keys, as the log's trigger wants."""
    query = select(table)
    if table.name == ImportJob.__tablename__:
        query = query.where(table.c.state.not_in(_WAITING))
    keys = [_in_bytes(session, column) for column in table.primary_key]
    rows = session.execute(
        query.order_by(*keys), execution_options={"yield_per": _ROWS_AT_ONCE}
    )
    for row in rows:
        yield [_written(value) for value in row]


def _in_bytes(session: Session, column: Column[Any]) -> Any:
    if is_postgresql(session) and column.type.python_type is str:
        return column.collate("C")
    return column


def _write(session: Session, table: Table, rows: Iterable[Row]) -> None:
    """Insert rows as they were, ids and all."""
    columns = list(table.columns)
    rows = iter(rows)
    while batch := list(islice(rows, _ROWS_AT_ONCE)):
        session.execute(
            insert(table),
            [
                {
                    column.name: _read(column, value)
                    for column, value in zip(columns, row, strict=True)
                }
                for row in batch
            ],
        )
    if is_postgresql(session) and "id" in table.columns:
        # The next row of ours must not get the id of one that came from elsewhere.
        # Table names are ours, and the function wants them quoted as in a statement.
        sequence = func.pg_get_serial_sequence(f'"{table.name}"', "id")
        last = func.max(table.c.id)
        session.execute(
            select(func.setval(sequence, func.coalesce(last, 1), last.is_not(None)))
        )


def _line(row: Row) -> bytes:
    return json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _written(value: object) -> object:
    """Return a value as JSON has it, the same on every engine."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Fraction):
        return str(value)
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value


def _read(column: Column[Any], value: Any) -> Any:
    """Return what `_written` wrote as the column takes it."""
    kind = column.type
    if value is None:
        return None
    if isinstance(kind, Moment):
        return datetime.fromisoformat(value)
    if isinstance(kind, Exact):
        return Fraction(value)
    if isinstance(kind, Enum) and kind.enum_class is not None:
        return kind.enum_class(value)
    if isinstance(kind, LargeBinary):
        return base64.b64decode(value)
    return value
