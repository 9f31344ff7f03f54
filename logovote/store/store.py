"""Everything that is kept, opened once: the database and the pictures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Self

from sqlalchemy import select

from logovote.store import migrate
from logovote.store.media import MediaStore
from logovote.store.models import ImportJob
from logovote.store.session import Database
from logovote.store.uploads import Uploads


@dataclass(frozen=True)
class Store:
    """The places that a site keeps things in.

    Originals and derivatives are kept apart, so that whoever serves pictures cannot
    reach a file as a stranger sent it.
    """

    database: Database
    originals: MediaStore
    derivatives: MediaStore
    uploads: Uploads

    @classmethod
    def open(cls, database_url: str, folder: Path) -> Self:
        """Open a store, bringing the tables up to this release."""
        database = Database(database_url)
        migrate.upgrade(database)
        return cls(
            database,
            MediaStore(folder / "originals"),
            MediaStore(folder / "derivatives"),
            Uploads(folder / "uploads"),
        )

    def tidy(self, before: datetime) -> None:
        """Delete what processes that were killed before then left half written."""
        self.originals.tidy(before)
        self.derivatives.tidy(before)
        with self.database.read() as session:
            keys = session.scalars(select(ImportJob.source)).all()
        self.uploads.tidy(keys, before)
