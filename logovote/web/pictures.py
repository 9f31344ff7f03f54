"""Pictures: the derivatives we made, to anybody; originals never inline."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, request, url_for

from logovote.imaging.picture import DERIVATIVE_TYPE, SPECS, SPECS_VERSION
from logovote.settings import SIGNED, THROUGH_APP, Settings
from logovote.store import models, queries
from logovote.store.buckets import Bucket, BucketMedia
from logovote.store.models import Submission
from logovote.web.context import db, site

bp = Blueprint("pictures", __name__)

# So much of an original's digest names its pictures: 64 bits. A page with 400 logos is
# half its size with short names, and nobody finds 64 bits by guessing.
_TOKEN_DIGITS = 16
_TOKEN = re.compile(rf"[0-9a-f]{{{_TOKEN_DIGITS}}}")
_KINDS = frozenset(spec.kind for spec in SPECS)
_REMOVED = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 320 240" width="320" '
    'height="240"><path d="M20 20h280v200H20z" fill="none" stroke="#888" '
    'stroke-dasharray="6 6"/></svg>'
)
# An address that a browser remembers for half that time works for the other half.
_SIGNED_FOR = timedelta(hours=1)
_FOR_GOOD = "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class Picture:
    """What a template needs to show a design; addresses are made when asked for.

    Attributes:
        digest: of the original.
        ground: "light" or "dark", the ground on which the mark shows.
        colour: its own flat ground as "#rrggbb"; None for transparency, a photograph
            or a board.
        cutout: how `mark`, `mono` and `icon` came to be without a ground: "own", sent
            so; "simulated", a flat ground taken out by us, which the page must say;
            "none", they show the whole design, ground and all.
    """

    digest: str
    ground: str
    colour: str | None = None
    cutout: str = "none"

    @property
    def thumb(self) -> str:
        """The mark on its own ground, 320 x 240 px."""
        return _address(self.digest, "thumb")

    @property
    def thumb2x(self) -> str:
        """The same at twice the density."""
        return _address(self.digest, "thumb2x")

    @property
    def preview(self) -> str:
        """The whole design in its own shape, 1024 px at most."""
        return _address(self.digest, "preview")

    @property
    def mark(self) -> str:
        """The mark without its ground, 640 x 480 px, laid out like `thumb2x`."""
        return _address(self.digest, "mark")

    @property
    def mono(self) -> str:
        """The mark in one ink: black of changing opacity, laid out like `mark`."""
        return _address(self.digest, "mono")

    def icon(self, side_px: int) -> str:
        """The mark without its ground in a square of 16, 32, 48, 64, 96 or 128 px."""
        return _address(self.digest, f"icon{side_px}")


@dataclass(frozen=True)
class Preview:
    """The large picture of a design, and its size in pixels."""

    url: str
    width: int
    height: int


def picture_of(submission: Submission) -> Picture:
    """Return the pictures of a submission as it is now (with its facts loaded)."""
    return picture_from(submission.picture)


def picture_from(facts: models.Picture) -> Picture:
    """Return the pictures of any original that was kept."""
    return Picture(facts.digest, facts.ground, facts.colour, facts.cutout)


def preview_of(submission: Submission) -> Preview:
    """Return the large picture of a submission. One statement."""
    kept = queries.derivative(db(), submission.digest, "preview")
    if kept is None:
        abort(404)
    return Preview(
        _address(submission.digest, "preview"), kept.width_px, kept.height_px
    )


def _address(digest: str, kind: str) -> str:
    """Return where a derivative is; another picture or other specs, another address."""
    return url_for(
        "pictures.derivative",
        specs=SPECS_VERSION,
        token=digest[:_TOKEN_DIGITS],
        kind=kind,
    )


@bp.get("/media/<specs>/<token>/<kind>.webp")
def derivative(specs: str, token: str, kind: str) -> Response:
    """Send a derivative; it is kept for good, for its address changes with it."""
    if specs != SPECS_VERSION or not _TOKEN.fullmatch(token):
        abort(404)
    kept = queries.derivative(db(), token, kind)
    if kept is None:
        if kind in _KINDS and queries.is_picture(db(), token):
            # Its pictures were removed: pages that name it stay as they are.
            return Response(_REMOVED, mimetype="image/svg+xml")
        abort(404)
    if elsewhere := _elsewhere(kept.digest):
        return elsewhere
    response = Response(mimetype=DERIVATIVE_TYPE)
    response.set_etag(kept.digest)
    response.headers["Cache-Control"] = _FOR_GOOD
    if kept.digest in request.if_none_match:
        response.status_code = 304
    else:
        response.set_data(site().store.derivatives.get(kept.digest))
    return response


def _elsewhere(digest: str) -> Response | None:
    """Send the browser to the store itself, where the site is set up so."""
    settings, derivatives = site().settings, site().store.derivatives
    if settings.pictures == THROUGH_APP or not isinstance(derivatives, BucketMedia):
        return None
    if settings.pictures == SIGNED:
        address = derivatives.address(digest, _SIGNED_FOR)
        kept_for = f"public, max-age={int(_SIGNED_FOR.total_seconds()) // 2}"
    else:
        address = f"{settings.pictures}/{digest[:2]}/{digest[2:]}"
        kept_for = _FOR_GOOD
    response = Response(status=HTTPStatus.FOUND)
    response.headers["Location"] = address
    response.headers["Cache-Control"] = kept_for
    return response


def origin_of(settings: Settings) -> str:
    """Return the other origin that pictures come from, or ""."""
    if settings.pictures == THROUGH_APP or not settings.storage_url:
        return ""
    if settings.pictures == SIGNED:
        return Bucket.at(settings.storage_url).origin
    parts = urlsplit(settings.pictures)
    return f"{parts.scheme}://{parts.netloc}"
