"""What voters said of the designs, after the count: which notes designers get."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus

from flask import abort, flash, render_template, request
from flask.typing import ResponseReturnValue

from logovote.contest import feedback
from logovote.contest.contests import contest_by_slug
from logovote.contest.feedback import Gathered, SharedNote
from logovote.contest.rounds import NAMES
from logovote.store import queries
from logovote.store.models import Contest, Kind, RemarkState, Submission
from logovote.web import forms
from logovote.web.context import actor, db, now
from logovote.web.guards import organiser_only
from logovote.web.organise import meanwhile
from logovote.web.organise.meanwhile import MeanwhileError
from logovote.web.organise.room import back_to, bp, counted_round
from logovote.web.pictures import Picture, picture_of

_NOTE_CHANGED = (
    "Here is how it stands now; what you wrote is still in its field. Press once more "
    "if you still want to."
)
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
    return _page(contest_by_slug(db(), slug))


def _shown(notes: Iterable[SharedNote]) -> str:
    return meanwhile.sum_up(*((note.id, note.state, note.text) for note in notes))


def _page(
    contest: Contest, problem: str = "", typed: Mapping[int, str] | None = None
) -> str:
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
    waiting = [note for note in notes if note.state is RemarkState.WAITING]
    return render_template(
        "organise/feedback.html",
        contest=contest,
        round=round_,
        name=NAMES[round_.kind],
        designs=designs,
        notes=len(notes),
        waiting=[note.id for note in waiting],
        waiting_shown=_shown(waiting),
        shown={note.id: _shown([note]) for note in notes},
        problem=problem,
        typed=typed or {},
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
    meanwhile.hold(contest)
    said = feedback.gathered(db(), counted_round(contest))
    known = {note.id: note for each in said for note in each.notes}
    try:
        meanwhile.refuse_if_changed(
            _shown(known[number] for number in numbers if number in known),
            _NOTE_CHANGED,
        )
    except MeanwhileError as error:
        typed = {numbers[0]: request.form.get("words", "")} if deed == "edit" else {}
        return _page(contest, str(error), typed), HTTPStatus.CONFLICT
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
