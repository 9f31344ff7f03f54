"""Headers and cookies of every answer, and compression of the text ones."""

from __future__ import annotations

import gzip

import flask_login
from flask import Flask, Response, request
from flask.sessions import SecureCookieSessionInterface, SessionMixin

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
_COMPRESSIBLE = ("text/", "application/json", "image/svg+xml")
_WORTH_COMPRESSING_BYTES = 256


class PersonalCookies(SecureCookieSessionInterface):
    """Keeps a visitor's cookie off the answers that any cache may hand to others."""

    def save_session(
        self, app: Flask, session: SessionMixin, response: Response
    ) -> None:
        """Refresh the cookie, and say that the answer varies with it, if it does."""
        if not response.cache_control.public:
            super().save_session(app, session, response)


def init_app(app: Flask, *, is_https: bool) -> None:
    """Put the headers on every answer of the app."""
    app.session_interface = PersonalCookies()

    @app.after_request
    def guard(response: Response) -> Response:
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        if is_https:
            response.headers["Strict-Transport-Security"] = "max-age=31536000"
        if "Cache-Control" not in response.headers:
            # The pages behind links name somebody who is not signed in yet.
            personal = (
                request.blueprint in {"accounts", "oauth", "mail"}
                or flask_login.current_user.is_authenticated
            )
            response.headers["Cache-Control"] = (
                "private, no-store" if personal else "no-cache"
            )
        return compress(response)


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
