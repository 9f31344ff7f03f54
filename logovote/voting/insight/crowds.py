"""The ballots of a ranking round as arrays, for what needs a look at each of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from logovote.voting.profiles import Profile, Unranked
from logovote.voting.rank_matrix import (
    MOST,
    UNRANKED,
    Integers,
    RankMatrix,
    rank_matrices,
)

Places = npt.NDArray[np.int32]
Heads = npt.NDArray[np.int64]
UNPLACED = -1


@dataclass(frozen=True, eq=False)
class Crowd:
    """The counted ballots of one group, equal ones merged: a pile is one row.

    Args:
        first: shape (piles, candidates); how many candidates each pile puts strictly
            above this one, or `UNPLACED` where a ballot has no opinion of it.
        last: the same and those tied with it, less one: a candidate takes some place
            from `first` to `last`, counted from 0.
        heads: shape (piles,); how many voters say so.
        own: shape (piles,); what each of them counts inside the group, in units of
            1/`unit`; Python's own integers where sums of these could pass 2^62.
        unit: what to divide `own` by.
    """

    first: Places
    last: Places
    heads: Heads
    own: Integers
    unit: int

    @property
    def piles(self) -> int:
        """How many different ballots there are."""
        return len(self.heads)

    @cached_property
    def voters(self) -> int:
        """How many ballots were counted."""
        return int(self.heads.sum())

    @cached_property
    def equal_weights(self) -> bool:
        """Whether all voters of the group count the same."""
        return len(np.unique(self.own)) <= 1

    def preferences(self, piles: slice) -> npt.NDArray[np.int8]:
        """Return who prefers which: 1 for a above b, -1 for b above a, else 0.

        Returns:
            Shape (piles, pairs), over the pairs a < b of `np.triu_indices`.
        """
        first = self.first[piles].T
        a, b = np.triu_indices(self.first.shape[1], 1)
        signs = np.sign(first[b] - first[a]).astype(np.int8)
        if (first == UNPLACED).any():
            signs[(first[a] == UNPLACED) | (first[b] == UNPLACED)] = 0
        preferences: npt.NDArray[np.int8] = signs.T
        return preferences


def crowds(profile: Profile) -> dict[str, Crowd]:
    """Return the counted ballots of every group that voted, in an order of their own.

    So what is drawn from them does not depend on the order in which they came.
    """
    return {
        id_: _crowd(ballots, profile.unranked)
        for id_, ballots in sorted(rank_matrices(profile).items())
        if ballots.mass
    }


def _crowd(ballots: RankMatrix, unranked: Unranked) -> Crowd:
    """Merge equal ballots, and turn their ranks into places from 0."""
    ranks = ballots.ranks.astype(np.int32)
    ranked = ranks != UNRANKED
    # As if the unranked were last; of no opinion, they are taken out again below.
    worst = np.where(ranked, ranks, np.iinfo(np.int32).max)
    first, last = np.empty_like(worst), np.empty_like(worst)
    for row, mine in enumerate(worst):
        first[row] = (worst < mine).sum(axis=0)
        last[row] = (worst <= mine).sum(axis=0) - 1
    if unranked == "no_opinion":
        first[~ranked] = last[~ranked] = UNPLACED
    # Weights by their position in order: they may be larger than a row can hold.
    weights, weight = np.unique(ballots.own, return_inverse=True)
    # Equal first places are equal ballots: what is tied has the same.
    rows = np.column_stack([first.T.astype(np.int64), weight.reshape(-1)])
    kinds, where, which = np.unique(
        rows, axis=0, return_index=True, return_inverse=True
    )
    heads = np.zeros(len(kinds), np.int64)
    np.add.at(heads, which.reshape(-1), ballots.heads.astype(np.int64))
    # A place, counted twice over, is at most this.
    most = int(weights[-1]) * int(heads.sum()) * 2 * len(ranks)
    return Crowd(
        first=first.T[where],
        last=last.T[where],
        heads=heads,
        own=weights.astype(np.int64 if most < MOST else object)[kinds[:, -1]],
        unit=ballots.unit,
    )
