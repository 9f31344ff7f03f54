"""How sure an order is: what similar crowds would have said. Estimates, all of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import lcm
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt

from logovote.voting.insight.approvers import Approvers
from logovote.voting.insight.crowds import Crowd
from logovote.voting.insight.replicas import Floats, Places, elect_many, rank_many
from logovote.voting.insight.resampling import (
    FEWEST_BALLOTS,
    GENERATOR,
    generator,
    redraw,
    replicates_for,
)
from logovote.voting.profiles import Profile
from logovote.voting.weights import weigh

SURE = 0.95
"""The part of the crowds that must agree before an order is called clear."""

TOP = 3
_PILES = 8192  # preferences looked at together: 14 MB for 30 candidates
_MOST_CROWDS_TIMES_PILES = 20_000_000
_EXACT = 2**53  # integers up to here are exact in a float
_EXACT_SINGLE = 2**24


@dataclass(frozen=True, slots=True)
class Chance:
    """How a candidate fared among the crowds.

    Args:
        candidate: its id; in a shortlist, its family.
        first: the part of the crowds that put it first.
        top: the part that put it among the first three, or on the shortlist.
        low: its best place, from 1, once the best 5 % are left out.
        high: its worst place, once the worst 5 % are left out; one more than the seats
            means off the shortlist.
    """

    candidate: str
    first: float
    top: float
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class CloseCall:
    """The comparison that keeps a result from being clear.

    Args:
        ahead: who is ahead.
        behind: who is behind, and might not be in another crowd.
        sure: the part of the crowds in which `ahead` was ahead; ties count half.
        times: how many times as many voters it would take to be clear if they voted
            alike; None where no number would do.
    """

    ahead: str
    behind: str
    sure: float
    times: float | None


@dataclass(frozen=True, slots=True)
class Stability:
    """What crowds like this one would have said.

    Args:
        crowds: how many were drawn.
        ballots: how many ballots stand in each, as in the count.
        generator: where the randomness came from.
        chances: every candidate's, in the order of the result.
        bands: the order in groups; between two of them the order is clear, within one
            it is too close to call.
        close: the closest comparison at the winner's, or at the cut; None if clear.
    """

    crowds: int
    ballots: int
    generator: str
    chances: tuple[Chance, ...]
    bands: tuple[tuple[str, ...], ...]
    close: CloseCall | None


def ranking_stability(
    profile: Profile, groups: Mapping[str, Crowd], order: Sequence[str]
) -> Stability | None:
    """Estimate how stable a ranking by ranked pairs is; None with too few ballots.

    Args:
        profile: the ballots.
        groups: the same as arrays.
        order: all candidates, as counted.
    """
    ballots = sum(crowd.voters for crowd in groups.values())
    if ballots < FEWEST_BALLOTS or len(profile.candidates) < 2:
        return None
    rng = generator(profile)
    number = replicates_for(ballots)
    margins = resampled_margins(profile, groups, number, rng)
    column = {candidate: n for n, candidate in enumerate(profile.candidates)}
    places = rank_many(margins, rng)[:, [column[candidate] for candidate in order]]
    return _stability(order, places, TOP, cut=1, ballots=ballots)


def shortlist_stability(
    profile: Profile, order: Sequence[str], seats: int
) -> Stability | None:
    """Estimate how stable a shortlist by sequential Phragmén is; None as above.

    Args:
        profile: the ballots.
        order: the families elected, in order.
        seats: how many could be elected.
    """
    crowd = Approvers.of(profile)
    ballots = int(crowd.heads.sum())
    if ballots < FEWEST_BALLOTS or not order:
        return None
    rng = generator(profile)
    weights = crowd.resampled(replicates_for(ballots), rng)
    places = elect_many(crowd.approved, weights, seats, crowd.prices(weights), rng)
    elected = [crowd.families.index(family) for family in order]
    on_list = (places < seats).mean(axis=0)
    others = [n for n in np.argsort(-on_list, kind="stable") if n not in set(elected)]
    shown = elected + [n for n in others if on_list[n] >= 1 - SURE]
    names = [crowd.families[n] for n in shown]
    return _stability(names, places[:, shown], seats, cut=len(order), ballots=ballots)


def _stability(
    order: Sequence[str], places: Places, top: int, cut: int, ballots: int
) -> Stability:
    """Summarise the places of candidates, in the order of the result."""
    ahead = _ahead(places)
    low, high = np.quantile(places, (0.05, 0.95), axis=0, method="inverted_cdf") + 1
    chances = tuple(
        Chance(
            candidate=candidate,
            first=float((places[:, n] == 0).mean()),
            top=float((places[:, n] < top).mean()),
            low=int(low[n]),
            high=int(high[n]),
        )
        for n, candidate in enumerate(order)
    )
    return Stability(
        crowds=len(places),
        ballots=ballots,
        generator=f"{GENERATOR}; numpy {np.__version__}",
        chances=chances,
        bands=_bands(order, ahead),
        close=_close_call(order, ahead, cut),
    )


def _ahead(places: Places) -> Floats:
    """Return in which part of the crowds a was ahead of b; ties count half."""
    size = places.shape[1]
    ahead = np.full((size, size), 0.5)
    for a in range(size):
        mine = places[:, a, None]
        ahead[a] = (mine < places).mean(axis=0) + (mine == places).mean(axis=0) / 2
    return ahead


def _bands(order: Sequence[str], ahead: Floats) -> tuple[tuple[str, ...], ...]:
    """Cut the order where everybody above is clearly ahead of everybody below."""
    bands, start = [], 0
    for cut in range(1, len(order) + 1):
        if cut == len(order) or ahead[:cut, cut:].min() >= SURE:
            bands.append(tuple(order[start:cut]))
            start = cut
    return tuple(bands)


def _close_call(order: Sequence[str], ahead: Floats, cut: int) -> CloseCall | None:
    """Return the closest comparison across a cut, and what would make it clear.

    Of n times as many voters who vote alike, the difference grows n-fold and its
    spread by the root of n, so the number needed goes by the square.
    """
    across = ahead[:cut, cut:]
    if not across.size or across.min() >= SURE:
        return None
    a, b = np.unravel_index(np.argmin(across), across.shape)
    sure = float(across[a, b])
    times = None
    if 0.5 < sure < 1:
        normal = NormalDist()
        times = (normal.inv_cdf(SURE) / normal.inv_cdf(sure)) ** 2
    return CloseCall(order[int(a)], order[cut + int(b)], sure, times)


def resampled_margins(
    profile: Profile,
    groups: Mapping[str, Crowd],
    number: int,
    rng: np.random.Generator,
) -> Floats:
    """Draw crowds and return their margins, shape (number, m, m).

    Integers, scaled so that equal margins are equal floats, unless voters inside a
    group weigh differently or the numbers grow beyond what a float holds exactly.
    """
    size = len(profile.candidates)
    weights = weigh(profile)
    units = {id_: weights[id_].factor / crowd.unit for id_, crowd in groups.items()}
    scale = lcm(*(unit.denominator for unit in units.values()))
    exact = all(
        units[id_] * scale * crowd.voters * int(crowd.own.max()) < _EXACT
        for id_, crowd in groups.items()
    )
    a, b = np.triu_indices(size, 1)
    upper = np.zeros((number, len(a)))
    for id_, crowd in groups.items():
        own: npt.NDArray[Any] = crowd.own
        factor = float(units[id_] * scale if exact else weights[id_].factor)
        if not exact:
            own = np.array([int(each) / crowd.unit for each in own])
        batch = max(1, _MOST_CROWDS_TIMES_PILES // crowd.piles)
        for start in range(0, number, batch):
            some = slice(start, min(number, start + batch))
            drawn = redraw(rng, crowd.heads, some.stop - some.start)
            part = _weighted(drawn * own, crowd)
            if not crowd.equal_weights and weights[id_].target is not None:
                # Under fixed shares what a group decides does not depend on which of
                # its heavier voters happen to be drawn.
                part *= ((crowd.heads @ own) / (drawn @ own))[:, None]
            upper[some] += factor * part
    margins = np.zeros((number, size, size))
    margins[:, a, b] = upper
    margins[:, b, a] = -upper
    return margins


def _weighted(drawn: npt.NDArray[Any], crowd: Crowd) -> Floats:
    """Add up the preferences of the ballots drawn; exactly, where they are integers."""
    most = drawn.sum(axis=1).max(initial=0)
    single = drawn.dtype.kind == "i" and most < _EXACT_SINGLE
    dtype: type[np.floating] = np.float32 if single else np.float64
    pairs = crowd.first.shape[1] * (crowd.first.shape[1] - 1) // 2
    total = np.zeros((len(drawn), pairs))
    for start in range(0, crowd.piles, _PILES):
        piles = slice(start, start + _PILES)
        signs = crowd.preferences(piles).astype(dtype)
        total += drawn[:, piles].astype(dtype) @ signs
    return total
