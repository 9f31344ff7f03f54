"""What the organiser's pages share."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, abort, redirect, request, url_for
from werkzeug.wrappers import Response

from logovote.contest import handoff
from logovote.contest.rounds import NAMES, RoundError
from logovote.store import queries
from logovote.store.models import Contest, Kind, Round
from logovote.web.context import db

bp = Blueprint("organise", __name__, url_prefix="/organise")


def back_to(endpoint: str, **values: object) -> Response:
    """Answer a form that did its work: show the page again, as a GET."""
    return redirect(url_for(endpoint, **values), code=HTTPStatus.SEE_OTHER)  # type: ignore[arg-type]


def counted_round(contest: Contest) -> Round:
    """Return the counted round whose kind an address or a form names, or the last one.

    Raises:
        RoundError: it is not counted.
    """
    named = request.form if request.method == "POST" else request.args
    kind = named.get("kind", "")
    if not kind:
        return handoff.deciding_round(db(), contest)
    if kind not in {known.value for known in Kind}:
        abort(404)
    round_ = queries.latest_counted(db(), contest.id, Kind(kind))
    if round_ is None:
        raise RoundError(
            f"The {NAMES[Kind(kind)]} is not counted. What voters say is there once it "
            "is, for nobody before."
        )
    return round_
