"""Which reader a ballot file needs, and its bytes as text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import PurePath
from types import MappingProxyType

from logovote.voting.formats.blt import read_blt
from logovote.voting.formats.cef import read_cef
from logovote.voting.formats.draft import Draft, MalformedFileError, lines_of
from logovote.voting.formats.native import read_native
from logovote.voting.formats.preflib import read_categories, read_orders
from logovote.voting.formats.table import read_table
from logovote.voting.profiles import Profile, Unranked

_READERS: Mapping[str, Callable[[str], Draft]] = {
    ".json": read_native,
    ".csv": read_table,
    ".tsv": read_table,
    ".cvotes": read_cef,
    ".cef": read_cef,
    ".soc": read_orders,
    ".soi": read_orders,
    ".toc": read_orders,
    ".toi": read_orders,
    ".cat": read_categories,
    ".blt": read_blt,
}
SUFFIXES = tuple(_READERS)
_NO_SHARES: Mapping[str, Fraction] = MappingProxyType({})


def read_profile(
    data: bytes,
    name: str,
    *,
    shares: Mapping[str, Fraction] = _NO_SHARES,
    unranked: Unranked | None = None,
) -> Profile:
    """Read a ballot file.

    Args:
        data: its bytes; UTF-8, and Windows-1252 or Latin-1 where the kind of file is
            older than that.
        name: its name; the suffix tells the kind, failing that the content does.
        shares: the groups' shares, instead of those in the file.
        unranked: what unranked means, instead of what the file says.

    Raises:
        MalformedFileError: it cannot be read; one line that names the place.
    """
    read = _READERS.get(PurePath(name).suffix.lower())
    if read is None:
        read = _guess(_decode(data, strict=True))
    # Of a large file, neither bytes nor text are kept once they are not needed.
    text = [_decode(data, strict=read in (read_native, read_cef))]
    del data
    draft = read(text.pop())
    return draft.profile(shares, unranked)


def _decode(data: bytes, *, strict: bool) -> str:
    if b"\0" in data:
        line = data.count(b"\n", 0, data.index(b"\0")) + 1
        raise MalformedFileError(f"line {line}: this is not UTF-8 text.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if not strict:
            return data.decode("cp1252" if _is_cp1252(data) else "latin-1")
        line = data.count(b"\n", 0, error.start) + 1
        raise MalformedFileError(f"line {line}: this is not UTF-8 text.") from error


def _is_cp1252(data: bytes) -> bool:
    """Whether Windows could have written this; five of its 256 bytes mean nothing."""
    return not set(b"\x81\x8d\x8f\x90\x9d").intersection(data)


def _guess(text: str) -> Callable[[str], Draft]:
    """Tell the kind of a file from its content."""
    lines = [line.strip() for line in lines_of(text) if line.strip()]
    if lines and lines[0].startswith("{"):
        return read_native
    if any(line.startswith("# NUMBER CATEGORIES") for line in lines):
        return read_categories
    if any(line.startswith("# NUMBER ALTERNATIVES") for line in lines):
        return read_orders
    if "0" in lines and all(word.isdecimal() for word in lines[0].split()[:2]):
        return read_blt
    if any(line.startswith("#/") or ">" in line for line in lines):
        return read_cef
    kinds = ", ".join(SUFFIXES)
    raise MalformedFileError(
        f"the file: its kind is unknown; name it as one of {kinds}."
    )
