"""How often each candidate is ranked above each other one, counted exactly.

Each group is counted by itself, in integers; weights enter only afterwards, on the
m x m tables, so that re-weighting costs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import lcm

import numpy as np
import numpy.typing as npt

from logovote.voting.profiles import Profile, Unranked
from logovote.voting.rank_matrix import Integers, RankMatrix, rank_matrices
from logovote.voting.weights import GroupWeight, weigh

Table = list[list[int]]
Unsigned = npt.NDArray[np.unsignedinteger]

_BLOCK = 1 << 16  # ballots compared at a time: few calls, and rows that stay in cache
_FEW = 512  # below so many ballots, one wide comparison beats one per pair


@dataclass(frozen=True)
class GroupCount:
    """The pairwise counts of one group, N_g in the literature.

    Args:
        weight: the group's heads (n_g), share and factor.
        above: `above[a][b]` is how much of the group ranks a strictly above b, as an
            integer in units of 1/`unit` of a ballot; positions as in the candidates.
        unit: 1 unless voters inside the group weigh fractions.
        mass: what all its counted ballots weigh inside the group, in the same units;
            the heads where everybody weighs 1.
    """

    weight: GroupWeight
    above: Table
    unit: int = 1
    mass: int = 0

    @cached_property
    def counts(self) -> Integers:
        """`above` as an array of shape (m, m), of int64 where they fit."""
        dtype = np.int64 if self.mass < 2**62 else object
        return np.array(self.above, dtype).reshape(len(self.above), len(self.above))


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
    groups: Mapping[str, GroupCount]
    above: Table
    unit: int
    total: int

    @cached_property
    def margins(self) -> Table:
        """`margins[a][b]`: the weight for a over b less that for b over a."""
        every = range(len(self.candidates))
        return [[self.above[a][b] - self.above[b][a] for b in every] for a in every]

    @cached_property
    def position(self) -> dict[str, int]:
        """The row and column of every candidate."""
        return {candidate: row for row, candidate in enumerate(self.candidates)}

    def preferring(self, a: str, b: str) -> Fraction:
        """Return the weight that ranks a strictly above b."""
        return Fraction(self.above[self.position[a]][self.position[b]], self.unit)

    def margin(self, a: str, b: str) -> Fraction:
        """Return the weight for a over b less that for b over a."""
        return self.preferring(a, b) - self.preferring(b, a)

    def with_factors(self, factors: Mapping[str, Fraction]) -> Pairwise:
        """Return the same ballots under other group weights, exactly.

        Args:
            factors: what a ballot of own weight 1 weighs in each group; a group that
                is not named weighs 0.
        """
        return combine(self.candidates, self.groups, factors)


def count_pairs(profile: Profile) -> Pairwise:
    """Count every pair of candidates in every group, and weigh the groups."""
    weights = weigh(profile)
    groups = {}
    for id_, ballots in rank_matrices(profile).items():
        above = count_above(ballots, profile.unranked).tolist()
        groups[id_] = GroupCount(weights[id_], above, ballots.unit, ballots.mass)
    factors = {id_: weight.factor for id_, weight in weights.items()}
    return combine(profile.candidates, groups, factors)


def combine(
    candidates: tuple[str, ...],
    groups: Mapping[str, GroupCount],
    factors: Mapping[str, Fraction],
) -> Pairwise:
    """Add up the counts of groups, each times its factor, as integers over one unit."""
    scales = {
        id_: factors.get(id_, Fraction(0)) / counted.unit
        for id_, counted in groups.items()
    }
    unit = lcm(*(scale.denominator for scale in scales.values()))
    size = len(candidates)
    above = [[0] * size for _ in range(size)]
    total = 0
    for id_, counted in groups.items():
        times = int(scales[id_] * unit)
        total += times * counted.mass
        for mine, theirs in zip(above, counted.above, strict=True):
            mine[:] = [x + times * y for x, y in zip(mine, theirs, strict=True)]
    return Pairwise(candidates, groups, above, unit, total)


def count_above(ballots: RankMatrix, unranked: Unranked = "last") -> Integers:
    """Return how much of a group ranks each candidate strictly above each other one.

    Ballots of equal weight are counted together, one pass for each weight that many
    have. What is left takes a pass per binary digit: exact for integers of any size.

    Args:
        ballots: the group's rankings.
        unranked: whether what a ballot leaves out is below all it ranks.

    Returns:
        Shape (m, m), in units of 1/`ballots.unit`; int64 where the sums fit.
    """
    # Seen as unsigned, the -1 of the unranked is above, that is worse than, any rank.
    unsigned = np.uint8 if ballots.ranks.dtype == np.int8 else np.uint32
    left: Unsigned = ballots.ranks.view(unsigned)
    right: Unsigned = left
    if unranked == "no_opinion":
        # Nothing is better than 0, so nobody stands above who is not ranked.
        right = np.maximum(ballots.ranks, 0).view(unsigned)
    weights = ballots.weights
    fits = ballots.mass < 2**62
    size = len(left)
    above: Integers = np.zeros((size, size), np.int64 if fits else object)

    def add(which: npt.NDArray[np.bool_], times: int) -> None:
        nonlocal above
        every = bool(which.all())
        mine = left if every else left[:, which]
        theirs = mine if right is left else right if every else right[:, which]
        counts = _count_less(mine, theirs)
        above = above + (counts if fits else counts.astype(object)) * times

    remaining = weights
    for weight in _frequent(weights):
        same = weights == weight
        add(same, weight)
        remaining = np.where(same, 0, remaining)
    digit = 0
    while remaining.any():
        odd = (remaining & 1).astype(np.bool_)
        if odd.any():
            add(odd, 1 << digit)
        remaining = remaining >> 1
        digit += 1
    return above


def _frequent(weights: Integers) -> list[int]:
    """Return the weights that many ballots have."""
    if len(weights) < _FEW:
        return []
    if weights.min() == weights.max():
        return [int(weights[0])]
    values, times = np.unique(weights, return_counts=True)
    return [int(weight) for weight in values[times >= _FEW]]


def _count_less(left: Unsigned, right: Unsigned) -> npt.NDArray[np.int64]:
    size, ballots = left.shape
    counts = np.zeros((size, size), np.int64)
    is_less = np.empty(min(_BLOCK, ballots), np.bool_)
    for start in range(0, ballots, _BLOCK):
        mine, theirs = (ranks[:, start : start + _BLOCK] for ranks in (left, right))
        if mine.shape[1] < _FEW:
            for a in range(size):
                counts[a] += np.count_nonzero(mine[a] < theirs, axis=1)
            continue
        out = is_less[: mine.shape[1]]
        for a in range(size):
            for b in range(size):
                if a != b:
                    counts[a, b] += np.count_nonzero(np.less(mine[a], theirs[b], out))
    return counts
