"""Pictures: the derivatives we made, to anybody; originals never inline."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from flask import Blueprint, Response, abort, request, url_for

from logovote.store import queries
from logovote.store.models import Derivative, Submission
from logovote.web.context import db, site

bp = Blueprint("pictures", __name__)

_DIGEST = re.compile(r"[0-9a-f]{64}")
_FOR_GOOD = "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class Picture:
    """What a template needs to show a design.

    Attributes:
        thumb: address of the 320 x 240 px thumbnail.
        thumb2x: the same at twice the density.
        ground: "light" or "dark", the ground on which the mark shows.
    """

    thumb: str
    thumb2x: str
    ground: str


@dataclass(frozen=True)
class Preview:
    """The large picture of a design, and its size in pixels."""

    url: str
    width: int
    height: int


class Album:
    """The pictures of one contest, looked up once for a whole page."""

    def __init__(self, contest_id: int) -> None:
        kinds = ("thumb", "thumb2x", "preview", "icon")
        self._derivatives = queries.derivatives(db(), contest_id, *kinds)

    def picture(self, submission: Submission) -> Picture:
        """Return the thumbnails of a submission (its picture must be loaded)."""
        return Picture(
            thumb=self._url(submission, "thumb"),
            thumb2x=self._url(submission, "thumb2x"),
            ground=submission.picture.ground,
        )

    def preview(self, submission: Submission) -> Preview:
        """Return the large picture of a submission."""
        derivative = self._derivatives[submission.digest, "preview"]
        return Preview(_url(derivative), derivative.width_px, derivative.height_px)

    def _url(self, submission: Submission, kind: str) -> str:
        return _url(self._derivatives[submission.digest, kind])


def _url(derivative: Derivative) -> str:
    return url_for("pictures.derivative", digest=derivative.digest)


def pictures_by_entry(
    contest_id: int, submissions: Iterable[Submission]
) -> dict[int, Picture]:
    """Map entry numbers to pictures."""
    album = Album(contest_id)
    return {submission.entry: album.picture(submission) for submission in submissions}


@bp.get("/media/<digest>.webp")
def derivative(digest: str) -> Response:
    """Send a derivative; its name is its content, so it can be kept for good."""
    if not _DIGEST.fullmatch(digest):
        abort(404)
    response = Response(mimetype="image/webp")
    response.set_etag(digest)
    response.headers["Cache-Control"] = _FOR_GOOD
    if digest in request.if_none_match:
        response.status_code = 304
    else:
        response.set_data(site().store.derivatives.get(digest))
    return response
