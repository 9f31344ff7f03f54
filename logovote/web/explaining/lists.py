"""Whom a shortlist represents, and plain approval's beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from logovote.voting.insight import ShortlistInsight
from logovote.voting.insight.representation import Pick
from logovote.web.explaining.logos import Logo, Logos
from logovote.web.pages import percent, rounded

ZERO = Fraction(0)


def represents(pick: Pick, place: int) -> str:
    """Say in one sentence whom a design on a shortlist represents."""
    text = f"Backed by {percent(pick.support)} of the vote"
    new = pick.unserved[place] if place < len(pick.unserved) else ZERO
    if place == 0:
        text += "."
    elif new:
        part = "None" if new == pick.support else percent(1 - new / pick.support)
        text += f". {part} of its backers have a choice higher on the list."
    else:
        text += ". All of its backers have a choice higher on the list."
    if pick.only:
        text += (
            f" For {percent(pick.only)} of its backers it is the only design on the "
            "list they chose."
        )
    return text


@dataclass(frozen=True)
class BesideLine:
    """A design in one of two lists."""

    logo: Logo
    support: str
    width: float
    only_here: bool


@dataclass(frozen=True)
class BesideLists:
    """The proportional list beside the plain one."""

    proportional: list[BesideLine]
    plain: list[BesideLine]
    covered: str
    plain_covered: str
    mean: str
    plain_mean: str
    same: bool


def beside_lists(insight: ShortlistInsight, logos: Logos) -> BesideLists:
    """Lay out both shortlists beside each other."""
    beside = insight.beside
    return BesideLists(
        proportional=_beside(beside.proportional, beside.added, logos),
        plain=_beside(beside.plain, beside.dropped, logos),
        covered=percent(beside.coverage.represented),
        plain_covered=percent(beside.plain_coverage.represented),
        mean=f"{float(beside.coverage.mean):.1f}",
        plain_mean=f"{float(beside.plain_coverage.mean):.1f}",
        same=not beside.added and not beside.dropped,
    )


def _beside(
    picks: Sequence[Pick], only_here: Sequence[str], logos: Logos
) -> list[BesideLine]:
    return [
        BesideLine(
            logo=logos[pick.family],
            support=percent(pick.support),
            width=rounded(pick.support),
            only_here=pick.family in only_here,
        )
        for pick in picks
    ]
