"""Signing in and out. Opening a link shows a button; only pressing it signs in."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, flash, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from logovote.contest import invitations, signing_in
from logovote.store.models import Contest
from logovote.web import context
from logovote.web.context import db, now, site

bp = Blueprint("accounts", __name__)


@bp.get("/sign-in")
def sign_in() -> str:
    """Say how to get in."""
    return render_template("accounts/sign_in.html")


@bp.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    """End this session for good, wherever its cookie may have been copied to."""
    context.sign_out()
    db().commit()
    flash("You are signed out.", "success")
    return redirect(url_for("home.index"), code=HTTPStatus.SEE_OTHER)


@bp.get("/i/<token>")
def invitation(token: str) -> ResponseReturnValue:
    """Show who the link is for; mail scanners open links, so this changes nothing."""
    voter = invitations.voter_by_invitation(db(), site().settings.secret_key, token)
    if voter is None:
        return _unusable()
    contest = db().get_one(Contest, voter.contest_id)
    return render_template(
        "accounts/invitation.html",
        name=voter.person.name or voter.person.email or voter.person.github,
        title=contest.title,
        about=contest.about,
        action=url_for("accounts.accept", token=token),
    )


@bp.post("/i/<token>")
def accept(token: str) -> ResponseReturnValue:
    """Sign the invited voter in."""
    voter = invitations.voter_by_invitation(db(), site().settings.secret_key, token)
    if voter is None:
        return _unusable()
    contest = db().get_one(Contest, voter.contest_id)
    front = url_for("contests.show", slug=contest.slug)
    # Who was signed out in the middle goes on where they were.
    page = context.page_asked_for(front) or front
    context.sign_in(voter.person, signing_in.begin_session(db(), voter.person, now()))
    db().commit()
    return redirect(page, code=HTTPStatus.SEE_OTHER)


@bp.get("/o/<token>")
def organiser_link(token: str) -> ResponseReturnValue:
    """Show an organiser's link without using it up."""
    link = signing_in.organiser_link(db(), token, now())
    if link is None:
        return _unusable()
    return render_template(
        "accounts/invitation.html",
        name=link.person.name,
        title="the organiser's room",
        about="",
        action=url_for("accounts.enter", token=token),
    )


@bp.post("/o/<token>")
def enter(token: str) -> ResponseReturnValue:
    """Sign the organiser in, and use the link up."""
    link = signing_in.organiser_link(db(), token, now(), hold=True)
    if link is None:
        return _unusable()
    context.sign_in(link.person, signing_in.use_link(db(), link, now()))
    db().commit()
    return redirect(url_for("organise.index"), code=HTTPStatus.SEE_OTHER)


def _unusable() -> ResponseReturnValue:
    """Refuse a link without saying whether it ever worked."""
    page = render_template("accounts/link_problem.html")
    return make_response(page, HTTPStatus.NOT_FOUND)
