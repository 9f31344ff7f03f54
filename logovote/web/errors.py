"""From refusals to answers: one table, one page, never a stack trace."""

from __future__ import annotations

import contextlib
import errno
import math
from datetime import UTC, datetime
from http import HTTPStatus

from flask import (
    Flask,
    Response,
    g,
    jsonify,
    make_response,
    render_template,
    request,
)
from flask_wtf.csrf import CSRFError
from sqlalchemy import exc
from werkzeug.exceptions import HTTPException

from logovote.contest.bundle import BundleError
from logovote.contest.casting import (
    ConflictError,
    RoundClosedError,
    RoundPausedError,
)
from logovote.contest.contests import ContestError
from logovote.contest.identities import IdentityError
from logovote.contest.limits import TooManyError
from logovote.contest.questions import NoQuestionError
from logovote.contest.standing import RoleError
from logovote.contest.tokens import BearerError
from logovote.errors import LogovoteError
from logovote.store.media import MediaUnavailableError, MissingMediaError
from logovote.web.api.door import ScopeError
from logovote.web.api.importing import BodyError, StateError
from logovote.web.api.reading import NotYetError
from logovote.web.ballots import EarlierRoundError, NotOpenedError, OtherVoterError
from logovote.web.context import current_person, forget_visitor, start_over, undo
from logovote.web.forms import written
from logovote.web.oauth import ProviderError
from logovote.web.organise.meanwhile import MeanwhileError
from logovote.web.requests import request_id
from logovote.web.security import ForeignOriginError

_STATUS: dict[type[LogovoteError], HTTPStatus] = {
    ContestError: HTTPStatus.NOT_FOUND,
    MediaUnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
    MissingMediaError: HTTPStatus.NOT_FOUND,
    NotOpenedError: HTTPStatus.NOT_FOUND,
    NoQuestionError: HTTPStatus.NOT_FOUND,
    BundleError: HTTPStatus.CONFLICT,
    ConflictError: HTTPStatus.CONFLICT,
    RoundClosedError: HTTPStatus.CONFLICT,
    OtherVoterError: HTTPStatus.CONFLICT,
    IdentityError: HTTPStatus.FORBIDDEN,
    ForeignOriginError: HTTPStatus.FORBIDDEN,
    RoleError: HTTPStatus.FORBIDDEN,
    MeanwhileError: HTTPStatus.CONFLICT,
    BearerError: HTTPStatus.UNAUTHORIZED,
    ScopeError: HTTPStatus.FORBIDDEN,
    BodyError: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    NotYetError: HTTPStatus.NOT_FOUND,
    StateError: HTTPStatus.CONFLICT,
}
_TITLES: dict[type[LogovoteError], str] = {
    NotOpenedError: "Not open yet",
    BundleError: "Not published now",
    ConflictError: "Nothing was saved",
    RoundClosedError: "This round is closed",
    EarlierRoundError: "Nothing was saved",
    RoundPausedError: "This round is paused",
    IdentityError: "You are not signed in",
    ProviderError: "You are not signed in",
    ForeignOriginError: "Nothing was done",
    RoleError: "Your role does not go so far",
    MeanwhileError: "Nothing was done",
    BearerError: "A token is needed",
    ScopeError: "This token may not do that",
    NotYetError: "There is no result to see",
    StateError: "Nothing was done",
}
_DEFAULT_TEXT = ("That did not work", "Go back and try again.")
_TEXTS = {
    HTTPStatus.BAD_REQUEST: (
        "That did not work",
        "Your browser sent something this page cannot read. Go back and try again.",
    ),
    HTTPStatus.FORBIDDEN: (
        "This page is not for you",
        (
            "You are signed in, but not for this. Use the link from your invitation, "
            "or ask the organiser."
        ),
    ),
    HTTPStatus.NOT_FOUND: (
        "There is nothing here",
        "The address may be mistyped, or the page was taken away.",
    ),
    HTTPStatus.METHOD_NOT_ALLOWED: (
        "That did not work",
        "This address cannot be used like that. Go back and try again.",
    ),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: (
        "That is too large",
        (
            "The upload is larger than this site takes. Import it in smaller parts, or "
            "with `logovote import` on the server."
        ),
    ),
    HTTPStatus.INTERNAL_SERVER_ERROR: (
        "Something went wrong on our side",
        (
            "Nothing you saved before is lost. Try again in a minute; if it goes on, "
            "tell the organiser."
        ),
    ),
    HTTPStatus.SERVICE_UNAVAILABLE: (
        "Busy for a moment",
        "The site could not save or read just now. Try again in a few seconds.",
    ),
    HTTPStatus.INSUFFICIENT_STORAGE: (
        "The disk of this site is full",
        (
            "Nothing was saved just now, and nothing you saved before is lost. Tell "
            "the organiser, and try again when there is room."
        ),
    ),
}
# How PostgreSQL says that two transactions met, and this one gave way: nothing of it
# happened, and a second try finds the way free.
_AGAIN = frozenset({"40001", "40P01"})
# What scripts tell apart by name; for the rest the status says it all.
_NAMES = {HTTPStatus.SERVICE_UNAVAILABLE: "busy"}
# What a database refuses because of how it was asked is a mistake of ours. All else,
# a rival save included, is trouble that the same request may outlive.
_MISTAKES = (exc.ProgrammingError, exc.DataError, exc.NotSupportedError)
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def status_of(error: LogovoteError) -> HTTPStatus:
    """Return the status that a refusal answers with."""
    for kind in type(error).__mro__:
        if kind in _STATUS:
            return _STATUS[kind]
    return HTTPStatus.BAD_REQUEST


