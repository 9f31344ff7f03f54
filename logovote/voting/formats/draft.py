"""What every reader makes of a file: the parts of a profile, and where they stood."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction

from logovote.errors import UnreadableInputError
from logovote.voting.ballots import Approval, InvalidBallotError, Ranking
from logovote.voting.profiles import (
    ALL,
    Group,
    InvalidProfileError,
    Mode,
    Profile,
    Unranked,
    Vote,
)

MOST_CANDIDATES = 5000
"""Of rankings every pair of candidates is counted; more would not fit in memory."""

_MOST_KEPT = 100_000  # rankings; where more differ, most differ
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?|[+-]?\d+/\d+")


Tier = tuple[str, ...]


class MalformedFileError(UnreadableInputError):
    """A ballot file that cannot be read; the message is one line naming the place.

    Whatever of the file is quoted in it: it stays one line, and no long one.
    """

    def __init__(self, message: str) -> None:
        printable = "".join(c if c.isprintable() else repr(c)[1:-1] for c in message)
        if len(printable) > 240:
            printable = f"{printable[:160]} … {printable[-75:]}"
        super().__init__(printable)


@dataclass
class Draft:
    """The parts of a profile as read from a file, in the making.

    `groups` holds what the file declares; None where it declares nothing, in which
    case the groups are those the ballots name.
    """

    candidates: list[str] = field(default_factory=list)
    votes: list[Vote] = field(default_factory=list)
    groups: list[Group] | None = None
    families: dict[str, str] = field(default_factory=dict)
    unranked: Unranked = "last"
    seed: str = ""
    status_quo: str | None = None
    mode: Mode | None = None
    recency: dict[str, int] = field(default_factory=dict)
    exposure: dict[str, dict[str, Fraction]] | None = None
    _tiers: dict[Tier, Tier] = field(default_factory=dict, repr=False)
    _rankings: dict[tuple[Tier, ...], Ranking] = field(default_factory=dict, repr=False)

    def ranking(self, tiers: Iterable[Iterable[str]], place: str) -> Ranking:
        """Build a ranking; empty tiers are left out.

        Equal places on different rankings are one object, and so are equal rankings
        as long as there are not too many: a file of a million ballots fits in memory.

        Raises:
            MalformedFileError: a candidate stands twice.
        """
        one = self._tiers.setdefault
        kept = tuple([one(t, t) for t in map(tuple, tiers) if t])
        found = self._rankings.get(kept)
        if found is None:
            try:
                found = Ranking(kept)
            except InvalidBallotError as error:
                raise MalformedFileError(f"{place}: {error}") from error
            if len(self._rankings) < _MOST_KEPT:
                self._rankings[kept] = found
        return found

    def profile(
        self, shares: Mapping[str, Fraction], unranked: Unranked | None
    ) -> Profile:
        """Return the profile, with shares and a reading of unranked from outside.

        Raises:
            MalformedFileError: the parts do not fit together.
        """
        if not self.candidates:
            raise MalformedFileError("candidates: there are none.")
        if len(self.candidates) > MOST_CANDIDATES and not self._holds_approvals():
            raise MalformedFileError(
                f"candidates: there are more than {MOST_CANDIDATES}, too many to count."
            )
        groups = self._groups()
        if strangers := set(shares).difference(group.id for group in groups):
            known = ", ".join(repr(group.id) for group in groups)
            raise MalformedFileError(
                f"share: no group of the file is called {min(strangers)!r}; "
                f"there is {known}."
            )
        groups = [
            replace(group, share=shares.get(group.id, group.share)) for group in groups
        ]
        plain = not shares and [group.id for group in groups] == [ALL]
        try:
            return Profile(
                candidates=tuple(self.candidates),
                votes=tuple(self.votes),
                groups=() if plain and self.groups is None else tuple(groups),
                families=self.families,
                unranked=unranked or self.unranked,
                seed=self.seed,
                status_quo=self.status_quo,
                mode="fixed_share" if shares else self.mode,
                recency=self.recency,
                exposure=self.exposure,
            )
        except (InvalidProfileError, InvalidBallotError) as error:
            raise MalformedFileError(str(error)) from error

    def _holds_approvals(self) -> bool:
        """Tell whether no pairs are counted: every ballot is a set, or would be."""
        kinds = {type(vote.ballot) for vote in self.votes}
        return kinds == {Approval} or (not kinds and bool(self.families))

    def _groups(self) -> list[Group]:
        named = list(dict.fromkeys(vote.group for vote in self.votes))
        if self.groups is None:
            return [Group(id_) for id_ in named or [ALL]]
        declared = {group.id for group in self.groups}
        if ALL in named and ALL not in declared:
            return [*self.groups, Group(ALL)]
        return self.groups


def number(text: str, place: str) -> Fraction:
    """Read an integer, a decimal or a fraction, exactly.

    Raises:
        MalformedFileError: it is none of these.
    """
    if not _NUMBER.fullmatch(text.strip()) or len(text) > 1000:
        raise MalformedFileError(f"{place}: {short(text)} is not a number.")
    try:
        return Fraction(text.strip())
    except ZeroDivisionError as error:
        raise MalformedFileError(f"{place}: {short(text)} divides by 0.") from error


def whole(text: str, place: str) -> int:
    """Read an integer of 0 or more.

    Raises:
        MalformedFileError: it is none.
    """
    if text.isascii() and text.isdecimal() and len(text) < 1000:
        return int(text)
    value = number(text, place)
    if value.denominator != 1 or value < 0:
        raise MalformedFileError(f"{place}: {short(text)} is not a whole number.")
    return int(value)


def check_known(names: Iterable[str], known: Iterable[str], place: str) -> None:
    """Refuse names that nobody introduced.

    Raises:
        MalformedFileError: there is one.
    """
    if strangers := set(names).difference(known):
        raise MalformedFileError(
            f"{place}: {short(min(strangers))} is not one of the candidates."
        )


def lines_of(text: str) -> list[str]:
    """Split a text at its ends of line, of any system, and nowhere else.

    `str.splitlines` would also split a name at a character that only looks like one.
    """
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def distinct(names: Mapping[int, str]) -> dict[int, str]:
    """Return the names of numbered candidates; the number where a name is no use.

    It is none where it is missing, where two have it, and where it is the number of
    another one that goes by its number.
    """
    given = Counter(names.values())
    useful = {n: name for n, name in names.items() if name and given[name] == 1}
    while True:
        numbers = {str(n) for n in names if n not in useful}
        clash = [n for n, name in useful.items() if name in numbers]
        if not clash:
            return {n: useful.get(n, str(n)) for n in names}
        for n in clash:
            del useful[n]


def short(text: str) -> str:
    """Quote what was found, on one line and not at length."""
    return repr(text if len(text) <= 40 else text[:37] + "...")
