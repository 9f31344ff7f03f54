"""Everything that is kept, opened once: the database and the pictures."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Self

from sqlalchemy import delete, select
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from logovote.errors import LogovoteError
from logovote.store import migrate
from logovote.store.buckets import Bucket, BucketMedia, BucketUploads
from logovote.store.media import Media, MediaStore
from logovote.store.models import ImportJob, OrganiserLink
from logovote.store.session import Database
from logovote.store.uploads import KeptUploads, Uploads

# What a bucket answers with, should somebody fetch from it directly: a derivative is
# a WebP for good, a stranger's file is never shown.
_FOR_BROWSERS = {
    "Content-Type": "image/webp",
    "Cache-Control": "public, max-age=31536000, immutable",
}
_AS_SENT = {
    "Content-Type": "application/octet-stream",
    "Content-Disposition": "attachment",
    "Cache-Control": "private, no-store",
}


# Refused where the database takes no changes; changes none.
_WRITE_NOTHING = delete(OrganiserLink).where(OrganiserLink.id < 0)


class StoreError(LogovoteError):
    """What a site is to keep cannot be kept."""

    may_pass = True


@dataclass(frozen=True)
class Store:
    """The places that a site keeps things in.

    Originals and derivatives are kept apart, so that whoever serves pictures cannot
    reach a file as a stranger sent it.
    """

    database: Database
    originals: Media
    derivatives: Media
    uploads: KeptUploads

    @classmethod
    def open(cls, database_url: str, folder: Path, storage_url: str = "") -> Self:
        """Open a store, bringing an SQLite database up to this release.

        Args:
            database_url: see store.session.
            folder: where files lie, unless there is a storage.
            storage_url: a bucket, see store.buckets; "" for none.

        Raises:
            StoreError: the database does not answer, or takes no changes.
        """
        bucket = Bucket.at(storage_url) if storage_url else None
        database = Database(database_url)
        try:
            migrate.require(database)
        except (OperationalError, InterfaceError) as error:
            reason = " ".join(str(error.orig).split())
            raise StoreError(
                f"The database cannot be used now ({reason}). See that it runs, is "
                "where LOGOVOTE_DATABASE_URL says, and can be written."
            ) from error
        if bucket is None:
            return cls(
                database,
                MediaStore(folder / "originals"),
                MediaStore(folder / "derivatives"),
                Uploads(folder / "uploads"),
            )
        return cls(
            database,
            BucketMedia(bucket.folder("originals"), _AS_SENT),
            BucketMedia(bucket.folder("derivatives"), _FOR_BROWSERS),
            BucketUploads(bucket.folder("uploads")),
        )

    def check(self) -> None:
        """Write to every place, and take it back.

        Raises:
            StoreError: one of them cannot be written.
        """
        probe = secrets.token_bytes(16)
        try:
            for media in (self.originals, self.derivatives):
                digest = media.put(probe)
                media.get(digest)
                media.forget(digest)
        except LogovoteError as error:
            raise StoreError(f"Pictures cannot be kept: {error.__cause__}") from error
        try:
            with self.database.write() as session:
                session.execute(_WRITE_NOTHING)
        except DBAPIError as error:
            raise StoreError(f"The database cannot be written: {error.orig}") from error

    def tidy(self, before: datetime) -> None:
        """Delete what processes that were killed before then left half written."""
        self.originals.tidy(before)
        self.derivatives.tidy(before)
        with self.database.read() as session:
            keys = session.scalars(select(ImportJob.source)).all()
        self.uploads.tidy(keys, before)
