"""What voters said of the designs, after the count: which notes designers get."""

from __future__ import annotations

from dataclasses import dataclass

from flask import abort, flash, render_template, request
from flask.typing import ResponseReturnValue

from logovote.contest import feedback
from logovote.contest.contests import contest_by_slug
from logovote.contest.feedback import Gathered
from logovote.contest.rounds import NAMES
from logovote.store import queries
from logovote.store.models import Contest, Kind, RemarkState, Submission
from logovote.web import forms
from logovote.web.context import actor, db, now
from logovote.web.guards import organiser_only
from logovote.web.organise.room import back_to, bp, counted_round
from logovote.web.pictures import Picture, picture_of

_DONE = {
    "approve": "will be handed on",
    "hide": "stays here",
    "edit": "is changed, and will be handed on",
    "restore": "is again as it was written, and waits",
}


@dataclass(frozen=True)
class SaidOf:
    """A design and what voters said of it."""

    entry: int
    picture: Picture
    said: Gathered


@bp.get("/<slug>/feedback")
@organiser_only
def feedback_(slug: str) -> str:
    """Show what voters of a counted round said, design by design."""
    contest = contest_by_slug(db(), slug)
    round_ = counted_round(contest)
    said = feedback.gathered(db(), round_)
    pictures = {
        submission.entry: picture_of(submission) for submission in _submissions(contest)
    }
    designs = [
        SaidOf(each.entry, pictures[each.entry], each)
        for each in said
        if each.heads or each.notes
    ]
    notes = [note for each in said for note in each.notes]
    return render_template(
        "organise/feedback.html",
        contest=contest,
        round=round_,
        name=NAMES[round_.kind],
        designs=designs,
        notes=len(notes),
        waiting=[note.id for note in notes if note.state is RemarkState.WAITING],
        kinds=[
            kind.value
            for kind in Kind
            if queries.latest_counted(db(), contest.id, kind)
        ],
    )


def _submissions(contest: Contest) -> list[Submission]:
    return list(queries.submissions(db(), contest.id, withdrawn=True))


@bp.post("/<slug>/feedback")
@organiser_only
def moderate(slug: str) -> ResponseReturnValue:
    """Approve, hide or change one note, or approve all that wait."""
    contest = contest_by_slug(db(), slug)
    deed, ids = request.form.get("do", ""), request.form.getlist("note")
    numbers = [number for id_ in ids if (number := forms.parse_number(id_)) is not None]
    if deed not in _DONE or not numbers:
        abort(400)
    for number in numbers:
        feedback.moderate(
            db(),
            contest,
            number,
            deed,
            request.form.get("words", ""),
            actor=actor(),
            now=now(),
        )
    db().commit()
    one = len(numbers) == 1
    flash(
        f"{'The note' if one else f'{len(numbers)} notes:'} {_DONE[deed]}.", "success"
    )
    return back_to(
        "organise.feedback_",
        slug=slug,
        kind=request.form.get("kind") or None,
        _anchor=f"note-{numbers[0]}" if one else None,
    )
