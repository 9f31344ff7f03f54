"""PrefLib files: .soc .soi .toc .toi hold orders, .cat holds categories.

Source: the format description on preflib.org; the form before 2022, which begins with
the number of alternatives, is read too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from logovote.voting.ballots import Approval
from logovote.voting.formats.draft import (
    Draft,
    MalformedFileError,
    distinct,
    lines_of,
    short,
    whole,
)
from logovote.voting.profiles import Vote

_NAME = re.compile(r"#\s*ALTERNATIVE NAME\s+(\d{1,9})\s*:(.*)", re.IGNORECASE)
_SIZE = re.compile(r"#\s*NUMBER ALTERNATIVES\s*:\s*(\d{1,6})\s*", re.IGNORECASE)
_TIER = re.compile(r"\s*(?:\{([^{}]*)\}|([^{},\s]+))\s*(,|$)")

Lines = Iterator[tuple[int, str]]
Names = dict[str, str]  # by number, as ballots write it


def read_orders(text: str) -> Draft:
    """Read an order: complete or not, with ties or without.

    Raises:
        MalformedFileError: a line cannot be read.
    """
    names, ballots = _read(text)
    draft = Draft(candidates=list(names.values()))
    for place, count, tiers in ballots:
        named = [[_named(names, item, place) for item in tier] for tier in tiers]
        draft.votes.append(Vote(draft.ranking(named, place), count))
    return draft


def read_categories(text: str) -> Draft:
    """Read categories; the first one holds what is approved.

    Raises:
        MalformedFileError: a line cannot be read.
    """
    names, ballots = _read(text)
    draft = Draft(candidates=list(names.values()))
    for place, count, categories in ballots:
        named = [[_named(names, item, place) for item in tier] for tier in categories]
        draft.ranking(named, place)  # refuses what stands in two categories
        draft.votes.append(Vote(Approval(frozenset(named[0] if named else ())), count))
    return draft


def _read(text: str) -> tuple[Names, Iterator[tuple[str, int, Iterable[list[str]]]]]:
    """Return the names by number, and place, count and tiers of every ballot."""
    lines = lines_of(text)
    header = [line.strip() for line in lines if line.lstrip().startswith("#")]
    named = [m for line in header if (m := _NAME.fullmatch(line))]
    sizes = [m for line in header if (m := _SIZE.fullmatch(line))]
    body = (
        (number, line.strip())
        for number, line in enumerate(lines, start=1)
        if line.strip() and not line.lstrip().startswith("#")
    )
    mark = ":"
    if named or sizes:
        names = {int(m[1]): m[2].strip() for m in named}
        if len(names) < len(named):
            raise MalformedFileError("the header: it names an alternative twice.")
    else:
        names = _old_header(body)
        mark = ","
    for number in range(1, max((int(m[1]) for m in sizes), default=0) + 1):
        names.setdefault(number, "")
    by_number = distinct(dict(sorted(names.items())))
    return {str(n): name for n, name in by_number.items()}, _ballots(body, mark)


def _ballots(body: Lines, mark: str) -> Iterator[tuple[str, int, Iterable[list[str]]]]:
    for number, line in body:
        place = f"line {number}"
        count, found, order = line.partition(mark)
        if not found:
            raise MalformedFileError(
                f"{place}: the number of voters and {mark!r} lack."
            )
        yield place, whole(count.strip(), place), _tiers(order, place)


def _old_header(body: Lines) -> dict[int, str]:
    """Take the number of alternatives, their names, and the three totals off."""

    def next_line() -> tuple[str, str]:
        number, line = next(body, (0, ""))
        return f"line {number}" if number else "the file", line

    place, line = next_line()
    if not line.isdecimal():
        raise MalformedFileError(f"{place}: a PrefLib header should be here.")
    names: dict[int, str] = {}
    for _ in range(whole(line, place)):
        place, line = next_line()
        if not line:
            raise MalformedFileError("the file: it ends before all names.")
        text, _, name = line.partition(",")
        number = whole(text.strip(), place)
        if number in names:
            raise MalformedFileError(f"{place}: alternative {number} is named twice.")
        names[number] = name.strip()
    place, line = next_line()
    totals = line.split(",")
    if len(totals) != 3 or not all(total.strip().isdecimal() for total in totals):
        raise MalformedFileError(
            f"{place}: three totals should be here: voters, votes and different orders."
        )
    return names


def _tiers(order: str, place: str) -> list[list[str]]:
    if "{" not in order and "}" not in order and order.strip():
        return [[_item(item, order, place)] for item in order.split(",")]
    tiers, position, more = [], 0, bool(order.strip())
    while more:
        match = _TIER.match(order, position)
        if match is None:
            raise _no_order(order, place)
        tied, alone, comma = match.groups()
        items = [alone] if alone else tied.split(",") if tied.strip() else []
        tiers.append([_item(item, order, place) for item in items])
        position, more = match.end(), comma == ","
    return tiers


def _item(item: str, order: str, place: str) -> str:
    if not item or item.isspace():
        raise _no_order(order, place)
    return item.strip()


def _no_order(order: str, place: str) -> MalformedFileError:
    return MalformedFileError(f"{place}: {short(order.strip())} is not an order.")


def _named(names: Names, item: str, place: str) -> str:
    name = names.get(item)
    if name is None:
        number = str(whole(item, place))
        if number not in names:
            raise MalformedFileError(f"{place}: there is no alternative {number}.")
        return names[number]
    return name
