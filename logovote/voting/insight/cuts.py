"""At which share of a group other designs would be on the shortlist. Estimates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from logovote.voting.insight.approvers import Approvers
from logovote.voting.insight.replicas import elect_many
from logovote.voting.insight.resampling import generator
from logovote.voting.insight.reweighting import moved
from logovote.voting.profiles import Profile
from logovote.voting.weights import weigh

GRID = 100
"""How many steps the grid of shares has."""


@dataclass(frozen=True, slots=True)
class CutStretch:
    """A range of shares, on a grid, with the same families on the list."""

    start: Fraction
    end: Fraction
    added: tuple[str, ...]
    dropped: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CutEffect:
    """What a group's share does to who is on the shortlist; on a grid, estimated."""

    group: str
    share: Fraction
    stretches: tuple[CutStretch, ...]


def cut_effects(profile: Profile, elected: Sequence[str]) -> tuple[CutEffect, ...]:
    """Find, on a grid, at which shares other families would be on the shortlist.

    The loads of sequential Phragmén are no straight lines in a share. So the shortlist
    is counted, in floating point, at every hundredth. Estimates: a change between two
    points of the grid and back is not seen, and a tie goes by lot.

    Args:
        profile: the approvals.
        elected: the families on the list as counted.
    """
    crowd = Approvers.of(profile)
    counted = {id_: weight.share for id_, weight in weigh(profile).items()}
    shares = {id_: counted[id_] for id_ in crowd.groups}
    if len(shares) < 2 or not elected:
        return ()
    grid = [Fraction(step, GRID) for step in range(GRID + 1)]
    effects = []
    for group, share in shares.items():
        if share == 1:
            continue
        points = [moved(shares, group, t) for t in grid]
        weights = crowd.shared(
            {id_: np.array([float(p[id_]) for p in points]) for id_ in shares}
        )
        places = elect_many(
            crowd.approved,
            weights,
            len(elected),
            crowd.prices(weights),
            generator(profile),
        )
        lists = [
            frozenset(crowd.families[n] for n in np.flatnonzero(row < len(elected)))
            for row in places
        ]
        effects.append(CutEffect(group, share, _cut_stretches(grid, lists, elected)))
    return tuple(effects)


def _cut_stretches(
    grid: Sequence[Fraction], lists: Sequence[frozenset[str]], elected: Sequence[str]
) -> tuple[CutStretch, ...]:
    stretches: list[CutStretch] = []
    for share, list_ in zip(grid, lists, strict=True):
        added = tuple(sorted(list_.difference(elected)))
        dropped = tuple(family for family in elected if family not in list_)
        last = stretches[-1] if stretches else None
        if last and (last.added, last.dropped) == (added, dropped):
            stretches[-1] = CutStretch(last.start, share, added, dropped)
        else:
            stretches.append(CutStretch(share, share, added, dropped))
    return tuple(stretches)
