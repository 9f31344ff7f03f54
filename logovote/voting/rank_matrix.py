"""Rankings by the million: one matrix of small integers for a whole group.

This is the form in which rankings are counted. A profile of single ballots is turned
into it group by group; who has a million of them gives a profile the matrix itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import chain
from math import lcm

import numpy as np
import numpy.typing as npt

from logovote.voting.ballots import Approval, InvalidBallotError, Ranking
from logovote.voting.profiles import Profile, Vote

UNRANKED = -1
"""The rank of a candidate that a ballot leaves out."""

Ranks = npt.NDArray[np.signedinteger]
Integers = npt.NDArray[np.int64] | npt.NDArray[np.object_]
"""Machine integers where all sums fit in them, Python's own where they do not."""

MOST = 2**62
"""Sums up to here, and differences of them, fit in an int64."""

_BLOCK = 1 << 14  # ballots turned into columns at a time, to keep memory low


@dataclass(frozen=True, eq=False)
class RankMatrix:
    """The rankings of one group: a column per ballot, a row per candidate.

    Args:
        ranks: shape (candidates, ballots); the place of each candidate on each ballot,
            0 or more, smaller is better, equal ones are tied; `UNRANKED` where it is
            left out. Places need not follow each other. Kept as int8 where they fit,
            which is the fastest to count.
        heads: shape (ballots,); how many voters cast each ballot, default 1.
        own: shape (ballots,); what each of those voters counts inside the group, as an
            integer in units of 1/`unit`, default 1.
        unit: what to divide `own` by.

    Raises:
        InvalidBallotError: the shapes differ, or a number is below 0.
    """

    ranks: Ranks
    heads: Integers
    own: Integers
    unit: int = 1

    def __init__(
        self,
        ranks: npt.ArrayLike,
        heads: npt.ArrayLike | None = None,
        own: npt.ArrayLike | None = None,
        unit: int = 1,
    ) -> None:
        matrix = np.asarray(ranks)
        if matrix.ndim != 2 or not np.issubdtype(matrix.dtype, np.integer):
            raise InvalidBallotError("Ranks are integers in rows and columns.")
        least, most = (matrix.min(), matrix.max()) if matrix.size else (0, 0)
        if least < UNRANKED:
            raise InvalidBallotError("A rank is 0 or more, or -1 for unranked.")
        if unit < 1:
            raise InvalidBallotError("A unit is 1 or more.")
        small = np.int8 if most <= np.iinfo(np.int8).max else np.int32
        put = object.__setattr__
        put(self, "ranks", np.ascontiguousarray(matrix, small))
        put(self, "heads", _numbers(heads, matrix.shape[1]))
        put(self, "own", _numbers(own, matrix.shape[1]))
        put(self, "unit", unit)

    @property
    def shape(self) -> tuple[int, int]:
        """How many candidates and how many ballots there are."""
        return self.ranks.shape[0], self.ranks.shape[1]

    @cached_property
    def counted(self) -> RankMatrix:
        """The ballots that count: of some weight, and ranking somebody."""
        keep = (self.heads > 0) & (self.own > 0)
        if self.ranks.size:
            keep &= self.ranks.max(axis=0) > UNRANKED
        if keep.all():
            return self
        return RankMatrix(
            self.ranks[:, keep], self.heads[keep], self.own[keep], self.unit
        )

    @cached_property
    def weights(self) -> Integers:
        """What each column weighs inside the group: heads times own, in 1/`unit`."""
        heads, own = self.heads, self.own
        most = int(heads.max(initial=0)) * int(own.max(initial=0))
        if most * len(heads) >= MOST:
            heads, own = heads.astype(object), own.astype(object)
        weights: Integers = heads * own
        return weights

    @cached_property
    def mass(self) -> int:
        """All the weight inside the group, in units of 1/`unit`."""
        return int(self.weights.sum()) if len(self.weights) else 0

    @cached_property
    def heads_by_weight(self) -> Counter[Fraction]:
        """How many voters there are of each own weight."""
        found: Counter[Fraction] = Counter()
        if len(self.own) and self.own.min() == self.own.max():
            heads = self.heads.sum()
            return Counter({Fraction(int(self.own[0]), self.unit): int(heads)})
        values, which = np.unique(self.own, return_inverse=True)
        for number, value in enumerate(values):
            heads = self.heads[which == number].astype(object).sum()
            found[Fraction(int(value), self.unit)] += int(heads)
        return found

    def votes(self, candidates: Sequence[str], group: str) -> Iterator[Vote]:
        """Yield the ballots one by one, as votes of a group."""
        for ranks, heads, own in zip(
            self.ranks.T.tolist(), self.heads.tolist(), self.own.tolist(), strict=True
        ):
            tiers: dict[int, list[str]] = {}
            for candidate, rank in zip(candidates, ranks, strict=True):
                if rank != UNRANKED:
                    tiers.setdefault(rank, []).append(candidate)
            ranking = Ranking(tuple(tuple(tiers[rank]) for rank in sorted(tiers)))
            yield Vote(ranking, heads, group, Fraction(own, self.unit))

    def merged(self) -> RankMatrix:
        """Return the same ballots with equal columns added up; for rules that look.

        The weights stay exact; the heads of columns that were added up do not tell
        their own weights any more, so each of these has one voter of all the weight.
        """
        kinds, which = np.unique(self.ranks, axis=1, return_inverse=True)
        if kinds.shape[1] == self.ranks.shape[1]:
            return self
        own = np.zeros(kinds.shape[1], self.weights.dtype)
        np.add.at(own, which.reshape(-1), self.weights)
        return RankMatrix(kinds, None, own, self.unit)


