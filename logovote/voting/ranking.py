"""From pairwise counts to an order of places, ties kept and explained."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import groupby
from typing import Literal

import numpy as np
import numpy.typing as npt

from logovote.voting.pairwise import Pairwise, Table
from logovote.voting.ties import TieOrder, TieUse, finest_tiers

Strength = Literal["margin", "wv"]
Tiers = tuple[tuple[str, ...], ...]
Levels = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Place:
    """One line of a result.

    Args:
        place: from 1; tied candidates share it, and the next place counts them all.
        candidate: who stands there.
        tied: whether others share the place.
        by_tie_order: whether the opposite tie order would list it elsewhere.
    """

    place: int
    candidate: str
    tied: bool
    by_tie_order: bool


@dataclass(frozen=True, slots=True)
class Standings:
    """The outcome of a ranking rule.

    Args:
        rule: its name.
        tiers: all candidates, best first; only the tie order could separate a tier.
        order: all candidates in one line, tiers broken by the tie order.
        winners: all co-winners, before any tie is broken.
        scores: the rule's number for every candidate, where it has one.
        ties: every use of the tie order inside the rule.
        unsettled: the candidates whose position in `order` the tie order decided.
    """

    rule: str
    tiers: Tiers
    order: tuple[str, ...]
    winners: tuple[str, ...]
    scores: Mapping[str, Fraction] = field(default_factory=dict)
    ties: tuple[TieUse, ...] = ()
    unsettled: frozenset[str] = frozenset()

    @property
    def places(self) -> tuple[Place, ...]:
        """The result line by line, in `order`."""
        above = [sum(map(len, self.tiers[:depth])) for depth in range(len(self.tiers))]
        depth = {c: depth for depth, tier in enumerate(self.tiers) for c in tier}
        return tuple(
            Place(
                place=above[depth[candidate]] + 1,
                candidate=candidate,
                tied=len(self.tiers[depth[candidate]]) > 1,
                by_tie_order=candidate in self.unsettled,
            )
            for candidate in self.order
        )


def ranked_pairs(
    pairs: Pairwise, order: TieOrder, strength: Strength = "margin"
) -> Standings:
    """Rank by locking the strongest majorities first, leaving out what closes a cycle.

    Run once with the tie order and once with its reverse; the tiers are the finest that
    separate no two candidates on which the runs differ.

    Source: Tideman, Independence of clones as a criterion for voting rules (1987);
    Zavist & Tideman, Complete independence of clones in the ranked pairs rule (1989).
    """
    first, ties = _lock_and_list(pairs, order, strength)
    second, _ = _lock_and_list(pairs, order.reversed, strength)
    tiers = finest_tiers(first, second)
    return Standings(
        rule="ranked_pairs",
        tiers=tiers,
        order=tuple(first),
        winners=tiers[0] if tiers else (),
        ties=tuple(ties),
        unsettled=frozenset(
            mine for mine, other in zip(first, second, strict=True) if mine != other
        ),
    )


def schulze(
    pairs: Pairwise, order: TieOrder, strength: Strength = "margin"
) -> Standings:
    """Rank by the widest paths of majorities between every two candidates.

    Source: Schulze, A new monotonic, clone-independent, reversal symmetric, and
    Condorcet-consistent single-winner election method (2011).
    """
    width = _widest_paths(_levels(_strengths(pairs, strength)))
    return from_tiers("schulze", _layers(pairs.candidates, width > width.T), order)


def split_cycle(
    pairs: Pairwise, order: TieOrder, strength: Strength = "margin"
) -> Standings:
    """Rank by the majorities that are not the weakest of a cycle; always by margins.

    The winners are the undefeated; below them, whoever is undefeated by the rest.

    Source: Holliday & Pacuit, Split Cycle, Public Choice 197 (2023).
    """
    del strength  # the rule is defined on margins
    levels = _levels(_strengths(pairs, "margin"))
    defeats = levels > _widest_paths(levels).T
    return from_tiers("split_cycle", _layers(pairs.candidates, defeats), order)


def borda(pairs: Pairwise, order: TieOrder, strength: Strength = "margin") -> Standings:
    """Rank by the weight that prefers a candidate, summed over its opponents.

    Who does not say which of two is better gives half to each, so tied and unranked
    candidates share the average of their positions.
    """
    del strength  # counts every preference alike
    whole = pairs.total * (len(pairs.candidates) - 1)
    scores = {
        candidate: Fraction(whole + sum(margins), 2 * pairs.unit)
        for candidate, margins in zip(pairs.candidates, pairs.margins, strict=True)
    }
    return by_score("borda", scores, order)


def copeland(
    pairs: Pairwise, order: TieOrder, strength: Strength = "margin"
) -> Standings:
    """Rank by majorities won less majorities lost."""
    del strength  # every majority counts as one
    scores = {
        candidate: Fraction(sum((m > 0) - (m < 0) for m in pairs.margins[row]))
        for row, candidate in enumerate(pairs.candidates)
    }
    return by_score("copeland", scores, order)


def minimax(
    pairs: Pairwise, order: TieOrder, strength: Strength = "margin"
) -> Standings:
    """Rank by the worst defeat, the smallest first; the undefeated have 0."""
    strengths = _strengths(pairs, strength)
    scores = {
        candidate: Fraction(max(row[column] for row in strengths), pairs.unit)
        for column, candidate in enumerate(pairs.candidates)
    }
    return by_score("minimax", scores, order, smallest_first=True)


def from_tiers(
    rule: str,
    tiers: Tiers,
    order: TieOrder,
    scores: Mapping[str, Fraction] | None = None,
) -> Standings:
    """Return the standings of a rule that needs no tie order itself."""
    return Standings(
        rule=rule,
        tiers=tiers,
        order=tuple(candidate for tier in tiers for candidate in order.sort(tier)),
        winners=tiers[0] if tiers else (),
        scores=scores or {},
        unsettled=frozenset(c for tier in tiers if len(tier) > 1 for c in tier),
    )


def by_score(
    rule: str,
    scores: Mapping[str, Fraction],
    order: TieOrder,
    *,
    smallest_first: bool = False,
) -> Standings:
    """Return the standings by a score; equal scores share a place."""
    ranked = sorted(scores, key=lambda c: (scores[c], c), reverse=not smallest_first)
    tiers = tuple(
        tuple(sorted(tier)) for _, tier in groupby(ranked, key=scores.__getitem__)
    )
    return from_tiers(rule, tiers, order, scores)


def _strengths(pairs: Pairwise, strength: Strength) -> Table:
    """Return the strength of every majority a over b; 0 where there is none."""
    of = pairs.margins if strength == "margin" else pairs.above
    every = range(len(pairs.candidates))
    return [[of[a][b] if pairs.margins[a][b] > 0 else 0 for b in every] for a in every]


def _levels(strengths: Table) -> Levels:
    """Number the strengths from the weakest, 0 being none.

    Paths ask only which of two majorities is stronger, so numbers that fit a machine
    word say all, however large the strengths are.
    """
    level = {value: n for n, value in enumerate(sorted({0}.union(*strengths)))}
    size = len(strengths)
    flat = [level[value] for row in strengths for value in row]
    return np.array(flat, np.int64).reshape(size, size)


def _widest_paths(levels: Levels) -> Levels:
    """Return how strong the weakest link of the best path is, by Floyd and Warshall."""
    width = levels.copy()
    for over in range(len(width)):
        np.maximum(width, np.minimum(width[:, over, None], width[over]), out=width)
    np.fill_diagonal(width, 0)
    return width


def _layers(candidates: Sequence[str], above: npt.NDArray[np.bool_]) -> Tiers:
    """Take all that are unbeaten by the remaining ones, again and again."""
    remaining = np.ones(len(candidates), np.bool_)
    tiers = []
    while remaining.any():
        unbeaten = remaining & ~above[remaining].any(axis=0)
        tiers.append(
            tuple(sorted(candidates[c] for c in np.flatnonzero(unbeaten).tolist()))
        )
        remaining &= ~unbeaten
    return tuple(tiers)


def _lock_and_list(
    pairs: Pairwise, order: TieOrder, strength: Strength
) -> tuple[list[str], list[TieUse]]:
    """Run ranked pairs in one tie order; return all candidates, best first."""
    below, ties = _lock(pairs, order, strength)
    remaining = set(range(len(pairs.candidates)))
    listed: list[str] = []
    while remaining:
        beaten = _union(below[a] for a in remaining)
        unbeaten = order.sort(
            pairs.candidates[c] for c in remaining if not beaten >> c & 1
        )
        if len(unbeaten) > 1:
            step = f"place {len(listed) + 1}"
            ties.append(TieUse(step, tuple(sorted(unbeaten)), (unbeaten[0],)))
        # One at a time: taking all of them at once would let clones move others.
        listed.append(unbeaten[0])
        remaining.remove(pairs.candidates.index(unbeaten[0]))
    return listed, ties


def _lock(
    pairs: Pairwise, order: TieOrder, strength: Strength
) -> tuple[list[int], list[TieUse]]:
    """Lock majorities by strength; return who is below whom, as sets of bits.

    Equal ones go by the tie order: the winner's rank, then the loser's from the last.
    """
    every = range(len(pairs.candidates))
    rank = [order.rank[candidate] for candidate in pairs.candidates]

    def power(pair: tuple[int, int]) -> tuple[int, ...]:
        a, b = pair
        if strength == "margin":
            return (pairs.margins[a][b],)
        return pairs.above[a][b], -pairs.above[b][a]

    majorities = [(a, b) for a in every for b in every if pairs.margins[a][b] > 0]
    majorities.sort(key=lambda pair: (rank[pair[0]], -rank[pair[1]]))
    majorities.sort(key=power, reverse=True)  # stable: equal ones stay in tie order
    below, above = [0 for _ in every], [0 for _ in every]
    ties = []
    for _, group in groupby(majorities, key=power):
        equal = list(group)
        before = list(below)
        locked, left_out = [], []
        for a, b in equal:
            if below[b] >> a & 1:
                left_out.append((a, b))
                continue
            locked.append((a, b))
            if not below[a] >> b & 1:
                higher, lower = above[a] | 1 << a, below[b] | 1 << b
                # Who stands above b already stands above all that is below it.
                risen, fallen = higher & ~above[b], lower & ~below[a]
                for c in members(risen):
                    below[c] |= lower
                for c in members(fallen):
                    above[c] |= higher
        # Pairs that closed no cycle before their equals came lost to the tie order.
        if not all(before[b] >> a & 1 for a, b in left_out):
            ties.append(TieUse("lock", _written(pairs, equal), _written(pairs, locked)))
    return below, ties


def _written(pairs: Pairwise, majorities: Iterable[tuple[int, int]]) -> tuple[str, ...]:
    return tuple(
        f"{pairs.candidates[a]} > {pairs.candidates[b]}" for a, b in majorities
    )


def members(bits: int) -> Iterator[int]:
    """Yield the numbers in a set of bits, the smallest first."""
    while bits:
        low = bits & -bits
        yield low.bit_length() - 1
        bits ^= low


def _union(sets: Iterable[int]) -> int:
    union = 0
    for bits in sets:
        union |= bits
    return union
