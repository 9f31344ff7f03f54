"""Zip and tar archives as sources, read in place and never unpacked to named files."""

from __future__ import annotations

import bz2
import gzip
import lzma
import re
import stat
import struct
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO, cast
from zlib import crc32

from logovote.ingest.folders import FileSource, FolderSource
from logovote.ingest.members import (
    ARCHIVES,
    CHUNK_BYTES,
    HEAD_BYTES,
    MAX_MEMBERS,
    MAX_TOTAL_BYTES,
    SAVE_AS_CSV,
    Source,
    Stream,
    UnreadableSourceError,
    is_web_archive,
    is_workbook,
    readable,
)
from logovote.ingest.webarchives import WebArchiveSource

# Deflate makes flat drawings very small, so a ratio alone says little below this size.
_MAX_RATIO = 200
_UNSUSPICIOUS_BYTES = 2**20
_UNSUSPICIOUS_STREAM_BYTES = 64 * 2**20
# The central directory is read in one piece: 400 bytes for each of the members we take.
_MAX_GULP_BYTES = 400 * MAX_MEMBERS
# So is each extended header of a tar, and all of them are kept.
_MAX_TAR_GULP_BYTES = 2**18
_MAX_HEADERS_BYTES = 4 * 1024 * MAX_MEMBERS
_LOCAL_HEADER_BYTES = 30
_FIELD, _UNICODE_PATH = struct.Struct("<HH"), 0x7075
_XZ_MEMORY_BYTES = 256 * 2**20
_TAR_BLOCK_BYTES = 512
_GZIP, _BZIP2, _XZ = b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0"

# How pictures begin that somebody may have called .zip.
_PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"<", b"%PDF", _GZIP)

_DAMAGED = "This archive is damaged or incomplete. Make or download it again."
_BOMB = "This archive unpacks to far more than it should and was not read."
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def open_source(path: Path) -> Source:
    """Open a folder, zip, tar (plain, gz, bz2, xz), saved page or other single file.

    Which of these a file is, its content tells.

    Raises:
        UnreadableSourceError: nothing is there, or it cannot be read as a whole.
    """
    with readable(UnreadableSourceError, f"“{path.name}” cannot be opened."):
        if not path.exists():
            raise UnreadableSourceError(f"There is no “{path.name}”. Check the path.")
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            return FolderSource(path)
        if not stat.S_ISREG(mode):
            raise UnreadableSourceError(
                f"“{path.name}” is neither a folder nor an ordinary file."
            )
        with path.open("rb") as opened:
            start = opened.read(HEAD_BYTES)
    with readable(UnreadableSourceError, _DAMAGED):
        if start.startswith((b"PK\x03\x04", b"PK\x05\x06")) or _hides_zip(path):
            source = ZipSource(path)
            if is_workbook(start, (member.name for member in source.members)):
                source.close()
                raise UnreadableSourceError(f"“{path.name}”: {SAVE_AS_CSV}")
            return source
        if _is_tar(path, start):
            return TarSource(path, start)
        if is_web_archive(start):
            return WebArchiveSource(path)
        if ARCHIVES.search(path.name) and not start.lstrip().startswith(_PICTURES):
            raise UnreadableSourceError(
                f"“{path.name}” is no zip or tar archive, or it is damaged. Pack the "
                "pictures as a zip, or download it again."
            )
        return FileSource(path)


