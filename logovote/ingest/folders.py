"""A folder, or a single file, as a source."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO

from logovote.ingest.members import Source, UnreadableSourceError, natural_key

_NOT_REGULAR = "This is no ordinary file (a {kind}), and it was not opened."
_KINDS = {
    stat.S_IFLNK: "link to another place",
    stat.S_IFIFO: "named pipe",
    stat.S_IFSOCK: "socket",
    stat.S_IFCHR: "device",
    stat.S_IFBLK: "device",
}


class FolderSource(Source):
    """Every ordinary file in a folder and below; links are not followed."""

    def __init__(self, root: Path) -> None:
        super().__init__()
        self._paths: list[Path] = []
        waiting = [root]
        while waiting:
            waiting += reversed(self._walk(waiting.pop(), root))

    def _walk(self, folder: Path, root: Path) -> list[Path]:
        """List one folder and return the folders in it that are worth a look."""
        try:
            paths = sorted(folder.iterdir(), key=lambda path: natural_key(path.name))
        except OSError as error:
            if folder == root:
                raise UnreadableSourceError("This folder cannot be opened.") from error
            self._refuse(_label(folder, root), "This folder cannot be opened.")
            return []
        deeper = []
        for path in paths:
            try:
                status = path.lstat()
            except OSError:
                self._refuse(_label(path, root), "This file cannot be opened.")
                continue
            if not stat.S_ISDIR(status.st_mode):
                self._meet(path, _label(path, root), status)
            elif path.name.startswith("."):
                # One line for a hidden folder: a `.git` holds thousands of files.
                self._add(_label(path, root), 0, -1)
            else:
                deeper.append(path)
        return deeper

    def _meet(self, path: Path, name: str, status: os.stat_result) -> None:
        if not stat.S_ISREG(status.st_mode):
            kind = _KINDS.get(stat.S_IFMT(status.st_mode), "special file")
            self._refuse(name, _NOT_REGULAR.format(kind=kind))
            return
        self._add(name, status.st_size, len(self._paths))
        self._paths.append(path)

    def _open(self, index: int) -> BinaryIO:
        # The file may have been swapped since it was listed: a link fails to open, and
        # opening a pipe without waiting is what O_NONBLOCK is for.
        flags = (
            os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        )
        descriptor = os.open(self._paths[index], flags | getattr(os, "O_BINARY", 0))
        opened = os.fdopen(descriptor, "rb")
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            opened.close()
            raise OSError("no longer an ordinary file")
        return opened


class FileSource(FolderSource):
    """One file by itself."""

    def __init__(self, path: Path) -> None:
        Source.__init__(self)
        self._paths = []
        self._meet(path.resolve(), _label(path, path.parent), path.stat())


def _label(path: Path, root: Path) -> str:
    """Return a path below `root` as text; bytes that are no UTF-8 become escapes."""
    raw = os.fsencode(path.relative_to(root).as_posix())
    return raw.decode("utf-8", "backslashreplace")
