"""The Condorcet Election Format (.cvotes): "A > B = C ^2 * 3", one ballot a line.

Source: the specification of the Condorcet Election Format, version 1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction

from logovote.voting.formats.draft import Draft, MalformedFileError, ranking
from logovote.voting.profiles import Vote

EMPTY = ("/EMPTY_RANKING/", "/EMPTY/")
"""An explicit blank ballot: it is counted and prefers nobody."""

_PARAMETER = re.compile(r"\s*#/\s*([^:]+?)\s*:(.*)")
_TIMES = re.compile(r"(.*?)\s*([*^])\s*(\d{1,1000})")


def read_cef(text: str) -> Draft:
    """Read the Condorcet Election Format.

    As its specification says, candidates that do not stand are ignored on ballots, and
    so are weights unless the file allows them. Tags and the number of seats are not
    used.

    Raises:
        MalformedFileError: a line cannot be read.
    """
    lines = text.splitlines()
    parameters = {
        match[1].casefold(): match[2].strip()
        for line in lines
        if (match := _PARAMETER.fullmatch(line))
    }
    weighted = _boolean(parameters, "Weight Allowed", default="false")
    implicit = _boolean(parameters, "Implicit Ranking", default="true")
    draft = Draft(unranked="last" if implicit else "no_opinion")
    ballots = [(place, *_split(ballot, place)) for place, ballot in _ballots(lines)]
    named = [name.strip() for name in parameters.get("candidates", "").split(";")]
    if not any(named):
        named = [n for _, tiers, _, _ in ballots for tier in tiers or () for n in tier]
    draft.candidates = list(dict.fromkeys(name for name in named if name))
    stands = set(draft.candidates)
    for place, tiers, count, weight in ballots:
        kept = [draft.candidates] if tiers is None else tiers
        ballot = ranking(([n for n in tier if n in stands] for tier in kept), place)
        draft.votes.append(
            Vote(ballot, count, weight=Fraction(weight if weighted else 1))
        )
    return draft


def read_order(text: str, place: str) -> list[list[str]]:
    """Read "A > B = C" into tiers.

    Raises:
        MalformedFileError: a place is empty, or there is a "<".
    """
    if "<" in text:
        raise MalformedFileError(f'{place}: write the better one first, with ">".')
    tiers = [[name.strip() for name in tier.split("=")] for tier in text.split(">")]
    if not all(name for tier in tiers for name in tier):
        raise MalformedFileError(f"{place}: a candidate is missing beside > or =.")
    return tiers


def _boolean(parameters: dict[str, str], name: str, default: str) -> bool:
    value = parameters.get(name.casefold(), default).casefold()
    if value not in ("true", "false"):
        raise MalformedFileError(f"{name}: it must be true or false.")
    return value == "true"


def _ballots(lines: list[str]) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(lines, start=1):
        for ballot in line.partition("#")[0].split(";"):
            if ballot.strip():
                yield f"line {number}", ballot.rpartition("||")[2].strip()


def _split(ballot: str, place: str) -> tuple[list[list[str]] | None, int, int]:
    """Return a ballot's tiers (None: blank), how often it was cast, and its weight."""
    given: dict[str, int] = {}
    # The specification wants the weight first; both orders have one meaning.
    while match := _TIMES.fullmatch(ballot):
        if match[2] in given:
            raise MalformedFileError(f"{place}: it has {match[2]!r} twice.")
        ballot, given[match[2]] = match[1], int(match[3])
    tiers = None
    if ballot.upper() not in EMPTY:
        tiers = read_order(ballot, place)
        if any(name.upper() in EMPTY for tier in tiers for name in tier):
            raise MalformedFileError(f"{place}: {EMPTY[0]} must stand alone.")
    return tiers, given.get("*", 1), given.get("^", 1)
