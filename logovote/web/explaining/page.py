"""All that explains a result, for its page and for the parts a script asks for."""

from __future__ import annotations

from collections.abc import Mapping

from logovote.voting.insight import RankingInsight, ShortlistInsight
from logovote.voting.insight.resampling import FEWEST_BALLOTS
from logovote.web.explaining.lists import beside_lists, represents
from logovote.web.explaining.outcome import outcome
from logovote.web.explaining.reasons import known_picks, why_listed, why_ranked
from logovote.web.explaining.rules import heat, matrix
from logovote.web.explaining.subject import Explained, explained
from logovote.web.explaining.sureness import bands, sure
from logovote.web.explaining.voters import divided, loved
from logovote.web.explaining.weighing import cut_lines, share_lines, ways

__all__ = ["everything", "explained", "other_shares", "reasons"]

Parts = dict[str, object]


def everything(of: Explained, asked: Mapping[str, str]) -> Parts:
    """Return every part of the page."""
    parts = reasons(of, asked) | other_shares(of, asked)
    parts["fewest"] = FEWEST_BALLOTS
    stability = of.insight.stability
    if stability is not None:
        found = sure(stability, of.logos, ranking=of.ranking, seats=of.seats)
        parts |= {
            "sure": found,
            "sure_of": {line.logo.id: line for line in found.lines},
        }
    if isinstance(of.insight, RankingInsight):
        return parts | _of_a_ranking(of, of.insight)
    return parts | _of_a_shortlist(of, of.insight)


def reasons(of: Explained, asked: Mapping[str, str]) -> Parts:
    """Explain the pair asked for, or else the first two."""
    choice = list(of.order)
    if isinstance(of.insight, ShortlistInsight):
        choice = [pick.family for pick in known_picks(of.insight)]
    if len(choice) < 2:
        return {}
    a, b = (asked.get(name, "") for name in ("a", "b"))
    problem = ""
    if not a and not b:
        a, b = choice[:2]
    elif a not in choice or b not in choice or a == b:
        problem = "Choose two different logos of this list."
    parts: Parts = {"choice": of.logos.all(choice), "chosen": (a, b)}
    if problem:
        return parts | {"why_problem": problem}
    if isinstance(of.insight, RankingInsight):
        return parts | {"why": why_ranked(of.insight, of.result, of.logos, a, b)}
    return parts | {"why": why_listed(of.insight, of.result, of.logos, a, b)}


def other_shares(of: Explained, asked: Mapping[str, str]) -> Parts:
    """Count again under the shares asked for."""
    return {
        "ranking": of.ranking,
        "outcome": outcome(of, asked),
    }


def _of_a_ranking(of: Explained, insight: RankingInsight) -> Parts:
    marks, sizes = bands(insight.stability)
    winners = insight.ways[0].tiers[0] if insight.ways[0].tiers else ()
    return {
        "bands": marks,
        "band_sizes": sizes,
        "ways": ways(insight.ways, of.logos, ranking=True),
        "share_lines": share_lines(insight.shares, winners, of.logos),
        "matrix": matrix(insight.methods, of.order, of.logos, ranking=True),
        "loved": loved(insight, of.logos),
        "divided": divided(insight, of.logos),
        "heat": heat(of.result.pairs or {}, of.order, of.logos),
    }


def _of_a_shortlist(of: Explained, insight: ShortlistInsight) -> Parts:
    return {
        "bands": {},
        "ways": ways(insight.ways, of.logos, ranking=False),
        "share_lines": cut_lines(
            sorted(
                insight.shares,
                key=lambda effect: list(of.result.turnout).index(effect.group),
            ),
            of.logos,
        ),
        "matrix": matrix(insight.methods, of.order, of.logos, ranking=False),
        "beside": beside_lists(insight, of.logos),
        "represents": {
            pick.family: represents(pick, place)
            for place, pick in enumerate(insight.beside.proportional)
        },
    }
