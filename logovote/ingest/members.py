"""What every source of files has in common: members, problems and limits.

A source is a folder, an archive or a single file. Names are labels here, never paths:
nothing in this package writes to a place that a name could choose.
"""

from __future__ import annotations

import io
import lzma
import re
import struct
import tarfile
import unicodedata
import zipfile
import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, Self

from logovote.errors import LogovoteError, UnreadableInputError
from logovote.ingest.names import Natural, natural, without_extension

MAX_MEMBERS = 20_000
MAX_MEMBER_BYTES = 25 * 2**20
MAX_TOTAL_BYTES = 2 * 2**30
CHUNK_BYTES = 2**16

# How archives are called; what a file is, its content decides.
ARCHIVES = re.compile(
    r"\.(zipx?|7z|rar|tar|t?gz|tbz2?|bz2|t?xz|t?zst|lz4|cab|dmg|iso)$", re.IGNORECASE
)
_ARCHIVE_STARTS = (
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"7z\xbc\xaf'\x1c",
    b"Rar!\x1a\x07",
    b"BZh",
    b"\xfd7zXZ\0",
    b"(\xb5/\xfd",
)
# OpenDocument puts its kind first, unpacked; Excel's parts have names of their own.
_SHEET_KIND = b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet"
_SHEET_KIND_AT = 30
_SHEET_PARTS = "[Content_Types].xml", "xl/workbook."
_ZIP_RECORD = b"PK\x01\x02"
_MAX_SHEET_PARTS = 5_000
_TAR_MARK, _TAR_MARK_AT = b"ustar", 257
# How a page begins that was saved as one file; headers beyond this belong to none.
HEAD_BYTES = 8192
_PAGE_HEAD = re.compile(
    rb"^(?:mime-version|from|date|subject|snapshot-content-location):"
    rb".*^content-type:\s*multipart/related\b",
    re.IGNORECASE | re.DOTALL | re.MULTILINE,
)
_SAFARI_PAGE = b"bplist00", b"WebMainResource"
_JUNK_FILES = frozenset(("thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r"))
_JUNK_FOLDERS = frozenset(("__macosx", "$recycle.bin", "@eadir"))
# Joiners that many scripts and emoji need; all other format characters are shown.
_HARMLESS_FORMATS = "\u200c\u200d"


class UnreadableSourceError(UnreadableInputError):
    """The folder, archive or file as a whole cannot be read."""


class UnreadableFileError(LogovoteError):
    """One file of a source cannot be read; the others may well be."""


class WorkbookError(UnreadableFileError):
    """A file is a workbook: perhaps with a list of entries, but not read as one."""


class Status(StrEnum):
    """Why a file that was met is no entry."""

    REFUSED = "refused"
    IGNORED = "ignored"


@dataclass(frozen=True)
class Member:
    """A file of a source.

    `name` is what the source calls it, with `/` between folders; two members may share
    one. `size` is what the source says, in bytes, and may be a lie.
    """

    name: str
    size: int
    index: int = field(repr=False)


@dataclass(frozen=True)
class Problem:
    """A file that was met and left out, with a reason worded for people."""

    file: str
    reason: str
    status: Status = Status.REFUSED


class Stream(Protocol):
    """The one thing asked of an opened member."""

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes, none at the end."""

    def close(self) -> None:
        """Let go of it."""


class Source(ABC):
    """Files to be read one by one, each bounded; a context manager."""

    def __init__(self) -> None:
        self._members: list[Member] = []
        self._problems: list[Problem] = []
        self._met = 0
        self._declared_bytes = 0
        self._read_bytes = 0
        self._read_before: dict[int, int] = {}
        self._held = ExitStack()

    @property
    def members(self) -> tuple[Member, ...]:
        """The files that may be read, in natural order of their names."""
        return tuple(sorted(self._members, key=lambda member: natural_key(member.name)))

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What was met and left out, in the order of meeting."""
        return tuple(self._problems)

    def read(self, member: Member) -> bytes:
        """Return a member's bytes, counting them rather than trusting their header.

        Raises:
            UnreadableFileError: the file is damaged, too large, or itself an archive.
        """
        self._read_bytes -= self._read_before.pop(member.index, 0)
        left = MAX_TOTAL_BYTES - self._read_bytes
        buffer = bytearray()
        try:
            with (
                readable(UnreadableFileError, "This file is damaged or unreadable."),
                closing(self._open(member.index)) as stream,
            ):
                while chunk := stream.read(CHUNK_BYTES):
                    buffer += chunk
                    if len(buffer) > MAX_MEMBER_BYTES:
                        raise UnreadableFileError(_TOO_LARGE)
                    if len(buffer) > left:
                        raise UnreadableFileError(_TOO_LARGE_TOGETHER)
        finally:
            self._read_before[member.index] = len(buffer)
            self._read_bytes += len(buffer)
        data = bytes(buffer)
        if data.startswith(_ARCHIVE_STARTS[0]) and is_workbook(data, _names_in(data)):
            raise WorkbookError(SAVE_AS_CSV)
        if is_web_archive(data[:HEAD_BYTES]):
            raise UnreadableFileError(_IMPORT_IT_ALONE)
        if data.startswith(_SAFARI_PAGE[0]) and _SAFARI_PAGE[1] in data[:HEAD_BYTES]:
            raise UnreadableFileError(_SAVE_ELSEWHERE)
        if data.startswith(_ARCHIVE_STARTS) or data.startswith(_TAR_MARK, _TAR_MARK_AT):
            raise UnreadableFileError(_UNPACK_IT)
        return data

    def close(self) -> None:
        """Let go of what the source holds open."""
        self._held.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @abstractmethod
    def _open(self, index: int) -> Stream:
        """Open a member for reading; may fail as it likes."""

    def _add(self, name: str, size: int, index: int) -> None:
        """Take a file into the listing, or say why not."""
        self._count()
        if reason := junk(name):
            self._problems.append(Problem(name, reason, Status.IGNORED))
        elif size > MAX_MEMBER_BYTES:
            reason = _UNPACK_IT if ARCHIVES.search(name) else _TOO_LARGE
            self._problems.append(Problem(name, reason))
        elif self._declared_bytes + size > MAX_TOTAL_BYTES:
            self._problems.append(Problem(name, _TOO_LARGE_TOGETHER))
        else:
            self._declared_bytes += size
            self._members.append(Member(name, size, index))

    def _refuse(self, name: str, reason: str) -> None:
        self._count()
        self._problems.append(Problem(name, reason))

    def _ignore(self, name: str, reason: str) -> None:
        self._count()
        self._problems.append(Problem(name, reason, Status.IGNORED))

    def _count(self) -> None:
        """Count one thing met, folders of an archive included."""
        self._met += 1
        if self._met > MAX_MEMBERS:
            raise UnreadableSourceError(
                f"There are more than {MAX_MEMBERS:,} files in it. "
                "Import the folder or archive that holds only the entries."
            )


