"""How sure a result is, for people."""

from __future__ import annotations

from dataclasses import dataclass

from logovote.voting.insight.stability import SURE, Chance, CloseCall, Stability
from logovote.web.explaining.logos import Logo, Logos, of_a_hundred
from logovote.web.pages import rounded

_WORTH_ASKING = 4  # times as many voters; beyond that, more would hardly help


@dataclass(frozen=True)
class SureLine:
    """How a logo fared among similar crowds; geometry in parts of 100."""

    logo: Logo
    first: str
    first_width: float
    top: str
    top_width: float
    places: str
    places_x: float
    places_width: float


@dataclass(frozen=True)
class Sure:
    """How sure a result is; `shown` are the lines worth drawing."""

    verdict: str
    advice: str
    lines: list[SureLine]
    shown: list[SureLine]
    crowds: int
    ballots: int
    generator: str


def sure(stability: Stability, logos: Logos, *, ranking: bool, seats: int) -> Sure:
    """Lay out what similar crowds would say."""
    last = len(stability.chances) if ranking else seats + 1
    if ranking:
        verdict = _first_verdict(stability, logos)
    else:
        safe = sum(chance.top >= SURE for chance in stability.chances)
        verdict = (
            "If a similar crowd voted again, "
            f"{safe} of these logos would be on the list in at least 95 of 100 votes."
        )
    lines = [
        _sure_line(chance, logos[chance.candidate], last, off_list=not ranking)
        for chance in stability.chances
    ]
    return Sure(
        verdict=verdict,
        advice=_advice(stability.close, logos, stability.ballots),
        lines=lines,
        shown=[line for line in lines if line.top_width >= 1],
        crowds=stability.crowds,
        ballots=stability.ballots,
        generator=stability.generator,
    )


def _first_verdict(stability: Stability, logos: Logos) -> str:
    best = stability.chances[0]
    verdict = (
        f"If a similar crowd voted again, {logos[best.candidate].said} would be first "
        f"in {of_a_hundred(best.first)} of 100 votes"
    )
    rivals = [
        f"{logos[chance.candidate].said} in {of_a_hundred(chance.first)}"
        for chance in stability.chances[1:]
        if chance.first >= 1 - SURE
    ]
    clear = "That is clear." if best.first >= SURE else "That is too close to call."
    return f"{', '.join([verdict, *rivals])}. {clear}"


def _advice(close: CloseCall | None, logos: Logos, ballots: int) -> str:
    """Say whether more voters would help, and how many."""
    if close is None:
        return "More voters like these would hardly change that."
    ahead, behind = logos[close.ahead].said, logos[close.behind].said
    if close.times is None or close.times > _WORTH_ASKING:
        return (
            f"Between {ahead} and {behind} the vote is nearly even: even "
            f"{_WORTH_ASKING} times as many voters would probably not settle it."
        )
    more = max(1, round((close.times - 1) * ballots))
    return (
        f"More voters would help: with about {more} more who vote as these did, "
        f"{ahead} would be clearly ahead of {behind}."
    )


def _sure_line(chance: Chance, logo: Logo, last: int, *, off_list: bool) -> SureLine:
    low, high = (
        "off" if off_list and place == last else str(place)
        for place in (chance.low, chance.high)
    )
    return SureLine(
        logo=logo,
        first=of_a_hundred(chance.first),
        first_width=rounded(chance.first),
        top=of_a_hundred(chance.top),
        top_width=rounded(chance.top),
        places=low if low == high else f"{low}–{high}",  # noqa: RUF001 - a range
        places_x=rounded((chance.low - 1) / last),
        places_width=rounded((chance.high - chance.low + 1) / last),
    )


def bands(stability: Stability | None) -> tuple[dict[str, str], dict[str, int]]:
    """Return, for candidates in a band of several, which part of it they are.

    And for the first of each band, how many are in it.
    """
    marks: dict[str, str] = {}
    sizes: dict[str, int] = {}
    for band in stability.bands if stability else ():
        if len(band) > 1:
            marks |= dict.fromkeys(band, "middle")
            marks[band[0]], marks[band[-1]] = "start", "end"
            sizes[band[0]] = len(band)
    return marks, sizes