def rank_matrices(profile: Profile) -> dict[str, RankMatrix]:
    """Return the counted rankings of every group of a profile, in compact form.

    An approval is one place above the rest; a ticked family stands with all its
    variants.
    """
    votes: dict[str, list[Vote]] = {group.id: [] for group in profile.all_groups}
    for vote in profile.counted:
        votes[vote.group].append(vote)
    return {
        id_: _joined(_of_votes(profile, cast), profile.matrices.get(id_))
        for id_, cast in votes.items()
    }


def _joined(first: RankMatrix, second: RankMatrix | None) -> RankMatrix:
    """Put the ballots of two matrices beside each other."""
    if second is None:
        return first
    if not first.shape[1]:
        return second.counted
    second = second.counted
    unit = lcm(first.unit, second.unit)
    own = [m.own.astype(object) * (unit // m.unit) for m in (first, second)]
    return RankMatrix(
        np.concatenate([first.ranks, second.ranks], axis=1),
        np.concatenate([first.heads, second.heads]),
        np.concatenate(own),
        unit,
    )


def _of_votes(profile: Profile, votes: Sequence[Vote]) -> RankMatrix:
    row = {candidate: number for number, candidate in enumerate(profile.candidates)}
    ranks = np.full((len(row), len(votes)), UNRANKED, _dtype(len(row)))
    for start in range(0, len(votes), _BLOCK):
        tiers: list[tuple[str, ...]] = []
        lengths = []
        for vote in votes[start : start + _BLOCK]:
            its = _tiers(profile, vote)
            tiers += its
            lengths.append(len(its))
        depths = np.array(lengths, np.intp)
        sizes = np.fromiter(map(len, tiers), np.intp, len(tiers))
        place = np.arange(len(tiers)) - np.repeat(np.cumsum(depths) - depths, depths)
        column = np.repeat(np.arange(start, start + len(depths)), depths)
        named = map(row.__getitem__, chain.from_iterable(tiers))
        rows = np.fromiter(named, np.intp, int(sizes.sum()))
        ranks[rows, np.repeat(column, sizes)] = np.repeat(place, sizes)
    heads = [vote.count for vote in votes]
    if all(vote.weight is votes[0].weight for vote in votes):
        weight = votes[0].weight if votes else Fraction(1)
        own = [weight.numerator] * len(votes)
        return RankMatrix(ranks, heads, own, weight.denominator)
    unit = lcm(*{vote.weight.denominator for vote in votes})
    return RankMatrix(ranks, heads, [int(vote.weight * unit) for vote in votes], unit)


def _tiers(profile: Profile, vote: Vote) -> Sequence[tuple[str, ...]]:
    """Return a ballot as tiers; an approval is one tier above the rest."""
    ballot = vote.ballot
    if not isinstance(ballot, Approval):
        return ballot.tiers
    approved = set(ballot.approved)
    for id_ in ballot.approved.difference(profile.candidates):
        approved.remove(id_)
        approved.update(profile.variants[id_])
    rest = tuple(c for c in profile.candidates if c not in approved)
    return [tier for tier in (tuple(approved), rest) if tier]


def _dtype(candidates: int) -> type[np.signedinteger]:
    return np.int8 if candidates <= np.iinfo(np.int8).max + 1 else np.int32


def _numbers(given: npt.ArrayLike | None, size: int) -> Integers:
    """Return integers of 0 or more as a row, in the narrower form if all sums fit."""
    if given is None:
        return np.ones(size, np.int64)
    # NumPy by itself would make floats of a list with one integer too large for it.
    numbers = given if isinstance(given, np.ndarray) else np.array(given, object)
    if numbers.shape != (size,):
        raise InvalidBallotError("Every ballot needs one number.")
    if not size:
        return np.ones(0, np.int64)
    if numbers.dtype.kind not in "iu" and not all(
        isinstance(number, int) for number in numbers.tolist()
    ):
        raise InvalidBallotError("Ballots are counted in integers.")
    least, most = int(numbers.min()), int(numbers.max())
    if least < 0:
        raise InvalidBallotError("A ballot cannot count less than 0.")
    return numbers.astype(np.int64 if most * size < MOST else object)
