"""Who asks: every request of a program brings its token, and no cookie counts."""

from __future__ import annotations

import contextlib
from typing import cast

from flask import Blueprint, Flask, Response, g, request
from sqlalchemy.exc import SQLAlchemyError

from logovote.contest import limits, tokens
from logovote.contest.standing import standing_of
from logovote.contest.tokens import BearerError
from logovote.errors import LogovoteError
from logovote.store.models import ApiToken
from logovote.web import organise
from logovote.web.context import Visitor, act_as, household, now, reading, site
from logovote.web.security import SAFE_METHODS

bp = Blueprint("api", __name__, url_prefix="/api/v1")

_BRING_ONE = (
    "Send a personal token, as “Authorization: Bearer logovote_…”. Make one on the "
    "page “My account”, or with `logovote token new`."
)
# What describes the rest is for everybody.
_OPEN = "api.openapi"


class ScopeError(LogovoteError):
    """The token is good, and not for changing anything."""


def init_door(app: Flask) -> None:
    """Put the look at the token before the body is read, which may be large."""

    @app.before_request
    def enter() -> None:
        if not request.path.startswith("/api/"):
            return
        act_as(None)
        if request.endpoint == _OPEN or request.routing_exception is not None:
            return
        token = _token()
        if request.method not in SAFE_METHODS:
            if not token.writes:
                raise ScopeError(
                    "This token may read only. Make one that may change things, too."
                )
            _count(token)


@bp.after_request
def finish(response: Response) -> Response:
    """Let what was read be asked for again by its tag, and keep nothing else."""
    response.vary.add("Authorization")
    if response.status_code != 200 or request.method not in SAFE_METHODS:
        response.headers["Cache-Control"] = "no-store"
        return response
    if "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "private, no-cache"
    response.add_etag()
    response.make_conditional(request)
    return response


def _token() -> ApiToken:
    """Let the request be the token's person's.

    Raises:
        BearerError: there is no token, or none that is good.
    """
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not text.strip():
        raise BearerError(_BRING_ONE)
    secret, where = site().settings.secret_key, household()
    with reading() as session:
        limits.check(session, secret, "bearer-network", where, now())
        try:
            token = tokens.bearer(session, text.strip(), now())
        except BearerError:
            _note_wrong(where)
            raise
        standing = standing_of(session, token.person)
    act_as(Visitor(token.person, standing, ""))
    g.token = token
    if tokens.is_to_note(token, now()):
        _note_use(token)
    return token


def _note_wrong(where: str) -> None:
    with site().store.database.write() as session:
        secret = site().settings.secret_key
        limits.take(session, secret, "bearer-network", where, now())
        session.commit()


def _note_use(token: ApiToken) -> None:
    """Write down that it was used; that this fails is no reason not to answer."""
    with (
        contextlib.suppress(SQLAlchemyError, OSError),
        site().store.database.write() as session,
    ):
        kept = session.get(ApiToken, token.id)
        if kept is not None:
            kept.used_at = now()
            session.commit()


def _count(token: ApiToken) -> None:
    """Count a change, and let an upload that is allowed be large.

    Raises:
        TooManyError: it must wait.
    """
    slug = (request.view_args or {}).get("slug", "")
    if request.endpoint == "api.import_designs":
        organise.allow_large_upload(slug)
        return
    with site().store.database.write() as session:
        secret = site().settings.secret_key
        limits.take(session, secret, "program", str(token.person_id), now())
        session.commit()


def caller() -> ApiToken:
    """Return the token of this request."""
    return cast("ApiToken", g.token)
