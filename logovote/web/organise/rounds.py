"""A round from the organiser's side: turnout while it runs, never what ballots say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import abort, flash, render_template, request
from flask.typing import ResponseReturnValue

from logovote.contest import (
    beacons,
    counting,
    dates,
    dealing,
    families,
    opening,
    people,
    quarantine,
    results,
    rounds,
)
from logovote.contest.contests import contest_by_slug
from logovote.contest.rules import Rules, RulesError
from logovote.store import queries
from logovote.store.models import Contest, Kind, Phase, Round
from logovote.web import forms, lab
from logovote.web.context import actor, db, now, settle
from logovote.web.guards import organiser_only
from logovote.web.organise.room import back_to, bp
from logovote.web.pages import percent

_DONE = {
    "open": "is open",
    "extend": "has a new end",
    "close": "is closed and counted",
    "review": "is closed; count it when you have looked it over",
    "reopen": "is open again",
    "count": "is counted",
    "publish": "is published",
    "beacon": "has its public draw: compare it with what the beacon published",
}


@dataclass(frozen=True)
class GroupTurnout:
    """How many of a group have voted so far."""

    name: str
    voted: int
    eligible: int


def kind_of(kind: str) -> Kind:
    """Read the kind of a round from an address."""
    try:
        return Kind(kind)
    except ValueError:
        abort(404)


def _number(name: str) -> int | None:
    """Read a number of the opening form; None where the default was left."""
    text = request.form.get(name, "").strip()
    number = forms.parse_number(text)
    if text and number is None:
        raise RulesError(f"“{text[:20]}” is no number, such as 20.")
    return number


def _only() -> list[int]:
    """Read which designs the opening form takes; none of them named is all."""
    text = request.form.get("only", "").replace("#", "").strip()
    entries = lab.parse_entries([text])
    if len(entries) != len([word for word in text.split(",") if word.strip()]):
        raise RulesError(
            "Enter the numbers of designs with commas between, such as 36, 57; each "
            "once."
        )
    return entries


def _until() -> datetime:
    """Read the end of a form; how it was understood is said where it is not plain."""
    moment = dates.parse_moment(
        request.form.get("until", ""), request.form.get("zone", "")
    )
    if moment.note:
        flash(moment.note, "info")
    return moment.at


@bp.get("/<slug>/rounds/<kind>")
@organiser_only
def round_(slug: str, kind: str) -> ResponseReturnValue:
    """Show a round's phase, its turnout by group, and what can be done now."""
    contest = contest_by_slug(db(), slug)
    current = queries.latest_round(db(), contest.id, kind_of(kind))
    if current is not None and settle(current):
        return back_to("organise.round_", slug=slug, kind=kind)
    rules = (
        Rules.default(kind_of(kind))
        if current is None
        else Rules.from_json(current.rules)
    )
    return render_template(
        "organise/round.html",
        contest=contest,
        kind=kind,
        name=rounds.NAMES[kind_of(kind)],
        round=current,
        phase=current.phase.value if current else "none",
        ended=current is not None and current.closed_by_its_end,
        waits_for=rounds.waits_for(current) if current else None,
        aside=len(quarantine.ballots_aside(db(), current)) if current else 0,
        zone=dates.DEFAULT_ZONE,
        rules=rules,
        turnout=_turnout(contest, current),
        coverage=_coverage(current),
        standing=len(queries.candidacies(db(), current.id)) if current else 0,
        facts=_facts(contest),
        defaults=_defaults(contest),
        warnings=opening.warnings(db(), contest),
        running=queries.has_round_in(db(), contest.id, Phase.OPEN, Phase.CLOSED),
    )


def _turnout(contest: Contest, current: Round | None) -> list[GroupTurnout]:
    """Count who voted; it does not depend on what the ballots say."""
    if current is not None and current.result is not None:
        counted = results.result_of(current).turnout
        return [
            GroupTurnout(g, part.voted, part.eligible) for g, part in counted.items()
        ]
    voted = {} if current is None else queries.turnout(db(), current.id)
    eligible = {} if current is None else counting.electorate(db(), current)
    return [
        GroupTurnout(group.name, voted.get(group.name, 0), eligible.get(group.name, 0))
        for group in queries.groups(db(), contest.id)
    ]


