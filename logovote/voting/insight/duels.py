"""Why one candidate stands above another: their meeting, and what decided it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from logovote.voting.insight.reweighting import Tables
from logovote.voting.pairwise import Pairwise
from logovote.voting.ranking import Standings


@dataclass(frozen=True, slots=True)
class Say:
    """How a group, or all together, see two candidates: parts of 1.

    Args:
        for_a: the part that prefers the first.
        for_b: the part that prefers the second; the rest sees no difference.
    """

    for_a: Fraction
    for_b: Fraction

    @property
    def indifferent(self) -> Fraction:
        """The part without a preference."""
        return 1 - self.for_a - self.for_b


@dataclass(frozen=True, slots=True)
class Link:
    """One majority of a chain, and how large it is."""

    winner: str
    loser: str
    margin: Fraction


@dataclass(frozen=True, slots=True)
class Duel:
    """Why a candidate is placed above another.

    Args:
        above: who is placed higher; if nothing but the tie order separates the two,
            who comes first in it.
        below: the other.
        tied: whether only the tie order separates them.
        groups: how every group that voted sees the two.
        weighted: how all do, as counted.
        per_head: how all do if every voter counts the same.
        chain: the locked majorities that lead from `above` down to `below`: the one
            between the two, or failing that the chain whose weakest is the strongest;
            none if they are tied.
    """

    above: str
    below: str
    tied: bool
    groups: Mapping[str, Say]
    weighted: Say
    per_head: Say
    chain: tuple[Link, ...]

    @property
    def overruled(self) -> bool:
        """Whether a majority preferred `below`, but stronger ones went in a circle."""
        return self.weighted.for_b > self.weighted.for_a

    @property
    def turned_by_weights(self) -> bool:
        """Whether counting every voter the same turns the meeting of the two round."""
        weighted = self.weighted.for_a - self.weighted.for_b
        heads = self.per_head.for_a - self.per_head.for_b
        return weighted * heads < 0


def duel(tables: Tables, pairs: Pairwise, standings: Standings, a: str, b: str) -> Duel:
    """Explain the order of two different candidates.

    Args:
        tables: the groups' own counts.
        pairs: the counts as weighted.
        standings: the ranking made of them by ranked pairs.
        a: one candidate.
        b: the other.
    """
    order = standings.order
    above, below = sorted((a, b), key=order.index)
    tier = next(tier for tier in standings.tiers if above in tier)
    row, column = (tables.candidates.index(id_) for id_ in (above, below))
    groups = {}
    for id_ in tables.voting:
        table = tables.groups[id_]
        groups[id_] = Say(
            Fraction(table.above[row][column], table.mass),
            Fraction(table.above[column][row], table.mass),
        )
    heads = tables.at(tables.per_head)
    return Duel(
        above=above,
        below=below,
        tied=below in tier,
        groups=groups,
        weighted=_say(pairs, above, below),
        per_head=_say(heads, above, below),
        chain=() if below in tier else widest_chain(pairs, order, above, below),
    )


def widest_chain(
    pairs: Pairwise, order: tuple[str, ...], above: str, below: str
) -> tuple[Link, ...]:
    """Return the chain of locked majorities whose weakest link is the strongest.

    Ranked pairs locks exactly the majorities that agree with the order it ends with,
    so the chain goes down the order; of equal ones, the shortest. A majority between
    the two needs no chain.
    """
    start, end = order.index(above), order.index(below)
    total = Fraction(pairs.total, pairs.unit) or Fraction(1)
    direct = pairs.margin(above, below) / total
    if direct > 0:
        return (Link(above, below, direct),)
    # (weakest link, minus the length) of the best chain to here, and where it came from
    best: dict[int, tuple[Fraction, int]] = {start: (Fraction(2), 0)}
    came: dict[int, int] = {}
    for low in range(start + 1, end + 1):
        for high in range(start, low):
            if high not in best:
                continue
            margin = pairs.margin(order[high], order[low]) / total
            weakest, length = best[high]
            found = min(weakest, margin), length - 1
            if margin > 0 and (low not in best or found > best[low]):
                best[low], came[low] = found, high
    if end not in best:
        return ()
    path = [end]
    while path[-1] != start:
        path.append(came[path[-1]])
    path.reverse()
    return tuple(
        Link(order[x], order[y], pairs.margin(order[x], order[y]) / total)
        for x, y in pairwise(path)
    )


def _say(pairs: Pairwise, a: str, b: str) -> Say:
    total = Fraction(pairs.total, pairs.unit) or Fraction(1)
    return Say(pairs.preferring(a, b) / total, pairs.preferring(b, a) / total)