def _problem(status: int, title: str, message: str) -> Response:
    """Say what is wrong as programs read it (RFC 9457)."""
    response = jsonify(type="about:blank", title=title, status=status, detail=message)
    response.mimetype = "application/problem+json"
    if status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _way_back() -> str | None:
    """Return the page of ours whose form led here, if that is known."""
    came_from = request.referrer or ""
    if request.method == "GET" or not came_from.startswith(request.host_url):
        return None
    return "/" + came_from.removeprefix(request.host_url).lstrip("/\\")


def _written(status: int) -> list[str]:
    """Return what the visitor wrote into the form that is refused, to be copied."""
    if status != HTTPStatus.FORBIDDEN:  # what another site sent is not theirs
        # What was cut off, or is too large, cannot be read now either.
        with contextlib.suppress(HTTPException):
            return written(request.form)
    return []


def page(
    status: int,
    title: str = "",
    message: str = "",
    name: str = "",
    *,
    again_at: datetime | None = None,
) -> Response:
    """Render the error page, in JSON for scripts; with when to try again, if known."""
    try:
        # All that the page says of a visitor, since a failed write forgets it.
        if (person := current_person()) is not None:
            _ = person.name
    except (exc.SQLAlchemyError, OSError):
        forget_visitor()
    known = HTTPStatus(status)
    default_title, default_message = _TEXTS.get(known, _DEFAULT_TEXT)
    title, message = title or default_title, message or default_message
    if request.path.startswith("/api/"):
        response = _problem(status, title, message)
    elif request.is_json or request.accept_mimetypes.best == "application/json":
        name = name or _NAMES.get(known, known.phrase.lower().replace(" ", "-"))
        response = jsonify(error=name, message=message)
    else:
        response = make_response(
            render_template(
                "errors/error.html",
                title=title,
                message=message,
                back=_way_back(),
                again_at=again_at,
                written=_written(status),
                request_id=request_id(),
            )
        )
    if again_at is not None:
        wait = math.ceil((again_at - datetime.now(UTC)).total_seconds())
        response.headers["Retry-After"] = str(max(wait, 1))
    response.status_code = status
    return response


def init_app(app: Flask) -> None:
    """Answer every error with a page of ours."""

    @app.errorhandler(LogovoteError)
    def refused(error: LogovoteError) -> Response:
        status = status_of(error)
        title = _TITLES.get(type(error), "")
        return page(status, title or _TEXTS.get(status, _DEFAULT_TEXT)[0], str(error))

    @app.errorhandler(TooManyError)
    def too_many(error: TooManyError) -> Response:
        return page(
            HTTPStatus.TOO_MANY_REQUESTS,
            "Not so often, please",
            str(error),
            again_at=error.again_at,
        )

    @app.errorhandler(CSRFError)
    def forged(_error: CSRFError) -> Response:
        if app.session_interface.get_cookie_name(app) not in request.cookies:
            return page(
                HTTPStatus.BAD_REQUEST,
                "Your browser sent no cookie",
                "This site knows you by a cookie. You were signed out meanwhile, or "
                "your browser keeps none: allow cookies for this site, load the page "
                "again and repeat what you did last.",
                "csrf",
            )
        return page(
            HTTPStatus.BAD_REQUEST,
            "This page was open for too long",
            "What you saved before is kept. Load the page again and repeat what you "
            "did last.",
            "csrf",
        )

    @app.errorhandler(exc.DBAPIError)
    @app.errorhandler(exc.TimeoutError)
    @app.errorhandler(OSError)
    def busy(error: Exception) -> Response:
        if isinstance(error, _MISTAKES):
            return broken(error)
        sqlstate = getattr(getattr(error, "orig", None), "sqlstate", "")
        if sqlstate in _AGAIN and "again" not in g:
            g.again = True
            start_over()
            try:
                return app.make_response(app.dispatch_request())
            except Exception as second:  # noqa: BLE001 - answered like any first one
                return app.make_response(app.handle_user_exception(second))
        full = isinstance(error, OSError) and error.errno in _FULL
        app.logger.error("database or disk: %s", error)
        undo()
        response = page(
            HTTPStatus.INSUFFICIENT_STORAGE if full else HTTPStatus.SERVICE_UNAVAILABLE
        )
        response.headers["Retry-After"] = "1"
        return response

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> Response:
        if error.response is not None and error.code in range(300, 400):
            return Response(status=error.code, headers=error.response.headers)
        response = page(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
        for name, value in error.get_headers():
            if name not in {"Content-Type", "Content-Length"}:
                response.headers[name] = value
        return response

    @app.errorhandler(Exception)
    def broken(error: Exception) -> Response:
        app.logger.exception("unexpected error", exc_info=error)
        forget_visitor()
        return page(HTTPStatus.INTERNAL_SERVER_ERROR)
