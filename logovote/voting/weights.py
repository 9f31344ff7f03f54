"""What one ballot weighs: group shares or multipliers, quorum and cap, exactly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import isqrt

from logovote.voting.profiles import Group, Profile

Shares = dict[str, Fraction]


@dataclass(frozen=True, slots=True)
class GroupWeight:
    """How a group entered a count.

    Args:
        group: its id.
        heads: how many of its ballots counted.
        quorum: how many it needed for its whole share; None where no quorum applies.
        target: its share as fixed beforehand, of 1; None under `per_voter`.
        share: its part of all the weight in this count, of 1.
        factor: what a ballot of own weight 1 weighs.
    """

    group: str
    heads: int
    quorum: int | None
    target: Fraction | None
    share: Fraction
    factor: Fraction

    @property
    def at_quorum(self) -> bool:
        """Whether enough of the group voted."""
        return self.heads >= (1 if self.quorum is None else self.quorum)


def quorum_of(eligible: int) -> int:
    """Return the quorum of a group: 3, or one and a half square roots of its size.

    Source: the Debian constitution's 3Q with Q = sqrt(n)/2, rounded up.
    """
    # The least q with q >= 3/2 * sqrt(n), that is 4 q^2 >= 9 n, in integers.
    return max(3, (isqrt(9 * eligible - 1) + 2) // 2 if eligible else 0)


def weigh(profile: Profile) -> dict[str, GroupWeight]:
    """Weigh every group of a profile.

    Under `fixed_share` a ballot of own weight w weighs S * w / (sum of w in its group),
    where S is the group's share after quorum and cap, so a group's power does not
    depend on its turnout. Under `per_voter` it weighs the group's weight times w;
    quorum and cap have no meaning there.
    """
    heads = dict.fromkeys((group.id for group in profile.all_groups), 0)
    mass = dict.fromkeys(heads, Fraction(0))
    for (id_, weight), ballots in profile.heads.items():
        heads[id_] += ballots
        mass[id_] += ballots * weight
    if profile.weighting == "per_voter":
        return _weigh_per_voter(profile.all_groups, heads, mass)
    targets = target_shares(profile.all_groups)
    shares = _scale_to_quorum(profile.all_groups, targets, heads)
    shares = _cap(profile.all_groups, shares, heads)
    return {
        group.id: GroupWeight(
            group=group.id,
            heads=heads[group.id],
            quorum=_quorum(group),
            target=targets[group.id],
            share=shares[group.id],
            factor=_part(shares[group.id], mass[group.id]),
        )
        for group in profile.all_groups
    }


def target_shares(groups: tuple[Group, ...]) -> Shares:
    """Return the shares fixed beforehand, summing to 1; unset ones divide the rest.

    Shares by which nothing can be counted, as a profile says, are shown all the same:
    an unset one is 0 where the others leave nothing, and so are all if none has any.
    """
    given = sum((g.share for g in groups if g.share is not None), Fraction(0))
    unset = sum(group.share is None for group in groups)
    rest = max(Fraction(1) - given, Fraction(0)) if unset else Fraction(0)
    return {
        group.id: _part(
            rest / unset if group.share is None else group.share, given + rest
        )
        for group in groups
    }


def is_binding(weights: Mapping[str, GroupWeight]) -> bool:
    """Return whether groups at quorum hold at least half of the shares fixed."""
    held = (w.target or Fraction(0) for w in weights.values() if w.at_quorum)
    return sum(held, Fraction(0)) >= Fraction(1, 2)


def _weigh_per_voter(
    groups: tuple[Group, ...], heads: dict[str, int], mass: Shares
) -> dict[str, GroupWeight]:
    factors = {g.id: Fraction(1) if g.weight is None else g.weight for g in groups}
    total = sum((factors[id_] * mass[id_] for id_ in mass), Fraction(0))
    return {
        group.id: GroupWeight(
            group=group.id,
            heads=heads[group.id],
            quorum=None,
            target=None,
            share=_part(factors[group.id] * mass[group.id], total),
            factor=factors[group.id],
        )
        for group in groups
    }


def _quorum(group: Group) -> int | None:
    if group.quorum is not None:
        return group.quorum
    return None if group.eligible is None else quorum_of(group.eligible)


def _scale_to_quorum(
    groups: tuple[Group, ...], targets: Shares, heads: dict[str, int]
) -> Shares:
    """Shrink the share of groups below quorum, drop empty ones, renormalise to 1."""
    scaled = {}
    for group in groups:
        turnout, quorum = heads[group.id], _quorum(group)
        reached = Fraction(1) if turnout else Fraction(0)
        if quorum is not None and turnout < quorum:
            reached = Fraction(turnout, quorum)
        scaled[group.id] = targets[group.id] * reached
    total = sum(scaled.values(), Fraction(0))
    return {id_: _part(share, total) for id_, share in scaled.items()}


def _cap(groups: tuple[Group, ...], shares: Shares, heads: dict[str, int]) -> Shares:
    """Hold every ballot to its group's cap; what is cut off goes to the uncapped.

    By heads: a group's ballots weigh share/heads on average, at most cap/(all heads).
    Where nobody may take the excess (all others have share 0), it stays.
    """
    everyone = sum(heads.values())
    shares = dict(shares)
    limits = {
        group.id: group.cap * heads[group.id] / everyone
        for group in groups
        if group.cap is not None and everyone
    }
    capped: set[str] = set()
    while over := {id_ for id_, limit in limits.items() if shares[id_] > limit}:
        capped |= over
        free = sum((s for id_, s in shares.items() if id_ not in capped), Fraction(0))
        if not free:
            break
        rest = Fraction(1) - sum((limits[id_] for id_ in capped), Fraction(0))
        shares = {
            id_: limits[id_] if id_ in capped else share * rest / free
            for id_, share in shares.items()
        }
    return shares


def _part(of: Fraction, whole: Fraction) -> Fraction:
    return of / whole if whole else Fraction(0)
