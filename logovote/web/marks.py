"""What visitors note while looking: seen, not for me, a few words; and the dealing."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, Response, flash, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from logovote.contest import casting, dealing, marks
from logovote.contest.casting import InvalidBallotError
from logovote.contest.marks import Marks
from logovote.store.models import Kind, Round
from logovote.web import ballots, forms
from logovote.web.context import db, now
from logovote.web.guards import Seat, seat, signed_in
from logovote.web.shortlist import families_of, shown_on_page, way_back

bp = Blueprint("marks", __name__, url_prefix="/c/<slug>")


@bp.get("/marks")
@signed_in
def show(slug: str) -> Response:
    """Return all marks of the visitor, for a script."""
    visitor = seat(slug)
    round_ = ballots.the_round(visitor, Kind.SHORTLIST)
    found = _marks(visitor, round_)
    return ballots.answered(
        lambda: {
            **_numbers(found),
            "voter": ballots.whose(visitor, round_),
            "batch": {
                "number": found.batch.number,
                "families": sorted(found.batch.families),
            },
            "marks": {
                family: {
                    "seen": mark.seen,
                    "shortlisted": mark.approved,
                    "not_for_me": mark.not_for_me,
                    "note": mark.note,
                    "fresh": mark.fresh,
                }
                for family, mark in found.of.items()
            },
        }
    )


@bp.post("/seen")
@signed_in
def see(slug: str) -> Response:
    """Log what was in view for a second, or opened, from a script."""
    visitor = seat(slug)
    round_ = ballots.the_round(visitor, Kind.SHORTLIST)

    def log() -> dict[str, object]:
        asked = forms.parse_seen(ballots.body())
        ballots.refuse_other_voter(visitor, round_, asked.voter)
        marks.see(db(), round_, ballots.voter_of(visitor), asked.families, now())
        db().commit()
        return _numbers(_marks(visitor, round_))

    return ballots.answered(log)


@bp.put("/marks/<family>")
@signed_in
def put(slug: str, family: str) -> Response:
    """Set a family aside, or write a note, from a script."""
    visitor = seat(slug)
    round_ = ballots.the_round(visitor, Kind.SHORTLIST)

    def mark() -> dict[str, object]:
        asked = forms.parse_mark(ballots.body())
        ballots.refuse_other_voter(visitor, round_, asked.voter)
        marks.set_mark(
            db(),
            round_,
            ballots.voter_of(visitor),
            family,
            now(),
            not_for_me=asked.not_for_me,
            note=asked.note,
        )
        db().commit()
        found = _marks(visitor, round_)
        mark = found.of[family]
        return {
            **_numbers(found),
            "family": family,
            "not_for_me": mark.not_for_me,
            "note": mark.note,
        }

    return ballots.answered(mark)


@bp.post("/marks")
@signed_in
def press(slug: str) -> BaseResponse:
    """Save what one pressed button means, and go back to where it was pressed.

    Setting a design aside takes its star away, as the script does.
    """
    visitor = seat(slug)
    round_ = ballots.the_round(visitor, Kind.SHORTLIST)
    voter = ballots.voter_of(visitor)
    ballots.refuse_other_voter(visitor, round_, request.form.get("voter"))
    asked = forms.parse_pressed_mark(request.form)
    marks.see(db(), round_, voter, shown_on_page(round_), now())
    marks.set_mark(
        db(),
        round_,
        voter,
        asked.family,
        now(),
        not_for_me=asked.not_for_me,
        note=asked.note,
    )
    ids = families_of(round_)[asked.family]
    if asked.not_for_me:
        ballot = ballots.ballot_of(visitor, round_)
        items = casting.items_of(ballot)
        kept = [id_ for id_ in items if id_ not in ids]
        if kept != items:
            ballots.save_from_form(visitor, round_, ballot, kept)
    db().commit()
    return redirect(way_back(slug, asked.family, ids), code=HTTPStatus.SEE_OTHER)


@bp.post("/deal")
@signed_in
def deal(slug: str) -> BaseResponse:
    """Deal another batch, and show it."""
    visitor = seat(slug)
    round_ = ballots.the_round(visitor, Kind.SHORTLIST)
    voter = ballots.voter_of(visitor)
    ballots.refuse_other_voter(visitor, round_, request.form.get("voter"))
    after = forms.parse_number(request.form.get("after", ""))
    if after is None:
        raise InvalidBallotError("Press “Another batch” on the page of the logos.")
    marks.see(db(), round_, voter, shown_on_page(round_), now())
    batch = dealing.deal(db(), round_, voter, now(), after=after)
    db().commit()
    view = "batch"
    if batch.number == after:
        flash("You have seen every logo. Thank you!", "success")
        view = "all"
    return redirect(
        url_for("shortlist.show", slug=slug, show=view), code=HTTPStatus.SEE_OTHER
    )


def _marks(visitor: Seat, round_: Round) -> Marks:
    """Read the visitor's marks beside their ballot."""
    items = casting.items_of(ballots.ballot_of(visitor, round_))
    families = casting.slate(db(), round_).families
    approved = {families.get(id_, id_) for id_ in items}
    return marks.marks_of(db(), round_, visitor.voter, approved)


def _numbers(found: Marks) -> dict[str, object]:
    """Return the three honest numbers, and of how many."""
    return {
        "total": found.total,
        "seen": found.seen,
        "shortlisted": found.shortlisted,
        "left": found.left,
    }
