"""Pictures: the derivatives we made, to whom they are for; originals never inline."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, request, url_for

from logovote.contest.rights import LARGEST_PX, Rights, Sight, rights_of, sight
from logovote.imaging.picture import DERIVATIVE_TYPE, SPECS, SPECS_VERSION
from logovote.settings import SIGNED, THROUGH_APP, Settings
from logovote.store import models, queries
from logovote.store.buckets import Bucket, BucketMedia
from logovote.store.models import Contest, Submission
from logovote.web.context import current_person, current_standing, db, site

bp = Blueprint("pictures", __name__)

# So much of an original's digest names its pictures: 64 bits. A page with 400 logos is
# half its size with short names, and nobody finds 64 bits by guessing.
_TOKEN_DIGITS = 16
_TOKEN = re.compile(rf"[0-9a-f]{{{_TOKEN_DIGITS}}}")
_KINDS = frozenset(spec.kind for spec in SPECS)
_REMOVED_SIZE = (320, 240)
_REMOVED = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 320 240" width="320" '
    'height="240"><path d="M20 20h280v200H20z" fill="none" stroke="#888" '
    'stroke-dasharray="6 6"/></svg>'
)
# An address that a browser remembers for half that time works for the other half.
_SIGNED_FOR = timedelta(hours=1)
_FOR_ONE = "private, max-age=3600"
# What is sent in place of anything larger than voters get.
_LARGEST_SMALL = "thumb2x"
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


def preview_of(contest: Contest, submission: Submission) -> Preview:
    """Return the large picture of a submission, as the visitor may see it.

    Once its pictures were removed it is the empty frame, which is sent in their place.
    One statement.
    """
    organises = current_standing().role_in(contest.slug) is not None
    seen = sight(rights_of(contest), votes=True, organises=organises)
    kind = "preview" if seen is Sight.ALL else _LARGEST_SMALL
    kept = queries.derivative(db(), submission.digest, kind)
    size = _REMOVED_SIZE if kept is None else (kept.width_px, kept.height_px)
    return Preview(_address(submission.digest, kind), *size)


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
    """Send a derivative; it is kept for good, for its address changes with it.

    Where contests protect their pictures it is sent to whom it is for, and no cache
    that others use may keep it.
    """
    if specs != SPECS_VERSION or not _TOKEN.fullmatch(token):
        abort(404)
    protected = _protected(token)
    seen = Sight.ALL if protected is None else protected
    if seen is Sight.NOTHING:
        return _withheld()
    kept = queries.derivative(db(), token, kind)
    if kept is not None and seen is Sight.SMALL and _is_large(kept):
        kept = queries.derivative(db(), token, _LARGEST_SMALL)
    if kept is None:
        if kind in _KINDS and queries.is_picture(db(), token):
            # Its pictures were removed: pages that name it stay as they are.
            return Response(_REMOVED, mimetype="image/svg+xml")
        abort(404)
    # Whoever is sent to the store could hand its address on.
    if protected is None and (elsewhere := _elsewhere(kept.digest)):
        return elsewhere
    response = Response(mimetype=DERIVATIVE_TYPE)
    response.set_etag(kept.digest)
    response.headers["Cache-Control"] = _FOR_GOOD if protected is None else _FOR_ONE
    if kept.digest in request.if_none_match:
        response.status_code = 304
    else:
        response.set_data(site().store.derivatives.get(kept.digest))
    return response


def _protected(token: str) -> Sight | None:
    """Tell how much the visitor may see of a picture; None if it is anybody's.

    It is anybody's as soon as one contest that shows it protects nothing.
    """
    shown = queries.shown_in(db(), token)
    by_contest = [
        (id_, slug, Rights.from_json(json.loads(rights))) for id_, slug, rights in shown
    ]
    if not all(rights.restricts for _, _, rights in by_contest) or not by_contest:
        return None
    person, standing = current_person(), current_standing()
    return max(
        sight(
            rights,
            votes=person is not None
            and standing.may_vote_in(slug)
            and queries.voter_of(db(), id_, person.id) is not None,
            organises=standing.role_in(slug) is not None,
        )
        for id_, slug, rights in by_contest
    )


def _is_large(kept: models.Derivative) -> bool:
    return max(kept.width_px, kept.height_px) > LARGEST_PX


def _withheld() -> Response:
    """Answer a stranger: an empty frame, where a page has the picture."""
    response = Response(_REMOVED, HTTPStatus.FORBIDDEN, mimetype="image/svg+xml")
    response.headers["Cache-Control"] = "private, no-store"
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
