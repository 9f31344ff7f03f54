"""What the organiser's pages share."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, redirect, url_for
from werkzeug.wrappers import Response

bp = Blueprint("organise", __name__, url_prefix="/organise")


def back_to(endpoint: str, **values: object) -> Response:
    """Answer a form that did its work: show the page again, as a GET."""
    return redirect(url_for(endpoint, **values), code=HTTPStatus.SEE_OTHER)  # type: ignore[arg-type]
