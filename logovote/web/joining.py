"""Joining a contest that strangers may join."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from logovote.contest import joining
from logovote.contest.contests import contest_by_slug
from logovote.store.models import JoinRequest
from logovote.web import context
from logovote.web.context import actor, current_person, current_standing, db, now, site
from logovote.web.guards import signed_in, voter_here

bp = Blueprint("joining", __name__, url_prefix="/c/<slug>/join")

_LONGEST_NAME = 200


@bp.get("")
def show(slug: str) -> ResponseReturnValue:
    """Ask a stranger for an address, and who is signed in for a word about them."""
    contest = contest_by_slug(db(), slug)
    terms = joining.terms_of(contest)
    # Whoever came by a link of another contest has not shown who they are.
    person = current_person() if current_standing().only is None else None
    if not terms.is_any:
        abort(404)
    if voter_here(contest) is not None:
        return redirect(url_for("contests.show", slug=slug))
    if person is None:
        context.come_back_here()
    asked = db().get(JoinRequest, (contest.id, person.id)) if person else None
    return render_template(
        "joining/show.html", contest=contest, terms=terms, person=person, asked=asked
    )


@bp.post("")
@signed_in
def ask(slug: str) -> ResponseReturnValue:
    """Let the visitor in, or tell the organiser that they ask."""
    contest = contest_by_slug(db(), slug)
    person = current_person()
    if current_standing().only is not None:
        abort(403)
    if person is None or not joining.terms_of(contest).is_any:
        abort(404)
    name = " ".join(request.form.get("name", "").split())[:_LONGEST_NAME]
    # What the organiser wrote is not the visitor's to change.
    person.name = person.name or name
    is_in = joining.ask(
        db(),
        contest,
        person,
        now(),
        note=request.form.get("note", ""),
        actor=actor(),
    )
    db().commit()
    if is_in:
        site().jobs.deliver()
        flash("You are in. Your own link comes by mail, too.", "success")
        page = url_for("contests.show", slug=slug)
    else:
        page = url_for("joining.show", slug=slug)
    return redirect(page, code=HTTPStatus.SEE_OTHER)
