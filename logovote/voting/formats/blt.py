"""BLT files, as used for the single transferable vote, with ties and withdrawals.

Source: Hill, Wichmann & Woodall, Algorithm 123, Computer Journal 30 (1987), with the
extensions of OpenSTV and OpaVote (comments after "#", a ballot's name in parentheses,
"=" between tied candidates, "-" for a place left free) and of Droop (/* comments */,
[options], ties in parentheses).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction

from logovote.voting.formats.draft import (
    MOST_CANDIDATES,
    Draft,
    MalformedFileError,
    distinct,
    lines_of,
    number,
    short,
    whole,
)
from logovote.voting.profiles import Vote

_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_TOKEN = re.compile(
    r'\s+|#.*|\[[^\]]*\]|"(?:[^"\\]|\\.)*"?|\([^()]*\)|(?:[^\s=#"(]|\s*=\s*)+|.'
)

Tier = tuple[int, ...]
Lines = list[tuple[int, str]]


class _Words:
    """The words of a BLT file up to its names, one after another."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        self._line = 0
        self._end: int | None = None
        self._words: Iterator[tuple[str, int | None]] = iter(())

    @property
    def place(self) -> str:
        """Where the last word stood."""
        return f"line {max(1, self._line)}"

    def next(self) -> str:
        """Return the next word.

        Raises:
            MalformedFileError: there is none.
        """
        while True:
            found = next(self._words, None)
            if found is not None:
                word, self._end = found
                return word
            if self._line == len(self._lines):
                raise MalformedFileError(
                    "the file: it ends too early; the 0 that ends the ballots is "
                    "missing."
                )
            self._words = _split(self._lines[self._line])
            self._line += 1

    def rest(self) -> Lines:
        """Return what stands behind the last word, line by line."""
        here = " ".join(word for word, _ in self._words)
        if self._end is not None:
            here = self._lines[self._line - 1][self._end :]
        rest = [here, *self._lines[self._line :]]
        return list(enumerate(rest, start=self._line))


def _split(line: str) -> Iterator[tuple[str, int | None]]:
    """Yield the words of a line and, where it is more than words, where each ends."""
    if not any(mark in line for mark in '#[("='):
        yield from ((word, None) for word in line.split())
        return
    for match in _TOKEN.finditer(line):
        if not match[0].isspace() and match[0][0] not in "#[":
            yield "=".join(map(str.strip, match[0].split("="))), match.end()


def _without_remarks(text: str) -> Iterator[str]:
    """Yield what stands outside of remarks, and the ends of line in them."""
    at = 0
    while (start := text.find("/*", at)) >= 0:
        end = text.find("*/", start + 2)
        if end < 0:
            break
        yield text[at:start]
        yield "\n" * text.count("\n", start, end) or " "
        at = end + 2
    yield text[at:]


def read_blt(text: str) -> Draft:
    """Read a BLT file; withdrawn candidates are taken out, the seats are not used.

    Raises:
        MalformedFileError: a line cannot be read, or the closing 0 is missing.
    """
    words = _Words(lines_of("".join(_without_remarks(text))))
    size = whole(words.next(), words.place)
    if not 0 < size <= MOST_CANDIDATES:
        raise MalformedFileError(
            f"{words.place}: the number of candidates, 1 to {MOST_CANDIDATES}, should "
            "be here."
        )
    whole(words.next(), words.place)
    alone: dict[str, Tier] = {str(c): (c,) for c in range(1, size + 1)}
    withdrawn: set[int] = set()
    ballots: list[tuple[str, Fraction, tuple[Tier, ...]]] = []
    while (word := words.next()) != "0":
        if word.startswith("("):
            continue  # a ballot's own name
        if re.fullmatch(r"-\d+", word):
            withdrawn.update(_tied(word[1:], alone, words.place))
            continue
        place = words.place
        ballots.append((place, number(word, place), _preferences(words, alone)))
    names = distinct(_names(words.rest(), size))
    draft = Draft(candidates=[n for c, n in names.items() if c not in withdrawn])
    for place, weight, tiers in ballots:
        kept = ([names[c] for c in tier if c not in withdrawn] for tier in tiers)
        ballot = draft.ranking(kept, place)
        if weight < 0:
            raise MalformedFileError(f"{place}: a ballot cannot weigh less than 0.")
        if weight.denominator == 1:
            draft.votes.append(Vote(ballot, int(weight)))
        else:
            draft.votes.append(Vote(ballot, weight=weight))
    return draft


def _preferences(words: _Words, alone: dict[str, Tier]) -> tuple[Tier, ...]:
    """Read preferences up to their 0; "-" is a place left free."""
    tiers: list[Tier] = []
    while (word := words.next()) != "0":
        if word != "-":
            tier = alone.get(word)
            tiers.append(_tied(word, alone, words.place) if tier is None else tier)
    return tuple(tiers)


def _tied(word: str, alone: dict[str, Tier], place: str) -> Tier:
    """Read "3", "1=3" or "(1 3)"."""
    if word.startswith("(") and word.endswith(")"):
        word = "=".join(word[1:-1].split())
    found: list[int] = []
    for part in word.split("="):
        candidate = alone.get(str(whole(part, place)))
        if candidate is None:
            raise MalformedFileError(f"{place}: there is no candidate {short(part)}.")
        found += candidate
    return tuple(found)


def _names(lines: Lines, size: int) -> dict[int, str]:
    """Return the names behind the ballots, one a line, quoted or not."""
    names: list[str] = []
    for line_number, line in lines:
        quoted = _QUOTED.findall(line)
        names += [re.sub(r"\\(.)", r"\1", name).strip() for name in quoted]
        left = _QUOTED.sub("", line).partition("#")[0].strip()
        if '"' in left:
            raise MalformedFileError(
                f"line {line_number}: a name in quotation marks is not closed."
            )
        if left and not quoted:
            names.append(left)
    if not names or len(names) == 1 < size:
        names = [""] * size  # at most a title
    if len(names) < size:
        raise MalformedFileError(
            f"the file: it names {len(names)} of its {size} candidates."
        )
    return {candidate: names[candidate - 1] for candidate in range(1, size + 1)}
