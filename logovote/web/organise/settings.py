"""A contest's own settings: details, dates, how it is counted, rights in pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus

from flask import flash, render_template, request
from flask.typing import ResponseReturnValue

from logovote.contest import dates as dates_
from logovote.contest import example, plans, rights
from logovote.contest.contests import ContestError, change_contest, contest_by_slug
from logovote.contest.dates import DateError
from logovote.contest.rights import RightsError
from logovote.contest.rules import Rules, RulesError
from logovote.store import queries
from logovote.store.models import Contest, Kind, Role
from logovote.web import forms
from logovote.web.context import actor, current_standing, db, now
from logovote.web.guards import organiser_only, require
from logovote.web.organise import meanwhile
from logovote.web.organise.meanwhile import MeanwhileError
from logovote.web.organise.room import back_to, bp

Errors = Mapping[str, str]
_CHANGED = (
    "Below is what you typed. Open the page once more in another window to see how it "
    "stands now, or save once more to put yours in its place."
)


def _is_stale(contest: Contest) -> bool:
    """Tell the second of two who change the settings at once, and hold the contest."""
    meanwhile.hold(contest)
    try:
        meanwhile.refuse_if_changed(_shown(contest), _CHANGED)
    except MeanwhileError as error:
        flash(str(error), "error")
        return True
    return False


def _shown(contest: Contest) -> str:
    return meanwhile.sum_up(
        contest.title,
        contest.about,
        contest.status_quo,
        contest.zone,
        contest.plans,
        contest.rights,
    )


def _saved(slug: str, told: str) -> ResponseReturnValue:
    db().commit()
    flash(told, "success")
    return back_to("organise.contest", slug=slug)


# ---------- details


@bp.get("/<slug>/details")
@organiser_only
def details(slug: str) -> str:
    """Show what voters read of the contest."""
    contest = contest_by_slug(db(), slug)
    values = {name: getattr(contest, name) for name in ("title", "about", "status_quo")}
    return _details(contest, values, {})


@bp.post("/<slug>/details")
@organiser_only
def set_details(slug: str) -> ResponseReturnValue:
    """Change what voters read of the contest."""
    contest = contest_by_slug(db(), slug)
    if _is_stale(contest):
        return _details(contest, request.form, {}), HTTPStatus.CONFLICT
    try:
        change_contest(
            db(),
            contest,
            title=request.form.get("title", ""),
            about=request.form.get("about", ""),
            status_quo=request.form.get("status_quo", ""),
            actor=actor(),
            now=now(),
        )
    except ContestError as error:
        return _details(contest, request.form, {error.field: str(error)}), 422
    return _saved(slug, "The details are saved.")


def _details(contest: Contest, values: Mapping[str, str], errors: Errors) -> str:
    return render_template(
        "organise/details.html",
        contest=contest,
        shown=_shown(contest),
        values=values,
        errors=errors,
    )


# ---------- dates


@bp.get("/<slug>/dates")
@organiser_only
def dates(slug: str) -> str:
    """Show where the contest's times are meant, and when its rounds are to end."""
    contest = contest_by_slug(db(), slug)
    values = {"zone": contest.zone} | {
        f"{kind.value}-until": dates_.field(
            plans.plan_of(contest, kind).until, contest.zone
        )
        for kind in Kind
    }
    return _dates(contest, values, {})


@bp.post("/<slug>/dates")
@organiser_only
def set_dates(slug: str) -> ResponseReturnValue:
    """Set the zone, and the ends that rounds will open with."""
    contest = contest_by_slug(db(), slug)
    if _is_stale(contest):
        return _dates(contest, request.form, {}), HTTPStatus.CONFLICT
    field = "zone"
    try:
        change_contest(
            db(), contest, zone=request.form.get("zone", ""), actor=actor(), now=now()
        )
        for kind in Kind:
            field = f"{kind.value}-until"
            plan = plans.plan_of(contest, kind)
            until = _moment(request.form.get(field, ""), contest.zone)
            if request.form.get(field) is not None:
                plan = replace(plan, until=until)
            plans.set_plan(db(), contest, kind, plan, actor=actor(), now=now())
    except (DateError, RulesError) as error:
        db().rollback()
        contest = contest_by_slug(db(), slug)
        return _dates(contest, request.form, {field: str(error)}), 422
    return _saved(slug, "The dates are saved.")


