"""What other weights would have said, for people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from logovote.voting.insight.cuts import CutEffect
from logovote.voting.insight.methods import WayOrder
from logovote.voting.insight.sensitivity import ShareEffect
from logovote.web.explaining.logos import Logo, Logos, capital, listed
from logovote.web.pages import percent, rounded

_WAYS = {
    "counted": "As counted",
    "per_head": "Every voter counts the same",
    "per_voter": "With weights for each voter",
    "fixed_share": "With fixed shares",
}
_SHOWN_OF_A_WAY = 6


@dataclass(frozen=True)
class WayLine:
    """The order under other weights: the first few logos, and how many differ."""

    title: str
    logos: list[Logo]
    ties: str
    change: str


def ways(found: Sequence[WayOrder], logos: Logos, *, ranking: bool) -> list[WayLine]:
    """Lay out the order with weights, without, and of each group alone."""
    counted = next((way.tiers for way in found if way.way == "counted"), ())
    lines = []
    for way in found:
        title = f"{way.group} alone" if way.group else _WAYS[way.way]
        flat = [id_ for tier in way.tiers for id_ in tier]
        shown = flat[:_SHOWN_OF_A_WAY] if ranking else flat
        shared = [tier for tier in way.tiers if len(tier) > 1 and tier[0] in shown]
        ties = "; ".join(f"{logos.names(tier)} tied" for tier in shared if ranking)
        change = (
            "" if way.way == "counted" else _change(counted, way.tiers, ranking=ranking)
        )
        lines.append(WayLine(title, logos.all(shown), ties, change))
    return lines


def _change(
    counted: Sequence[Sequence[str]], other: Sequence[Sequence[str]], *, ranking: bool
) -> str:
    if ranking:
        before, after = set(counted[0]), set(other[0])
        if before < after:
            return "the winner shares the first place"
        return "the same winner" if before == after else "another winner"
    listed_ = {id_ for tier in counted for id_ in tier}
    new = len({id_ for tier in other for id_ in tier} - listed_)
    gone = len(listed_ - {id_ for tier in other for id_ in tier})
    if not new and not gone:
        return "the same logos"
    words = [f"{new} other" if new else "", f"{gone} not" if gone > new else ""]
    return ", ".join(word for word in words if word)


@dataclass(frozen=True)
class Piece:
    """A range of shares with its outcome; geometry in parts of 100.

    Attributes:
        x: where it begins.
        width: how wide it is.
        same: whether the outcome is the one that was counted.
        logos: who comes first.
        text: the outcome in words.
        range: the range in words.
    """

    x: float
    width: float
    same: bool
    logos: list[Logo]
    text: str
    range: str


@dataclass(frozen=True)
class ShareLine:
    """What moving one group's share would do."""

    group: str
    share: str
    share_x: float
    verdict: str
    pieces: list[Piece]
    note: str


def share_lines(
    effects: Sequence[ShareEffect], winners: Sequence[str], logos: Logos
) -> list[ShareLine]:
    """Lay out at which share the winner changes, exactly."""
    lines = []
    for effect in effects:
        pieces = [
            Piece(
                x=rounded(stretch.start),
                width=rounded(stretch.end - stretch.start),
                same=set(stretch.winners) == set(winners),
                logos=logos.all(stretch.winners),
                text=logos.names(stretch.winners),
                range=_range(stretch.start, stretch.end),
            )
            for stretch in effect.stretches
        ]
        note = ""
        if not effect.exact:
            note = "Too many majorities went in circles to follow every change."
        if not effect.checked:
            note = "A full count did not confirm every change: do not rely on these."
        lines.append(
            ShareLine(
                group=effect.group,
                share=percent(effect.share),
                share_x=rounded(effect.share),
                verdict=_share_verdict(effect, winners, logos),
                pieces=pieces,
                note=note,
            )
        )
    return lines


def _share_verdict(effect: ShareEffect, winners: Sequence[str], logos: Logos) -> str:
    name = logos.names(winners)
    if len(effect.stretches) == 1:
        return f"Whatever {effect.group} decides, {name} comes first."
    stays = effect.stays
    if set(stays.winners) != set(winners):
        return f"{effect.group} stands exactly where the first place changes."
    low, high = _exactly(stays.start), _exactly(stays.end)
    if stays.start == 0:
        where = f"less than {high}"
    elif stays.end == 1:
        where = f"more than {low}"
    else:
        where = f"between {low} and {high}"
    return (
        f"{capital(name)} comes first as long as {effect.group} decides {where}. "
        f"It decided {percent(effect.share)}."
    )


def _range(start: Fraction, end: Fraction) -> str:
    return f"{_exactly(start)} to {_exactly(end)}"


def _exactly(share: Fraction) -> str:
    """Write a share in percent, with the fraction it is if people could use that."""
    short = share.denominator > 1 and share.denominator < 10_000
    return f"{percent(share)} ({share})" if short else percent(share)


def cut_lines(effects: Sequence[CutEffect], logos: Logos) -> list[ShareLine]:
    """Lay out at which share the shortlist changes, on a grid."""
    lines = []
    for effect in effects:
        pieces = [
            Piece(
                # Each point of the grid stands for what is nearest to it.
                x=rounded(stretch.start) - 0.5,
                width=rounded(stretch.end - stretch.start) + 1,
                same=not stretch.added and not stretch.dropped,
                logos=[],
                text=_swap(stretch.added, stretch.dropped, logos),
                range=f"{percent(stretch.start)} to {percent(stretch.end)}",
            )
            for stretch in effect.stretches
        ]
        same = [s for s in effect.stretches if not s.added and not s.dropped]
        here = next((s for s in same if s.start <= effect.share <= s.end), None)
        verdict = f"{effect.group} stands where the list changes."
        if here is not None:
            verdict = (
                f"The same logos are on the list while {effect.group} decides "
                f"{percent(here.start)} to {percent(here.end)}. It decided "
                f"{percent(effect.share)}."
            )
        lines.append(
            ShareLine(
                group=effect.group,
                share=percent(effect.share),
                share_x=rounded(effect.share),
                verdict=verdict,
                pieces=pieces,
                note="",
            )
        )
    return lines


def _swap(added: Sequence[str], dropped: Sequence[str], logos: Logos) -> str:
    if not added and not dropped:
        return "the same list"
    parts = []
    if added:
        parts.append(f"with {logos.names(added)}")
    if dropped:
        parts.append(f"without {logos.names(dropped)}")
    return listed(parts)
