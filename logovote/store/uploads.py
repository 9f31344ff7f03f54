"""Uploaded exports, kept until they are imported or forgotten."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Protocol
from uuid import uuid4

from logovote.errors import LogovoteError

_LONGEST_PART_BYTES = 200
_DEEPEST = 10
_DOTS = frozenset({"/", ".", ".."})


class UploadError(LogovoteError):
    """What was sent cannot be kept; nothing of it is."""


class SentFile(Protocol):
    """A file as a browser sends it: a name that says anything, and its bytes."""

    filename: str | None

    def save(self, dst: Path) -> None:
        """Write the bytes to a path."""


class KeptUploads(Protocol):
    """Uploads in a folder or in a bucket; a key names one to either."""

    def keep(self, files: Sequence[SentFile]) -> str:
        """Write what was sent and return the upload's key."""

    def opened(self, key: str) -> AbstractContextManager[Path]:
        """Lend an upload as a file or folder on this machine."""

    def forget(self, key: str) -> None:
        """Delete an upload."""

    def tidy(self, keys: Collection[str], before: datetime) -> None:
        """Delete what no key names."""


class Uploads:
    """One folder per upload; an upload's key is a relative path and nothing more."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, files: Sequence[SentFile]) -> str:
        """Write what was sent into a folder of its own and return the upload's key.

        The names are strangers': they label the files inside that folder, and no part
        of one can lead out of it. A single file is its own key, so that an archive is
        read as one.

        Raises:
            UploadError: the disk takes no more.
        """
        root = self._folder / uuid4().hex
        try:
            paths = [_write(file, root, number) for number, file in enumerate(files)]
        except OSError as error:
            shutil.rmtree(root, ignore_errors=True)
            raise UploadError(
                f"The upload could not be kept ({error.strerror}). Free some space on "
                "the disk, then send it again; nothing was changed."
            ) from error
        kept = paths[0] if len(paths) == 1 else root
        return kept.relative_to(self._folder).as_posix()

    def path(self, key: str) -> Path:
        """Return where an upload can be read."""
        return self._folder / key

    @contextmanager
    def opened(self, key: str) -> Iterator[Path]:
        """Lend an upload, where it lies."""
        yield self.path(key)

    def forget(self, key: str) -> None:
        """Delete an upload."""
        shutil.rmtree(self._folder / PurePosixPath(key).parts[0], ignore_errors=True)

    def tidy(self, keys: Collection[str], before: datetime) -> None:
        """Delete what no key names: a process died while it came in."""
        known = {PurePosixPath(key).parts[0] for key in keys}
        for path in self._folder.glob("*"):
            if path.name not in known and path.stat().st_mtime < before.timestamp():
                shutil.rmtree(path, ignore_errors=True)


def _write(file: SentFile, root: Path, number: int) -> Path:
    path = root.joinpath(*_parts(file.filename or "") or [f"file-{number}"])
    if not _is_free(path):
        # Of the files of one name, what was sent later comes later.
        path = root / f"again-{number}" / path.name
    path.parent.mkdir(parents=True, exist_ok=True)
    file.save(path)
    return path


def _is_free(path: Path) -> bool:
    """Tell whether a file can be written here."""
    return not path.exists() and not any(folder.is_file() for folder in path.parents)


def _parts(name: str) -> list[str]:
    """Return the harmless parts of a file's name, none too long for a file system."""
    parts = PurePosixPath(name.replace("\\", "/").replace("\0", "")).parts
    return [
        part.encode(errors="replace")[:_LONGEST_PART_BYTES].decode(errors="ignore")
        for part in parts[-_DEEPEST:]
        if part not in _DOTS
    ]
