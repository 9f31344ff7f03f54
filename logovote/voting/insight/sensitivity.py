"""At which share of a group another design would win, exactly.

A group's share t moves between 0 and 1 while the others keep their proportions. Every
margin is then a straight line in t, so whatever changes does so where lines meet:
where a margin is 0, or where two margins are equal. These are fractions, found exactly.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import lcm

import numpy as np
import numpy.typing as npt

from logovote.voting.insight.reweighting import Tables, moved
from logovote.voting.pairwise import Pairwise
from logovote.voting.ranking import ranked_pairs
from logovote.voting.ties import TieOrder

MOST_COUNTS = 2000
"""How many counts are made where majorities go in circles, before it is too much."""

Line = tuple[int, int]  # a margin at share 0 and at share 1, in units of all lines
Winners = tuple[str, ...]
ZERO, ONE = Fraction(0), Fraction(1)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A range of shares in which the same candidates win.

    At its ends, those of the next stretch win as well, or somebody by the tie order.
    """

    start: Fraction
    end: Fraction
    winners: Winners


@dataclass(frozen=True, slots=True)
class ShareEffect:
    """What a group's share does to the winner.

    Args:
        group: whose share moves.
        share: what it was in the count.
        stretches: from share 0 to share 1, without gaps.
        exact: whether every change is there; False where there were too many circles
            to follow.
        checked: whether a full count on both sides of every change agreed.
    """

    group: str
    share: Fraction
    stretches: tuple[Stretch, ...]
    exact: bool = True
    checked: bool = True

    @property
    def stays(self) -> Stretch:
        """The stretch in which the winner is the one that was counted."""
        return next(s for s in self.stretches if s.start <= self.share <= s.end)


def share_effects(tables: Tables, order: TieOrder) -> tuple[ShareEffect, ...]:
    """Find every share at which the winner by ranked pairs changes, for every group.

    Nothing to move where only one group voted.
    """
    if len(tables.voting) < 2 or not tables.candidates:
        return ()
    effects = []
    left = MOST_COUNTS
    for group in tables.voting:
        if tables.shares[group] == 1:
            continue  # the others had no share to keep in proportion
        search = _Search(tables, group, order, left)
        effects.append(search.effect())
        left = search.left
    return tuple(effects)


