"""Originals and derivatives by the SHA-256 of their bytes, in a folder."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

from logovote.errors import LogovoteError


class MissingMediaError(LogovoteError):
    """A file that the database knows is not in the store."""


def digest_of(data: bytes) -> str:
    """Return the SHA-256 of `data`, as 64 hex digits."""
    return hashlib.sha256(data).hexdigest()


class MediaStore:
    """Write-once files named by their digest, two levels deep."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, data: bytes) -> str:
        """Keep `data` and return its digest; the same bytes are kept once."""
        digest = digest_of(data)
        path = self._path(digest)
        if path.exists():
            return digest
        path.parent.mkdir(parents=True, exist_ok=True)
        # Written beside its place and renamed, so that no half file is ever seen.
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(file.name).replace(path)
        return digest

    def has(self, digest: str) -> bool:
        """Tell whether there is a file under `digest`."""
        return self._path(digest).is_file()

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
