"""Originals and derivatives by the SHA-256 of their bytes, in a folder."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Collection, Iterator
from datetime import datetime
from pathlib import Path
from typing import Protocol

from logovote.errors import LogovoteError


class MissingMediaError(LogovoteError):
    """A file that the database knows is not in the store."""


class MediaUnavailableError(LogovoteError):
    """The store cannot be asked now."""


_UNFINISHED = "unfinished-"


def digest_of(data: bytes) -> str:
    """Return the SHA-256 of `data`, as 64 hex digits."""
    return hashlib.sha256(data).hexdigest()


class MediaWriteError(LogovoteError):
    """The disk takes no more files; nothing half written is left."""


class Media(Protocol):
    """Write-once bytes named by their digest: `MediaStore`, or a bucket."""

    def put(self, data: bytes) -> str:
        """Keep `data` and return its digest; the same bytes are kept once."""

    def get(self, digest: str) -> bytes:
        """Return the bytes kept under `digest`."""

    def has(self, digest: str) -> bool:
        """Tell whether anything is kept under `digest`."""

    def missing(self, digests: Collection[str]) -> set[str]:
        """Return those of `digests` that are not kept."""

    def digests(self) -> Iterator[str]:
        """Yield what is kept, in no order."""

    def forget(self, digest: str) -> None:
        """Delete what is kept under `digest`, if there is anything."""

    def tidy(self, before: datetime) -> None:
        """Delete what a process that was killed before then left unfinished."""


class MediaStore:
    """Write-once files named by their digest, two levels deep."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, data: bytes) -> str:
        """Keep `data` and return its digest; the same bytes are kept once.

        Raises:
            MediaWriteError: there is no space, or the folder cannot be written.
        """
        digest = digest_of(data)
        path = self._path(digest)
        if path.exists():
            return digest
        try:
            self._write(path, data)
        except OSError as error:
            raise MediaWriteError(
                f"A picture could not be written ({error.strerror}), so the import "
                "stopped. Free some space on the disk, then start it again; what was "
                "imported so far is kept."
            ) from error
        return digest

    def _write(self, path: Path, data: bytes) -> None:
        """Write beside its place and rename, so that no half file is ever seen."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            dir=self._folder, prefix=_UNFINISHED, delete=False
        ) as file:
            try:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            except OSError:
                Path(file.name).unlink(missing_ok=True)
                raise
        Path(file.name).replace(path)

    def forget(self, digest: str) -> None:
        """Delete the file under `digest`, if there is one."""
        self._path(digest).unlink(missing_ok=True)

    def tidy(self, before: datetime) -> None:
        """Delete what a process that was killed before then left unfinished."""
        for path in self._folder.glob(f"{_UNFINISHED}*"):
            if path.stat().st_mtime < before.timestamp():
                path.unlink(missing_ok=True)

    def has(self, digest: str) -> bool:
        """Tell whether there is a file under `digest`."""
        return self._path(digest).is_file()

    def missing(self, digests: Collection[str]) -> set[str]:
        """Return those of `digests` that are not kept."""
        return {digest for digest in digests if not self.has(digest)}

    def digests(self) -> Iterator[str]:
        """Yield what is kept, in no order."""
        for path in self._folder.glob("??/*"):
            yield path.parent.name + path.name

    def get(self, digest: str) -> bytes:
        """Return the bytes kept under `digest`.

        Raises:
            MissingMediaError: there are none.
        """
        try:
            return self._path(digest).read_bytes()
        except FileNotFoundError as error:
            raise MissingMediaError(
                f"The picture {digest[:12]}… is missing from the data folder. "
                "Restore it from a backup, or import the designs again."
            ) from error

    def _path(self, digest: str) -> Path:
        return self._folder / digest[:2] / digest[2:]
