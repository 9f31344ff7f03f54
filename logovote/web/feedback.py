"""What a voter says of one design: reasons to tick, and a note to share or keep."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from logovote.contest import feedback
from logovote.contest.casting import InvalidBallotError
from logovote.contest.feedback import REASONS, Given
from logovote.store import queries
from logovote.store.models import Kind, Round, Submission
from logovote.web import ballots
from logovote.web.context import db, now
from logovote.web.guards import Seat, seat, signed_in
from logovote.web.pictures import preview_of
from logovote.web.shortlist import withdrawn_page

bp = Blueprint("feedback", __name__, url_prefix="/c/<slug>/feedback")


@bp.get("/<int:entry>")
@signed_in
def show(slug: str, entry: int) -> str | tuple[str, int]:
    """Show what the visitor said of a design, to change it while the round is open."""
    visitor = seat(slug)
    submission = _submission(visitor, entry)
    if submission.withdrawn_at is not None:
        return withdrawn_page(visitor, submission)
    round_ = feedback.round_for(db(), visitor.contest, submission)
    said = Given()
    if visitor.voter is not None:
        said = feedback.given(db(), round_, visitor.voter, submission)
        if not said.note and ballots.can_vote(visitor, round_):
            note = feedback.private_note(db(), round_, visitor.voter, submission)
            said = replace(said, note=note)
    return _page(visitor, round_, submission, said)


def _page(
    visitor: Seat, round_: Round, submission: Submission, said: Given, problem: str = ""
) -> str:
    slug, entry = visitor.contest.slug, submission.entry
    return render_template(
        "feedback/show.html",
        contest=visitor.contest,
        entry=entry,
        preview=preview_of(visitor.contest, submission),
        ground=submission.picture.ground,
        reasons=REASONS,
        said=said,
        problem=problem,
        can_vote=ballots.can_vote(visitor, round_),
        notice=ballots.notice(
            visitor,
            round_,
            ballots.own_of(visitor, round_),
            ballots.ballot_of(visitor, round_),
        ),
        logo_url=None
        if round_.kind is Kind.RANKING
        else url_for("shortlist.logo", slug=slug, entry=entry),
    )


@bp.post("/<int:entry>")
@signed_in
def give(slug: str, entry: int) -> ResponseReturnValue:
    """Keep what the visitor says of a design, or show it again with what is wrong."""
    visitor = seat(slug)
    submission = _submission(visitor, entry)
    if submission.withdrawn_at is not None:
        return withdrawn_page(visitor, submission)
    round_ = feedback.round_for(db(), visitor.contest, submission)
    said = Given(
        frozenset(request.form.getlist("reason")),
        request.form.get("note", ""),
        "shared" in request.form,
    )
    voter = ballots.voter_of(visitor)
    try:
        feedback.give(db(), round_, voter, submission, said, now=now())
    except InvalidBallotError as error:
        page = _page(visitor, round_, submission, said, str(error))
        return page, HTTPStatus.UNPROCESSABLE_ENTITY
    db().commit()
    flash("Kept. Nobody else reads it before the count.", "success")
    return redirect(
        url_for("feedback.show", slug=slug, entry=entry), code=HTTPStatus.SEE_OTHER
    )


def _submission(visitor: Seat, entry: int) -> Submission:
    submission = queries.submission(db(), visitor.contest.id, entry)
    if submission is None:
        abort(404)
    return submission