@dataclass(frozen=True)
class SeenDesign:
    """A design, by the first entry of its family, and how many have seen it."""

    entry: int
    heads: int
    enough: bool


@dataclass(frozen=True)
class CoverageView:
    """How well the designs of a shortlist round have been seen."""

    least: int
    most: int
    warning: str | None
    designs: list[SeenDesign]


def _coverage(current: Round | None) -> CoverageView | None:
    """Count who has seen what; it does not depend on what the ballots say either."""
    if current is None or current.kind is not Kind.SHORTLIST:
        return None
    coverage = dealing.coverage_of(db(), current)
    too_few = set(coverage.too_few)
    return CoverageView(
        coverage.least,
        coverage.most,
        coverage.warning,
        [
            SeenDesign(int(family.removeprefix("f")), heads, family not in too_few)
            for family, heads in coverage.heads.items()
        ],
    )


def _facts(contest: Contest) -> list[str]:
    """Say what a round opened now would start with."""
    groupings = families.groupings(db(), contest)
    designs = sum(len(grouping.entries) for grouping in groupings)
    apart = families.designs_apart(groupings)
    voters = len(queries.voters(db(), contest.id))
    shares = ", ".join(
        f"{group.name} {percent(share)}"
        for group, share in people.target_shares(db(), contest)
    )
    return [
        f"{designs} logos, which are {apart} designs when variants count once.",
        f"{voters} people may vote." + (f" They decide: {shares}." if shares else ""),
    ]


def _defaults(contest: Contest) -> list[str]:
    """List what would be left at its default if a round opened now."""
    left = []
    groups = queries.groups(db(), contest.id)
    if any(group.share is None for group in groups):
        left.append("Groups without a share divide equally what is left.")
    if any(not group.reason for group in groups):
        left.append("Some groups' shares have no stated reason.")
    proposed = [f for f in queries.families(db(), contest.id) if not f.confirmed]
    if proposed:
        left.append(
            f"{len(proposed)} proposed families are not confirmed and merge nothing."
        )
    if not queries.families(db(), contest.id):
        left.append("No designs are grouped into families: each stands alone.")
    return left


@bp.post("/<slug>/rounds/<kind>")
@organiser_only
def move_round(slug: str, kind: str) -> ResponseReturnValue:
    """Open, extend, close, count, reopen or publish."""
    contest = contest_by_slug(db(), slug)
    deed = request.form.get("do", "")
    if deed == "open":
        rounds.open_round(
            db(),
            contest,
            kind_of(kind),
            now(),
            seats=_number("seats"),
            batch=_number("batch"),
            approvals=_number("approvals"),
            publish=request.form.get("publish"),
            auditors=request.form.get("auditors", "").splitlines(),
            until=_until() if request.form.get("until") else None,
            beacon=request.form.get("beacon"),
            only=_only(),
            actor=actor(),
        )
    else:
        current = rounds.latest(db(), contest, kind_of(kind))
        if deed == "extend":
            rounds.extend_round(db(), current, _until(), now(), actor=actor())
        if deed in {"close", "review"}:
            rounds.end_round(db(), current, now(), actor=actor())
        if deed == "close" and (missing := rounds.waits_for(current)):
            db().commit()
            flash(f"The {rounds.NAMES[kind_of(kind)]} is closed. {missing}", "info")
            return back_to("organise.round_", slug=slug, kind=kind)
        if deed in {"close", "count"}:
            counting.count_round(db(), current, actor=actor(), now=now())
        elif deed == "beacon":
            drawn = request.form.get("drawn", "")
            beacons.enter(db(), current, drawn, actor=actor(), now=now())
        elif deed == "reopen":
            rounds.reopen_round(db(), current, actor=actor(), now=now())
        elif deed == "publish":
            rounds.publish_round(db(), current, actor=actor(), now=now())
        elif deed not in {"review", "extend"}:
            abort(400)
    db().commit()
    flash(f"The {rounds.NAMES[kind_of(kind)]} {_DONE[deed]}.", "success")
    return back_to("organise.round_", slug=slug, kind=kind)
