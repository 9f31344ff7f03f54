"""What every template can use, and the static files of this release."""

from __future__ import annotations

import functools
import hashlib
import re
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

from flask import Flask, Response, abort, g, send_from_directory, url_for
from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup
from werkzeug.security import safe_join

from logovote import __version__
from logovote.contest import dates
from logovote.contest.rights import rights_of
from logovote.paths import STATIC
from logovote.store.models import Contest
from logovote.web.context import current_person, current_standing

_ONE_YEAR_SECONDS = 365 * 24 * 3600
_COMMENTS = re.compile(r"/\*.*?\*/", re.DOTALL)
_EXACT_MOMENT = "%Y-%m-%dT%H:%M:%SZ"


@pass_context
def when(context: Context, moment: datetime) -> Markup:
    """Render a time in the contest's zone; static/js/time.js tells the reader's own."""
    zone = getattr(context.get("contest"), "zone", "")
    return Markup('<time datetime="{}" data-local>{}</time>').format(
        moment.astimezone(UTC).strftime(_EXACT_MOMENT), dates.told(moment, zone)
    )


def listed(contest: Contest | None = None) -> bool:
    """Tell whether search engines may list this page; its header then says so, too.

    A page that does not ask is not listed.
    """
    g.listed = contest is None or not rights_of(contest).voters_only
    return bool(g.listed)


def percent(value: Fraction | float) -> str:
    """Render a part of 1 as a percentage, one decimal where it says something."""
    return f"{rounded(value):g} %"


def rounded(value: Fraction | float) -> float:
    """Return a part of 1 in percent, to one decimal, for showing only."""
    return round(float(value) * 100, 1)


def lean(text: str) -> str:
    """Leave out what only readers of a script or style sheet need: a third of it.

    Comments stand on lines of their own, and no text goes over several lines.
    """
    lines = (line.strip() for line in _COMMENTS.sub("", text).splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//"))


def static_url(path: str) -> str:
    """Return the address of a static file of this release."""
    return url_for("static", release=_release(), path=path)


@functools.cache
def _release() -> str:
    """Name the state of all static files, so that browsers may keep them for good."""
    digest = hashlib.sha256()
    for path in sorted(STATIC.rglob("*")):
        if path.is_file():
            digest.update(path.relative_to(STATIC).as_posix().encode() + b"\0")
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _text_file(path: str) -> Response:
    """Return a script or style sheet, not as a stream, so that it can be compressed."""
    file = safe_join(str(STATIC), path)
    if file is None or not Path(file).is_file():
        abort(404)
    text = Path(file).read_text(encoding="utf-8")
    # What others wrote has its own habits.
    if not path.startswith("vendor/"):
        text = lean(text)
    kind = "text/javascript" if path.endswith(".js") else "text/css"
    return Response(text, mimetype=kind)


def init_app(app: Flask) -> None:
    """Add filters, globals and the route of the static files."""

    # The release is in the path, so that modules that import each other by relative
    # address always come from the same one.
    @app.get("/static/<release>/<path:path>")
    def static(release: str, path: str) -> Response:  # noqa: ARG001 - see above
        if path.endswith((".js", ".css")):
            response = _text_file(path)
        else:
            response = send_from_directory(STATIC, path, conditional=True)
        response.cache_control.max_age = _ONE_YEAR_SECONDS
        response.cache_control.public = True
        response.cache_control.immutable = True
        return response

    @app.context_processor
    def globals_() -> dict[str, object]:
        return {"me": current_person(), "standing": current_standing()}

    app.jinja_env.filters.update(when=when, percent=percent)
    app.jinja_env.globals.update(
        version=__version__,
        static=static_url,
        listed=listed,
    )
