"""Whom voters love, and where they differ."""

from __future__ import annotations

from dataclasses import dataclass

from logovote.contest.casting import NONE
from logovote.voting.insight import RankingInsight
from logovote.voting.insight.taste import COMPROMISE_FIRST, Taste
from logovote.web.explaining.logos import Logo, Logos
from logovote.web.pages import percent, rounded

_CHART = 300  # units from 0 to 100 % on both axes


@dataclass(frozen=True)
class TastePoint:
    """A logo in the love and hate chart; positions in its units."""

    logo: Logo
    x: float
    y: float
    first: str
    top: str
    bottom: str
    bold: bool


@dataclass(frozen=True)
class Loved:
    """Who is loved and who is tolerated."""

    verdict: str
    runoff: str
    points: list[TastePoint]


def loved(insight: RankingInsight, logos: Logos) -> Loved:
    """Lay out who is loved and who is tolerated."""
    character = insight.character
    verdict = runoff = ""
    if character.winner is not None:
        name = logos[character.winner].name
        verdict = f"{name} is no compromise: it is also among the best loved."
        if character.compromise:
            verdict = f"{name} is a compromise winner: {_compromise(insight, logos)}"
    if character.winner is not None and character.boldest is not None:
        bold = logos[character.boldest].said
        meeting = (
            f"Between the winner and {bold}, which of all others most voters put "
            f"first, {percent(character.winner_over_boldest)} prefer the winner and "
            f"{percent(character.boldest_over_winner)} prefer {bold}."
        )
        verdict = f"{verdict} {meeting}"
        if character.compromise:
            runoff = (
                "As announced before the vote, the organisers may hold a run-off "
                f"between {logos[character.winner].said} and {bold}. Nothing "
                "happens by itself."
            )
    points = [
        _point(taste, logos[taste.candidate])
        for taste in reversed(insight.tastes)  # the best are drawn last, on top
        if taste.candidate != NONE
    ]
    return Loved(verdict, runoff, points)


def _compromise(insight: RankingInsight, logos: Logos) -> str:
    """Say which of the two signs of a compromise the winner shows."""
    tastes = {taste.candidate: taste for taste in insight.tastes}
    winner = tastes.pop(insight.character.winner or "")
    designs = [taste for id_, taste in tastes.items() if id_ != NONE]
    loved = max(designs, key=lambda taste: taste.first)
    if winner.first < COMPROMISE_FIRST * loved.first:
        return (
            f"liked by many, loved by few. {percent(winner.first)} of the vote put it "
            f"first, {percent(loved.first)} {logos[loved.candidate].said}."
        )
    liked = max(designs, key=lambda taste: taste.top)
    return (
        f"{logos[liked.candidate].said} is among the first three of "
        f"{percent(liked.top)} of the vote, the winner of {percent(winner.top)}."
    )


def _point(taste: Taste, logo: Logo) -> TastePoint:
    return TastePoint(
        logo=logo,
        x=round(float(taste.bottom) * _CHART, 1),
        y=round(float(1 - taste.top) * _CHART, 1),
        first=percent(taste.first),
        top=percent(taste.top),
        bottom=percent(taste.bottom),
        bold=taste.bold,
    )


@dataclass(frozen=True)
class DivideLine:
    """How far a logo divides the voters."""

    logo: Logo
    split: str
    width: float
    gap: str
    groups: str


@dataclass(frozen=True)
class Divided:
    """Where voters agree and where they do not."""

    agreement: str
    lines: list[DivideLine]
    alike: list[tuple[str, str]]
    flips: list[str]


def divided(insight: RankingInsight, logos: Logos) -> Divided:
    """Lay out where voters differ, and how many of them would have changed it."""
    found = insight.polarisation
    lines = [
        DivideLine(
            logo=logos[divide.candidate],
            split=percent(divide.divisiveness),
            width=rounded(divide.divisiveness),
            gap=percent(divide.group_gap),
            groups=f"{divide.likes_most} over {divide.likes_least}"
            if divide.likes_most
            else "",
        )
        for divide in found.divides
    ]
    alike = [
        (f"{pair.one} and {pair.other}", f"{float(pair.tau):+.2f}")
        for pair in found.alike
    ]
    flips = []
    for flip in insight.flips:
        text = f"{flip.group}: at least {flip.at_least} of its {flip.voters} ballots "
        text += "would have had to be different"
        if flip.enough is not None and flip.rival is not None:
            rival, verb = logos[flip.rival].said, "is" if flip.enough == 1 else "are"
            text += f"; {flip.enough} with {rival} first and the winner last "
            text += f"{verb} enough."
        else:
            text += ", and not even all of them were found to be enough."
        flips.append(text)
    return Divided(percent(found.agreement), lines, alike, flips)
