"""The list that may come with an export: which file is which entry, and by whom.

A list is known by its headers, never by its name. Further kinds of lists join
`_RECOGNISERS`.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

from logovote.errors import UnreadableInputError
from logovote.ingest.members import MAX_MEMBERS
from logovote.ingest.names import MAX_NUMBER

MAX_DESIGNER_CHARACTERS = 120
MAX_TITLE_CHARACTERS = 200
MAX_NOTE_CHARACTERS = 2_000

# A quoted cell may hold line breaks; one that goes on for longer was never closed.
_MAX_ROW_LINES = 20
_MAX_NUMBER_CHARACTERS = 40
_HEADER_WITHIN_LINES = 5
_MAX_LEVELS = 5

_HEADERS = {
    "number": "entry number no nr num entrynumber entryno entrynr entryid #"
    " submission submissionnumber submissionno designnumber logonumber"
    " nummer numero número numéro номер 番号 编号 編號 번호",
    "file": "file filename image path imagefile picture filepath imagefilename"
    " imagename attachment logofile entryfile"
    " datei dateiname fichier archivo bestand файл ファイル 文件 파일",
    "designer": "designer username author user creator artist designername authorname"
    " designedby submittedby createdby submitter participant contestant"
    " auteur autor autore diseñador ontwerper дизайнер автор デザイナー 设计师",
    "designer_id": "designerid userid authorid",
    "design_id": "designid attachmentid",
    "title": "title entrytitle designtitle logotitle entryname designname logoname"
    " titel titre título titolo название タイトル 标题",
    "rating": "rating stars",
    "status": "status state",
    "winner": "winner iswinner",
    "submitted_at": "created createdat createtime submitted submittedat date uploaded",
    "url": "url imageurl link imagelink href",
    "revision_of": "parent revisionof replaces",
    "note": "note notes comment comments remark description",
}
_FIELDS = {header: field for field, all_ in _HEADERS.items() for header in all_.split()}
# Where an object in a list of JSON says what it is, the plainest first.
_CALLED = (
    *(
        "displayName",
        "display_name",
        "username",
        "userName",
        "name",
        "filename",
        "file",
    ),
    *("number", "url", "src", "href"),
)
_POINTING = frozenset(("number", "file", "url", "design_id"))

_NUMBER = re.compile(r"(?:entry|design|no\.?|nr\.?)?\s*#?\s*(\d{1,18})(?:\.0+)?", re.I)
_YES = frozenset(("1", "true", "yes", "y", "x", "winner", "✓"))
# What contest sites call the same states; others stay as they are.
STATUSES = {"eliminated": "declined", "won": "winner", "deleted": "withdrawn"}
# A list may say by whom, or when.
_WITHDRAWN = re.compile(r"(?:withdrawn|removed|deleted|retracted)\b")
_JOINERS_AND_MARKS = "\u200c\u200d\u200e\u200f"


class UnreadableManifestError(UnreadableInputError):
    """The list of entries that was named cannot be used."""


@dataclass(frozen=True)
class Row:
    """One line of a list, as far as it could be understood; texts are cleaned."""

    line: int
    number: int | None = None
    file: str | None = None
    url: str | None = None
    design_id: str | None = None
    designer: str | None = None
    title: str | None = None
    status: str | None = None
    submitted_at: str | None = None
    revision_of: int | None = None
    note: str | None = None


@dataclass(frozen=True)
class Manifest:
    """A list of entries in its own order.

    `fields` are the columns that were understood, `remarks` what was wrong, by line.
    """

    rows: tuple[Row, ...]
    fields: frozenset[str]
    remarks: tuple[str, ...]


def recognise(data: bytes) -> Manifest | None:
    """Return the list of entries that a file holds, or None if it holds none."""
    text = decoded(data)
    return next(filter(None, (read(text) for read in _RECOGNISERS)), None)


def clean(text: str, limit: int) -> str | None:
    """Return a text in NFC, trimmed, on one line and not longer than `limit`.

    Markup and formulas stay as they are: who shows a text escapes it. Control and
    formatting characters go, direction overrides among them.
    """
    shown = "".join(
        " " if char.isspace() else char
        for char in unicodedata.normalize("NFC", text)
        if char.isspace()
        or char in _JOINERS_AND_MARKS
        or unicodedata.category(char) not in ("Cc", "Cf", "Cs")
    )
    return shown.strip()[:limit].rstrip() or None


def places(headers: Iterable[str], fields: Mapping[str, str]) -> dict[str, int]:
    """Return at which place each field that we know stands; the first one counts.

    Args:
        headers: as somebody wrote them, with any capitals, spaces and hyphens.
        fields: what each header means, by its letters and digits alone.
    """
    columns: dict[str, int] = {}
    for place, header in enumerate(headers):
        bare = re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", header).casefold())
        if field := fields.get(bare or header.strip()):
            columns.setdefault(field, place)
    return columns


def decoded(data: bytes) -> str:
    """Decode by byte order mark, as UTF-8, or as Excel on Windows writes it."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace")
    if b"\0" in data[:2]:
        return data.decode("utf-16-le" if data[0] else "utf-16-be", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _table(text: str) -> Manifest | None:
    """Read comma, semicolon, tab or bar separated lines below a line of headers."""
    lines = list(io.StringIO(text, newline=None))
    for start, line in enumerate(lines[:_HEADER_WITHIN_LINES]):
        delimiter = max(",;\t|", key=lambda mark: len(_known(_cells(line, mark))))
        columns = _known(_cells(line, delimiter))
        if _is_header(columns):
            width = len(_cells(line, delimiter))
            return _manifest(columns, _records(lines, start + 1, delimiter, width))
    return None


def _records(
    lines: list[str], start: int, delimiter: str, width: int
) -> Iterator[tuple[int, list[str] | str]]:
    """Yield each row with its line number, or the number with what is wrong there."""
    at = start
    while at < len(lines):
        if not lines[at].strip():
            at += 1
            continue
        few = lines[at : at + _MAX_ROW_LINES]
        reader = csv.reader(few, delimiter=delimiter, strict=True)
        number = at + 1
        try:
            cells = next(reader)
            at += reader.line_num
        except csv.Error:
            # A stray quotation mark must not swallow the rows below.
            cells = _cells(lines[at], delimiter)
            at += 1
            if len(cells) != width:
                yield number, "a quotation mark is not closed; the line was left out"
                continue
        if not any(cell.strip() for cell in cells):
            continue
        if any(cell.strip() for cell in cells[width:]):
            yield number, "there are more cells than headers; the line was left out"
            continue
        yield number, cells[:width]


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return []


def _json(text: str) -> Manifest | None:
    """Read a list of objects, or one within other objects, or objects by their number.

    Of several, the one that says most is taken. Lists go first: what holds one, such as
    the contest, may look like an entry itself.
    """
    if not text.lstrip().startswith(("[", "{")):
        return None
    try:
        values = _values(json.loads(text))
    except (ValueError, RecursionError):
        return None
    lists = [value for value in values if isinstance(value, list)]
    objects = [_by_number(value) for value in values if isinstance(value, dict)]
    for tables in (lists, objects):
        read = [(_known(_keys(items)), items) for items in tables]
        if read := [(fields, items) for fields, items in read if _is_header(fields)]:
            fields, items = max(read, key=lambda table: len(table[0]))
            columns = {field: place for place, field in enumerate(fields)}
            return _manifest(columns, _objects(items, columns))
    return None


def _values(found: object) -> list[object]:
    """Return a document and what its objects hold, the nearest to the top first."""
    levels = [[found]]
    for _ in range(_MAX_LEVELS):
        objects = [value for value in levels[-1] if isinstance(value, dict)]
        levels.append([value for held in objects for value in held.values()])
    return list(chain.from_iterable(levels))


def _by_number(found: dict[str, object]) -> list[object]:
    """Return the objects in an object that holds no more; a number may be their key."""
    items: list[object] = [
        {"number": key, **item} if _NUMBER.fullmatch(key) else item
        for key, item in found.items()
        if isinstance(item, dict)
    ]
    return items if len(items) == len(found) else []


def _keys(items: list[object]) -> dict[str, None]:
    """Return the keys of all objects in a list, in the order of meeting."""
    return dict.fromkeys(
        key for item in items if isinstance(item, dict) for key in item
    )


def _objects(
    items: list[object], columns: Mapping[str, int]
) -> Iterator[tuple[int, list[str] | str]]:
    """Yield each object's cells in the order of `columns`; its keys may be its own."""
    for number, item in enumerate(items, start=1):
        if isinstance(item, dict):
            headers = list(item)
            places = _known(headers)
            yield (
                number,
                [
                    _scalar(item[headers[places[field]]]) if field in places else ""
                    for field in columns
                ],
            )
        else:
            yield number, "this is no object; it was left out"


def _scalar(value: object) -> str:
    """Return a value as a cell; of an object or a list, what it is called or the first.

    `{"user": {"id": 7, "name": "Ann"}, "image": {"url": …}}` is how many programs say
    it.
    """
    if isinstance(value, list) and len(value) == 1 and not isinstance(value[0], int):
        value = value[0]
    if isinstance(value, dict):
        value = next((value[name] for name in _CALLED if value.get(name)), None)
    return str(value) if isinstance(value, str | int | float) else ""


_RECOGNISERS: tuple[Callable[[str], Manifest | None], ...] = (_json, _table)


def _known(headers: Iterable[str]) -> dict[str, int]:
    return places(headers, _FIELDS)


def _is_header(columns: Mapping[str, int]) -> bool:
    """Whether these are a list's headers: two we know, one that points to an entry."""
    return len(columns) > 1 and not _POINTING.isdisjoint(columns)


def _manifest(
    columns: Mapping[str, int], records: Iterable[tuple[int, list[str] | str]]
) -> Manifest:
    rows: list[Row] = []
    remarks: list[str] = []
    for line, cells in records:
        if isinstance(cells, str):
            remarks.append(f"line {line}: {cells}")
        elif len(rows) == MAX_MEMBERS:
            remarks.append(f"line {line}: the list is too long and was read up to here")
            break
        else:
            row, wrong = _row(line, columns, cells)
            rows.append(row)
            remarks += [f"line {line}: {text}" for text in wrong]
    return Manifest(tuple(rows), frozenset(columns), tuple(remarks))


def _row(
    line: int, columns: Mapping[str, int], cells: list[str]
) -> tuple[Row, list[str]]:
    cell = {
        field: cells[place].strip()
        for field, place in columns.items()
        if place < len(cells)
    }
    wrong: list[str] = []

    def number(field: str) -> int | None:
        value = cell.get(field, "")
        found = _NUMBER.fullmatch(value[:_MAX_NUMBER_CHARACTERS])
        if found and 1 <= int(found[1]) <= MAX_NUMBER:
            return int(found[1])
        if value:
            wrong.append(
                f"“{clean(value, _MAX_NUMBER_CHARACTERS) or ''}” is no entry number"
            )
        return None

    def text(field: str, limit: int = MAX_NOTE_CHARACTERS) -> str | None:
        return clean(cell.get(field, ""), limit)

    status = (text("status", 40) or "").casefold()
    if cell.get("winner", "").casefold() in _YES:
        status = "winner"
    elif _WITHDRAWN.match(status):
        status = "withdrawn"
    row = Row(
        line=line,
        number=number("number"),
        file=cell.get("file") or None,
        url=cell.get("url") or None,
        design_id=cell.get("design_id") or None,
        designer=text("designer", MAX_DESIGNER_CHARACTERS),
        title=text("title", MAX_TITLE_CHARACTERS),
        status=STATUSES.get(status, status) or None,
        submitted_at=text("submitted_at", 40),
        revision_of=number("revision_of"),
        note=text("note"),
    )
    return row, wrong
