"""A voter asks the organisers something, on the contest's own page."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from logovote.contest import dates, limits, questions
from logovote.contest.limits import TooManyError
from logovote.contest.questions import QuestionError
from logovote.web.context import db, now, site
from logovote.web.guards import seat, signed_in
from logovote.web.home import contest_page

bp = Blueprint("questions", __name__, url_prefix="/c/<slug>/questions")


@bp.post("")
@signed_in
def ask(slug: str) -> ResponseReturnValue:
    """Send a question, or show it again with why it was not sent."""
    visitor = seat(slug)
    voter, zone = visitor.voter, visitor.contest.zone
    if voter is None:
        abort(404)
    draft = request.form.get("question", "")
    try:
        # It also lets a voter's questions in one by one, so that none slips through.
        limits.take(db(), site().settings.secret_key, "question", str(voter.id), now())
        questions.ask(db(), voter, draft, now=now())
    except TooManyError as error:
        again = dates.told_with_day(error.again_at, zone)
        problem, status = (
            f"{error} Ask again from {again}.",
            HTTPStatus.TOO_MANY_REQUESTS,
        )
    except QuestionError as error:
        problem, status = str(error), HTTPStatus.UNPROCESSABLE_ENTITY
    else:
        db().commit()
        flash("Your question is sent. Only the organisers read it.", "success")
        back = url_for("contests.show", slug=slug, _anchor="questions")
        return redirect(back, code=HTTPStatus.SEE_OTHER)
    # Nothing is committed, so what was not sent does not count.
    return contest_page(slug, draft, problem), status
