"""How often each candidate is ranked above each other one, counted exactly.

Each group is counted by itself, in integers; weights enter only afterwards, on the
m x m tables, so that re-weighting costs nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import chain
from math import lcm

import numpy as np
import numpy.typing as npt

from logovote.voting.ballots import Approval, Ballot, Ranking
from logovote.voting.profiles import Profile
from logovote.voting.weights import GroupWeight, weigh

Table = list[list[int]]
Ranks = npt.NDArray[np.signedinteger]

_BLOCK = 1 << 14  # ballots compared at a time: the rows of 30 candidates fit in L2
_FEW = 512  # below so many ballots, one wide comparison beats one per pair


@dataclass(frozen=True, slots=True)
class GroupCount:
    """The pairwise counts of one group.

    Args:
        weight: the group's heads, share and factor.
        above: `above[a][b]` is how much of the group ranks a strictly above b, as an
            integer in units of 1/`unit` of a ballot; positions as in the candidates.
        unit: 1 unless voters inside the group weigh fractions.
    """

    weight: GroupWeight
    above: Table
    unit: int


@dataclass(frozen=True)
class Pairwise:
    """Weighted pairwise counts of a profile.

    Args:
        candidates: the order of the rows and columns.
        groups: the counts of every group, unweighted.
        above: `above[a][b]` is the weight that ranks a strictly above b, as an integer
            in units of 1/`unit`.
        unit: what to divide by.
        total: all the weight counted, in the same units.
    """

    candidates: tuple[str, ...]
    groups: dict[str, GroupCount]
    above: Table
    unit: int
    total: int

    @cached_property
    def margins(self) -> Table:
        """`margins[a][b]`: the weight for a over b less that for b over a."""
        every = range(len(self.candidates))
        return [[self.above[a][b] - self.above[b][a] for b in every] for a in every]

    def preferring(self, a: str, b: str) -> Fraction:
        """Return the weight that ranks a strictly above b."""
        row, column = self.candidates.index(a), self.candidates.index(b)
        return Fraction(self.above[row][column], self.unit)

    def margin(self, a: str, b: str) -> Fraction:
        """Return the weight for a over b less that for b over a."""
        return self.preferring(a, b) - self.preferring(b, a)


def count_pairs(profile: Profile) -> Pairwise:
    """Count every pair of candidates in every group."""
    weights = weigh(profile)
    groups = {
        id_: GroupCount(weights[id_], *_count_group(profile, merged))
        for id_, merged in merge(profile).items()
    }
    scales = {id_: c.weight.factor / c.unit for id_, c in groups.items()}
    total = sum(
        (
            ballots * weight * weights[id_].factor
            for (id_, weight), ballots in profile.heads.items()
        ),
        Fraction(0),
    )
    unit = lcm(total.denominator, *(f.denominator for f in scales.values()))
    size = len(profile.candidates)
    above = [[0] * size for _ in range(size)]
    for id_, counted in groups.items():
        times = int(scales[id_] * unit)
        for mine, theirs in zip(above, counted.above, strict=True):
            mine[:] = [x + times * y for x, y in zip(mine, theirs, strict=True)]
    return Pairwise(profile.candidates, groups, above, unit, int(total * unit))


def merge(profile: Profile) -> dict[str, dict[Ranking, Fraction]]:
    """Return every group's counted ballots as rankings, equal ones added up.

    An approval is one tier above the rest; a ticked family stands with all its
    variants.
    """
    ballots: Counter[tuple[str, Ranking, Fraction]] = Counter()
    for vote in profile.counted:
        ranking = as_ranking(profile, vote.ballot)
        ballots[vote.group, ranking, vote.weight] += vote.count
    merged: dict[str, dict[Ranking, Fraction]] = {g.id: {} for g in profile.all_groups}
    for (id_, ranking, weight), times in ballots.items():
        group = merged[id_]
        group[ranking] = group.get(ranking, 0) + times * weight
    return merged


def as_ranking(profile: Profile, ballot: Ballot) -> Ranking:
    """Return a ballot as a ranking; an approval is one tier above the rest."""
    if not isinstance(ballot, Approval):
        return ballot
    approved = set(ballot.approved)
    for id_ in ballot.approved.difference(profile.candidates):
        approved.update(profile.variants[id_])
    tiers = (
        tuple(candidate for candidate in profile.candidates if candidate in approved),
        tuple(
            candidate for candidate in profile.candidates if candidate not in approved
        ),
    )
    return Ranking(tuple(tier for tier in tiers if tier))


def _count_group(
    profile: Profile, merged: dict[Ranking, Fraction]
) -> tuple[Table, int]:
    unit = lcm(*(weight.denominator for weight in merged.values()))
    weights = [int(weight * unit) for weight in merged.values()]
    ranks, ranked = _rank_matrix(profile.candidates, list(merged))
    worst = np.iinfo(ranks.dtype).max
    left = np.where(ranked, ranks, worst)
    # Below an unranked one there is everybody's rank, or nobody's: -1 is above none.
    right = left if profile.unranked == "last" else np.where(ranked, ranks, -1)
    return _weighted_pairs(left, right.astype(ranks.dtype), weights), unit


def _rank_matrix(
    candidates: tuple[str, ...], rankings: Sequence[Ranking]
) -> tuple[Ranks, npt.NDArray[np.bool_]]:
    """Return the tier of each candidate (row) on each ballot (column), if ranked."""
    row = {candidate: number for number, candidate in enumerate(candidates)}
    tiers = list(chain.from_iterable(r.tiers for r in rankings))
    lengths = np.fromiter((len(r.tiers) for r in rankings), np.intp, len(rankings))
    sizes = np.fromiter(map(len, tiers), np.intp, len(tiers))
    first = np.repeat(np.cumsum(lengths) - lengths, lengths)
    tier = np.arange(len(tiers)) - first
    ballot = np.repeat(np.arange(len(rankings)), lengths)
    named = chain.from_iterable(tiers)
    rows = np.fromiter(map(row.__getitem__, named), np.intp, int(sizes.sum()))
    dtype = np.int8 if len(candidates) < np.iinfo(np.int8).max else np.int32
    ranks = np.zeros((len(candidates), len(rankings)), dtype)
    ranked = np.zeros(ranks.shape, np.bool_)
    columns = np.repeat(ballot, sizes)
    ranks[rows, columns] = np.repeat(tier, sizes)
    ranked[rows, columns] = True
    return ranks, ranked


def _weighted_pairs(left: Ranks, right: Ranks, weights: Iterable[int]) -> Table:
    """Add up the weight of the ballots with left[a] < right[b], for all pairs.

    One count of set bits per binary digit of the weights: exact for integers of any
    size, and a single pass where every ballot weighs 1.
    """
    size = left.shape[0]
    above = [[0] * size for _ in range(size)]
    remaining = np.array(list(weights), dtype=object)
    digit = 0
    while remaining.any():
        odd = (remaining & 1).astype(np.bool_)
        if odd.any():
            counts = _count_less(left[:, odd], right[:, odd]).tolist()
            for row, more in zip(above, counts, strict=True):
                row[:] = [x + (y << digit) for x, y in zip(row, more, strict=True)]
        remaining = remaining >> 1
        digit += 1
    return above


def _count_less(left: Ranks, right: Ranks) -> npt.NDArray[np.int64]:
    size, ballots = left.shape
    counts = np.zeros((size, size), np.int64)
    for start in range(0, ballots, _BLOCK):
        mine = np.ascontiguousarray(left[:, start : start + _BLOCK])
        theirs = np.ascontiguousarray(right[:, start : start + _BLOCK])
        if mine.shape[1] < _FEW:
            for a in range(size):
                counts[a] += np.count_nonzero(mine[a] < theirs, axis=1)
            continue
        for a in range(size):
            for b in range(size):
                if a != b:
                    counts[a, b] += np.count_nonzero(mine[a] < theirs[b])
    return counts
