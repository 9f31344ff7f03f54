"""A web page saved as one file (MHTML): the page and its pictures, in a mail's form."""

from __future__ import annotations

import binascii
import io
import mmap
import quopri
import re
from collections.abc import Iterator
from email.message import Message
from email.parser import BytesHeaderParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from logovote.ingest.members import (
    HEAD_BYTES,
    MAX_MEMBER_BYTES,
    Source,
    UnreadableFileError,
    UnreadableSourceError,
)

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_BLANK = re.compile(rb"\r?\n\r?\n")
_FURNITURE = "Part of the saved page, no picture."
_DAMAGED = "This saved page is damaged or incomplete. Save it again."


class WebArchiveSource(Source):
    """The page is called as the file is; its pictures lie in a folder beside it.

    Cut at its boundary rather than parsed as a mail: the standard library's parser
    needs six seconds for a hostile megabyte.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        with path.open("rb") as file:
            self._data = self._held.enter_context(
                mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            )
        self._parts: list[tuple[int, int, str]] = []
        for start, end in _spans(self._data):
            self._meet(start, end, path.stem)
        if not self._parts:
            self._held.close()
            raise UnreadableSourceError(_DAMAGED)

    def _meet(self, start: int, end: int, stem: str) -> None:
        head, start = _head(self._data, start, end)
        kind = head.get_content_type()
        name = f"{stem}.html"
        if self._parts:
            name = f"{stem}_files/{_place(str(head.get('Content-Location', '')))}"
            if not kind.startswith(("image/", "application/octet-stream")):
                self._ignore(name, _FURNITURE)
                return
        coding = str(head.get("Content-Transfer-Encoding", "")).strip().casefold()
        self._add(name, end - start, len(self._parts))
        self._parts.append((start, end, coding))

    def _open(self, index: int) -> io.BytesIO:
        start, end, coding = self._parts[index]
        if end - start > 2 * MAX_MEMBER_BYTES:
            raise UnreadableFileError(_DAMAGED)
        data = self._data[start:end]
        if coding == "base64":
            data = binascii.a2b_base64(data)
        elif coding == "quoted-printable":
            data = quopri.decodestring(data)
        return io.BytesIO(data)


def _spans(data: mmap.mmap) -> Iterator[tuple[int, int]]:
    """Yield where each part begins and ends, its headers included.

    Raises:
        UnreadableSourceError: there is no boundary, or no end.
    """
    head, at = _head(data, 0, len(data))
    boundary = head.get_boundary()
    if not boundary:
        raise UnreadableSourceError(_DAMAGED)
    mark = b"--" + boundary.encode("ascii", "replace")
    at = data.find(mark, max(0, at - 2))
    while at >= 0 and data[at + len(mark) : at + len(mark) + 2] != b"--":
        after = data.find(b"\n" + mark, at + len(mark))
        if after < 0:
            raise UnreadableSourceError(_DAMAGED)
        yield at + len(mark), after
        at = after + 1
    if at < 0:
        raise UnreadableSourceError(_DAMAGED)


def _head(data: mmap.mmap, start: int, end: int) -> tuple[Message, int]:
    """Read headers; return them and where what they head begins."""
    text = data[start : min(end, start + HEAD_BYTES)].lstrip(b"\r\n")
    start += len(data[start : min(end, start + HEAD_BYTES)]) - len(text)
    blank = _BLANK.search(text)
    upto, after = blank.span() if blank else (len(text), len(text))
    return BytesHeaderParser().parsebytes(text[:upto]), start + after


def _place(address: str) -> str:
    """Return an address as a name: no scheme, no way up, nothing that hides."""
    parts = urlsplit(address.strip())
    whole = _CONTROL.sub("", f"{parts.netloc}/{unquote(parts.path)}")
    steps = [step.lstrip(".") for step in re.split(r"[/\\]", whole)]
    return "/".join(step for step in steps if step) or "unnamed"
