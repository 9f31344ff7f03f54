"""Approvals as the shortlist rules see them: families, and blocs of equal voters."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import gcd, lcm

from logovote.voting.ballots import Approval, InvalidBallotError
from logovote.voting.profiles import Profile, Vote
from logovote.voting.ties import TieOrder, candidate_order, family_order
from logovote.voting.weights import weigh

LOWEST_PRICE = Fraction(1, 3)
"""A family seen by less than this part of the best seen one is not seen enough."""


@dataclass(frozen=True, slots=True)
class Bloc:
    """Voters who approve the same families: positions in `Electorate.families`."""

    approved: tuple[int, ...]
    weight: int


@dataclass(frozen=True)
class Electorate:
    """The voters of a shortlist round, merged, with integer weights.

    Families stand in tie order, so that of equal ones the first position wins.
    Weights are in units of 1/`unit`.
    """

    families: tuple[str, ...]
    blocs: tuple[Bloc, ...]
    unit: int
    total: Fraction

    @cached_property
    def supports(self) -> list[int]:
        """The weight behind every family, in units of 1/`unit`."""
        supports = [0] * len(self.families)
        for bloc in self.blocs:
            for position in bloc.approved:
                supports[position] += bloc.weight
        return supports

    @cached_property
    def supporters(self) -> list[list[int]]:
        """The blocs, by their positions, that approve each family."""
        supporters: list[list[int]] = [[] for _ in self.families]
        for number, bloc in enumerate(self.blocs):
            for position in bloc.approved:
                supporters[position].append(number)
        return supporters

    def in_order(self, order: TieOrder) -> Electorate:
        """Return the same electorate with its families in another tie order."""
        families = tuple(order.sort(self.families))
        position = {family: number for number, family in enumerate(families)}
        moved = [position[family] for family in self.families]
        blocs = (
            Bloc(tuple(sorted(moved[p] for p in bloc.approved)), bloc.weight)
            for bloc in self.blocs
        )
        return Electorate(families, tuple(blocs), self.unit, self.total)


def electorate(profile: Profile) -> Electorate:
    """Return the approvals of a profile over families; the status quo is not one.

    Raises:
        InvalidBallotError: a ballot is a ranking.
    """
    families = tuple(family_order(profile).sort(profile.variants))
    position = {family: number for number, family in enumerate(families)}
    # What is not in `position` is the status quo: never a candidate here.
    places = {
        id_: position[family]
        for id_ in {*profile.candidates, *families}
        if (family := profile.family_of(id_)) in position
    }
    ballots, unit = weighed_approvals(profile)
    merged: dict[frozenset[str], int] = {}
    for approved, _, weight in ballots:
        merged[approved] = merged.get(approved, 0) + weight
    weights: dict[tuple[int, ...], int] = {}
    for approved, weight in merged.items():
        key = tuple(sorted({places[id_] for id_ in approved if id_ in places}))
        weights[key] = weights.get(key, 0) + weight
    total = sum(weights.values())
    # Coprime weights are the smallest integers to go on with.
    common = gcd(unit, *weights.values())
    return Electorate(
        families=families,
        # A group of share 0 weighs nothing and supports nobody.
        blocs=tuple(Bloc(a, w // common) for a, w in weights.items() if w),
        unit=unit // common,
        total=Fraction(total, unit),
    )


def weighed_approvals(
    profile: Profile,
) -> tuple[list[tuple[frozenset[str], Vote, int]], int]:
    """Return what each counted ballot approves and weighs, times its count.

    Weights are integers, in units of 1 over the number returned beside them.

    Raises:
        InvalidBallotError: a ballot is a ranking.
    """
    factors = {id_: weight.factor for id_, weight in weigh(profile).items()}
    exact = {(id_, own): factors[id_] * own for id_, own in profile.heads}
    unit = lcm(*(weight.denominator for weight in exact.values()))
    # By group and by what is the same object on nearly all ballots: a Fraction is slow.
    known: dict[tuple[str, int], int] = {}
    found = []
    for approval, vote in approvals(profile):
        key = vote.group, id(vote.weight)
        weight = known.get(key)
        if weight is None:
            weight = known[key] = int(exact[vote.group, vote.weight] * unit)
        found.append((approval.approved, vote, vote.count * weight))
    return found, unit


def approvals(profile: Profile) -> list[tuple[Approval, Vote]]:
    """Return the counted ballots as approvals.

    Raises:
        InvalidBallotError: a ballot is a ranking.
    """
    if profile.matrices:
        raise InvalidBallotError(
            "The ballots are rankings; this method counts approvals. "
            "Choose a method for rankings, such as ranked_pairs."
        )
    found = []
    for number, vote in enumerate(profile.votes, start=1):
        if not isinstance(vote.ballot, Approval):
            raise InvalidBallotError(
                f"Ballot {number} is a ranking; this method counts approvals. "
                "Choose a method for rankings, such as ranked_pairs."
            )
        if vote.is_counted:
            found.append((vote.ballot, vote))
    return found


def exposures(profile: Profile) -> dict[str, Fraction]:
    """Return the weight of the voters who saw each family; approving is seeing."""
    if profile.exposure is not None:
        factors = {id_: weight.factor for id_, weight in weigh(profile).items()}
        added = dict.fromkeys(profile.variants, Fraction(0))
        for group, weights in profile.exposure.items():
            for family in added.keys() & weights.keys():
                added[family] += factors[group] * weights[family]
        return added
    ballots, unit = weighed_approvals(profile)
    seen = dict.fromkeys(profile.variants, 0)
    saw_all = 0
    for approved, vote, weight in ballots:
        if vote.seen is None:
            saw_all += weight
            continue
        for family in {profile.family_of(id_) for id_ in vote.seen | approved}:
            if family in seen:
                seen[family] += weight
    return {family: Fraction(weight + saw_all, unit) for family, weight in seen.items()}


def prices(profile: Profile) -> dict[str, Fraction]:
    """Return what a slot costs each family: its exposure over the largest exposure.

    A family seen by half the voters needs half the support. The price is bounded below
    by `LOWEST_PRICE`, so that a handful of voters cannot elect what few have seen.
    """
    if profile.exposure is None and all(v.seen is None for v in profile.votes):
        return dict.fromkeys(profile.variants, Fraction(1))
    seen = exposures(profile)
    most = max(seen.values(), default=Fraction(0))
    if not most:
        return dict.fromkeys(seen, Fraction(1))
    return {family: max(weight / most, LOWEST_PRICE) for family, weight in seen.items()}


def not_seen_enough(profile: Profile) -> tuple[str, ...]:
    """Return the families seen so little that the lowest price holds for them."""
    seen = exposures(profile)
    least = max(seen.values(), default=Fraction(0)) * LOWEST_PRICE
    return tuple(sorted(family for family, weight in seen.items() if weight < least))


def representatives(profile: Profile) -> dict[str, str]:
    """Return the variant that stands for each family.

    The one with most weighted ticks of its own (ticks of the whole family prefer no
    variant), then the newest, then the first in the tie order.
    """
    several = {
        variant: 0
        for variants in profile.variants.values()
        for variant in variants
        if len(variants) > 1
    }
    if several:
        for approved, _, weight in weighed_approvals(profile)[0]:
            for id_ in approved:
                if id_ in several:
                    several[id_] += weight
    rank = candidate_order(profile).rank
    return {
        family: min(
            variants,
            key=lambda id_: (
                -several.get(id_, 0),
                -profile.recency.get(id_, 0),
                rank[id_],
            ),
        )
        for family, variants in profile.variants.items()
    }
