"""Which line of a list belongs to which file."""

from __future__ import annotations

import posixpath
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from logovote.ingest.manifests import Row
from logovote.ingest.members import Member, printable
from logovote.ingest.names import decoded, without_extension


@dataclass(frozen=True)
class Sign:
    """One way to tell that a row and a file belong together: they share a key.

    An empty key is none. Of the files of one entry, several may share it.
    """

    of_row: Callable[[Row], set[str]]
    of_file: Callable[[str], set[str]]
    of_entry: bool = False


def match(
    rows: Sequence[Row],
    members: Sequence[Member],
    numbers: Mapping[str, int | None],
    folder: str,
) -> tuple[dict[int, Row], list[tuple[Row, str]]]:
    """Return the row of each member that has one, by index; the others with a remark.

    The surest sign is tried first, for all rows, and what has found its like is out of
    the game. A sign that fits files of different names fits none of them, unless it is
    an entry's number: what the list says of an entry, it says of all its files.

    Args:
        rows: the list.
        members: the files it may speak of.
        numbers: the entry number that each file's name bears.
        folder: where the list itself lies, "" for the top.
    """
    matched: dict[int, Row] = {}
    lines: dict[str, int] = {}
    waiting = list(rows)
    for sign in _signs([member.name for member in members], numbers, folder):
        files: dict[str, list[Member]] = defaultdict(list)
        for member in members:
            if member.index not in matched:
                for key in sign.of_file(member.name):
                    files[key].append(member)
        still_waiting = []
        for row in waiting:
            keys = sign.of_row(row) - {""}
            found = [member for key in keys for member in files.get(key, ())]
            names = {member.name for member in found}
            fits = len(names) == 1 or sign.of_entry
            if fits and names and names.isdisjoint(lines):
                lines |= dict.fromkeys(names, row.line)
                matched.update((member.index, row) for member in found)
            else:
                still_waiting.append(row)
        waiting = still_waiting
    entries = {
        told.number or numbers[member.name]: told
        for member in members
        if (told := matched.get(member.index))
    }
    entries.pop(None, None)
    for member in members:
        if told := entries.get(numbers[member.name]):
            matched.setdefault(member.index, told)
    return matched, [
        (row, f"line {row.line}: {_missing(row, lines)}") for row in waiting
    ]


def _signs(
    names: Sequence[str], numbers: Mapping[str, int | None], folder: str
) -> Iterator[Sign]:
    """Yield the signs, the surest first."""
    folders = [posixpath.dirname(name) for name in names]
    common = posixpath.commonpath(folders) if folders else ""
    for fold in (_composed, folded):
        # Paths in a list begin where the list lies, at the top, or at the folder that
        # somebody packed with all that is in it.
        for root in (folder, "", common):
            yield _same_path(fold, root)
    yield Sign(lambda row: {base_of(_path(row.file))}, lambda name: {base_of(name)})
    yield Sign(lambda row: {stem_of(_path(row.file))}, lambda name: {stem_of(name)})
    yield Sign(
        lambda row: {base_of(_path(row.url)), folded(row.design_id or "")},
        lambda name: {base_of(name), stem_of(name), _attachment(name)},
    )
    yield Sign(lambda row: {stem_of(_path(row.url))}, lambda name: {stem_of(name)})
    yield Sign(
        lambda row: {str(row.number or "")},
        lambda name: {str(numbers[name] or "")},
        of_entry=True,
    )


def _same_path(fold: Callable[[str], str], root: str) -> Sign:
    return Sign(
        lambda row: {fold(_path(row.file))},
        lambda name: {fold(name.removeprefix(f"{root}/") if root else name)},
    )


def _missing(row: Row, lines: Mapping[str, int]) -> str:
    for name, line in lines.items():
        if folded(_path(row.file)) == folded(name):
            return f"line {line} already speaks of its file"
    return f"no file was found for “{printable(row.file or str(row.number or '?'))}”"


def _path(cell: str | None) -> str:
    """Return a cell's path with `/`; of an address, its own path."""
    path = (cell or "").replace("\\", "/")
    if "://" in path:
        try:
            path = unquote(urlsplit(path).path)
        except ValueError:
            path = path.partition("?")[0]
    return path.removeprefix("./").strip("/")


def _attachment(name: str) -> str:
    """Return the id of the attachment that a file was saved from, if it tells."""
    return stem_of(name).removeprefix("attachment_")


def base_of(path: str) -> str:
    """Return the last part of a path, in whatever case and form it is written."""
    return folded(decoded(posixpath.basename(path)))


def stem_of(path: str) -> str:
    """Return the last part of a path without its extension."""
    return without_extension(base_of(path))


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def folded(text: str) -> str:
    """Return a text as those compare it who do not mind case."""
    return _composed(_composed(text).casefold())
