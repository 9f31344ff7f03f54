"""The decision record: one page that stands alone, once a decision is public."""

from __future__ import annotations

import base64
import hashlib
import re

from flask import Blueprint, Response, abort, request

from logovote.contest import record
from logovote.contest.contests import contest_by_slug
from logovote.store.models import Contest
from logovote.web.context import db, site
from logovote.web.pages import listed
from logovote.web.results import is_judging

bp = Blueprint("records", __name__)

_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)


@bp.get("/c/<slug>/decision")
def show(slug: str) -> Response:
    """Show the record of what was decided, or hand it out as a file.

    Like results it is not shown while people vote, who should judge alone.
    """
    contest = contest_by_slug(db(), slug)
    round_ = record.public_round(db(), contest)
    if round_ is None or is_judging(contest.id):
        abort(404)
    listed(contest)
    html = record.decision_record(db(), site().store, contest, round_, draft=False)
    return record_response(html, contest, download="download" in request.args)


def record_response(html: str, contest: Contest, *, download: bool) -> Response:
    """Answer with a record; its own style, known by its digest, is all it may use."""
    response = Response(html, mimetype="text/html")
    (style,) = _STYLE.findall(html)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    if download:
        name = f"{contest.slug}-decision.html"
        response.headers.set("Content-Disposition", "attachment", filename=name)
    return response
