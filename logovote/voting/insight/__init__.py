"""What stands behind a result, for people who want to believe it or doubt it.

Everything here is computed from ballots that are counted already and changes nothing.
Numbers are exact where they are `Fraction`s and estimates where they are floats.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from logovote.voting.electorate import electorate
from logovote.voting.insight.crowds import crowds
from logovote.voting.insight.cuts import CutEffect, cut_effects
from logovote.voting.insight.flips import Flip, flips
from logovote.voting.insight.methods import (
    MethodOrder,
    WayOrder,
    ranking_methods,
    ranking_ways,
    shortlist_methods,
    shortlist_ways,
    slots,
)
from logovote.voting.insight.polarisation import Polarisation, polarisation
from logovote.voting.insight.representation import Beside, beside
from logovote.voting.insight.reweighting import Tables
from logovote.voting.insight.sensitivity import ShareEffect, share_effects
from logovote.voting.insight.stability import (
    Stability,
    ranking_stability,
    shortlist_stability,
)
from logovote.voting.insight.taste import Character, Taste, character, tastes
from logovote.voting.pairwise import Pairwise
from logovote.voting.profiles import Profile
from logovote.voting.ranking import Standings
from logovote.voting.shortlist import Shortlist
from logovote.voting.ties import candidate_order

__all__ = ["RankingInsight", "ShortlistInsight", "explain_ranking", "explain_shortlist"]


@dataclass(frozen=True)
class RankingInsight:
    """All that explains a ranking.

    Args:
        tables: every group's own pairwise counts, from which any shares can be counted.
        stability: what similar crowds would say; None with too few ballots. Estimates.
        ways: the order under other weights.
        shares: at which share of each group the winner changes.
        tastes: how each candidate is liked, in the order of the result.
        character: what kind of winner this is.
        polarisation: how much voters agree.
        flips: how many ballots would have changed the winner.
        methods: what other rules say.
    """

    tables: Tables
    stability: Stability | None
    ways: tuple[WayOrder, ...]
    shares: tuple[ShareEffect, ...]
    tastes: tuple[Taste, ...]
    character: Character
    polarisation: Polarisation
    flips: tuple[Flip, ...]
    methods: tuple[MethodOrder, ...]


@dataclass(frozen=True)
class ShortlistInsight:
    """All that explains a shortlist; families stand in it by their ids.

    Args:
        beside: the list beside plain approval's, and whom each design represents.
        stability: what similar crowds would say; None with too few ballots. Estimates.
        ways: the list under other weights.
        shares: at which share of each group the list changes. Estimates.
        methods: what other rules say.
        representatives: the variant that stands for each family, on the list or not.
    """

    beside: Beside
    stability: Stability | None
    ways: tuple[WayOrder, ...]
    shares: tuple[CutEffect, ...]
    methods: tuple[MethodOrder, ...]
    representatives: Mapping[str, str]


def explain_ranking(
    profile: Profile, pairs: Pairwise, standings: Standings
) -> RankingInsight:
    """Explain a ranking by ranked pairs.

    Args:
        profile: the ballots.
        pairs: their pairwise counts.
        standings: the ranking made of them.
    """
    order = candidate_order(profile)
    tables = Tables.of(pairs)
    ways = ranking_ways(profile, tables, order)
    alone = {way.group: way.tiers for way in ways if way.group is not None}
    groups = crowds(profile)
    liked = tastes(profile, groups, standings.order)
    total = Fraction(pairs.total, pairs.unit) or Fraction(1)
    over = {
        a: {b: pairs.preferring(a, b) / total for b in pairs.candidates if b != a}
        for a in pairs.candidates
    }
    winner = standings.winners[0] if len(standings.winners) == 1 else None
    return RankingInsight(
        tables=tables,
        stability=ranking_stability(profile, groups, standings.order),
        ways=ways,
        shares=share_effects(tables, order),
        tastes=liked,
        character=character(liked, standings.winners, over, profile.status_quo),
        polarisation=polarisation(
            profile, groups, pairs, tables, order=standings.order, alone=alone
        ),
        flips=() if winner is None else flips(groups, tables, order, winner),
        methods=ranking_methods(profile, pairs, order),
    )


def explain_shortlist(
    profile: Profile, shortlist: Shortlist, plain: Shortlist, seats: int
) -> ShortlistInsight:
    """Explain a shortlist by sequential Phragmén.

    Args:
        profile: the ballots.
        shortlist: the list made of them.
        plain: weighted approval's list of as many seats.
        seats: how many could be elected.
    """
    voters = electorate(profile)
    price = slots(profile, voters)
    elected = [slot.family for slot in shortlist.slots]
    by_approval = [slot.family for slot in plain.slots]
    return ShortlistInsight(
        beside=beside(profile, voters, price, elected, by_approval),
        stability=shortlist_stability(profile, elected, seats),
        ways=shortlist_ways(profile, seats),
        shares=cut_effects(profile, elected),
        methods=shortlist_methods(voters, price, seats),
        representatives=dict(shortlist.representatives),
    )
