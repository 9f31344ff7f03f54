"""What goes back to the contest site, and the organiser's own decision."""

from __future__ import annotations

from http import HTTPStatus

from flask import Response, flash, render_template, request
from flask.typing import ResponseReturnValue

from logovote.contest import deciding, handoff, record, sheets
from logovote.contest.contests import contest_by_slug
from logovote.contest.deciding import DecisionError, Verdict
from logovote.contest.identity import fingerprint
from logovote.contest.results import Result, result_of
from logovote.store import queries
from logovote.store.models import Contest, Kind, Phase, Round
from logovote.web import lab
from logovote.web.context import actor, db, now, site
from logovote.web.guards import organiser_only
from logovote.web.organise import meanwhile
from logovote.web.organise.meanwhile import MeanwhileError
from logovote.web.organise.room import back_to, bp, counted_round
from logovote.web.pictures import Picture
from logovote.web.records import record_response

_DECIDED_MEANWHILE = (
    "The decision above is theirs, and what you typed is still here. Press once more "
    "to put yours in its place."
)


@bp.get("/<slug>/handoff")
@organiser_only
def handoff_(slug: str) -> str:
    """Show the sheets for the contest site, the decision and all files."""
    contest = contest_by_slug(db(), slug)
    return _page(contest, counted_round(contest))


def _page(
    contest: Contest, round_: Round, *, typed: bool = False, problem: str = ""
) -> str:
    result = result_of(round_)
    verdict = deciding.current(db(), round_)
    return render_template(
        "organise/handoff.html",
        contest=contest,
        round=round_,
        kind=round_.kind.value,
        kinds=[
            kind.value
            for kind in Kind
            if queries.latest_counted(db(), contest.id, kind)
        ],
        sheets=sheets.sheets_of(db(), contest, round_),
        pictures={
            entry: Picture(design.digest, design.ground)
            for entry, design in result.designs.items()
        },
        fingerprint=fingerprint,
        verdict=verdict,
        shown=_shown(verdict),
        decided=request.form.get("entries", "")
        if typed
        else _written(verdict.entries if verdict else _first(result)),
        reason=request.form.get("reason", "")
        if typed
        else verdict.reason
        if verdict
        else "",
        problem=problem,
        result_public=round_.phase is Phase.PUBLISHED,
        files=list(handoff.files(site().store, db(), contest, round_)),
    )


def _first(result: Result) -> tuple[int, ...]:
    """Return what the form starts with: the community's first design."""
    first = [line.entry for line in result.order if line.place == 1]
    return tuple(entry for entry in first[:1] if entry is not None)


def _shown(verdict: Verdict | None) -> str:
    return meanwhile.sum_up(verdict and (verdict.entries, verdict.reason))


def _written(entries: tuple[int, ...]) -> str:
    return ", ".join(map(str, entries)) or "none"


@bp.post("/<slug>/handoff")
@organiser_only
def record_decision(slug: str) -> ResponseReturnValue:
    """Record the decision, or publish it; or show the form again with what is wrong."""
    contest = contest_by_slug(db(), slug)
    meanwhile.hold(contest)
    round_ = counted_round(contest)
    shown = _shown(deciding.current(db(), round_))
    if request.form.get("do") == "publish":
        meanwhile.refuse_if_changed(shown)
        deciding.publish(db(), contest, round_, actor=actor(), now=now())
        db().commit()
        flash("The decision is public.", "success")
        return back_to("organise.handoff_", slug=slug, kind=round_.kind.value)
    text = request.form.get("entries", "").strip()
    entries = lab.parse_entries([text.replace("#", "")])
    try:
        meanwhile.refuse_if_changed(shown, _DECIDED_MEANWHILE)
        if not entries and text.lower() not in {"none", "none of these"}:
            raise DecisionError(  # noqa: TRY301 - one place says what is wrong
                "Enter numbers of designs, such as 36 or 36, 57; or “none”."
            )
        deciding.decide(
            db(), contest, round_, entries, request.form.get("reason", ""), now=now()
        )
    except (DecisionError, MeanwhileError) as error:
        page = _page(contest, round_, typed=True, problem=str(error))
        changed = isinstance(error, MeanwhileError)
        return page, HTTPStatus.CONFLICT if changed else HTTPStatus.UNPROCESSABLE_ENTITY
    db().commit()
    flash(
        "The decision is recorded. Nobody else sees it before you publish it.",
        "success",
    )
    return back_to(
        "organise.handoff_", slug=slug, kind=round_.kind.value, _anchor="decision"
    )


@bp.get("/<slug>/decision.html")
@organiser_only
def preview_record(slug: str) -> Response:
    """Show the decision record as it would be published, or hand it out as a file."""
    contest = contest_by_slug(db(), slug)
    html = record.decision_record(
        db(), site().store, contest, counted_round(contest), draft=True
    )
    return record_response(html, contest, download="download" in request.args)
