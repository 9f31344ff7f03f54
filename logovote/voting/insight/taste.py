"""Loved or tolerated: who is put first, who among the first, and who at the bottom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from logovote.voting.insight.crowds import UNPLACED, Crowd
from logovote.voting.profiles import Profile
from logovote.voting.weights import weigh

TOP = 3
BOLD = Fraction(1, 4)
"""Bold: so much of the vote has it among its first three, and as much at the end."""

COMPROMISE_FIRST = Fraction(1, 2)
"""A winner put first by less than this part of the best liked one is a compromise."""

COMPROMISE_TOP = Fraction(1, 10)
"""So is one if another design is among the first three this much more often."""


@dataclass(frozen=True, slots=True)
class Taste:
    """How a candidate is liked: parts of all the weight counted.

    A ballot that ties candidates, or leaves them out, divides the places among them.

    Args:
        candidate: its id.
        first: the part that puts it first.
        top: the part that has it among the first three.
        bottom: the part that has it in the bottom third.
        bold: whether many love it and many do not.
    """

    candidate: str
    first: Fraction
    top: Fraction
    bottom: Fraction
    bold: bool


@dataclass(frozen=True, slots=True)
class Character:
    """What kind of winner this is; a flag, which changes nothing by itself.

    Args:
        winner: the only first; None if several are tied, or "none of these" won.
        compromise: whether it is liked by many and loved by few.
        boldest: the other design that most voters put first.
        winner_over_boldest: what prefers the winner to it, of all weight.
        boldest_over_winner: what prefers that one to the winner.
    """

    winner: str | None
    compromise: bool = False
    boldest: str | None = None
    winner_over_boldest: Fraction = Fraction(0)
    boldest_over_winner: Fraction = Fraction(0)


def tastes(
    profile: Profile, groups: Mapping[str, Crowd], order: Sequence[str]
) -> tuple[Taste, ...]:
    """Return how every candidate is liked, in the order given, exactly."""
    size = len(profile.candidates)
    bottom = max(1, size // 3) if size > 1 else 0
    weights = weigh(profile)
    sums = {c: [Fraction(0)] * 3 for c in profile.candidates}
    total = Fraction(0)
    for id_, crowd in groups.items():
        factor = weights[id_].factor / crowd.unit
        total += factor * int(crowd.heads @ crowd.own)
        spans = ((0, 1), (0, TOP), (size - bottom, size))
        for which, (start, end) in enumerate(spans):
            parts = _parts_between(crowd, start, end)
            for candidate, part in zip(profile.candidates, parts, strict=True):
                sums[candidate][which] += part * factor
    whole = total or Fraction(1)
    found = {c: [part / whole for part in parts] for c, parts in sums.items()}
    return tuple(_taste(candidate, *found[candidate]) for candidate in order)


def _taste(candidate: str, first: Fraction, top: Fraction, bottom: Fraction) -> Taste:
    return Taste(candidate, first, top, bottom, bold=top >= BOLD and bottom >= BOLD)


def _parts_between(crowd: Crowd, start: int, end: int) -> list[Fraction]:
    """Return, per candidate, the weight that has it at a place from start to end.

    A tier of n candidates of which k places are in the range gives each of them k/n.
    """
    first, last = crowd.first, crowd.last
    inside = np.minimum(last + 1, end) - np.maximum(first, start)
    inside = np.where(first == UNPLACED, 0, np.maximum(inside, 0))
    width = last - first + 1
    weight = crowd.heads * crowd.own
    columns = range(first.shape[1])
    return [_sum(inside[:, c], width[:, c], weight) for c in columns]


def _sum(
    inside: npt.NDArray[np.int32],
    width: npt.NDArray[np.int32],
    weight: npt.NDArray[np.int64],
) -> Fraction:
    """Add up inside/width * weight exactly: one fraction for every width there is."""
    total = Fraction(0)
    for n in np.unique(width).tolist():
        of_width = width == n
        total += Fraction(int(inside[of_width] @ weight[of_width]), n)
    return total


def character(
    tastes: Sequence[Taste],
    winners: Sequence[str],
    over: Mapping[str, Mapping[str, Fraction]],
    status_quo: str | None,
) -> Character:
    """Tell whether a winner is a compromise, and who the boldest contender is.

    Args:
        tastes: of all candidates, in the order of the result.
        winners: all first ones.
        over: for two candidates, the part of all weight that prefers the first.
        status_quo: "none of these", which is neither bold nor a compromise.
    """
    liked = {taste.candidate: taste for taste in tastes}
    designs = [taste for taste in tastes if taste.candidate != status_quo]
    if len(winners) != 1 or winners[0] == status_quo:
        return Character(winner=None)
    winner = liked[winners[0]]
    others = [taste for taste in designs if taste is not winner]
    if not others:
        return Character(winner.candidate)
    # Of equals, the one that stands higher in the result.
    boldest = max(others, key=lambda taste: (taste.first, taste.top))
    best_first = max(winner.first, boldest.first)
    compromise = winner.first < best_first * COMPROMISE_FIRST or any(
        taste.top >= winner.top + COMPROMISE_TOP for taste in others
    )
    return Character(
        winner=winner.candidate,
        compromise=compromise,
        boldest=boldest.candidate,
        winner_over_boldest=over[winner.candidate][boldest.candidate],
        boldest_over_winner=over[boldest.candidate][winner.candidate],
    )
