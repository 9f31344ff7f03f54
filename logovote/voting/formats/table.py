"""Tables of ballots, as spreadsheets and form tools write them (CSV, TSV).

The first row names the columns. One row is one ballot, in one of three forms:

- a column "ranking" holding "A > B = C", or "approvals" holding "A; C";
- columns "1st choice", "2nd choice", ... holding one candidate each;
- a column per candidate, holding its place (1 is best, equal places are tied), or
  marks such as "x" and "yes", which make it an approval.

The columns "count", "group" and "weight" may stand beside them.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from logovote.voting.ballots import Approval, Ranking
from logovote.voting.formats.cef import read_order
from logovote.voting.formats.draft import (
    Draft,
    MalformedFileError,
    number,
    ranking,
    whole,
)
from logovote.voting.profiles import ALL, Vote

_HEADERS = {
    "count": ("count", "ballots", "votes", "voters", "times", "number"),
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
_YES = {"x", "yes", "y", "true", "✓", "✔", "approve", "approved"}
_NO = {"", "no", "n", "false", "-", "0"}


@dataclass(frozen=True, slots=True)
class Row:
    """A row: where it stands, and its cells by column."""

    place: str
    cells: Sequence[str]


def read_table(text: str) -> Draft:
    """Read a table of ballots.

    Raises:
        MalformedFileError: no column holds ballots, or a cell cannot be read.
    """
    header, rows = _rows(text)
    known = {_MEANING[h.casefold()]: n for n, h in enumerate(header) if _is_known(h)}
    if "ranking" in known or "approvals" in known:
        names, ballots = _from_text(rows, known)
    elif choices := _choices(header):
        names, ballots = _from_choices(rows, choices)
    else:
        columns = {n: h for n, h in enumerate(header) if h and not _is_known(h)}
        names, ballots = _from_matrix(rows, columns)
    draft = Draft(candidates=names)
    for row, ballot in zip(rows, ballots, strict=True):
        draft.votes.append(_vote(row, ballot, known))
    return draft


def _rows(text: str) -> tuple[list[str], list[Row]]:
    first = text.lstrip("\r\n").partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(text.splitlines(keepends=True), delimiter=delimiter)
    header: list[str] = []
    rows = []
    try:
        for cells in reader:
            stripped = [cell.strip() for cell in cells]
            if not any(stripped):
                continue
            if not header:
                header = stripped
                continue
            place = f"line {reader.line_num}"
            if len(stripped) > len(header):
                raise MalformedFileError(f"{place}: it has more cells than the header.")
            missing = len(header) - len(stripped)
            rows.append(Row(place, stripped + [""] * missing))
    except csv.Error as error:
        raise MalformedFileError(f"line {reader.line_num}: {error}.") from error
    if not header:
        raise MalformedFileError("the file: it is empty.")
    return header, rows


def _is_known(header: str) -> bool:
    return header.casefold() in _MEANING


def _vote(row: Row, ballot: Approval | Ranking, known: dict[str, int]) -> Vote:
    def cell(key: str) -> str:
        return row.cells[known[key]] if key in known else ""

    weight = number(cell("weight") or "1", f"{row.place}, weight")
    if weight < 0:
        raise MalformedFileError(f"{row.place}, weight: it must not be below 0.")
    return Vote(
        ballot=ballot,
        count=whole(cell("count") or "1", f"{row.place}, count"),
        group=cell("group") or ALL,
        weight=weight,
    )


def _from_text(
    rows: Iterable[Row], known: dict[str, int]
) -> tuple[list[str], list[Approval | Ranking]]:
    names: dict[str, None] = {}
    ballots: list[Approval | Ranking] = []
    for row in rows:
        order = row.cells[known["ranking"]] if "ranking" in known else ""
        liked = row.cells[known["approvals"]] if "approvals" in known else ""
        if order and liked:
            raise MalformedFileError(f"{row.place}: it has a ranking and approvals.")
        if order or "approvals" not in known:
            tiers = _order(order, row.place)
            names.update(dict.fromkeys(name for tier in tiers for name in tier))
            ballots.append(ranking(tiers, row.place))
        else:
            approved = [name.strip() for name in re.split(r"[;,|]", liked)]
            names.update(dict.fromkeys(name for name in approved if name))
            ballots.append(Approval(frozenset(name for name in approved if name)))
    return list(names), ballots


def _order(cell: str, place: str) -> list[list[str]]:
    """Read "A > B = C", or a plain list "A; B; C"."""
    if ">" in cell or "=" in cell or "<" in cell:
        return read_order(cell, place)
    return [[name.strip()] for name in re.split(r"[;,|]", cell) if name.strip()]


def _choices(header: Sequence[str]) -> list[int]:
    """Return the columns of first, second, ... choices, in that order."""
    found = {}
    for column, name in enumerate(header):
        if match := _CHOICE.fullmatch(name):
            found[int(match[1] or match[2])] = column
    return [found[choice] for choice in sorted(found)]


def _from_choices(
    rows: Iterable[Row], columns: Sequence[int]
) -> tuple[list[str], list[Approval | Ranking]]:
    names: dict[str, None] = {}
    ballots: list[Approval | Ranking] = []
    for row in rows:
        tiers = [
            [name.strip() for name in row.cells[column].split("=")]
            for column in columns
            if row.cells[column]
        ]
        names.update(dict.fromkeys(name for tier in tiers for name in tier))
        ballots.append(ranking(tiers, row.place))
    return list(names), ballots


def _from_matrix(
    rows: Sequence[Row], columns: dict[int, str]
) -> tuple[list[str], list[Approval | Ranking]]:
    names = list(columns.values())
    if not names:
        raise MalformedFileError("line 1: no column holds ballots.")
    if twice := {name for name in names if names.count(name) > 1}:
        raise MalformedFileError(f"line 1: the column {min(twice)!r} is there twice.")
    cells = {row.cells[column].casefold() for row in rows for column in columns}
    # A table of 0 and 1 marks approvals: nobody numbers places from 0 to 1.
    marks = cells <= _YES | _NO | {"1"}
    ballots: list[Approval | Ranking] = []
    for row in rows:
        if marks:
            liked = (
                n for c, n in columns.items() if row.cells[c].casefold() not in _NO
            )
            ballots.append(Approval(frozenset(liked)))
            continue
        places: dict[Fraction, list[str]] = {}
        for column, name in columns.items():
            if row.cells[column]:
                place = f"{row.place}, {name}"
                places.setdefault(number(row.cells[column], place), []).append(name)
        if places and min(places) <= 0:
            raise MalformedFileError(f"{row.place}: places are numbered from 1.")
        ballots.append(ranking((places[place] for place in sorted(places)), row.place))
    return names, ballots