class ZipSource(Source):
    """A zip archive."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        with ExitStack() as held:
            file = _Sips(held.enter_context(path.open("rb")), _MAX_GULP_BYTES)
            self._zip = held.enter_context(zipfile.ZipFile(cast("IO[bytes]", file)))
            self._infos = self._zip.infolist()
            self._list()
            self._held = held.pop_all()

    def _list(self) -> None:
        names = [_zip_name(info) for info in self._infos]
        refusals = {
            index: reason
            for index, (name, info) in enumerate(zip(names, self._infos, strict=True))
            if (reason := unsafe(name) or _zip_refusal(info, self._zip.start_dir))
        }
        # What is not read harms nobody, whatever bytes it claims.
        sound = [index for index in range(len(names)) if index not in refusals]
        overlapping = _overlapping(self._infos, sound)
        for index, (name, info) in enumerate(zip(names, self._infos, strict=True)):
            if name.endswith("/"):
                self._count()
            elif index in refusals:
                self._refuse(name, refusals[index])
            elif index in overlapping:
                self._refuse(name, "It shares its bytes with another file.")
            else:
                self._add(name, info.file_size, index)

    def _open(self, index: int) -> Stream:
        return self._zip.open(self._infos[index])


class TarSource(Source):
    """A tar archive.

    A compressed one is first unfolded, bounded, into a temporary file without a name:
    going back and forth in the compressed stream would cost its whole length each time.
    """

    def __init__(self, path: Path, start: bytes) -> None:
        super().__init__()
        self._infos: list[tarfile.TarInfo] = []
        with ExitStack() as held:
            plain = held.enter_context(_unfolded(path, start))
            file = _Sips(plain, _MAX_TAR_GULP_BYTES, _MAX_HEADERS_BYTES)
            self._tar = held.enter_context(
                tarfile.open(fileobj=cast("IO[bytes]", file), mode="r:")
            )
            self._list()
            # `tarfile` takes a damaged header for the end; the end is made of zeros.
            file.seek(self._tar.offset)
            if file.read(_TAR_BLOCK_BYTES).strip(b"\0"):
                raise UnreadableSourceError(_DAMAGED)
            file.left = None
            self._held = held.pop_all()

    def _list(self) -> None:
        for info in self._tar:
            name = _utf8(info.name).removeprefix("./")
            if info.isdir():
                self._count()
            elif reason := unsafe(name) or _tar_refusal(info):
                self._refuse(name, reason)
            else:
                self._add(name, info.size, len(self._infos))
                self._infos.append(info)

    def _open(self, index: int) -> Stream:
        opened = self._tar.extractfile(self._infos[index])
        if opened is None:
            raise OSError("not a file")
        return opened


class _Sips:
    """A file that refuses to be swallowed in one gulp.

    Both libraries read whole directories and extended headers into memory, of whatever
    length the archive claims. `left` bounds what is read in all, until it is None.
    """

    def __init__(self, file: BinaryIO, gulp: int, left: int | None = None) -> None:
        self._file = file
        self._gulp = gulp
        self.left = left
        self.seek = file.seek
        self.tell = file.tell
        self.close = file.close
        self.seekable = file.seekable

    def read(self, size: int = -1) -> bytes:
        most = self._gulp + 1
        data = self._file.read(min(size, most) if size >= 0 else most)
        if len(data) > self._gulp:
            raise OSError("a gulp too large")
        if self.left is not None:
            self.left -= len(data)
            if self.left < 0:
                raise OSError("too many headers")
        return data


def unsafe(name: str) -> str | None:
    """Return why an archive member's name may not be trusted, if it may not.

    We never write to such a path; but who made the archive hoped that someone does.
    """
    # macOS calls the picture of a folder "Icon\r"; it is ignored later on.
    if _CONTROL.search(name.removesuffix("Icon\r")):
        return "Its name holds control characters. Rename it and pack again."
    if "\\" in name:
        return "Its name holds a backslash. Rename it and pack again."
    if name.startswith("/") or re.match(r"[A-Za-z]:", name):
        return "Its name is an absolute path. Pack the folder that holds the entries."
    if ".." in PurePosixPath(name).parts:
        return "Its name leads out of the archive. Pack the folder with the entries."
    if not name.strip("/."):
        return "It has no name. Rename it and pack again."
    return None


def _zip_name(info: zipfile.ZipInfo) -> str:
    """Return a member's name, which macOS writes as UTF-8 without saying so.

    `filename` ends at a NUL, so that two programs may see two names. What Windows packs
    without a program of one's own may have backslashes between folders.
    """
    name = _utf8(info.orig_filename)
    if not info.flag_bits & 0x800:
        with suppress(UnicodeError):
            raw = info.orig_filename.encode("cp437")
            name = (_unicode_path(info.extra, raw) or raw).decode("utf-8")
    return name.replace("\\", "/").removeprefix("./")


def _unicode_path(extra: bytes, raw: bytes) -> bytes | None:
    """Return the name in UTF-8 that some programs put beside one in another encoding.

    It counts while it belongs to that name, as its checksum tells.
    """
    while len(extra) >= _FIELD.size:
        kind, size = _FIELD.unpack_from(extra)
        field, extra = extra[_FIELD.size :][:size], extra[_FIELD.size + size :]
        if kind == _UNICODE_PATH and field[1:5] == crc32(raw).to_bytes(4, "little"):
            return field[5:]
    return None


def _hides_zip(path: Path) -> bool:
    """Whether a file called .zip is one that begins with something else."""
    return path.suffix.casefold() == ".zip" and zipfile.is_zipfile(path)


def _zip_refusal(info: zipfile.ZipInfo, end: int) -> str | None:
    """Say why a member is not read, where the members end at `end`."""
    if info.flag_bits & 0x2041:
        return "It is encrypted. Pack the folder again without a password."
    if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG):
        return "It is a link or a device, no file."
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "It is packed in an unusual way. Pack again with the usual zip settings."
    if info.file_size > max(_UNSUSPICIOUS_BYTES, _MAX_RATIO * info.compress_size):
        return "It claims to unpack to far more than it should."
    if info.header_offset + _LOCAL_HEADER_BYTES + info.compress_size > end:
        return "Its place in the archive is wrong. Pack it again."
    return None


def _overlapping(infos: list[zipfile.ZipInfo], sound: list[int]) -> set[int]:
    """Return the members whose bytes begin before those of another have ended.

    Newer versions of Python look for this themselves; 3.11.7 does not (CVE-2024-0450).
    """
    order = sorted(sound, key=lambda index: infos[index].header_offset)
    overlapping: set[int] = set()
    last, end = -1, -1
    for index in order:
        info = infos[index]
        if info.header_offset < end:
            overlapping |= {last, index}
        reach = info.header_offset + _LOCAL_HEADER_BYTES + info.compress_size
        if reach > end:
            last, end = index, reach
    return overlapping


def _tar_refusal(info: tarfile.TarInfo) -> str | None:
    if info.issparse():
        return (
            "It is stored with holes. Pack again without the option for sparse files."
        )
    if not info.isreg():
        return "It is a link or a device, no file."
    return None


def _is_tar(path: Path, start: bytes) -> bool:
    """Whether a file is a tar, plain or compressed; a gzipped SVG is none."""
    if start[257:262] == b"ustar":
        return True
    if start.startswith((_GZIP, _BZIP2, _XZ)):
        return not path.name.casefold().endswith((".svgz", ".svg.gz"))
    return path.suffix.casefold() == ".tar"


def _unfolded(path: Path, start: bytes) -> BinaryIO:
    """Return the plain tar within a file, whatever it is wrapped in."""
    if not start.startswith((_GZIP, _BZIP2, _XZ)):
        return path.open("rb")
    limit = min(
        MAX_TOTAL_BYTES + MAX_MEMBERS * 4 * _TAR_BLOCK_BYTES,
        max(_UNSUSPICIOUS_STREAM_BYTES, _MAX_RATIO * path.stat().st_size),
    )
    with ExitStack() as held:
        plain = held.enter_context(tempfile.TemporaryFile())
        for chunk in _stream(path, start):
            if plain.tell() + len(chunk) > limit:
                raise UnreadableSourceError(_BOMB)
            plain.write(chunk)
        plain.seek(0)
        held.pop_all()
    return cast("BinaryIO", plain)


def _stream(path: Path, start: bytes) -> Iterator[bytes]:
    """Unfold a compressed file, a chunk at a time."""
    if start.startswith(_XZ):
        yield from _unxz(path)
        return
    with gzip.open(path) if start.startswith(_GZIP) else bz2.open(path) as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


def _unxz(path: Path) -> Iterator[bytes]:
    """Unfold an xz stream; LZMAFile has no bound on the memory a header may ask for."""
    with path.open("rb") as file:
        unfold = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY_BYTES)
        while not unfold.eof:
            packed = file.read(CHUNK_BYTES) if unfold.needs_input else b""
            if unfold.needs_input and not packed:
                raise EOFError("the xz stream ends early")
            yield unfold.decompress(packed, CHUNK_BYTES)


def _utf8(name: str) -> str:
    """Return a name without lone surrogates; bytes that are no UTF-8 become escapes."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
