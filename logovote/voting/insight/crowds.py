"""The ballots of a ranking round as arrays, for what needs a look at each of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import chain
from math import lcm

import numpy as np
import numpy.typing as npt

from logovote.voting.ballots import Approval, Ballot
from logovote.voting.profiles import Profile

Places = npt.NDArray[np.int32]
Heads = npt.NDArray[np.int64]
Tiers = tuple[tuple[str, ...], ...]
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
            1/`unit`.
        unit: what to divide `own` by.
    """

    first: Places
    last: Places
    heads: Heads
    own: Heads
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
    found: dict[str, dict[tuple[Tiers, Fraction], int]] = {}
    for vote in profile.counted:
        group = found.setdefault(vote.group, {})
        key = tuple(_tiers(profile, vote.ballot)), vote.weight
        group[key] = group.get(key, 0) + vote.count
    return {
        id_: _crowd(profile, dict(sorted(piles.items())))
        for id_, piles in sorted(found.items())
    }


def _crowd(profile: Profile, piles: dict[tuple[Tiers, Fraction], int]) -> Crowd:
    row = {candidate: n for n, candidate in enumerate(profile.candidates)}
    ballots = [tiers for tiers, _ in piles]
    tiers = list(chain.from_iterable(ballots))
    sizes = np.fromiter(map(len, tiers), np.intp, len(tiers))
    pile_of_tier = np.repeat(np.arange(len(ballots)), [len(b) for b in ballots])
    named = np.bincount(pile_of_tier, sizes, len(ballots)).astype(np.intp)
    above = np.cumsum(sizes) - sizes - (np.cumsum(named) - named)[pile_of_tier]
    rows = np.fromiter(map(row.__getitem__, chain.from_iterable(tiers)), np.intp)
    piles_ = np.repeat(pile_of_tier, sizes)
    first = np.full((len(piles), len(row)), UNPLACED, np.int32)
    last = first.copy()
    if profile.unranked == "last":
        first[:] = named[:, None]
        last[:] = len(row) - 1
    first[piles_, rows] = np.repeat(above, sizes)
    last[piles_, rows] = np.repeat(above + sizes - 1, sizes)
    unit = lcm(*(own.denominator for _, own in piles))
    return Crowd(
        first=first,
        last=last,
        heads=np.array(list(piles.values()), np.int64),
        own=np.array([int(own * unit) for _, own in piles], np.int64),
        unit=unit,
    )


def _tiers(profile: Profile, ballot: Ballot) -> Iterator[tuple[str, ...]]:
    """Yield the tiers of a ballot; an approval is one tier above the rest."""
    if not isinstance(ballot, Approval):
        yield from ballot.tiers
        return
    approved = set(ballot.approved)
    for id_ in ballot.approved.difference(profile.candidates):
        approved.update(profile.variants[id_])
    for wanted in (True, False):
        tier = tuple(c for c in profile.candidates if (c in approved) is wanted)
        if tier:
            yield tier
