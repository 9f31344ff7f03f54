"""The list of contests, starting one, and one contest's task list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from flask import abort, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue

from logovote.contest import contests as contests_
from logovote.contest import opening, progress, rounds
from logovote.contest.contests import ContestError, contest_by_slug
from logovote.contest.progress import Task
from logovote.contest.rules import Rules
from logovote.store import queries
from logovote.store.models import Contest, Kind, Phase, Round
from logovote.web.context import (
    actor,
    current_person,
    current_standing,
    db,
    now,
    settle,
)
from logovote.web.guards import organiser_only, signed_in
from logovote.web.organise.room import back_to, bp

_PAGES = {
    "details": "organise.details",
    "dates": "organise.dates",
    "voters": "organise.people",
    "groups": "organise.people",
    "counting": "organise.counting",
    "designs": "organise.designs",
    "families": "organise.families",
    "pictures": "organise.pictures",
    "invitations": "organise.mail",
    "questions": "organise.questions_",
    "handoff": "organise.handoff_",
    "sealing": "audit.show",
}
# By the names of `logovote count`.
_RULES = {
    "seqphragmen": "the shortlist leaves no taste out (sequential Phragmén)",
    "ranked_pairs": "every two logos are compared (ranked pairs)",
}


@dataclass(frozen=True)
class Waiting:
    """A contest of the list, and what it waits for."""

    contest: Contest
    text: str


@dataclass(frozen=True)
class Frozen:
    """A running round, and what of the contest it has fixed."""

    name: str
    kind: str
    fixed: list[str]
    commitment: str


def page_of(slug: str, key: str) -> str:
    """Return the address where a task is done, by its key."""
    if key in _PAGES:
        anchor = "groups" if key == "groups" else None
        return url_for(_PAGES[key], slug=slug, _anchor=anchor)
    return url_for("organise.round_", slug=slug, kind=key)


@bp.get("/")
@signed_in
def index() -> str:
    """List the contests that the visitor helps to run, and what each waits for."""
    if not current_standing().organises:
        abort(403)
    return render_template(
        "organise/index.html",
        contests=[
            Waiting(contest, progress.waits_for(db(), contest, now()))
            for contest in _own()
        ],
    )


def _own() -> list[Contest]:
    """List the contests that the visitor helps to run."""
    standing = current_standing()
    return [c for c in queries.contests(db()) if standing.role_in(c.slug)]


@bp.get("/new")
@signed_in
def new() -> str:
    """Show the form for a new contest."""
    if not current_standing().may_start:
        abort(403)
    return _new({}, {})


def _new(values: Mapping[str, str], errors: Mapping[str, str]) -> str:
    return render_template(
        "organise/new.html", values=values, errors=errors, earlier=_own()
    )


def _like(slug: str) -> Contest | None:
    """Return the contest whose settings the new one takes, if one is named."""
    if slug and current_standing().role_in(slug) is None:
        raise ContestError("Choose one of the contests that you help to run.", "like")
    return contest_by_slug(db(), slug) if slug else None


@bp.post("/new")
@signed_in
def create() -> ResponseReturnValue:
    """Start a contest, or show the form again with what is wrong."""
    if not current_standing().may_start:
        abort(403)
    values = request.form
    try:
        contest = contests_.new_contest(
            db(),
            values.get("slug", "").strip()
            or contests_.slug_of(values.get("title", "")),
            title=values.get("title", ""),
            about=values.get("about", ""),
            status_quo=values.get("status_quo", ""),
            like=_like(values.get("like", "")),
            owner=current_person(),
            now=now(),
            actor=actor(),
        )
    except ContestError as error:
        return _new(values, {error.field: str(error)}), 422
    db().commit()
    flash(f"“{contest.title}” is started. Import its designs next.", "success")
    return back_to("organise.contest", slug=contest.slug)


@bp.get("/<slug>/")
@organiser_only
def contest(slug: str) -> ResponseReturnValue:
    """Show what is done and what to do next."""
    contest_ = contest_by_slug(db(), slug)
    held = queries.rounds(db(), contest_.id)
    if any(settle(round_) for round_ in held):
        return back_to("organise.contest", slug=slug)
    tasks = progress.tasks_of(db(), contest_, now())
    return render_template(
        "organise/contest.html",
        contest=contest_,
        stages=[
            (stage, [(task, page_of(slug, task.key)) for task in group])
            for stage, group in groupby(tasks, key=_stage)
        ],
        done=sum(task.state == "done" for task in tasks),
        tasks=len(tasks),
        frozen=_frozen(held),
    )


def _stage(task: Task) -> str:
    return task.stage


def _frozen(held: Sequence[Round]) -> Frozen | None:
    """Say what the round that is running now has fixed, if one is."""
    for round_ in held:
        if round_.phase not in {Phase.OPEN, Phase.CLOSED}:
            continue
        rules = Rules.from_json(round_.rules)
        shares = ", ".join(
            f"{name} {share}" for name, share, _ in rules.target_shares()
        )
        size = "places" if round_.kind is Kind.SHORTLIST else "designs at most"
        return Frozen(
            rounds.NAMES[round_.kind],
            round_.kind.value,
            [
                f"The rule: {_RULES[rules.method]}, for {rules.seats} {size}",
                f"Shares of the decision, and the reasons for them: {shares}",
                "Families: variants that count as one",
                f"What “none of these” means: {rules.status_quo}",
            ],
            opening.commitment_of(db(), round_),
        )
    return None
