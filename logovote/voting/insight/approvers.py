"""The ballots of a shortlist round as arrays, for many elections at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from logovote.voting.electorate import LOWEST_PRICE, approvals
from logovote.voting.insight.replicas import Flags, Floats, Places
from logovote.voting.insight.resampling import redraw
from logovote.voting.profiles import Profile
from logovote.voting.weights import weigh


class _Pile(NamedTuple):
    """What equal ballots have in common; families by their columns."""

    approved: frozenset[int]
    seen: frozenset[int] | None
    group: str
    own: Fraction


def _order(pile: _Pile) -> tuple[str, list[int], list[int], Fraction]:
    return pile.group, sorted(pile.approved), sorted(pile.seen or ()), pile.own


@dataclass(frozen=True, eq=False)
class Approvers:
    """The counted ballots, equal ones merged: a pile is one row.

    Args:
        families: the columns.
        approved: shape (piles, families).
        seen: shape (piles, families); what they were shown or approved.
        heads: shape (piles,); how many voters each pile has.
        own: shape (piles,); what each of them counts inside the group.
        factor: shape (piles,); what own weight 1 weighs in their group.
        groups: the piles of every group, by their positions.
        exposure: for every group that voted, shape (families,): the part of it that saw
            each family, where that was added up beforehand; else None, and `seen` says.
        fixed_share: whether a group decides its share whoever of it votes.
    """

    families: tuple[str, ...]
    approved: Flags
    seen: Flags
    heads: Places
    own: Floats
    factor: Floats
    groups: Mapping[str, Places]
    exposure: Mapping[str, Floats] | None
    fixed_share: bool

    @classmethod
    def of(cls, profile: Profile) -> Approvers:
        """Read a profile of approvals."""
        families = tuple(sorted(profile.variants))
        column = {family: n for n, family in enumerate(families)}

        def columns(ids: frozenset[str]) -> frozenset[int]:
            found = {profile.family_of(id_) for id_ in ids}
            return frozenset(column[family] for family in found if family in column)

        counts: dict[_Pile, int] = {}
        for approval, vote in approvals(profile):
            chosen = columns(approval.approved)
            seen = None if vote.seen is None else chosen | columns(vote.seen)
            pile = _Pile(chosen, seen, vote.group, vote.weight)
            counts[pile] = counts.get(pile, 0) + vote.count
        # In an order of their own, whatever order they came in.
        piles = sorted(counts, key=_order)
        approved = np.zeros((len(piles), len(families)), np.bool_)
        seen_ = np.ones_like(approved)
        for row, pile in enumerate(piles):
            approved[row, list(pile.approved)] = True
            if pile.seen is not None:
                seen_[row] = False
                seen_[row, list(pile.seen)] = True
        weights = weigh(profile)
        members: dict[str, list[int]] = {}
        for row, pile in enumerate(piles):
            members.setdefault(pile.group, []).append(row)
        mass = np.array([float(counts[pile] * pile.own) for pile in piles])
        exposure = None
        if profile.exposure is not None:
            exposure = {
                id_: np.array([float(seen_by.get(f, 0)) for f in families])
                / mass[rows].sum()
                for id_, rows in members.items()
                for seen_by in [profile.exposure.get(id_, {})]
            }
        return cls(
            families=families,
            approved=approved,
            seen=seen_,
            heads=np.array([counts[pile] for pile in piles], np.int64),
            own=np.array([float(pile.own) for pile in piles]),
            factor=np.array([float(weights[pile.group].factor) for pile in piles]),
            groups={id_: np.array(rows) for id_, rows in sorted(members.items())},
            exposure=exposure,
            fixed_share=profile.weighting == "fixed_share",
        )

    @property
    def mass(self) -> Floats:
        """Shape (piles,): what the voters of each pile count inside their group."""
        return self.heads * self.own

    def resampled(self, crowds: int, rng: np.random.Generator) -> Floats:
        """Draw crowds; return what each pile weighs in each, shape (crowds, piles)."""
        weights = np.zeros((crowds, len(self.heads)))
        for rows in self.groups.values():
            drawn = redraw(rng, self.heads[rows], crowds) * self.own[rows]
            if self.fixed_share:
                # What the group decides does not depend on which of its heavier
                # voters happen to be drawn.
                drawn *= (self.mass[rows].sum() / drawn.sum(axis=1))[:, None]
            weights[:, rows] = drawn * self.factor[rows]
        return weights

    def shared(self, shares: Mapping[str, Floats]) -> Floats:
        """Return what each pile weighs if groups decided so much, as above.

        Args:
            shares: for every group that voted, shape (cases,).
        """
        cases = len(next(iter(shares.values())))
        weights = np.zeros((cases, len(self.heads)))
        for id_, rows in self.groups.items():
            mass = self.mass[rows]
            weights[:, rows] = np.outer(shares[id_], mass / mass.sum())
        return weights

    def prices(self, weights: Floats) -> Floats:
        """Return what a slot costs each family, by the weight of those who saw it."""
        exposure: Floats
        if self.exposure is not None:
            exposure = np.zeros((len(weights), len(self.families)))
            for id_, part in self.exposure.items():
                exposure += np.outer(weights[:, self.groups[id_]].sum(axis=1), part)
        elif self.seen.all():
            return np.ones((len(weights), len(self.families)))
        else:
            exposure = weights @ self.seen.astype(np.float64)
        most = exposure.max(axis=1, keepdims=True)
        bound = float(LOWEST_PRICE)
        return np.maximum(exposure / np.where(most > 0, most, 1), bound)
