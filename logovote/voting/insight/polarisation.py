"""How much voters agree, and about what they differ. Exact, for it costs nothing more.

Only how far a candidate divides the voters is cut short where that takes more digits
than anybody reads.

Sources: Faliszewski et al., Diversity, agreement, and polarization in elections (2023);
Colley et al., Measuring and controlling divisiveness in rank aggregation (2023).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from math import lcm

import numpy as np
import numpy.typing as npt

from logovote.voting.insight.crowds import UNPLACED, Crowd
from logovote.voting.insight.reweighting import Tables
from logovote.voting.pairwise import Pairwise
from logovote.voting.profiles import Profile
from logovote.voting.weights import weigh

Integers = npt.NDArray[np.int64]
ZERO = Fraction(0)
_FINEST = 10**100  # the sum of many longer fractions has tens of thousands of digits


@dataclass(frozen=True, slots=True)
class Divide:
    """How far a candidate divides the voters; from 0, not at all, to 1.

    Args:
        candidate: its id.
        divisiveness: how differently those who prefer it to another and those who
            prefer that other place it, over all others on average. Exact, or to a
            hundred decimals where voters have very many different weights.
        group_gap: the largest difference between the places two groups give it.
        likes_most: the group that places it highest, if groups differ.
        likes_least: the group that places it lowest.
    """

    candidate: str
    divisiveness: Fraction
    group_gap: Fraction
    likes_most: str | None
    likes_least: str | None


@dataclass(frozen=True, slots=True)
class Alike:
    """How alike two groups rank: Kendall's tau, 1 the same order, -1 the reverse."""

    one: str
    other: str
    tau: Fraction


@dataclass(frozen=True, slots=True)
class Polarisation:
    """How much a whole round agrees.

    Args:
        agreement: the mean margin over all pairs, of all weight: 1 when all voters
            rank alike, 0 when every two candidates split them evenly.
        divides: every candidate's, in the order of the result.
        alike: every two groups that voted.
    """

    agreement: Fraction
    divides: tuple[Divide, ...]
    alike: tuple[Alike, ...]


def polarisation(
    profile: Profile,
    groups: Mapping[str, Crowd],
    pairs: Pairwise,
    tables: Tables,
    *,
    order: Sequence[str],
    alone: Mapping[str, Sequence[Sequence[str]]],
) -> Polarisation:
    """Measure how much voters agree.

    Args:
        profile: the ballots.
        groups: the same as arrays.
        pairs: their counts.
        tables: the same by group.
        order: all candidates as they were ranked.
        alone: every voting group's own ranking, in tiers.
    """
    split = divisiveness(profile, groups)
    places = {id_: group_scores(tables, id_) for id_ in tables.voting}
    return Polarisation(
        agreement=agreement(pairs),
        divides=tuple(_divide(c, split[c], places) for c in order),
        alike=tuple(
            Alike(one, other, kendall_tau(alone[one], alone[other]))
            for one, other in combinations(tables.voting, 2)
        ),
    )


def _divide(
    candidate: str, split: Fraction, places: Mapping[str, Mapping[str, Fraction]]
) -> Divide:
    ordered = sorted(places, key=lambda id_: places[id_][candidate])
    low, high = (ordered[0], ordered[-1]) if ordered else (None, None)
    gap = ZERO
    if low is not None and high is not None:
        gap = places[high][candidate] - places[low][candidate]
    differ = gap > 0
    return Divide(
        candidate, split, gap, high if differ else None, low if differ else None
    )


def agreement(pairs: Pairwise) -> Fraction:
    """Return the mean of |margin| / total over all pairs; 1 where there is no pair."""
    margins = [abs(m) for a, row in enumerate(pairs.margins) for m in row[a + 1 :]]
    if not margins or not pairs.total:
        return Fraction(1) if pairs.total else ZERO
    return Fraction(sum(margins), len(margins) * pairs.total)


def group_scores(tables: Tables, group: str) -> dict[str, Fraction]:
    """Return a group's own Borda scores, from 0 (last of all) to 1 (first of all)."""
    size = len(tables.candidates)
    return {
        candidate: (
            1
            + sum(
                (tables.margin(group, a, b) for b in range(size) if b != a),
                ZERO,
            )
            / max(1, size - 1)
        )
        / 2
        for a, candidate in enumerate(tables.candidates)
    }


def divisiveness(profile: Profile, groups: Mapping[str, Crowd]) -> dict[str, Fraction]:
    """Return how differently friends and others of a candidate score it, on average.

    For a against b: the mean normalised Borda score of a among the voters who prefer a
    to b, less that among those who prefer b; averaged over all b about whom both kinds
    of voters exist.
    """
    size = len(profile.candidates)
    weights = weigh(profile)
    factors = {id_: weights[id_].factor / crowd.unit for id_, crowd in groups.items()}
    unit = lcm(*(factor.denominator for factor in factors.values()))
    points = np.zeros((2, size, size), object)
    masses = np.zeros((2, size, size), object)
    for id_, crowd in groups.items():
        times = int(factors[id_] * unit)
        for a in range(size):
            for side, (score, mass) in enumerate(_sides(crowd, a)):
                points[side, a] += score.astype(object) * times
                masses[side, a] += mass.astype(object) * times
    found = {}
    for a, candidate in enumerate(profile.candidates):
        gaps = [
            _difference(points[:, a, b].tolist(), masses[:, a, b].tolist())
            for b in range(size)
            if b != a and masses[0, a, b] and masses[1, a, b]
        ]
        # Points are counted twice over, to halve the places that ties share.
        scale = 2 * (size - 1) * max(1, len(gaps))
        found[candidate] = Fraction(sum(gaps, ZERO)) / scale if gaps else ZERO
    return found


def _difference(points: Sequence[int], masses: Sequence[int]) -> Fraction:
    """Return how far the means of two kinds of voters are apart."""
    (mine, theirs), (mass, other) = points, masses
    gap = abs(Fraction(mine * other - theirs * mass, mass * other))
    if gap.denominator > _FINEST:
        return Fraction(gap.numerator * _FINEST // gap.denominator, _FINEST)
    return gap


def _sides(crowd: Crowd, a: int) -> list[tuple[Integers, Integers]]:
    """Return, for voters with a above each b and for those below, score and weight."""
    size = crowd.first.shape[1]
    mine = crowd.first[:, a, None]
    placed = (mine != UNPLACED) & (crowd.first != UNPLACED)
    score = 2 * (size - 1) - crowd.first[:, a] - crowd.last[:, a]
    weight = crowd.heads * crowd.own
    sides = []
    for prefers in (mine < crowd.first, mine > crowd.first):
        voters = (prefers & placed).astype(np.int64)
        sides.append(((weight * score) @ voters, weight @ voters))
    return sides


def kendall_tau(
    one: Sequence[Sequence[str]], other: Sequence[Sequence[str]]
) -> Fraction:
    """Return how alike two rankings in tiers are: (agreeing - opposed) / all pairs."""
    depths = [
        {c: depth for depth, tier in enumerate(tiers) for c in tier}
        for tiers in (one, other)
    ]
    score = pairs = 0
    for a, b in combinations(depths[0], 2):
        signs = [(d[a] > d[b]) - (d[a] < d[b]) for d in depths]
        score += signs[0] * signs[1]
        pairs += 1
    return Fraction(score, pairs) if pairs else Fraction(1)
