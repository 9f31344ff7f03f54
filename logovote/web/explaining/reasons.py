"""Why one logo is above another, for people."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from logovote.contest.casting import NONE
from logovote.contest.insights import duel_of
from logovote.contest.results import Result
from logovote.voting.insight import RankingInsight, ShortlistInsight
from logovote.voting.insight.duels import Duel, Say
from logovote.voting.insight.representation import Pick
from logovote.web.explaining.logos import Logo, Logos, listed
from logovote.web.pages import percent, rounded

ZERO = Fraction(0)


@dataclass(frozen=True)
class Side:
    """How a group sees two logos; widths and positions in parts of 100."""

    group: str
    for_a: str
    for_b: str
    neither: str
    a_width: float
    b_x: float
    b_width: float


@dataclass(frozen=True)
class Step:
    """A majority in a chain."""

    winner: Logo
    loser: Logo
    margin: str


@dataclass(frozen=True)
class Why:
    """Why one logo is above another."""

    above: Logo
    below: Logo
    heading: str
    summary: str
    sides: list[Side]
    chain: list[Step]
    effects: list[tuple[str, str]]


def why_ranked(
    insight: RankingInsight, result: Result, logos: Logos, a: str, b: str
) -> Why:
    """Explain the order of two logos of a ranking."""
    duel = duel_of(insight, result.seed, a, b)
    above, below = logos[duel.above], logos[duel.below]
    sides = [_side("All together, as weighted", duel.weighted)]
    sides += [_side(group, say) for group, say in duel.groups.items()]
    if len(duel.groups) > 1:
        sides.append(_side("Every voter counted the same", duel.per_head))
    return Why(
        above=above,
        below=below,
        heading=_heading(above, below, tied=duel.tied),
        summary=_duel_summary(duel, logos),
        sides=sides,
        chain=[
            Step(logos[k.winner], logos[k.loser], percent(k.margin)) for k in duel.chain
        ],
        effects=_duel_effects(duel, result, above, below),
    )


def _heading(above: Logo, below: Logo, *, tied: bool) -> str:
    if tied:
        return f"{above.name} and {below.said} share a place"
    return f"Why {above.said} is above {below.said}"


def _duel_summary(duel: Duel, logos: Logos) -> str:
    above, below = (logos[id_].said for id_ in (duel.above, duel.below))
    for_a, for_b = percent(duel.weighted.for_a), percent(duel.weighted.for_b)
    if duel.tied:
        return (
            f"{for_a} of the vote prefer {above} and {for_b} prefer {below}, and "
            "nothing else separates them either. They share a place."
        )
    if duel.overruled:
        return (
            f"{for_b} of the vote prefer {below} and {for_a} prefer {above}. But "
            "majorities went in a circle here, and this was the weakest of them: the "
            f"stronger ones lead from {above} down to {below}."
        )
    if duel.weighted.for_a == duel.weighted.for_b:
        return (
            f"The two are even, {for_a} each. Other majorities lead from {above} down "
            f"to {below}."
        )
    return f"{for_a} of the vote prefer {above} to {below}, and {for_b} the reverse."


def _duel_effects(
    duel: Duel, result: Result, above: Logo, below: Logo
) -> list[tuple[str, str]]:
    """Say what weights, families, exposure and the tie rule did to a pair."""
    effects = [("Weights", _weights_effect(duel, above, below))]
    merged = [
        f"{logo.name} stands for {len(result.designs[int(logo.id)].variants)} variants"
        for logo in (above, below)
        if logo.id != NONE and len(result.designs[int(logo.id)].variants) > 1
    ]
    families = "Neither has variants, so none could split its votes."
    if merged:
        families = (
            f"{listed(merged)}, which stood as one and could not split its votes."
        )
    effects.append(("Variants", families))
    effects.append(("Exposure", "Every ballot showed both, in an order of its own."))
    ties = "The tie order had no part in this."
    if duel.tied:
        ties = "Only the tie order could separate the two, so they share the place."
    effects.append(("Ties", ties))
    return effects


def _weights_effect(duel: Duel, above: Logo, below: Logo) -> str:
    if len(duel.groups) < 2:
        return "Only one group voted, so shares made no difference."
    heads = duel.per_head.for_a - duel.per_head.for_b
    weighted = duel.weighted.for_a - duel.weighted.for_b
    if not heads and weighted:
        return (
            "They decided this meeting: with every voter counted the same, as many "
            "would prefer the one as the other."
        )
    if duel.turned_by_weights or (heads and not weighted):
        deed = (
            "evened this meeting out" if not weighted else "turned this meeting round"
        )
        winner = above if heads > 0 else below
        return (
            f"They {deed}: with every voter counted the same, {winner.said} would be "
            "preferred."
        )
    return "With every voter counted the same, this meeting would end the same way."


def _side(group: str, say: Say) -> Side:
    return Side(
        group=group,
        for_a=percent(say.for_a),
        for_b=percent(say.for_b),
        neither=percent(say.indifferent),
        a_width=rounded(say.for_a),
        b_x=rounded(1 - say.for_b),
        b_width=rounded(say.for_b),
    )


def why_listed(
    insight: ShortlistInsight, result: Result, logos: Logos, a: str, b: str
) -> Why:
    """Explain the order of two logos, of which at least one is on the shortlist."""
    listed_ = [pick.family for pick in insight.beside.proportional]
    picks = {pick.family: pick for pick in known_picks(insight)}
    place = {family: n for n, family in enumerate(listed_)}
    first, second = sorted((a, b), key=lambda id_: place.get(id_, len(listed_)))
    one, other = picks[first], picks[second]
    above, below = logos[first], logos[second]
    lines = {line.family: line for line in result.order}
    tied = (
        second in place
        and lines[first].tied
        and lines[first].place == lines[second].place
    )
    summary = "Neither is on the list."
    if first in place:
        summary = _pick_summary(one, other, place[first], above, below)
    sides = [_pick_side("All together, as weighted", one.support, other.support)]
    sides += [
        _pick_side(group, one.groups[group], other.groups[group])
        for group in result.turnout
        if group in one.groups
    ]
    return Why(
        above=above,
        below=below,
        heading=_heading(above, below, tied=tied),
        summary=summary,
        sides=sides,
        chain=[],
        effects=[
            (
                "Variants",
                " ".join(_ticks(p, n) for p, n in ((one, above), (other, below))),
            ),
            ("Exposure", _exposure(one, other, above, below)),
            (
                "Ties",
                "They share a place." if tied else "The tie order had no part in it.",
            ),
        ],
    )


def known_picks(insight: ShortlistInsight) -> list[Pick]:
    """Return the picks of the list, then those plain approval would have added."""
    beside = insight.beside
    dropped = set(beside.dropped)
    return [*beside.proportional, *(p for p in beside.plain if p.family in dropped)]


def _pick_summary(one: Pick, other: Pick, place: int, above: Logo, below: Logo) -> str:
    """Say who was still without a choice on the list when the higher one was added."""
    mine, theirs = one.unserved[place], other.unserved[place]
    more = "more" if one.support > other.support else "less"
    if one.support == other.support:
        support = f"Both have the support of {percent(one.support)} of the vote."
    else:
        support = (
            f"{above.name} has {more} support: {percent(one.support)} of the vote, "
            f"against {percent(other.support)} for {below.said}."
        )
    if place == 0:
        return f"{support} The first place goes to the most support there is."
    return (
        f"{support} When place {place + 1} was filled, {percent(mine)} of the vote had "
        f"chosen {above.said} and nothing on the list so far; of those who chose "
        f"{below.said}, {percent(theirs)}. The place goes to the logo whose "
        "supporters have been served least, all in all."
    )


def _pick_side(group: str, one: Fraction, other: Fraction) -> Side:
    return Side(
        group=group,
        for_a=percent(one),
        for_b=percent(other),
        neither="",
        a_width=rounded(one),
        b_x=0,
        b_width=rounded(other),
    )


def _ticks(pick: Pick, logo: Logo) -> str:
    if not pick.ticks:
        return f"{logo.name} has no variants."
    most = max(pick.ticks.values())
    text = f"The {len(pick.ticks)} variants of {logo.said} count as one design."
    if most:
        text += (
            f" Alone, the best of them would have {percent(most)}; together they have "
            f"{percent(pick.support)}."
        )
    return text


def _exposure(one: Pick, other: Pick, above: Logo, below: Logo) -> str:
    if one.price == other.price == 1:
        return "Every voter was shown both, so there was nothing to correct."
    return (
        f"Not all voters were shown both. {above.name} needed {percent(one.price)} of "
        f"the support of one that everybody saw, {below.said} "
        f"{percent(other.price)}."
    )
