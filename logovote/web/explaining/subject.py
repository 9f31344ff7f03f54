"""A counted round with what explains it: what the parts of its page are made from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from logovote.contest.casting import NONE
from logovote.contest.insights import Insight, insight_of
from logovote.contest.results import Result
from logovote.store.models import Round
from logovote.voting.insight import RankingInsight
from logovote.web.explaining.logos import Logos


@dataclass(frozen=True)
class Explained:
    """A counted round, what explains it, and its logos.

    Attributes:
        order: the ids of the result in the insight's own terms, best first.
    """

    round: Round
    result: Result
    insight: Insight
    logos: Logos
    order: Sequence[str]
    seats: int

    @property
    def ranking(self) -> bool:
        """Whether it was a ranking."""
        return isinstance(self.insight, RankingInsight)


def explained(round_: Round, result: Result, seats: int) -> Explained | None:
    """Read what explains a result; None for rounds counted before that was kept."""
    insight = insight_of(round_)
    if insight is None:
        return None
    ranking = isinstance(insight, RankingInsight)
    order = [
        (NONE if line.entry is None else str(line.entry)) if ranking else line.family
        for line in result.order
    ]
    return Explained(
        round=round_,
        result=result,
        insight=insight,
        logos=Logos(result, insight),
        order=[id_ for id_ in order if id_ is not None],
        seats=seats,
    )