SAVE_AS_CSV = "This is a workbook. Save the sheet with the list of entries as CSV."
_UNPACK_IT = "This is an archive inside the import. Unpack it and import what it holds."
_IMPORT_IT_ALONE = "This is a page saved with its pictures. Import it by itself."
_SAVE_ELSEWHERE = (
    "This is a page that Safari saved. Save it with another browser as “Web page, "
    "complete”, and import that with its pictures."
)
_TOO_LARGE = (
    f"This file is larger than {MAX_MEMBER_BYTES // 2**20} MB. "
    "Save a smaller version of the picture."
)
_TOO_LARGE_TOGETHER = (
    f"The files before this one already hold {MAX_TOTAL_BYTES // 2**30} GB. "
    "Import the rest separately."
)
# Damaged archives make the standard library raise far more than its own errors.
# RecursionError is a RuntimeError, UnicodeError a ValueError.
_FAILURES = (
    OSError,
    EOFError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    AssertionError,
    RuntimeError,
    MemoryError,
    struct.error,
    zlib.error,
    lzma.LZMAError,
    tarfile.TarError,
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
)


@contextmanager
def readable(error: type[LogovoteError], message: str) -> Iterator[None]:
    """Turn every way in which reading can fail into one refusal."""
    try:
        yield
    except LogovoteError:
        raise
    except _FAILURES as failure:
        raise error(message) from failure


def _names_in(data: bytes) -> list[str]:
    """List what is in a zip that is small enough for a workbook; never fails."""
    if data.count(_ZIP_RECORD) > _MAX_SHEET_PARTS:
        return []
    with suppress(*_FAILURES), zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.namelist()
    return []


def is_workbook(start: bytes, names: Iterable[str]) -> bool:
    """Whether a zip is a workbook, of Excel, LibreOffice or others.

    Args:
        start: how it begins.
        names: what is in it; to look for in its bytes would find those of one inside.
    """
    if start.startswith(_SHEET_KIND, _SHEET_KIND_AT):
        return True
    named = list(names)
    return all(any(name.startswith(part) for name in named) for part in _SHEET_PARTS)


def is_web_archive(start: bytes) -> bool:
    """Whether a file begins as a page does that was saved as one file."""
    return b"<" not in start[:1] and _PAGE_HEAD.match(start.lstrip()) is not None


def junk(name: str) -> str | None:
    """Return why a file is no one's work but an operating system's, if it is."""
    *folders, base = name.casefold().split("/")
    if base in _JUNK_FILES or not _JUNK_FOLDERS.isdisjoint(folders):
        return "The operating system's own file, no entry."
    if any(part.startswith(".") and part.strip(".") for part in (*folders, base)):
        return "A hidden file, no entry."
    return None


def printable(name: str) -> str:
    """Return a name that is safe in a terminal and a log, on one line.

    Control characters, line separators, direction overrides, lone surrogates and other
    invisible ones are shown as escapes; every script stays as it is.
    """
    return "".join(
        char
        if char in _HARMLESS_FORMATS
        or unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Cn", "Zl", "Zp")
        else char.encode("unicode_escape", "surrogatepass").decode("ascii")
        for char in name
    )


def natural_key(name: str) -> tuple[tuple[Natural, ...], str]:
    """Return a sort key by which `9.png` comes before `10.png`, whatever the case.

    Extensions count last: `a.png` comes before `a 2.png` and `a-2.png`.
    """
    *folders, base = name.split("/")
    return tuple(map(natural, (*folders, without_extension(base)))), name
