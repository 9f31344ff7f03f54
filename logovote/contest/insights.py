"""What explains a counted round: made by the count, kept beside its result.

NumPy comes with it, so a site that only serves loads this when a result is shown.
"""

from __future__ import annotations

import json
from dataclasses import replace

from logovote.contest.records import dump, load
from logovote.store.models import Kind, Round
from logovote.voting.insight import RankingInsight, ShortlistInsight
from logovote.voting.insight.duels import Duel, duel
from logovote.voting.insight.reweighting import Shares, Tables, normalised
from logovote.voting.profiles import Group, Profile
from logovote.voting.ranking import Standings, ranked_pairs
from logovote.voting.shortlist import Shortlist, sequential_phragmen
from logovote.voting.ties import TieOrder, candidate_order

Insight = RankingInsight | ShortlistInsight


def written(insight: Insight) -> str:
    """Write an insight as it is kept."""
    return json.dumps(dump(insight), ensure_ascii=False)


def insight_of(round_: Round) -> Insight | None:
    """Read a round's insight back; None if it was counted before there was any."""
    if round_.insight is None:
        return None
    values = json.loads(round_.insight)
    if round_.kind is Kind.RANKING:
        return load(RankingInsight, values)
    return load(ShortlistInsight, values)


def rank_at(insight: RankingInsight, seed: str, shares: Shares) -> Standings:
    """Rank by the code that decided, under other shares of the groups.

    Args:
        insight: of the round.
        seed: of the round's tie order.
        shares: what every group shall decide, in any unit.
    """
    return ranked_pairs(insight.tables.at(shares), _order(insight.tables, seed))


def duel_of(insight: RankingInsight, seed: str, a: str, b: str) -> Duel:
    """Explain why one of two candidates is placed above the other."""
    tables = insight.tables
    pairs = tables.at(tables.shares)
    return duel(tables, pairs, ranked_pairs(pairs, _order(tables, seed)), a, b)


def shortlist_at(profile: Profile, shares: Shares, seats: int) -> Shortlist:
    """Elect by the code that decided, under other shares of the groups.

    Quorum and cap do not apply: the shares are what the groups decide.
    """
    groups = tuple(Group(id_, share) for id_, share in normalised(shares).items())
    other = replace(profile, groups=groups, mode="fixed_share")
    return sequential_phragmen(other, seats)


def _order(tables: Tables, seed: str) -> TieOrder:
    # In a ranking every design stands for its family, so there are none here.
    return candidate_order(Profile(tables.candidates, seed=seed))
