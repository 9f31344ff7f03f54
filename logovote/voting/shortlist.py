"""From approvals to an ordered shortlist of families.

Every rule elects one family after another. A family that nobody approves is never
elected, so a shortlist may be shorter than the seats asked for.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from logovote.errors import LogovoteError
from logovote.voting.elections import (
    Pick,
    elect_by_approval,
    elect_by_equal_shares,
    elect_by_pav,
    elect_by_phragmen,
)
from logovote.voting.electorate import (
    Electorate,
    electorate,
    prices,
    representatives,
)
from logovote.voting.profiles import Profile
from logovote.voting.ties import TieUse, family_order, finest_tiers


@dataclass(frozen=True, slots=True)
class Slot:
    """One place of a shortlist.

    Args:
        place: from 1, in order of election.
        family: the family elected.
        representative: the variant that stands for it.
        support: the weight approving it, as a part of all the weight counted.
        score: what the rule elected it by (Phragmén: its t; approval: its weight);
            None where the rule has no such number.
        approval_rank: its place by weighted approval alone; equal ones share it.
        tied: whether another place could be its own but for the tie order.
    """

    place: int
    family: str
    representative: str
    support: Fraction
    score: Fraction | None
    approval_rank: int
    tied: bool


@dataclass(frozen=True, slots=True)
class Shortlist:
    """The outcome of a shortlist rule.

    Args:
        rule: its name.
        slots: the families elected, in order.
        tiers: the same families; those that only the tie order separates share one.
        winners: all families that were tied for the first slot.
        supports: weighted approval of every family, in ballot weights.
        prices: what a slot cost each family; 1 without exposure correction.
        representatives: the variant standing for every family.
        total: all the weight counted, ballots approving nothing included.
        ties: every use of the tie order, in families.
    """

    rule: str
    slots: tuple[Slot, ...]
    tiers: tuple[tuple[str, ...], ...]
    winners: tuple[str, ...]
    supports: Mapping[str, Fraction]
    prices: Mapping[str, Fraction]
    representatives: Mapping[str, str]
    total: Fraction
    ties: tuple[TieUse, ...]


Rule = Callable[[Electorate, int], Sequence[Pick]]
"""Elects up to so many families; of equal ones the first position."""


def approval_voting(profile: Profile, seats: int) -> Shortlist:
    """Elect the families with most weighted approval."""
    return _elect("av", profile, seats, elect_by_approval)


def sequential_phragmen(
    profile: Profile, seats: int, *, exposure: bool = True
) -> Shortlist:
    """Elect by sequential Phragmén: supporters share the price of each slot equally.

    Each slot goes to the family whose supporters would carry the least load t, that
    is (its price + the load they carry already) / their weight. Raising `seats` never
    removes a family. With equal exposure the first slot is the approval winner's.

    Args:
        profile: approvals.
        seats: how many to elect, at most.
        exposure: whether families seen by fewer voters have a lower price.

    Source: Brill, Freeman, Janson, Lackner, Phragmén's voting methods and justified
    representation, Mathematical Programming 203 (2024).
    """
    price = prices(profile) if exposure else {}
    return _elect(
        "seqphragmen",
        profile,
        seats,
        lambda voters, seats: elect_by_phragmen(
            voters, seats, [price.get(f, Fraction(1)) for f in voters.families]
        ),
        price,
    )


def sequential_pav(profile: Profile, seats: int) -> Shortlist:
    """Elect by sequential proportional approval voting."""
    return _elect("seqpav", profile, seats, elect_by_pav)


def equal_shares(profile: Profile, seats: int) -> Shortlist:
    """Elect by the method of equal shares, completed by sequential Phragmén.

    Raising `seats` may remove a family: every voter then has more to spend.
    """
    return _elect("equal_shares", profile, seats, elect_by_equal_shares)


def _elect(
    rule: str,
    profile: Profile,
    seats: int,
    elect: Rule,
    price: Mapping[str, Fraction] | None = None,
) -> Shortlist:
    """Run a rule in the tie order and, where that was asked, in its reverse."""
    if seats < 1:
        raise LogovoteError("A shortlist needs at least one seat.")
    order = family_order(profile)
    voters = electorate(profile)
    runs = [(voters, elect(voters, seats))]
    if any(len(pick.tied) > 1 for pick in runs[0][1]):
        turned = voters.in_order(order.reversed)
        runs.append((turned, elect(turned, seats)))
    named = [[v.families[p.elected] for p in picks] for v, picks in runs]
    together = [[v.families[c] for c in p.tied] for v, ps in runs for p in ps]
    elected = named[0]
    # Who is elected in one run only, or was merely tied, goes below in both: then no
    # cut separates it from the slot it missed by the tie order alone.
    others = [family for group in (*named, *together) for family in group]
    reached = list(dict.fromkeys((*named[0], *others)))
    turned_ = list(dict.fromkeys((*named[-1], *reached)))
    tiers = finest_tiers(reached, turned_, together)
    tier_of = {family: tier for tier in tiers for family in tier}
    standing = representatives(profile)
    supports = {
        family: Fraction(weight, voters.unit)
        for family, weight in zip(voters.families, voters.supports, strict=True)
    }
    picks = runs[0][1]
    ascending = sorted(supports.values())
    return Shortlist(
        rule=rule,
        slots=tuple(
            Slot(
                place=place,
                family=family,
                representative=standing[family],
                support=supports[family] / voters.total,
                score=pick.score,
                # One more than have more support.
                approval_rank=1
                + len(ascending)
                - bisect_right(ascending, supports[family]),
                tied=len(tier_of[family]) > 1,
            )
            for place, (family, pick) in enumerate(
                zip(elected, picks, strict=True), start=1
            )
        ),
        tiers=tiers,
        winners=tuple(sorted(voters.families[c] for c in picks[0].tied))
        if picks
        else (),
        supports=supports,
        prices=price or dict.fromkeys(voters.families, Fraction(1)),
        representatives=standing,
        total=voters.total,
        ties=tuple(
            TieUse(
                step=f"slot {place}",
                tied=tuple(voters.families[c] for c in pick.tied),
                chosen=(voters.families[pick.elected],),
            )
            for place, pick in enumerate(picks, start=1)
            if len(pick.tied) > 1
        ),
    )
