"""From approvals to an ordered shortlist of families.

Every rule elects one family after another. A family that nobody approves is never
elected, so a shortlist may be shorter than the seats asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

from logovote.errors import LogovoteError
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


@dataclass(frozen=True, slots=True)
class Pick:
    """One election inside a rule: who, by which number, and who was equal to it."""

    elected: int
    score: Fraction | None
    tied: tuple[int, ...]


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


def elect_by_approval(voters: Electorate, seats: int) -> list[Pick]:
    """Return the approval order, supported families only."""
    supports = voters.supports
    order = sorted(
        (position for position, weight in enumerate(supports) if weight),
        key=lambda position: -supports[position],
    )
    return [
        Pick(
            elected=position,
            score=Fraction(supports[position], voters.unit),
            tied=tuple(p for p in order[place:] if supports[p] == supports[position]),
        )
        for place, position in enumerate(order[:seats])
    ]


def elect_by_phragmen(
    voters: Electorate,
    seats: int,
    price: Sequence[Fraction],
    start: Sequence[Fraction] | None = None,
) -> list[Pick]:
    """Run sequential Phragmén; ties go to the larger support, then the tie order.

    All loads are integers over one common denominator, which grows by at most the
    elected family's support in each step; that is much faster than fractions.

    Args:
        voters: the electorate.
        seats: how many to elect, at most.
        price: what a slot costs each family.
        start: the load each bloc's voters carry at first; 0 by default.
    """
    begin = [Fraction(0)] * len(voters.blocs) if start is None else start
    scale = lcm(*(f.denominator for f in (*price, *begin)))
    costs = [int(p * scale) * voters.unit for p in price]
    load = [int(f * scale) for f in begin]
    supports, supporters = voters.supports, voters.supporters
    carried = [sum(load[b] * voters.blocs[b].weight for b in who) for who in supporters]
    open_ = [position for position, weight in enumerate(supports) if weight]
    picks: list[Pick] = []
    while open_ and len(picks) < seats:
        burdens = {c: costs[c] + carried[c] for c in open_}
        tied = _least(burdens, supports)
        best = tied[0]
        open_.remove(best)
        score = Fraction(costs[best] + carried[best], scale * supports[best])
        picks.append(Pick(best, score, tuple(tied)))
        wider = lcm(scale, score.denominator) // scale
        if wider > 1:
            scale *= wider
            costs = [cost * wider for cost in costs]
            load = [value * wider for value in load]
            carried = [value * wider for value in carried]
        level = int(score * scale)
        # Voters who carried the same load move alike: add up their weights first.
        moved: dict[int, dict[int, int]] = {}
        for number in supporters[best]:
            bloc = voters.blocs[number]
            gains = moved.setdefault(load[number], {})
            for position in bloc.approved:
                gains[position] = gains.get(position, 0) + bloc.weight
            load[number] = level
        for old, gains in moved.items():
            for position, weight in gains.items():
                carried[position] += (level - old) * weight
    return picks


def _least(burdens: Mapping[int, int], supports: Sequence[int]) -> list[int]:
    """Return those of least burden per support, and of these the most supported."""
    best: list[int] = []
    for position, burden in burdens.items():
        if best:
            # Compared as fractions are, crosswise; more support wins among equal ones.
            mine = burden * supports[best[0]], -supports[position]
            least = burdens[best[0]] * supports[position], -supports[best[0]]
            if mine > least:
                continue
            if mine < least:
                best = []
        best.append(position)
    return best


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
    return Shortlist(
        rule=rule,
        slots=tuple(
            Slot(
                place=place,
                family=family,
                representative=standing[family],
                support=supports[family] / voters.total,
                score=pick.score,
                approval_rank=1 + sum(s > supports[family] for s in supports.values()),
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
