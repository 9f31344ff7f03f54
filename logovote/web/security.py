"""Headers and cookies of every answer, and compression of the text ones."""

from __future__ import annotations

import gzip
from urllib.parse import urlsplit

import flask_login
from flask import Flask, Response, g, request
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from sqlalchemy.exc import SQLAlchemyError

from logovote.errors import LogovoteError

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; "
    "frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    # Not no-referrer: the CSRF check of our own forms wants to see the origin.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_COMPRESSIBLE = ("text/", "application/json", "image/svg+xml")
_WORTH_COMPRESSING_BYTES = 256


class ForeignOriginError(LogovoteError):
    """Another site's page made a browser send this."""


class PersonalCookies(SecureCookieSessionInterface):
    """Keeps a visitor's cookie off the answers that any cache may hand to others.

    Pages refresh it. What scripts are told does so only where something in it is new:
    to sign it for every autosave is work for nothing.
    """

    def save_session(
        self, app: Flask, session: SessionMixin, response: Response
    ) -> None:
        """Write the cookie, and say that the answer varies with it, if it does."""
        if response.cache_control.public:
            return
        if response.is_json and not session.modified:
            response.vary.add("Cookie")
            return
        super().save_session(app, session, response)


def init_app(app: Flask, base_url: str, *, pictures: str = "") -> None:
    """Refuse what other sites send, and put the headers on every answer of the app.

    Args:
        app: the app.
        base_url: how the site is reached.
        pictures: another origin that pictures come from, if there is one.
    """
    app.session_interface = PersonalCookies()
    headers = dict(_HEADERS)
    if pictures:
        headers["Content-Security-Policy"] = _POLICY.replace(
            "img-src 'self'", f"img-src 'self' {pictures}"
        )
    own_host = urlsplit(base_url).netloc
    is_https = base_url.startswith("https://")

    @app.before_request
    def refuse_foreign() -> None:
        # Beside the token of each form: this holds even if a token has leaked.
        if request.method not in SAFE_METHODS and _is_foreign(own_host):
            raise ForeignOriginError(
                "The request came from a page of another site, so nothing was done. "
                "Open this site itself, and repeat it there."
            )

    @app.after_request
    def guard(response: Response) -> Response:
        for name, value in headers.items():
            response.headers.setdefault(name, value)
        if not g.get("listed"):
            response.headers["X-Robots-Tag"] = "noindex"
        _keep_here(response)
        if is_https:
            response.headers["Strict-Transport-Security"] = "max-age=31536000"
        if "Cache-Control" not in response.headers:
            response.headers["Cache-Control"] = (
                "private, no-store" if _is_personal() else "no-cache"
            )
        return compress(response)


def _is_personal() -> bool:
    """Tell whether an answer may name somebody."""
    if request.blueprint in {"accounts", "oauth", "joining", "mail"}:
        # The pages behind links name somebody who is not signed in yet.
        return True
    try:
        return bool(flask_login.current_user.is_authenticated)
    except (SQLAlchemyError, OSError):  # it cannot be known who is there
        return True


def _keep_here(response: Response) -> None:
    """Redirect below this host by the path alone: who asks may name any host."""
    location = response.headers.get("Location", "")
    for scheme in ("http://", "https://"):
        if location.startswith(scheme + request.host):
            path = location.removeprefix(scheme + request.host)
            response.headers["Location"] = "/" + path.lstrip("/\\")


def is_begun_elsewhere() -> bool:
    """Tell whether the browser says that a page of another site asks for this."""
    return request.headers.get("Sec-Fetch-Site") in {"cross-site", "same-site"}


def _is_foreign(own_host: str) -> bool:
    """Tell whether the browser says that a page of another origin sent this."""
    if is_begun_elsewhere():
        return True
    origin = request.headers.get("Origin")
    if origin is None:
        return False
    try:
        host = urlsplit(origin).netloc
    except ValueError:
        return True
    return host not in {request.host, own_host}


def compress(response: Response) -> Response:
    """Compress text for clients that can read it; pictures are compressed already."""
    if (
        response.direct_passthrough
        or response.status_code != 200
        or not (response.mimetype or "").startswith(_COMPRESSIBLE)
        or not request.accept_encodings["gzip"]
        or "Content-Encoding" in response.headers
        or (response.content_length or 0) < _WORTH_COMPRESSING_BYTES
    ):
        return response
    response.set_data(gzip.compress(response.get_data(), mtime=0))
    response.headers["Content-Encoding"] = "gzip"
    response.vary.add("Accept-Encoding")
    return response