def _moment(text: str, zone: str) -> datetime | None:
    if not text.strip():
        return None
    moment = dates_.parse_moment(text, zone)
    if moment.note:
        flash(moment.note, "info")
    return moment.at


def _dates(contest: Contest, values: Mapping[str, str], errors: Errors) -> str:
    return render_template(
        "organise/dates.html",
        contest=contest,
        shown=_shown(contest),
        values=values,
        errors=errors,
        zones=dates_.zones(),
        default=dates_.DEFAULT_ZONE,
        rounds=[
            (kind.value, queries.latest_round(db(), contest.id, kind)) for kind in Kind
        ],
    )


# ---------- how it is counted


@bp.get("/<slug>/counting")
@organiser_only
def counting(slug: str) -> str:
    """Show what the rules do on an example, and what rounds will open with."""
    contest = contest_by_slug(db(), slug)
    values = {}
    for kind in Kind:
        plan = plans.plan_of(contest, kind)
        for name in ("seats", "batch", "approvals", "publish"):
            value = getattr(plan, name)
            values[f"{kind.value}-{name}"] = "" if value is None else str(value)
    return _counting(contest, values, {})


@bp.post("/<slug>/counting")
@organiser_only
def set_counting(slug: str) -> ResponseReturnValue:
    """Set what rounds will open with."""
    contest = contest_by_slug(db(), slug)
    if _is_stale(contest):
        return _counting(contest, request.form, {}), HTTPStatus.CONFLICT
    errors: dict[str, str] = {}
    for kind in Kind:
        try:
            plan = replace(
                plans.plan_of(contest, kind),
                seats=_number(f"{kind.value}-seats", errors),
                batch=_number(f"{kind.value}-batch", errors),
                approvals=_number(f"{kind.value}-approvals", errors),
                publish=request.form.get(f"{kind.value}-publish") or None,
            )
            plans.set_plan(db(), contest, kind, plan, actor=actor(), now=now())
        except RulesError as error:
            errors.setdefault(f"{kind.value}-seats", str(error))
    if errors:
        db().rollback()
        contest = contest_by_slug(db(), slug)
        return _counting(contest, request.form, errors), 422
    return _saved(slug, "What rounds open with is saved.")


def _number(field: str, errors: dict[str, str]) -> int | None:
    text = request.form.get(field, "").strip()
    number = forms.parse_number(text)
    if text and not number:
        errors[field] = f"“{text[:20]}” is no number from 1 on, such as 20."
        return None
    return number


def _counting(contest: Contest, values: Mapping[str, str], errors: Errors) -> str:
    return render_template(
        "organise/counting.html",
        contest=contest,
        shown=_shown(contest),
        values=values,
        errors=errors,
        example=example.example_of(db(), contest),
        usual={kind.value: Rules.default(kind) for kind in Kind},
    )


# ---------- rights in pictures


@bp.get("/<slug>/pictures")
@organiser_only
def pictures(slug: str) -> str:
    """Show who sees the contest's pictures, how large, and how long."""
    contest = contest_by_slug(db(), slug)
    now_ = rights.rights_of(contest)
    day = "" if now_.purge_on is None else now_.purge_on.isoformat()
    return _pictures(contest, now_.modes, day, {})


@bp.post("/<slug>/pictures")
@organiser_only
def set_pictures(slug: str) -> ResponseReturnValue:
    """Set who sees the contest's pictures, how large, and how long."""
    contest = contest_by_slug(db(), slug)
    modes, day = request.form.getlist("mode"), request.form.get("purge_on", "")
    if _is_stale(contest):
        return _pictures(contest, modes, day, {}), HTTPStatus.CONFLICT
    try:
        chosen = rights.read_rights(modes, day)
        if chosen.purge_on != rights.rights_of(contest).purge_on:
            # It removes pictures for good, as the button on a design's page does.
            require(slug, Role.OWNER)
        change_contest(db(), contest, rights=chosen, actor=actor(), now=now())
    except RightsError as error:
        return _pictures(contest, modes, day, {"purge_on": str(error)}), 422
    return _saved(slug, "Rights in pictures are saved.")


def _pictures(contest: Contest, modes: list[str], day: str, errors: Errors) -> str:
    return render_template(
        "organise/pictures.html",
        contest=contest,
        shown=_shown(contest),
        modes=modes,
        day=day,
        errors=errors,
        largest=rights.LARGEST_PX,
        owns=current_standing().reaches(contest.slug, Role.OWNER),
    )
