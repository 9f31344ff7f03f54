"""What voters ask the organisers, and answering it."""

from __future__ import annotations

from http import HTTPStatus

from flask import abort, flash, render_template, request
from flask.typing import ResponseReturnValue

from logovote.contest import questions
from logovote.contest.contests import contest_by_slug
from logovote.contest.questions import QuestionError
from logovote.store.models import Contest, Question
from logovote.web import forms
from logovote.web.context import db, now, site
from logovote.web.guards import organiser_only
from logovote.web.organise import meanwhile
from logovote.web.organise.meanwhile import MeanwhileError
from logovote.web.organise.room import back_to, bp

_CHANGED = (
    "Here is how it stands now; what you wrote is still in its field. Press once more "
    "if you still want to."
)
_SHOWN = 200


@bp.get("/<slug>/questions")
@organiser_only
def questions_(slug: str) -> str:
    """Show what was asked: what waits first."""
    return _page(contest_by_slug(db(), slug))


def _page(contest: Contest, id_: int = 0, typed: str = "", problem: str = "") -> str:
    found = questions.of_contest(db(), contest.id)
    # What somebody has just typed stays in sight.
    kept = [each for n, each in enumerate(found) if n < _SHOWN or each.id == id_]
    return render_template(
        "organise/questions.html",
        contest=contest,
        waiting=[each for each in kept if each.answer is None],
        answered=[each for each in kept if each.answer is not None],
        all_waiting=sum(each.answer is None for each in found),
        more=len(found) - len(kept),
        shown={each.id: _shown(each) for each in kept},
        typed={id_: typed} if id_ else {},
        problems={f"answer-{id_}": problem} if problem else {},
        longest=questions.LONGEST_ANSWER,
    )


def _shown(question: Question) -> str:
    return meanwhile.sum_up(question.id, question.answer)


@bp.post("/<slug>/questions")
@organiser_only
def answer_question(slug: str) -> ResponseReturnValue:
    """Answer a question, in place of an earlier answer."""
    contest = contest_by_slug(db(), slug)
    id_ = forms.parse_number(request.form.get("question", ""))
    if id_ is None:
        abort(400)
    words = request.form.get("answer", "")
    meanwhile.hold(contest)
    question = questions.one(db(), contest, id_)
    try:
        meanwhile.refuse_if_changed(_shown(question), _CHANGED)
        mailed = questions.answer(db(), question, words, now=now())
    except MeanwhileError as error:
        return _page(contest, id_, words, str(error)), HTTPStatus.CONFLICT
    except QuestionError as error:
        return _page(contest, id_, words, str(error)), HTTPStatus.UNPROCESSABLE_ENTITY
    db().commit()
    if mailed:
        site().jobs.deliver()
    told = (
        "goes to them by mail, too" if mailed else "stands on their page of the contest"
    )
    flash(f"Answered. What you wrote {told}.", "success")
    return back_to("organise.questions_", slug=slug, _anchor=f"question-{id_}")
