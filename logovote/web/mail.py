"""No more mail: asked for by a link, or by the mail program's own button (RFC 8058)."""

from __future__ import annotations

from http import HTTPStatus

from flask import (
    Blueprint,
    current_app,
    make_response,
    render_template,
    request,
)
from flask.typing import ResponseReturnValue

from logovote.contest import notices
from logovote.store.models import Contest, Voter
from logovote.web.context import db, site

bp = Blueprint("mail", __name__, url_prefix="/mail/stop")


def _voter(token: str) -> Voter | None:
    secret = site().settings.secret_key
    return notices.voter_by_stop_token(db(), secret, token)


@bp.get("/<token>")
def stop(token: str) -> ResponseReturnValue:
    """Show what can be stopped; mail scanners open links, so this stops nothing."""
    return _page(_voter(token), token)


@bp.post("/<token>")
def change(token: str) -> ResponseReturnValue:
    """Stop the mails, or let them come again.

    Mail programs post here by themselves, without a cookie and so without the token of
    a form: they may stop the mails, as RFC 8058 has it, and nothing else.
    """
    by_program = request.form.get("List-Unsubscribe") == "One-Click"
    if not by_program:
        current_app.extensions["csrf"].protect()
    voter = _voter(token)
    if voter is not None:
        voter.no_mail = by_program or request.form.get("do") != "start"
        db().commit()
        # Written anew: the commit let go of what the page shows.
        voter = _voter(token)
    return _page(voter, token, done=True)


def _page(
    voter: Voter | None, token: str, *, done: bool = False
) -> ResponseReturnValue:
    if voter is None:
        page = render_template("accounts/link_problem.html")
        return make_response(page, HTTPStatus.NOT_FOUND)
    return render_template(
        "mails/stop.html",
        contest=db().get_one(Contest, voter.contest_id),
        address=voter.person.email,
        stopped=voter.no_mail,
        done=done,
        token=token,
    )
