"""How many ballots would have had to be different for another winner."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from math import ceil

import numpy as np
import numpy.typing as npt

from logovote.voting.insight.crowds import UNPLACED, Crowd
from logovote.voting.insight.reweighting import Tables
from logovote.voting.ranking import ranked_pairs
from logovote.voting.ties import TieOrder

_RIVALS = 3  # how many of the nearest are tried for the bound that is found
Table = npt.NDArray[np.object_]


@dataclass(frozen=True, slots=True)
class Flip:
    """How safe a winner is from one group.

    The exact number is hard to compute (Xia, Computing the margin of victory for
    various voting rules, 2012), so there are two bounds.

    Args:
        group: whose ballots change.
        voters: how many of it voted.
        at_least: fewer ballots than this leave the winner among the first.
        enough: so many were found to put somebody else first, by a full count; None if
            even all of the group's do not.
        rival: who is put first on those ballots.
    """

    group: str
    voters: int
    at_least: int
    enough: int | None
    rival: str | None


def flips(
    groups: Mapping[str, Crowd], tables: Tables, order: TieOrder, winner: str
) -> tuple[Flip, ...]:
    """Bound how many ballots of each group would change the only winner.

    Args:
        groups: the ballots; where voters of a group weigh differently, no bounds.
        tables: their counts by group.
        order: the tie order.
        winner: who came first, alone.
    """
    pairs = tables.at(tables.shares)
    total = Fraction(pairs.total, pairs.unit)
    margins = {
        rival: pairs.margin(winner, rival) / (total or 1)
        for rival in tables.candidates
        if rival != winner
    }
    rivals = sorted(margins, key=lambda rival: (margins[rival], rival))[:_RIVALS]
    found = []
    for id_, crowd in groups.items():
        table = tables.groups[id_]
        if not table.weight.share or not crowd.equal_weights or not margins:
            continue
        weight = table.weight.share / crowd.voters
        nearest = min(margins.values())
        # A ballot moves a margin by twice its weight at most. A winner that somebody
        # beats stands on a circle, which one ballot might break.
        at_least = max(1, ceil(nearest / (2 * weight)))
        bids = [_Bid(tables, id_, crowd, winner, rival, order) for rival in rivals]
        tries = [
            (number, bid.rival)
            for bid in bids
            if (number := bid.enough(at_least)) is not None
        ]
        enough, rival_ = min(tries, default=(None, None))
        found.append(Flip(id_, crowd.voters, at_least, enough, rival_))
    return tuple(found)


@dataclass(frozen=True, eq=False)
class _Bid:
    """An attempt to change the winner by turning ballots of one group to a rival."""

    tables: Tables
    group: str
    crowd: Crowd
    winner: str
    rival: str
    order: TieOrder

    def enough(self, at_least: int) -> int | None:
        """Find how many ballots change the winner, by halving, with full counts."""
        low, high = at_least - 1, self.crowd.voters
        if at_least > high or not self.succeeds(high):
            return None
        while high - low > 1:
            middle = (low + high) // 2
            if self.succeeds(middle):
                high = middle
            else:
                low = middle
        return high

    def succeeds(self, number: int) -> bool:
        """Tell whether somebody else wins once so many ballots are turned."""
        table = self.tables.groups[self.group]
        own, unit = int(self.crowd.own[0]), self.crowd.unit
        change = (self._turned * number - self._taken(number)) * own * table.unit
        above = np.array(table.above, object) * unit + change
        turned = replace(
            table, above=above.tolist(), unit=table.unit * unit, mass=table.mass * unit
        )
        groups = {**self.tables.groups, self.group: turned}
        pairs = Tables(self.tables.candidates, groups).at(self.tables.shares)
        row = self.tables.candidates.index(self.winner)
        if all(m > 0 for c, m in enumerate(pairs.margins[row]) if c != row):
            return False  # who beats everybody wins
        return self.winner not in ranked_pairs(pairs, self.order).winners

    @cached_property
    def _turned(self) -> Table:
        """The pairs of a turned ballot: the rival first, all others, the winner."""
        size = len(self.tables.candidates)
        pairs = np.zeros((size, size), object)
        pairs[self.tables.candidates.index(self.rival), :] = 1
        pairs[:, self.tables.candidates.index(self.winner)] = 1
        np.fill_diagonal(pairs, 0)
        return pairs

    @cached_property
    def _by_help(self) -> npt.NDArray[np.intp]:
        """The piles, those first that help the winner most against the rival."""
        first = self.crowd.first
        mine = first[:, self.tables.candidates.index(self.winner)]
        theirs = first[:, self.tables.candidates.index(self.rival)]
        both = (mine != UNPLACED) & (theirs != UNPLACED)
        return np.argsort(-np.where(both, np.sign(theirs - mine), 0), kind="stable")

    def _taken(self, number: int) -> Table:
        """Return the pairs of the ballots that are turned."""
        until = np.cumsum(self.crowd.heads[self._by_help])
        times = np.diff(np.minimum(until, number), prepend=0)
        rows = np.flatnonzero(times)
        first, heads = self.crowd.first[self._by_help[rows]], times[rows]
        pairs = np.zeros((first.shape[1], first.shape[1]), object)
        for a, mine in enumerate(first.T):
            wins = (mine[:, None] < first) & (mine != UNPLACED)[:, None]
            pairs[a] = (heads @ (wins & (first != UNPLACED))).astype(object)
        return pairs
