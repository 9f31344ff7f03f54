"""A round from the organiser's side: turnout while it runs, never what ballots say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from flask import abort, flash, render_template, request
from flask.typing import ResponseReturnValue

from logovote.contest import (
    beacons,
    counting,
    dates,
    dealing,
    families,
    notices,
    opening,
    people,
    plans,
    progress,
    purging,
    quarantine,
    rounds,
)
from logovote.contest.contests import contest_by_slug
from logovote.contest.plans import Plan
from logovote.contest.progress import Attendance
from logovote.contest.rules import Rules, RulesError
from logovote.store import queries
from logovote.store.models import Contest, Kind, Phase, Round
from logovote.web import forms, lab
from logovote.web.context import actor, db, now, settle
from logovote.web.guards import organiser_only
from logovote.web.organise import meanwhile
from logovote.web.organise.contests import page_of
from logovote.web.organise.room import back_to, bp
from logovote.web.pages import percent

_DONE = {
    "open": "is open",
    "extend": "has a new end",
    "close": "is closed and counted",
    "pause": "is paused; what is in the box is kept",
    "resume": "takes ballots again",
    "review": "is closed; count it when you have looked it over",
    "reopen": "is open again",
    "count": "is counted",
    "publish": "is published",
    "beacon": "has its public draw: compare it with what the beacon published",
}


# What a round opened now would start with, in lines, and whether that suffices.
_Facts = tuple[list[str], bool]


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


def _until(contest: Contest) -> datetime:
    """Read the time of a form; how it was understood is said where it is not plain."""
    zone = request.form.get("zone", "").strip() or contest.zone
    moment = dates.parse_moment(request.form.get("until", ""), zone)
    if moment.note:
        flash(moment.note, "info")
    return moment.at


def _plan(contest: Contest, kind: Kind) -> Plan:
    """Read what the opening form says; what it does not say is as planned."""
    plan = plans.plan_of(contest, kind)
    form = request.form
    if "seats" in form:
        plan = replace(plan, seats=_number("seats"))
    if "batch" in form:
        plan = replace(plan, batch=_number("batch"))
    if "approvals" in form:
        plan = replace(plan, approvals=_number("approvals"))
    if "until" in form:
        plan = replace(plan, until=_until(contest) if form["until"].strip() else None)
    return plan


@bp.get("/<slug>/rounds/<kind>")
@organiser_only
def round_(slug: str, kind: str) -> ResponseReturnValue:
    """Show a round's phase, its turnout by group, and what can be done now."""
    contest = contest_by_slug(db(), slug)
    current = queries.latest_round(db(), contest.id, kind_of(kind))
    if current is not None and settle(current):
        return back_to("organise.round_", slug=slug, kind=kind)
    plan = plans.plan_of(contest, kind_of(kind))
    planned = plan
    if current is not None and not plan.decides:
        # As the last one, where nobody has said what the next is to be like.
        planned = plans.used_by(db(), contest, kind_of(kind))
    turnout = _turnout(contest, current)
    running = queries.has_round_in(db(), contest.id, Phase.OPEN, Phase.CLOSED)
    facts = None if running else _facts(contest)
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
        zone=contest.zone or dates.DEFAULT_ZONE,
        rules=None if current is None else Rules.from_json(current.rules),
        planned=planned.rules(kind_of(kind)),
        until=dates.field(plan.until, contest.zone),
        paused=current is not None and current.is_paused(now()),
        left=_left(current),
        turnout=turnout,
        unfinished=sum(group.unfinished for group in turnout),
        troubled=notices.in_trouble(db(), contest.id),
        coverage=_coverage(current),
        designs=len(queries.candidacies(db(), current.id)) if current else 0,
        pictures_leave=purging.leave_at(db(), contest, now()),
        shown=_shown(contest, current, facts),
        running=running,
        **({} if facts is None else _opening(contest, kind_of(kind), planned, facts)),
    )


def _opening(
    contest: Contest, kind: Kind, plan: Plan, facts: _Facts
) -> dict[str, object]:
    """Say what a round opened now starts with, and what was left at its default."""
    lines, ready = facts
    return {
        "facts": lines,
        "ready": ready,
        "defaults": [
            (left, page_of(contest.slug, left.key))
            for left in progress.defaults_left(db(), contest, kind, plan)
        ],
        "warnings": opening.warnings(db(), contest),
    }


def _left(current: Round | None) -> str:
    """Say how far off the end of an open round is, if it has one."""
    if current is None or current.closes_at is None or current.has_ended(now()):
        return ""
    return dates.distance(current.closes_at, now())


def _shown(contest: Contest, current: Round | None, facts: _Facts | None = None) -> str:
    """Sum up what the page's forms are about.

    A round that its end has closed is the same to whoever closes it a moment later.
    What a round would open with matters only where none is running.
    """
    if current is not None and current.phase in {Phase.OPEN, Phase.CLOSED}:
        is_open = current.phase is Phase.OPEN or current.closed_by_its_end
        aside = len(quarantine.ballots_aside(db(), current))
        paused = (current.paused_at, current.paused_until)
        return meanwhile.sum_up(current.id, is_open, current.closes_at, paused, aside)
    now_ = (current.id, current.phase) if current else None
    return meanwhile.sum_up(now_, facts or _facts(contest), contest.plans)


