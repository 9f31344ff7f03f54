"""Uploaded exports, kept until they are imported or forgotten."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Protocol
from uuid import uuid4

_LONGEST_PART_BYTES = 200
_DEEPEST = 10
_DOTS = frozenset({"/", ".", ".."})


class SentFile(Protocol):
    """A file as a browser sends it: a name that says anything, and its bytes."""

    filename: str | None

    def save(self, dst: Path) -> None:
        """Write the bytes to a path."""


class Uploads:
    """One folder per upload; an upload's key is a relative path and nothing more."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, files: Sequence[SentFile]) -> str:
        """Write what was sent into a folder of its own and return the upload's key.

        The names are strangers': they label the files inside that folder, and no part
        of one can lead out of it. A single file is its own key, so that an archive is
        read as one.
        """
        root = self._folder / uuid4().hex
        for number, file in enumerate(files):
            path = root.joinpath(*_parts(file.filename or "") or [f"file-{number}"])
            if not _is_free(path):
                path = root / uuid4().hex / path.name
            path.parent.mkdir(parents=True, exist_ok=True)
            file.save(path)
        kept = path if len(files) == 1 else root
        return kept.relative_to(self._folder).as_posix()

    def path(self, key: str) -> Path:
        """Return where an upload can be read."""
        return self._folder / key

    def forget(self, key: str) -> None:
        """Delete an upload."""
        shutil.rmtree(self._folder / PurePosixPath(key).parts[0], ignore_errors=True)


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
