"""Tables of ballots, as spreadsheets and form tools write them (CSV, TSV).

The first row names the columns. One row is one ballot, in one of three forms:

- a column "ranking" holding "A > B = C", or "approvals" holding "A; C";
- columns "1st choice", "2nd choice", ... or "rank1", "rank2", ... or "1", "2", ...
  holding one candidate each;
- a column per candidate, holding its place (1 is best, equal places are tied), or
  marks such as "x" and "yes", which make it an approval.

The columns "count", "group" and "weight" may stand beside them. A table of "A > B = C"
may do without a first row, and with a number of voters before or after it.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain

from logovote.voting.ballots import Approval, Ranking
from logovote.voting.formats.cef import read_order
from logovote.voting.formats.draft import (
    Draft,
    MalformedFileError,
    lines_of,
    number,
    short,
    whole,
)
from logovote.voting.profiles import ALL, Vote

_HEADERS = {
    "count": ("count", "#", "ballots", "votes", "voters", "times", "number"),
    "group": ("group",),
    "weight": ("weight",),
    "ranking": ("ranking", "order", "preferences", "ballot"),
    "approvals": ("approvals", "approved", "approves", "approval"),
    "": ("id", "voter", "name", "email", "date", "time", "timestamp", "comment"),
}
_MEANING = {header: key for key, headers in _HEADERS.items() for header in headers}
_CHOICE = re.compile(
    r"(?:rank|choice|preference|place)[ _-]*(\d{1,4})|(\d{1,4})(?:st|nd|rd|th)\b.*",
    re.IGNORECASE,
)
_ORDINALS = (
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
)
_IN_WORDS = re.compile(
    rf"({'|'.join(_ORDINALS)})(?: (?:choice|preference|rank|place))?", re.IGNORECASE
)
_SKIPPED = {"", "skipped", "undervote", "overvote", "blank"}
"""What tables of choices hold where a voter made no valid choice."""
_YES = {"x", "yes", "y", "true", "✓", "✔", "approve", "approved"}
_NO = {"", "no", "n", "false", "-", "0"}
_UNPLACED = {"", "-"}


@dataclass(frozen=True, slots=True)
class Row:
    """A row: where it stands, and its cells by column."""

    place: str
    cells: Sequence[str]


Ballots = Iterator[tuple[Row, Approval | Ranking]]


def read_table(text: str) -> Draft:
    """Read a table of ballots.

    Raises:
        MalformedFileError: no column holds ballots, or a cell cannot be read.
    """
    table = _Table(text)
    header = table.header
    known = {_MEANING[h.casefold()]: n for n, h in enumerate(header) if _is_known(h)}
    for column, name in enumerate(header):
        if (
            _is_known(name)
            and _MEANING[name.casefold()]
            and (known[_MEANING[name.casefold()]] != column)
        ):
            raise MalformedFileError(f"line 1: two columns hold {name!r}.")
    draft = Draft()
    if "ranking" in known or "approvals" in known:
        ballots = _from_text(draft, table, known)
    elif choices := _choices(table):
        ballots = _from_choices(draft, table, choices)
    else:
        columns = {n: h for n, h in enumerate(header) if h and not _is_known(h)}
        ballots = _from_matrix(draft, table, columns)
    for row, ballot in ballots:
        draft.votes.append(_vote(row, ballot, known))
    return draft


class _Table:
    """The rows of a table, read anew each time they are asked for."""

    def __init__(self, text: str) -> None:
        self._text = text
        first = text.lstrip().partition("\n")[0]
        self._delimiter = max(",;\t", key=first.count)
        rows = self._all()
        found = next(rows, None)
        if found is None:
            raise MalformedFileError("the file: it is empty.")
        self.header = list(found.cells)
        self._headless = any(">" in cell for cell in found.cells)
        if self._headless:
            self.header = [
                "ranking" if ">" in cell else "count" if cell.isdecimal() else cell
                for cell in found.cells
            ]

    def __iter__(self) -> Iterator[Row]:
        rows = self._all()
        if not self._headless:
            next(rows)
        size = len(self.header)
        for row in rows:
            if any(row.cells[size:]):
                raise MalformedFileError(
                    f"{row.place}: it has more cells than the header."
                )
            missing = [""] * (size - len(row.cells))
            yield Row(row.place, [*row.cells[:size], *missing])

    def _all(self) -> Iterator[Row]:
        lines = (line + "\n" for line in lines_of(self._text))
        reader = csv.reader(lines, delimiter=self._delimiter, strict=True)
        begin = 1
        try:
            for cells in reader:
                begin = reader.line_num + 1
                stripped = [cell.strip() for cell in cells]
                if any(stripped):
                    yield Row(f"line {reader.line_num}", stripped)
        except csv.Error as error:
            # Quotation marks that never close are noticed at the end of the file.
            raise MalformedFileError(f"line {begin}: {error}.") from error


def _is_known(header: str) -> bool:
    return header.casefold() in _MEANING


def _vote(row: Row, ballot: Approval | Ranking, known: dict[str, int]) -> Vote:
    def cell(key: str) -> str:
        return row.cells[known[key]] if key in known else ""

    count = whole(cell("count") or "1", f"{row.place}, count")
    group = cell("group") or ALL
    if cell("weight") in ("", "1"):
        return Vote(ballot, count, group)
    weight = number(cell("weight"), f"{row.place}, weight")
    if weight < 0:
        raise MalformedFileError(f"{row.place}, weight: it must not be below 0.")
    return Vote(ballot, count, group, weight)


def _from_text(draft: Draft, table: _Table, known: dict[str, int]) -> Ballots:
    names: dict[str, None] = {}
    for row in table:
        order = row.cells[known["ranking"]] if "ranking" in known else ""
        liked = row.cells[known["approvals"]] if "approvals" in known else ""
        if order and liked:
            raise MalformedFileError(f"{row.place}: it has a ranking and approvals.")
        if order or "approvals" not in known:
            tiers = _order(order, row.place)
            names.update(dict.fromkeys(chain.from_iterable(tiers)))
            yield row, draft.ranking(tiers, row.place)
        else:
            approved = [name.strip() for name in re.split(r"[;,|]", liked)]
            names.update(dict.fromkeys(name for name in approved if name))
            yield row, Approval(frozenset(name for name in approved if name))
    draft.candidates = list(names)


def _order(cell: str, place: str) -> list[list[str]]:
    """Read "A > B = C", or a plain list "A; B; C"."""
    if ">" in cell or "=" in cell or "<" in cell:
        return read_order(cell, place)
    return [[name.strip()] for name in re.split(r"[;,|]", cell) if name.strip()]


def _choices(table: _Table) -> list[int]:
    """Return the columns of first, second, ... choices, in that order."""
    found: dict[int, int] = {}
    bare = {n: h for n, h in enumerate(table.header) if h and not _is_known(h)}
    for column, name in bare.items():
        if match := _CHOICE.fullmatch(name):
            choice = int(match[1] or match[2])
        elif match := _IN_WORDS.fullmatch(name):
            choice = _ORDINALS.index(match[1].casefold()) + 1
        else:
            continue
        if choice in found:
            raise MalformedFileError(f"line 1: two columns hold choice {choice}.")
        found[choice] = column
    if not found and list(bare.values()) == [str(n + 1) for n in range(len(bare))]:
        # "1", "2", ... may be candidates with places below, or places with candidates.
        cells = {row.cells[column].casefold() for row in table for column in bare}
        if not all(cell.isdecimal() for cell in cells - _YES - _NO - _SKIPPED):
            found = dict(enumerate(bare))
    return [found[choice] for choice in sorted(found)]


def _from_choices(draft: Draft, table: _Table, columns: Sequence[int]) -> Ballots:
    names: dict[str, None] = {}
    for row in table:
        tiers = [
            [name.strip() for name in row.cells[column].split("=")]
            for column in columns
            if row.cells[column].casefold() not in _SKIPPED
        ]
        if any("" in tier for tier in tiers):
            raise MalformedFileError(f"{row.place}: a candidate is missing beside =.")
        names.update(dict.fromkeys(chain.from_iterable(tiers)))
        yield row, draft.ranking(tiers, row.place)
    draft.candidates = list(names)


def _from_matrix(draft: Draft, table: _Table, columns: dict[int, str]) -> Ballots:
    names = draft.candidates = list(columns.values())
    if not names:
        raise MalformedFileError("line 1: no column holds ballots.")
    if twice := {name for name, times in Counter(names).items() if times > 1}:
        raise MalformedFileError(f"line 1: the column {min(twice)!r} is there twice.")

    def pick(cells: Sequence[str]) -> list[str]:
        return [cells[column] for column in columns]

    cells: set[str] = set()
    for row in table:
        cells.update(pick(row.cells))
    # A table of 0 and 1 marks approvals: nobody numbers places from 0 to 1.
    if {cell.casefold() for cell in cells} <= _YES | _NO | {"1"}:
        for row in table:
            marked = zip(names, pick(row.cells), strict=True)
            liked = (name for name, cell in marked if cell.casefold() not in _NO)
            yield row, Approval(frozenset(liked))
        return
    places = _places(table, columns, cells)
    for row in table:
        tiers: dict[int, list[str]] = {}
        for name, cell in zip(names, pick(row.cells), strict=True):
            if cell in places:
                tiers.setdefault(places[cell], []).append(name)
        yield row, draft.ranking([tiers[place] for place in sorted(tiers)], row.place)


def _places(table: _Table, columns: dict[int, str], cells: set[str]) -> dict[str, int]:
    """Return the place that each text in the cells means, numbered in order."""
    places = {}
    for cell in sorted(cells - _UNPLACED):
        try:
            place = number(cell, "")
        except MalformedFileError:
            place = Fraction(0)
        if place <= 0:
            raise _misplaced(table, columns, cell)
        places[cell] = place
    order = {place: nth for nth, place in enumerate(sorted({*places.values()}))}
    return {cell: order[place] for cell, place in places.items()}


def _misplaced(table: _Table, columns: dict[int, str], text: str) -> MalformedFileError:
    """Word what is wrong with a cell, having found where it stands."""
    where = next(
        f"{row.place}, {name}"
        for row in table
        for column, name in columns.items()
        if row.cells[column] == text
    )
    return MalformedFileError(
        f"{where}: {short(text)} is no place; places are numbered from 1."
    )