def _turnout(contest: Contest, current: Round | None) -> list[Attendance]:
    """Count who voted; it does not depend on what the ballots say."""
    if current is None:
        return [Attendance(g.name, 0, 0) for g in queries.groups(db(), contest.id)]
    return progress.attendance(db(), current)


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


def _facts(contest: Contest) -> _Facts:
    """Say what a round opened now would start with, and whether that suffices."""
    groupings = families.groupings(db(), contest)
    designs = sum(len(grouping.entries) for grouping in groupings)
    apart = families.designs_apart(groupings)
    voters = queries.count_voters(db(), contest.id)
    shares = ", ".join(
        f"{group.name} {percent(share)}"
        for group, share in people.target_shares(db(), contest)
    )
    lines = [
        f"{designs} logos, which are {apart} designs when variants count once.",
        f"{voters} people may vote." + (f" They decide: {shares}." if shares else ""),
    ]
    return lines, bool(designs and voters)


@bp.post("/<slug>/rounds/<kind>")
@organiser_only
def move_round(slug: str, kind: str) -> ResponseReturnValue:
    """Open, pause, extend, close, count, reopen or publish."""
    contest = contest_by_slug(db(), slug)
    deed = request.form.get("do", "")
    meanwhile.hold(contest)
    meanwhile.refuse_if_changed(
        _shown(contest, queries.latest_round(db(), contest.id, kind_of(kind)))
    )
    told = _DONE.get(deed, "")
    if deed == "open":
        _open(contest, kind_of(kind))
    else:
        current = rounds.latest(db(), contest, kind_of(kind))
        if deed == "close" and "sure" not in request.form and _asks_once(current):
            return _ask_to_close(contest, current)
        if deed not in _DEEDS:
            abort(400)
        told = _DEEDS[deed](contest, current) or told
    db().commit()
    name = rounds.NAMES[kind_of(kind)]
    flash(f"The {name} {told}.", "success")
    return back_to("organise.round_", slug=slug, kind=kind)


def _open(contest: Contest, kind: Kind) -> None:
    rounds.open_round(
        db(),
        contest,
        kind,
        now(),
        plan=_plan(contest, kind),
        publish=request.form.get("publish"),
        auditors=request.form.get("auditors", "").splitlines(),
        beacon=request.form.get("beacon"),
        only=_only(),
        actor=actor(),
    )


def _extend(contest: Contest, current: Round) -> None:
    rounds.extend_round(db(), current, _until(contest), now(), actor=actor())


def _pause(contest: Contest, current: Round) -> None:
    until = _until(contest) if request.form.get("until") else None
    rounds.pause_round(db(), current, now(), until=until, actor=actor())


def _resume(_contest: Contest, current: Round) -> None:
    rounds.resume_round(db(), current, now(), actor=actor())


def _review(_contest: Contest, current: Round) -> None:
    rounds.end_round(db(), current, now(), actor=actor())


def _close(contest: Contest, current: Round) -> str | None:
    """Close and count, unless the count has to wait; then say for what."""
    _review(contest, current)
    if missing := rounds.waits_for(current):
        return f"is closed. {missing.removesuffix('.')}"
    _count(contest, current)
    return None


def _count(_contest: Contest, current: Round) -> None:
    counting.count_round(db(), current, actor=actor(), now=now())


def _draw(_contest: Contest, current: Round) -> None:
    drawn = request.form.get("drawn", "")
    beacons.enter(db(), current, drawn, actor=actor(), now=now())


def _reopen(_contest: Contest, current: Round) -> None:
    rounds.reopen_round(db(), current, actor=actor(), now=now())


def _publish(_contest: Contest, current: Round) -> None:
    rounds.publish_round(db(), current, actor=actor(), now=now())


_DEEDS: dict[str, Callable[[Contest, Round], str | None]] = {
    "extend": _extend,
    "pause": _pause,
    "resume": _resume,
    "review": _review,
    "close": _close,
    "count": _count,
    "beacon": _draw,
    "reopen": _reopen,
    "publish": _publish,
}


def _asks_once(current: Round) -> bool:
    """Tell whether people could still vote who have not: that is asked about."""
    return (
        current.phase is Phase.OPEN
        and not current.has_ended(now())
        and progress.unfinished(db(), current) > 0
    )


def _ask_to_close(contest: Contest, current: Round) -> ResponseReturnValue:
    """Say how many have not voted, and ask whether to close all the same."""
    turnout = progress.attendance(db(), current)
    return render_template(
        "organise/close.html",
        contest=contest,
        kind=current.kind.value,
        name=rounds.NAMES[current.kind],
        turnout=[group for group in turnout if group.unfinished],
        unfinished=sum(group.unfinished for group in turnout),
        eligible=sum(group.eligible for group in turnout),
        left=_left(current),
        round=current,
        shown=_shown(contest, current),
    )
