"""What programs read: contests, designs, turnout, results. Never what ballots say."""

from __future__ import annotations

from functools import cache
from typing import Any

from flask import Response, abort, jsonify, request, url_for

from logovote.contest import progress
from logovote.contest.contests import contest_by_slug
from logovote.contest.events import written
from logovote.contest.identity import short_id
from logovote.errors import LogovoteError
from logovote.paths import OPENAPI
from logovote.store import queries
from logovote.store.models import Contest, Kind, Phase, Round, Submission
from logovote.web import forms
from logovote.web.api.door import bp, caller
from logovote.web.context import current_standing, db, settle, site
from logovote.web.guards import organiser_only
from logovote.web.home import concerns
from logovote.web.pictures import picture_of
from logovote.web.results import visible

_PER_PAGE, _MOST_PER_PAGE = 100, 500
_PICTURES = ("thumb", "thumb2x", "preview", "mark", "mono")


class NotYetError(LogovoteError):
    """There is no result that this caller may see."""


@bp.get("/openapi.json")
def openapi() -> Response:
    """Describe every route, for programs and whoever writes them."""
    response = Response(_description(), mimetype="application/json")
    response.headers["Cache-Control"] = "no-cache"
    return response


@cache
def _description() -> str:
    return OPENAPI.read_text(encoding="utf-8")


@bp.get("/me")
def me() -> Response:
    """Say whose token this is, and how far it reaches."""
    token, standing = caller(), current_standing()
    person = token.person
    return jsonify(
        name=person.name,
        email=person.email,
        github=person.github,
        keeper=standing.keeper,
        roles={slug: role.value for slug, role in standing.roles.items()},
        token={
            "name": token.name,
            "scope": "write" if token.writes else "read",
            "expires_at": written(token.expires_at),
        },
    )


@bp.get("/contests")
def contests() -> Response:
    """List the contests that the caller has to do with."""
    found = [
        contest
        for contest in queries.contests(db())
        if current_standing().role_in(contest.slug) is not None or concerns(contest)
    ]
    return jsonify(contests=[_contest(contest) for contest in found])


@bp.get("/contests/<slug>")
def contest(slug: str) -> Response:
    """Describe a contest as its public page does."""
    return jsonify(_contest(contest_by_slug(db(), slug)))


def _contest(contest_: Contest) -> dict[str, Any]:
    role = current_standing().role_in(contest_.slug)
    rounds = queries.rounds(db(), contest_.id)
    for round_ in rounds:
        if settle(round_):
            db().refresh(round_)
    return {
        "slug": contest_.slug,
        "title": contest_.title,
        "about": contest_.about,
        "status_quo": contest_.status_quo,
        "created_at": written(contest_.created_at),
        "role": None if role is None else role.value,
        "page": _absolute(url_for("contests.show", slug=contest_.slug)),
        "rounds": [_round(round_) for round_ in rounds],
    }


def _round(round_: Round) -> dict[str, Any]:
    return {
        "kind": round_.kind.value,
        "number": round_.number,
        "phase": round_.phase.value,
        "opened_at": written(round_.opened_at),
        "closes_at": None if round_.closes_at is None else written(round_.closes_at),
        "closed_at": None if round_.closed_at is None else written(round_.closed_at),
    }


@bp.get("/contests/<slug>/designs")
@organiser_only
def designs(slug: str) -> Response:
    """List designs by entry number, a page at a time, withdrawn ones too."""
    contest_ = contest_by_slug(db(), slug)
    after = forms.parse_number(request.args.get("after", "0"))
    limit = forms.parse_number(request.args.get("limit", str(_PER_PAGE)))
    if after is None or limit is None or not 1 <= limit <= _MOST_PER_PAGE:
        raise LogovoteError(
            "“after” is the entry number to go on after, and “limit” a number from 1 "
            f"to {_MOST_PER_PAGE}."
        )
    everybody = queries.submissions(db(), contest_.id, withdrawn=True)
    rest = [each for each in everybody if each.entry > after]
    shown = rest[:limit]
    more = None
    if len(rest) > limit:
        more = _absolute(
            url_for("api.designs", slug=slug, after=shown[-1].entry, limit=limit)
        )
    return jsonify(
        total=len(everybody),
        designs=[_design(contest_, each) for each in shown],
        next=more,
    )


@bp.get("/contests/<slug>/designs/<int:entry>")
@organiser_only
def design(slug: str, entry: int) -> Response:
    """Describe one design."""
    contest_ = contest_by_slug(db(), slug)
    found = {
        each.entry: each
        for each in queries.submissions(db(), contest_.id, withdrawn=True)
    }.get(entry)
    if found is None:
        abort(404)
    return jsonify(_design(contest_, found))


def _design(contest_: Contest, submission: Submission) -> dict[str, Any]:
    picture = picture_of(submission)
    withdrawn_at = submission.withdrawn_at
    return {
        "entry": submission.entry,
        "id": short_id(contest_, submission.entry),
        "title": submission.title,
        "designer": submission.designer,
        "version": submission.version,
        "file": submission.file,
        # Of the original: what ships can be held against it.
        "sha256": submission.digest,
        "withdrawn_at": None if withdrawn_at is None else written(withdrawn_at),
        "pictures": {kind: _absolute(getattr(picture, kind)) for kind in _PICTURES},
    }


@bp.get("/contests/<slug>/rounds/<kind>/turnout")
@organiser_only
def turnout(slug: str, kind: str) -> Response:
    """Say how many of each group have voted: that does not depend on what they say."""
    contest_ = contest_by_slug(db(), slug)
    round_ = _round_of(contest_, kind)
    if settle(round_):
        db().refresh(round_)
    groups = [
        {"name": each.group, "voted": each.voted, "eligible": each.eligible}
        for each in progress.attendance(db(), round_)
    ]
    return jsonify(round=_round(round_), groups=groups)


@bp.get("/contests/<slug>/rounds/<kind>/result")
def result(slug: str, kind: str) -> Response:
    """Hand out a published result; to whoever runs the contest, a counted one."""
    contest_ = contest_by_slug(db(), slug)
    shown = visible(contest_, kind)
    if shown is None:
        raise NotYetError(
            "The result is there once it is published, and not while people vote in "
            "this contest; for its organisers, once it is counted. Ask again then."
        )
    return jsonify(
        round=_round(shown.round),
        published=shown.round.phase is Phase.PUBLISHED,
        result=shown.result.as_json(),
    )


def _round_of(contest_: Contest, kind: str) -> Round:
    if kind not in {known.value for known in Kind}:
        abort(404)
    found = queries.latest_round(db(), contest_.id, Kind(kind))
    if found is None:
        abort(404)
    return found


def _absolute(path: str) -> str:
    return path if path.startswith("http") else site().settings.base_url + path
