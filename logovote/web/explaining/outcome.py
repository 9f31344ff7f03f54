"""What if the groups weighed differently: the same count under shares of one's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from logovote.contest import ballot_files
from logovote.contest.insights import rank_at, shortlist_at
from logovote.voting.insight import RankingInsight
from logovote.voting.insight.reweighting import Shares, normalised
from logovote.web.explaining.logos import Logo, capital, listed
from logovote.web.explaining.subject import Explained
from logovote.web.pages import percent, rounded

_LONGEST = 8  # characters of a number: no more digits than anybody means


@dataclass(frozen=True)
class ShareField:
    """The field for one group's share, in percent, and what that comes to."""

    name: str
    group: str
    value: str
    part: str
    error: str


@dataclass(frozen=True)
class OutcomeLine:
    """A logo in the order that would be; `moved` is by how many places, up above 0."""

    logo: Logo
    place: str
    moved: int
    was: str


@dataclass(frozen=True)
class Outcome:
    """The order under other shares."""

    fields: list[ShareField]
    verdict: str
    lines: list[OutcomeLine]
    changed: bool


def outcome(of: Explained, asked: Mapping[str, str]) -> Outcome | None:
    """Count again under the shares asked for; None where there is nothing to move."""
    turnout = of.result.turnout
    counted = {group: part.share for group, part in turnout.items() if part.voted}
    if len(counted) < 2 or not of.order:
        return None
    shares, errors = _read(counted, asked)
    fields = _fields(counted, shares, asked, errors)
    if errors:
        verdict = "Enter a share from 0 to 100 for every group."
        return Outcome(fields, verdict, [], changed=False)
    if not any(shares.values()):
        verdict = "At least one group must decide something."
        return Outcome(fields, verdict, [], changed=False)
    changed = normalised(shares) != normalised(counted)
    if isinstance(of.insight, RankingInsight):
        lines = _ranked(of, of.insight, shares)
    else:
        lines = _listed(of, shares)
    verdict = _verdict(lines, ranking=of.ranking)
    if not changed:
        verdict = "These are the shares as they were counted."
    return Outcome(fields, verdict, lines, changed)


def field_name(number: int) -> str:
    """Return the name of the field of a group, by its position."""
    return f"share-{number}"


def _read(counted: Shares, asked: Mapping[str, str]) -> tuple[Shares, dict[str, str]]:
    """Read the shares asked for, in percent; those as counted where none is."""
    names = {group: field_name(n) for n, group in enumerate(counted)}
    if not any(name in asked for name in names.values()):
        return counted, {}
    shares, errors = {}, {}
    for group, name in names.items():
        text = asked.get(name, "").strip()
        value = _percent(text) if text else Fraction(0)
        if value is None:
            errors[group] = "This is not a number from 0 to 100."
        else:
            shares[group] = value
    return shares, errors


def _percent(text: str) -> Fraction | None:
    whole, _, part = text.partition(".")
    digits = whole + part
    if len(text) > _LONGEST or not digits.isascii() or not digits.isdecimal():
        return None
    value = Fraction(int(digits), 10 ** len(part))
    return value if value <= 100 else None


def _fields(
    counted: Shares, shares: Shares, asked: Mapping[str, str], errors: dict[str, str]
) -> list[ShareField]:
    parts = normalised(shares)
    return [
        ShareField(
            name=field_name(n),
            group=group,
            value=asked.get(field_name(n), f"{rounded(counted[group]):g}"),
            part=percent(parts[group]) if group in parts and not errors else "",
            error=errors.get(group, ""),
        )
        for n, group in enumerate(counted)
    ]


def _ranked(
    of: Explained, insight: RankingInsight, shares: Shares
) -> list[OutcomeLine]:
    was = {id_: line.place for id_, line in zip(of.order, of.result.order, strict=True)}
    return [
        OutcomeLine(
            logo=of.logos[place.candidate],
            place=f"{place.place}{'=' if place.tied else ''}",
            moved=was[place.candidate] - place.place,
            was=f"was {was[place.candidate]}",
        )
        for place in rank_at(insight, of.result.seed, shares).places
    ]


def _listed(of: Explained, shares: Shares) -> list[OutcomeLine]:
    profile = ballot_files.profile_of(of.round)
    if profile is None:
        return []
    was = {family: place for place, family in enumerate(of.order, start=1)}
    return [
        OutcomeLine(
            logo=of.logos[slot.family],
            place=str(slot.place),
            moved=was.get(slot.family, len(was) + 1) - slot.place,
            was=f"was {was[slot.family]}" if slot.family in was else "new",
        )
        for slot in shortlist_at(profile, shares, of.seats).slots
    ]


def _verdict(lines: list[OutcomeLine], *, ranking: bool) -> str:
    if not ranking:
        new = sum(line.was == "new" for line in lines)
        if not new:
            return "The same logos would be on the list."
        return f"{new} other {'logos' if new > 1 else 'logo'} would be on the list."
    first = [line for line in lines if line.place in ("1", "1=")]
    still = "still " if all(line.moved == 0 for line in first) else ""
    return capital(f"{listed([x.logo.said for x in first])} would {still}come first.")
