"""Everything that is kept, opened once: the database and the pictures."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from logovote.store import migrate
from logovote.store.media import MediaStore
from logovote.store.session import Database


@dataclass(frozen=True)
class Store:
    """The two places that a site keeps things in."""

    database: Database
    media: MediaStore

    @classmethod
    def open(cls, database_url: str, media_folder: Path) -> Self:
        """Open a store, bringing the tables up to this release."""
        database = Database(database_url)
        migrate.upgrade(database)
        return cls(database, MediaStore(media_folder))