class _Search:
    """One group's share, moved from 0 to 1."""

    def __init__(self, tables: Tables, group: str, order: TieOrder, left: int) -> None:
        self.tables = tables
        self.group = group
        self.order = order
        self.left = left
        self.exact = True
        none, whole = (self._at(share) for share in (ZERO, ONE))
        unit = lcm(none.unit, whole.unit)
        every = range(len(tables.candidates))
        self.lines: list[list[Line]] = [
            [
                (
                    none.margins[a][b] * (unit // none.unit),
                    whole.margins[a][b] * (unit // whole.unit),
                )
                for b in every
            ]
            for a in every
        ]

    def effect(self) -> ShareEffect:
        """Return the stretches, checked by full counts on both sides of each change."""
        cells = self._condorcet()
        for gap in _gaps(cells):
            cells += self._circles(gap)
        cells.sort(key=lambda cell: cell.start)
        stretches = _merged(cells)
        checked = all(
            self._winners(self._at(_middle(cell.start, cell.end))) == cell.winners
            for before, after in pairwise(cells)
            if before.winners != after.winners
            for cell in (before, after)
        )
        share = self.tables.shares[self.group]
        return ShareEffect(self.group, share, stretches, self.exact, checked)

    def _at(self, share: Fraction) -> Pairwise:
        return self.tables.at(moved(self.tables.shares, self.group, share))

    def _on_lines(self, share: Fraction, members: Sequence[int]) -> Pairwise:
        """Return by how much some beat each other at a share: the lines' heights."""
        return Pairwise(
            candidates=tuple(self.tables.candidates[a] for a in members),
            groups={},
            above=[
                [max(0, _height(self.lines[a][b], share)) for b in members]
                for a in members
            ],
            unit=1,
            total=0,
        )

    def _winners(self, pairs: Pairwise) -> Winners:
        return ranked_pairs(pairs, self.order).winners

    def _condorcet(self) -> list[Stretch]:
        """Return where somebody beats all others: between their lines' zeros."""
        found = []
        for a, candidate in enumerate(self.tables.candidates):
            low, high = ZERO, ONE
            for b, line in enumerate(self.lines[a]):
                if b != a:
                    low, high = _where_positive(line, low, high)
            if low < high:
                found.append(Stretch(low, high, (candidate,)))
        return sorted(found, key=lambda stretch: stretch.start)

    def _circles(self, gap: tuple[Fraction, Fraction]) -> list[Stretch]:
        """Return the winners where nobody beats all others.

        Ranked pairs elects from the smallest set that beats everybody else, whatever
        the rest do, so only the lines within that set matter.
        """
        low, high = gap
        zeros = (_meet(line, (0, 0)) for line in self._upper())
        found = []
        for start, end in pairwise(_between(low, high, zeros)):
            middle = self._on_lines(_middle(start, end), range(len(self.lines)))
            members = smith_set(middle)
            strong = {
                self.lines[a][b]
                for a in members
                for b in members
                if middle.margins[a][b] > 0
            }
            points = _crossings(list(strong), start, end, self.left)
            if len(points) >= self.left:
                self.exact = False
                points = []
            for left, right in pairwise([start, *points, end]):
                self.left -= 1
                pairs = self._on_lines(_middle(left, right), members)
                found.append(Stretch(left, right, self._winners(pairs)))
        return found

    def _upper(self) -> Iterable[Line]:
        every = range(len(self.lines))
        return (self.lines[a][b] for a in every for b in every if a < b)


def smith_set(pairs: Pairwise) -> tuple[int, ...]:
    """Return the smallest set of which each member beats everybody outside."""
    every = range(len(pairs.candidates))
    wins = [sum(margin > 0 for margin in pairs.margins[a]) for a in every]
    # Whoever has the most wins is in it, and so is whoever is not beaten by a member.
    members = {max(every, key=wins.__getitem__)}
    open_ = list(members)
    while open_:
        a = open_.pop()
        for b in every:
            if b not in members and pairs.margins[a][b] <= 0:
                members.add(b)
                open_.append(b)
    return tuple(sorted(members))


def _crossings(
    lines: Sequence[Line], low: Fraction, high: Fraction, most: int
) -> list[Fraction]:
    """Return where lines meet between two shares, in order; no more than `most`.

    Those meet that change their order. Which these are takes no fraction to see, and
    fractions are slow where voters have many different weights.
    """
    first, last = (
        _places([_height(line, share) for line in lines]) for share in (low, high)
    )
    points: set[Fraction] = set()
    for one, other in np.argwhere((first[:, None] < first) & (last[:, None] > last)):
        if len(points) >= most:
            break
        point = _meet(lines[one], lines[other])
        if point is not None:
            points.add(point)
    return sorted(points)


def _places(heights: Sequence[int]) -> npt.NDArray[np.int64]:
    """Number heights from the lowest; equal ones alike."""
    place = {height: n for n, height in enumerate(sorted(set(heights)))}
    return np.array([place[height] for height in heights], np.int64)


def _height(line: Line, share: Fraction) -> int:
    """Return how high a line is at a share, in a unit that is the share's own."""
    at_none, at_whole = line
    return at_none * (share.denominator - share.numerator) + at_whole * share.numerator


def _where_positive(
    line: Line, low: Fraction, high: Fraction
) -> tuple[Fraction, Fraction]:
    """Narrow a range of shares to where a line is above 0."""
    at_none, at_whole = line
    if at_none <= 0 and at_whole <= 0:
        return ONE, ZERO
    zero = _meet(line, (0, 0))
    if zero is not None and at_none < at_whole:
        low = max(low, zero)
    elif zero is not None:
        high = min(high, zero)
    return low, high


def _meet(one: Line, other: Line) -> Fraction | None:
    """Return the share at which two lines meet; None where they are parallel."""
    at_none, at_whole = one[0] - other[0], one[1] - other[1]
    if at_none == at_whole:
        return None
    return Fraction(at_none, at_none - at_whole)


def _between(
    low: Fraction, high: Fraction, points: Iterable[Fraction | None]
) -> list[Fraction]:
    """Return both ends and the points between them, in order."""
    inside = {point for point in points if point is not None and low < point < high}
    return [low, *sorted(inside), high]


def _gaps(stretches: Sequence[Stretch]) -> list[tuple[Fraction, Fraction]]:
    """Return the ranges from 0 to 1 that stretches leave out."""
    starts = [*(stretch.start for stretch in stretches), ONE]
    ends = [ZERO, *(stretch.end for stretch in stretches)]
    return [(e, s) for e, s in zip(ends, starts, strict=True) if e < s]


def _merged(cells: Iterable[Stretch]) -> tuple[Stretch, ...]:
    """Join neighbours with the same winners."""
    merged: list[Stretch] = []
    for cell in cells:
        if merged and merged[-1].winners == cell.winners:
            merged[-1] = Stretch(merged[-1].start, cell.end, cell.winners)
        else:
            merged.append(cell)
    return tuple(merged)


def _middle(low: Fraction, high: Fraction) -> Fraction:
    """Return the simplest fraction between two, as in a Stern-Brocot tree.

    Short numbers keep the counts made at them short as well.
    """
    whole = low.numerator // low.denominator
    if whole + 1 < high:
        return Fraction(whole + 1)
    low, high = low - whole, high - whole
    if low == 0:
        return whole + Fraction(1, high.denominator // high.numerator + 1)
    return whole + 1 / _middle(1 / high, 1 / low)
