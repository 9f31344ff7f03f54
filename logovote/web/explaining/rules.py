"""What other rules say, and every meeting of two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from logovote.voting.insight.methods import MethodOrder
from logovote.web.explaining.logos import Logo, Logos, listed
from logovote.web.pages import percent

METHODS = {
    "ranked_pairs": "Ranked pairs",
    "schulze": "Schulze",
    "borda": "Borda count",
    "copeland": "Copeland",
    "minimax": "Minimax",
    "split_cycle": "Split Cycle",
    "irv": "Instant runoff",
    "seqphragmen": "Phragmén",
    "av": "Plain approval",
    "seqpav": "Sequential PAV",
    "equal_shares": "Equal shares",
}


@dataclass(frozen=True)
class Matrix:
    """The places of all logos by all rules; a cell is a place, or "" off the list."""

    verdict: str
    methods: list[str]
    rows: list[tuple[Logo, list[str]]]


def matrix(
    found: Sequence[MethodOrder], order: Sequence[str], logos: Logos, *, ranking: bool
) -> Matrix:
    """Lay out what other rules say."""
    places = {method.method: _places(method.tiers) for method in found}
    shown = list(order)
    if not ranking:
        chosen = dict.fromkeys(i for m in found for tier in m.tiers for i in tier)
        shown = [*dict.fromkeys((*order, *chosen))]
    return Matrix(
        verdict=_agreement(found, logos, ranking=ranking),
        methods=[METHODS[method.method] for method in found],
        rows=[
            (logos[id_], [places[m.method].get(id_, "") for m in found])
            for id_ in shown
        ],
    )


def _places(tiers: Sequence[Sequence[str]]) -> dict[str, str]:
    places: dict[str, str] = {}
    above = 0
    for tier in tiers:
        shared = "=" if len(tier) > 1 else ""
        places |= dict.fromkeys(tier, f"{above + 1}{shared}")
        above += len(tier)
    return places


def _agreement(found: Sequence[MethodOrder], logos: Logos, *, ranking: bool) -> str:
    if not found or not found[0].tiers:
        return ""
    if ranking:
        winners = found[0].tiers[0]
        others = [m for m in found if set(m.tiers[0]) != set(winners)]
        if not others:
            return f"All {len(found)} rules put {logos.names(winners)} first."
        said = [
            f"{METHODS[m.method]} puts {logos.names(m.tiers[0])} first" for m in others
        ]
        agree = len(found) - len(others)
        return (
            f"{agree} of {len(found)} rules put {logos.names(winners)} first. "
            f"{listed(said)}."
        )
    lists = [{id_ for tier in m.tiers for id_ in tier} for m in found]
    everywhere = set.intersection(*lists)
    return f"{len(everywhere)} logos are on the list by every rule."


_CELL, _WIDEST = 46, 680  # px


@dataclass(frozen=True)
class HeatCell:
    """A meeting of two in the heat map, in units of one cell."""

    x: int
    y: int
    strength: float
    title: str


@dataclass(frozen=True)
class Heat:
    """Every meeting of two as a field of squares."""

    size: int
    width: int
    labels: list[tuple[int, str]]
    cells: list[HeatCell]


def heat(
    pairs: Mapping[str, Mapping[str, Fraction]], order: Sequence[str], logos: Logos
) -> Heat:
    """Lay out every meeting of two, in the order of the result."""
    cells = [
        HeatCell(
            x=x + 1,
            y=y + 1,
            strength=round(float(pairs[a][b]), 2),
            title=f"{logos[a].name} {percent(pairs[a][b])} : "
            f"{percent(pairs[b][a])} {logos[b].said}",
        )
        for y, a in enumerate(order)
        for x, b in enumerate(order)
        if a != b
    ]
    labels = [(n + 1, logos[id_].short) for n, id_ in enumerate(order)]
    size = len(order) + 1
    return Heat(size, min(_WIDEST, size * _CELL), labels, cells)
