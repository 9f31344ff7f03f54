"""A closed round looked over: ballots are alike or not, and never anything else."""

from __future__ import annotations

from flask import abort, flash, render_template, request
from flask.typing import ResponseReturnValue

from logovote.contest import quarantine, rounds
from logovote.contest import review as review_
from logovote.contest.contests import contest_by_slug
from logovote.contest.rules import Rules
from logovote.store.models import Round
from logovote.web import forms
from logovote.web.context import actor, db, now, settle
from logovote.web.guards import organiser_only
from logovote.web.organise.room import back_to, bp
from logovote.web.organise.rounds import kind_of


@bp.get("/<slug>/rounds/<kind>/review")
@organiser_only
def review(slug: str, kind: str) -> ResponseReturnValue:
    """Show the signs among a closed round's ballots, and what is set aside."""
    contest = contest_by_slug(db(), slug)
    current = rounds.latest(db(), contest, kind_of(kind))
    if settle(current):
        return back_to("organise.review", slug=slug, kind=kind)
    return render_template(
        "organise/review.html",
        contest=contest,
        kind=kind,
        name=rounds.NAMES[kind_of(kind)],
        review=review_.review(db(), current),
        kinds=review_.KINDS,
        sums_only=Rules.from_json(current.rules).publish != "ballots",
    )


@bp.post("/<slug>/rounds/<kind>/review")
@organiser_only
def act_in_review(slug: str, kind: str) -> ResponseReturnValue:
    """Set ballots aside, or take them back."""
    contest = contest_by_slug(db(), slug)
    current = rounds.latest(db(), contest, kind_of(kind))
    deed = request.form.get("do", "")
    if deed == "aside":
        number = quarantine.set_aside(
            db(),
            current,
            _chosen(current),
            request.form.get("reason", ""),
            actor=actor(),
            now=now(),
        )
        told = "set aside"
    elif deed == "back":
        ids = review_.aside_for(db(), current, request.form.get("key", ""))
        number = quarantine.take_back(db(), current, ids, actor=actor(), now=now())
        told = "back among those that count"
    else:
        abort(400)
    db().commit()
    flash(
        f"{number} {'ballot is' if number == 1 else 'ballots are'} {told}.", "success"
    )
    return back_to("organise.review", slug=slug, kind=kind)


def _chosen(current: Round) -> set[int]:
    """Return the ballots of the form: of a group, or one somebody's."""
    who = request.form.get("who", "").strip()
    keys = [key for key in request.form.getlist("key") if key]
    ticked = {forms.parse_number(text) for text in request.form.getlist("ballot")}
    return review_.chosen(
        db(),
        current,
        keys,
        who=[who] if who else [],
        among={number for number in ticked if number is not None},
    )
