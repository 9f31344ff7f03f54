"""What other rules, other weights and each group alone would have said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import groupby

from logovote.voting.count import PAIRWISE_RULES, SHORTLIST_RULES, rank
from logovote.voting.elections import (
    Pick,
    elect_by_approval,
    elect_by_equal_shares,
    elect_by_pav,
    elect_by_phragmen,
)
from logovote.voting.electorate import Electorate, electorate, prices
from logovote.voting.insight.reweighting import Tables
from logovote.voting.pairwise import Pairwise
from logovote.voting.profiles import Group, Profile
from logovote.voting.ranking import ranked_pairs
from logovote.voting.ties import TieOrder
from logovote.voting.weights import weigh

Tiers = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class MethodOrder:
    """The order a rule gives, in tiers; for a shortlist, who is on it, in order."""

    method: str
    tiers: Tiers


@dataclass(frozen=True, slots=True)
class WayOrder:
    """The order under other weights.

    Args:
        way: "counted"; "per_head", every voter alike; "per_voter" or "fixed_share", the
            other mode of weights; or "alone", one group by itself.
        group: the group that is alone, else None.
        tiers: the order; for a shortlist, who is on it, in order.
    """

    way: str
    group: str | None
    tiers: Tiers


def ranking_methods(
    profile: Profile, pairs: Pairwise, order: TieOrder
) -> tuple[MethodOrder, ...]:
    """Rank by every rule, the deciding one first."""
    found = [
        MethodOrder(name, rule(pairs, order, "margin").tiers)
        for name, rule in PAIRWISE_RULES.items()
    ]
    return (*found, MethodOrder("irv", rank(profile, "irv").tiers))


def ranking_ways(
    profile: Profile, tables: Tables, order: TieOrder
) -> tuple[WayOrder, ...]:
    """Rank by ranked pairs under other weights."""

    def tiers(shares: dict[str, Fraction]) -> Tiers:
        return ranked_pairs(tables.at(shares), order).tiers

    mode = other_mode(profile)
    ways = [
        WayOrder("counted", None, tiers(tables.shares)),
        WayOrder("per_head", None, tiers(tables.per_head)),
    ]
    shares = {id_: w.share for id_, w in weigh(mode).items()}
    if shares != tables.per_head:
        ways.append(WayOrder(mode.weighting, None, tiers(shares)))
    if len(tables.voting) > 1:
        ways += [
            WayOrder("alone", id_, tiers({id_: Fraction(1)})) for id_ in tables.voting
        ]
    return tuple(ways)


def shortlist_methods(
    voters: Electorate, price: Sequence[Fraction], seats: int
) -> tuple[MethodOrder, ...]:
    """Elect by every rule, the deciding one first.

    Args:
        voters: the approvals.
        price: what a slot costs each family; only the deciding rule corrects for that.
        seats: how many to elect, at most.
    """
    elected = {
        "seqphragmen": elect_by_phragmen(voters, seats, price),
        "seqpav": elect_by_pav(voters, seats),
        "equal_shares": elect_by_equal_shares(voters, seats),
    }
    orders = {name: on_list(voters, picks) for name, picks in elected.items()}
    orders["av"] = _by_support(voters, elect_by_approval(voters, seats))
    return tuple(MethodOrder(name, orders[name]) for name in SHORTLIST_RULES)


def shortlist_ways(profile: Profile, seats: int) -> tuple[WayOrder, ...]:
    """Elect by sequential Phragmén under other weights, if groups weigh at all."""

    def elect(profile: Profile) -> Tiers:
        voters = electorate(profile)
        return on_list(voters, elect_by_phragmen(voters, seats, slots(profile, voters)))

    voting = [id_ for id_, weight in weigh(profile).items() if weight.heads]
    if len(voting) < 2:
        return ()
    heads = replace(profile, mode="per_voter", groups=_bare(profile))
    return (
        WayOrder("counted", None, elect(profile)),
        WayOrder("per_head", None, elect(heads)),
        *(
            WayOrder(
                "alone",
                id_,
                elect(replace(profile, mode="fixed_share", groups=_only(profile, id_))),
            )
            for id_ in voting
        ),
    )


def slots(profile: Profile, voters: Electorate) -> list[Fraction]:
    """Return what a slot costs each family of an electorate."""
    price = prices(profile)
    return [price[family] for family in voters.families]


def other_mode(profile: Profile) -> Profile:
    """Return the same ballots under the other mode of weights."""
    if profile.weighting == "fixed_share":
        return replace(profile, mode="per_voter")
    return replace(profile, mode="fixed_share")


def on_list(voters: Electorate, picks: Sequence[Pick]) -> Tiers:
    """Return who is elected, in order."""
    return tuple((voters.families[pick.elected],) for pick in picks)


def _by_support(voters: Electorate, picks: Sequence[Pick]) -> Tiers:
    """Return who is elected, those of equal support in one tier."""
    return tuple(
        tuple(voters.families[pick.elected] for pick in tier)
        for _, tier in groupby(picks, key=lambda pick: pick.score)
    )


def _bare(profile: Profile) -> tuple[Group, ...]:
    return tuple(Group(group.id) for group in profile.all_groups)


def _only(profile: Profile, id_: str) -> tuple[Group, ...]:
    return tuple(
        Group(group.id, share=Fraction(group.id == id_)) for group in profile.all_groups
    )
