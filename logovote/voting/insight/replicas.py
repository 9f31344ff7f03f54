"""The deciding rules for a thousand crowds at a time, in floating point.

They estimate and never decide. Each crowd has a tie order of its own, for a crowd that
voted anew would draw one anew: so a tie counts for both sides alike.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Places = npt.NDArray[np.int64]
_CLOSE = 1e-9  # numbers this near, relative to each other, are equal


def rank_many(margins: Floats, rng: np.random.Generator) -> Places:
    """Rank many crowds by ranked pairs on margins.

    Args:
        margins: shape (crowds, m, m); the weight for a over b less that for b over a.
        rng: draws the tie orders.

    Returns:
        Shape (crowds, m): the place of each candidate, from 0, never shared.
    """
    crowds, size, _ = margins.shape
    # A majority without ties and cycles is its own order: no rule could rank otherwise.
    wins = (margins > 0).sum(axis=2)
    places: Places = size - 1 - wins
    settled = (np.sort(wins, axis=1) == np.arange(size)).all(axis=1)
    order = rng.permuted(np.tile(np.arange(size), (crowds, 1)), axis=1)
    for start in range(0, crowds, 250):  # some 20 MB at a time for 30 candidates
        open_ = np.flatnonzero(~settled[start : start + 250]) + start
        if len(open_):
            places[open_] = _lock_and_list(margins[open_], order[open_])
    return places


def _lock_and_list(margins: Floats, order: Places) -> Places:
    """Run ranked pairs in tie orders: `order[crowd, rank]` is who has that rank."""
    crowds, size, _ = margins.shape
    every = np.arange(crowds)
    moved = margins[every[:, None, None], order[:, :, None], order[:, None, :]]
    # Equal majorities go by the winner's rank, then by the loser's from the last.
    a, b = (
        np.array(side)
        for side in zip(
            *((i, j) for i in range(size) for j in reversed(range(size)) if i != j),
            strict=True,
        )
    )
    strength = moved[:, a, b]
    by_strength = np.argsort(-strength, axis=1, kind="stable")
    above = np.zeros((crowds, size, size), np.bool_)  # [crowd, x, y]: x locked above y
    for step in range(int((strength > 0).sum(axis=1).max(initial=0))):
        pair = by_strength[:, step]
        x, y = a[pair], b[pair]
        new = (strength[every, pair] > 0) & ~above[every, y, x] & ~above[every, x, y]
        crowd = np.flatnonzero(new)
        if not len(crowd):
            continue
        x, y = x[crowd], y[crowd]
        gained = above[crowd, y]
        gained[np.arange(len(crowd)), y] = True
        over = above[crowd, :, x]
        over[np.arange(len(crowd)), x] = True
        above[crowd] |= over[:, :, None] & gained[:, None, :]
    places = np.empty((crowds, size), np.int64)
    remaining = np.ones((crowds, size), np.bool_)
    for place in range(size):
        beaten = (above & remaining[:, :, None]).any(axis=1)
        taken = np.argmax(remaining & ~beaten, axis=1)
        places[every, order[every, taken]] = place
        remaining[every, taken] = False
    return places


def elect_many(
    approved: Flags,
    weights: Floats,
    seats: int,
    price: Floats,
    rng: np.random.Generator,
) -> Places:
    """Elect the shortlists of many crowds by sequential Phragmén.

    Args:
        approved: shape (piles, families); which families each pile approves.
        weights: shape (crowds, piles); what each pile weighs in each crowd.
        seats: how many to elect, at most.
        price: shape (crowds, families); what a slot costs each family.
        rng: draws the tie orders.

    Returns:
        Shape (crowds, families): the place of each family, from 0; `seats` for all
        that are not elected.
    """
    places = np.full((len(weights), approved.shape[1]), seats)
    for start in range(0, len(weights), 200):  # 16 MB at a time for 10,000 piles
        some = slice(start, start + 200)
        places[some] = _elect(approved, weights[some], seats, price[some], rng)
    return places


def _elect(
    approved: Flags,
    weights: Floats,
    seats: int,
    price: Floats,
    rng: np.random.Generator,
) -> Places:
    crowds, families = price.shape
    every = np.arange(crowds)
    order = rng.permuted(np.tile(np.arange(families), (crowds, 1)), axis=1)
    support = weights @ approved.astype(np.float64)
    open_ = support > _CLOSE * support.max(initial=0)
    load = np.zeros_like(weights)
    carried = np.zeros_like(support)
    places = np.full((crowds, families), seats)
    supporters = [np.flatnonzero(column) for column in approved.T]
    for place in range(min(seats, families)):
        cost = np.where(open_, (price + carried) / np.where(open_, support, 1), np.inf)
        level = cost.min(axis=1)
        equal = open_ & (cost <= level[:, None] * (1 + _CLOSE))
        most = np.where(equal, support, 0).max(axis=1)
        equal &= support >= most[:, None] * (1 - _CLOSE)
        best = np.where(equal, order, families).argmin(axis=1)
        going = open_.any(axis=1)
        places[every[going], best[going]] = place
        open_[every[going], best[going]] = False
        # Crowds that elect the same family move the same voters: one product for all.
        for family in np.unique(best[going]):
            crowd = np.flatnonzero(going & (best == family))
            pile = supporters[family]
            where = np.ix_(crowd, pile)
            gain = (level[crowd, None] - load[where]) * weights[where]
            load[where] = level[crowd, None]
            carried[crowd] += gain @ approved[pile].astype(np.float64)
    return places
