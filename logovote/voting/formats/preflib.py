"""PrefLib files: .soc .soi .toc .toi hold orders, .cat holds categories.

Source: the format description on preflib.org; the form before 2022, which begins with
the number of alternatives, is read too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from logovote.voting.ballots import Approval
from logovote.voting.formats.draft import (
    Draft,
    MalformedFileError,
    distinct,
    ranking,
    whole,
)
from logovote.voting.profiles import Vote

_NAME = re.compile(r"#\s*ALTERNATIVE NAME\s+(\d{1,9})\s*:(.*)", re.IGNORECASE)
_SIZE = re.compile(r"#\s*NUMBER ALTERNATIVES\s*:\s*(\d{1,6})\s*", re.IGNORECASE)
_TIER = re.compile(r"\s*(?:\{([^{}]*)\}|([^{},\s]+))\s*(,|$)")

Lines = list[tuple[int, str]]


def read_orders(text: str) -> Draft:
    """Read an order: complete or not, with ties or without.

    Raises:
        MalformedFileError: a line cannot be read.
    """
    names, ballots = _read(text)
    draft = Draft(candidates=list(names.values()))
    for place, count, tiers in ballots:
        named = [[_named(names, item, place) for item in tier] for tier in tiers]
        draft.votes.append(Vote(ranking(named, place), count))
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
        ranking(named, place)  # refuses what stands in two categories
        draft.votes.append(Vote(Approval(frozenset(named[0] if named else ())), count))
    return draft


def _read(text: str) -> tuple[dict[int, str], list[tuple[str, int, list[list[str]]]]]:
    """Return the names by number, and place, count and tiers of every ballot."""
    lines = [(n, line.strip()) for n, line in enumerate(text.splitlines(), start=1)]
    header = [line for _, line in lines if line.startswith("#")]
    body = [(n, line) for n, line in lines if line and not line.startswith("#")]
    names = {int(m[1]): m[2].strip() for line in header if (m := _NAME.fullmatch(line))}
    sizes = [int(m[1]) for line in header if (m := _SIZE.fullmatch(line))]
    mark = ":"
    if not names and not sizes:
        names, body = _old_header(body)
        mark = ","
    for number in range(1, max(sizes, default=0) + 1):
        names.setdefault(number, "")
    ballots = []
    for number, line in body:
        place = f"line {number}"
        count, found, order = line.partition(mark)
        if not found:
            raise MalformedFileError(
                f"{place}: the number of voters and {mark!r} lack."
            )
        ballots.append((place, whole(count, place), _tiers(order, place)))
    return distinct(dict(sorted(names.items()))), ballots


def _old_header(body: Lines) -> tuple[dict[int, str], Lines]:
    """Read the number of alternatives, their names, and the three totals."""
    if not body or not body[0][1].isdecimal():
        place = f"line {body[0][0]}" if body else "the file"
        raise MalformedFileError(f"{place}: a PrefLib header should be here.")
    size = whole(body[0][1], f"line {body[0][0]}")
    if len(body) < size + 2:
        raise MalformedFileError(f"the file: it ends before {size} names and totals.")
    names = {}
    for line_number, line in body[1 : size + 1]:
        number, _, name = line.partition(",")
        names[whole(number, f"line {line_number}")] = name.strip()
    return names, body[size + 2 :]


def _tiers(order: str, place: str) -> list[list[str]]:
    tiers, position, more = [], 0, bool(order.strip())
    while more:
        match = _TIER.match(order, position)
        if match is None:
            raise MalformedFileError(f"{place}: {order.strip()!r} is not an order.")
        tied, alone, comma = match.groups()
        items: Iterable[str] = [alone] if alone else tied.split(",")
        tiers.append([item.strip() for item in items if item.strip()])
        position, more = match.end(), comma == ","
    return tiers


def _named(names: dict[int, str], item: str, place: str) -> str:
    number = whole(item, place)
    if number not in names:
        raise MalformedFileError(f"{place}: there is no alternative {number}.")
    return names[number]
