"""Whether this process lives, and whether it can serve: for proxies and watchers."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, Response
from sqlalchemy.exc import SQLAlchemyError

from logovote.store import migrate
from logovote.web.context import site

bp = Blueprint("health", __name__)

# A file of this name in the data folder: this machine is about to be restarted.
DRAINING = "draining"


@bp.get("/healthz")
def alive() -> Response:
    """Say that the process answers; asks nobody."""
    return _said(HTTPStatus.OK, "ok")


@bp.get("/readyz")
def ready() -> Response:
    """Say whether visitors may be sent here: the database answers and has our tables.

    And nobody has said that this machine is to be left alone. The reasons stay in the
    log; strangers ask here, too.
    """
    try:
        usable = not (site().settings.data / DRAINING).exists() and migrate.is_usable(
            site().store.database
        )
    except SQLAlchemyError:
        usable = False
    if usable:
        return _said(HTTPStatus.OK, "ok")
    response = _said(HTTPStatus.SERVICE_UNAVAILABLE, "not ready")
    response.headers["Retry-After"] = "1"
    return response


def _said(status: HTTPStatus, text: str) -> Response:
    response = Response(f"{text}\n", status, mimetype="text/plain")
    response.headers["Cache-Control"] = "no-store"
    return response
