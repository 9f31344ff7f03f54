"""BLT files, as used for the single transferable vote, with ties and withdrawals.

Source: Hill, Wichmann & Woodall, Algorithm 123, Computer Journal 30 (1987), with the
extensions of OpenSTV and OpaVote.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from logovote.voting.formats.draft import (
    MOST_CANDIDATES,
    Draft,
    MalformedFileError,
    distinct,
    number,
    ranking,
    whole,
)
from logovote.voting.profiles import Vote

_QUOTED = re.compile(r'\s*"([^"]*)"')

Token = tuple[str, str]  # where it stands, and what it is


def read_blt(text: str) -> Draft:
    """Read a BLT file; withdrawn candidates are taken out, the seats are not used.

    Raises:
        MalformedFileError: a line cannot be read, or the closing 0 is missing.
    """
    lines = text.splitlines()
    tokens = _tokens(lines)
    size = whole(*_next(tokens)[::-1])
    if not 0 < size <= MOST_CANDIDATES:
        raise MalformedFileError("line 1: the number of candidates should be here.")
    whole(*_next(tokens)[::-1])
    withdrawn: set[int] = set()
    ballots = []
    end = 0
    for place, token in tokens:
        if token.startswith("("):
            continue  # a ballot's own name
        if token == "0":  # noqa: S105  # a mark of the format, no password
            end = int(place.split()[1])
            break
        if re.fullmatch(r"-\d+", token):
            withdrawn.add(_candidate(token[1:], size, place))
            continue
        ballots.append((place, number(token, place), _preferences(tokens, size)))
    if not end:
        raise MalformedFileError("the file: the 0 that ends the ballots is missing.")
    names = distinct(_names(lines[end:], size))
    draft = Draft(candidates=[n for c, n in names.items() if c not in withdrawn])
    for place, weight, tiers in ballots:
        kept = ([names[c] for c in tier if c not in withdrawn] for tier in tiers)
        ballot = ranking(kept, place)
        if weight < 0:
            raise MalformedFileError(f"{place}: a ballot cannot weigh less than 0.")
        if weight.denominator == 1:
            draft.votes.append(Vote(ballot, int(weight)))
        else:
            draft.votes.append(Vote(ballot, weight=weight))
    return draft


def _tokens(lines: list[str]) -> Iterator[Token]:
    for line_number, line in enumerate(lines, start=1):
        text = line.partition("#")[0]
        if not text.lstrip().startswith("["):  # options of other programs
            for token in text.split():
                yield f"line {line_number}", token


def _next(tokens: Iterator[Token]) -> Token:
    token = next(tokens, None)
    if token is None:
        raise MalformedFileError("the file: it ends too early.")
    return token


def _preferences(tokens: Iterator[Token], size: int) -> list[list[int]]:
    """Read preferences up to their 0; "-" is a place left free."""
    tiers: list[list[int]] = []
    while True:
        place, token = _next(tokens)
        if token == "0":  # noqa: S105  # a mark of the format, no password
            return tiers
        if token != "-":  # noqa: S105  # a mark of the format, no password
            tiers.append([_candidate(c, size, place) for c in token.split("=")])


def _candidate(text: str, size: int, place: str) -> int:
    candidate = whole(text, place)
    if not 1 <= candidate <= size:
        raise MalformedFileError(f"{place}: there is no candidate {text}.")
    return candidate


def _names(lines: list[str], size: int) -> dict[int, str]:
    """Return the names behind the ballots, one a line, quoted or not."""
    names = []
    for line in lines:
        found = _QUOTED.findall(line) or [line.partition("#")[0].strip()]
        names += [name.strip() for name in found if name.strip()]
    names += [""] * (size - len(names))
    return {candidate: names[candidate - 1] for candidate in range(1, size + 1)}
