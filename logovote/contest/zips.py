"""A zip written while it is read: whatever its size, little of it is in memory."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import cast

_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Member:
    """A file to be: its name, how large it will be at most, and its bytes in pieces."""

    name: str
    size: int
    pieces: Iterable[bytes]

    @classmethod
    def of(cls, name: str, data: bytes) -> Member:
        """Return a member of bytes that are there already."""
        return cls(name, len(data), [data])


class _Sink:
    """Takes what is written until somebody fetches it; it knows no way back."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing waits anywhere."""

    def taken(self) -> bytes:
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)


def written(members: Iterable[Member]) -> Iterator[bytes]:
    """Yield a zip of members, stored as they are: pictures are compressed already."""
    sink = _Sink()
    # A file that can be written and no more is all that a zip needs.
    with zipfile.ZipFile(cast("zipfile._ZipWritable", sink), "w") as archive:
        for member in members:
            info = zipfile.ZipInfo(member.name, _EPOCH)
            info.external_attr = 0o644 << 16
            # By this it is decided whether the member needs the large form.
            info.file_size = member.size
            with archive.open(info, "w") as file:
                for piece in member.pieces:
                    file.write(piece)
                    yield sink.taken()
            yield sink.taken()
    yield sink.taken()


def size_of(members: Iterable[Member]) -> int:
    """Return more bytes than a zip of members will have."""
    return sum(member.size + 2 * len(member.name.encode()) + 512 for member in members)
