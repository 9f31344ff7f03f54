"""What a browser shows of this site without a network: one page that says so."""

from __future__ import annotations

import json

from flask import Blueprint, Response, render_template, url_for

from logovote.paths import STATIC
from logovote.web.pages import lean, static_url

bp = Blueprint("offline", __name__)

# All that the page needs; nothing else is kept, for others may use the device next.
_KEPT = ("css/logovote.css", "js/offline.js", "icons/favicon.svg")


@bp.get("/offline")
def show() -> str:
    """Say that there is no network. It names nobody, whoever asks."""
    return render_template("offline/show.html")


@bp.get("/offline-worker.js")
def worker() -> Response:
    """Return the service worker; at the root, since it sees only what is below it.

    Another release has other addresses in it, by which a browser knows that it changed.
    """
    page = url_for("offline.show")
    kept = [page, *(static_url(path) for path in _KEPT)]
    text = (STATIC / "js" / "offline-worker.js").read_text(encoding="utf-8")
    names = f"const PAGE = {json.dumps(page)};\nconst KEPT = {json.dumps(kept)};\n"
    return Response(names + lean(text), mimetype="text/javascript")
