"""The Condorcet Election Format (.cvotes): "A > B = C ^2 * 3", one ballot a line.

Source: the specification of the Condorcet Election Format, version 1. What it calls
invalid is refused, even where one could guess what is meant.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction

from logovote.voting.formats.draft import Draft, MalformedFileError, lines_of, short
from logovote.voting.profiles import Vote

EMPTY = ("/EMPTY_RANKING/", "/EMPTY/")
"""An explicit blank ballot: it is counted and prefers nobody."""

_NUMBER = re.compile(r"\s*\d{1,1000}\s*")


def read_cef(text: str) -> Draft:
    """Read the Condorcet Election Format.

    As its specification says, candidates that do not stand are ignored on ballots, and
    so are weights unless the file allows them. Tags and the number of seats are not
    used.

    Raises:
        MalformedFileError: a line cannot be read.
    """
    lines = lines_of(text)
    parameters = _parameters(lines)
    weighted = _boolean(parameters, "Weight Allowed", default="false")
    implicit = _boolean(parameters, "Implicit Ranking", default="true")
    draft = Draft(
        candidates=_candidates(parameters) or _named(lines),
        unranked="last" if implicit else "no_opinion",
    )
    stands = set(draft.candidates)
    for place, tiers, count, weight in _ballots(lines):
        kept = [draft.candidates] if tiers is None else tiers
        if not all(stands.issuperset(tier) for tier in kept):
            kept = [[name for name in tier if name in stands] for tier in kept]
        ballot = draft.ranking(kept, place)
        if weighted and weight != 1:
            draft.votes.append(Vote(ballot, count, weight=Fraction(weight)))
        else:
            draft.votes.append(Vote(ballot, count))
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


def _parameters(lines: list[str]) -> dict[str, str]:
    """Read the block of parameters; their names in lower case."""
    parameters: dict[str, str] = {}
    voted = False
    for line_number, line in enumerate(lines, start=1):
        place = f"line {line_number}"
        if not line.lstrip().startswith("#/"):
            voted = voted or bool(line.partition("#")[0].strip())
            continue
        title, colon, value = line.removeprefix("#/").partition(":")
        title, value = title.lstrip(), value.strip()
        if line[:2] != "#/" or not colon or not title or title[-1].isspace():
            raise MalformedFileError(
                f"{place}: a parameter begins its line, as in #/Candidates: A ; B"
            )
        name = title.casefold()
        if "#" in value:
            raise MalformedFileError(
                f"{place}: no comment may stand beside a parameter."
            )
        if name in parameters:
            raise MalformedFileError(f"{place}: {title} is given a second time.")
        if voted:
            raise MalformedFileError(f"{place}: parameters come before the votes.")
        parameters[name] = value
    return parameters


def _boolean(parameters: dict[str, str], name: str, default: str) -> bool:
    value = parameters.get(name.casefold(), default).casefold()
    if value not in ("true", "false"):
        raise MalformedFileError(f"{name}: it must be true or false.")
    return value == "true"


def _candidates(parameters: dict[str, str]) -> list[str]:
    given = parameters.get("candidates", "").split(";")
    named = [name.strip() for name in given if name.strip()]
    for name, times in Counter(named).items():
        if times > 1:
            raise MalformedFileError(f"Candidates: {short(name)} is there twice.")
    return named


def _named(lines: list[str]) -> list[str]:
    """Return whom the ballots name, in the order in which they come."""
    named: dict[str, None] = {}
    for _, tiers, _, _ in _ballots(lines):
        for tier in tiers or ():
            named.update(dict.fromkeys(tier))
    return list(named)


def _ballots(
    lines: list[str],
) -> Iterator[tuple[str, list[list[str]] | None, int, int]]:
    """Yield every ballot's place, tiers (None: blank), times cast, and weight."""
    for line_number, line in enumerate(lines, start=1):
        for text in line.partition("#")[0].split(";"):
            if not text.strip():
                continue
            place = f"line {line_number}"
            order, star, times = text.rpartition("||")[2].partition("*")
            order, hat, weight = order.partition("^")
            for mark, number in ((hat, weight), (star, times)):
                if mark and not _NUMBER.fullmatch(number):
                    raise MalformedFileError(
                        f"{place}: a weight and a number of votes stand last, in this "
                        "order, as in A > B ^7 * 42"
                    )
            order, tiers = order.strip(), None
            if order.upper() not in EMPTY:
                tiers = read_order(order, place)
                if any(name.upper() in EMPTY for tier in tiers for name in tier):
                    raise MalformedFileError(f"{place}: {EMPTY[0]} must stand alone.")
            yield place, tiers, int(times or 1), int(weight or 1)
