"""What a request has at hand: the store, one session, and who is asking."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, cast

import flask_login
from flask import (
    Flask,
    current_app,
    flash,
    g,
    jsonify,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from logovote.contest import events, rounds, signing_in
from logovote.contest.standing import Standing
from logovote.jobs import Jobs
from logovote.settings import Settings
from logovote.store.models import Person, Round
from logovote.store.store import Store
from logovote.web import forms
from logovote.web.security import SAFE_METHODS

if TYPE_CHECKING:
    from logovote.web.metrics import Meter

_SIGN_IN = "Sign in to see this page."
_NOT_TAKEN = "You were signed out, so what you sent was not taken. Sign in to go on."
_BACK = "back"
_ASKED, _ADDRESS = "asked", "address"
_LONGEST_BACK = 1000
# What a household or an office has at most, as a rule.
_NETWORK_BITS = {4: 24, 6: 48}


@dataclass(frozen=True)
class Site:
    """What the app was wired from."""

    settings: Settings
    store: Store
    jobs: Jobs
    meter: Meter | None = None


class Visitor(flask_login.UserMixin):  # type: ignore[misc] # Flask-Login is untyped
    """A signed-in person, as Flask-Login wants them: identified by their session."""

    def __init__(self, person: Person, standing: Standing, token: str) -> None:
        self.person = person
        self.standing = standing
        self._token = token

    def get_id(self) -> str:
        """Return the session's token, not the person: it can be ended."""
        return self._token


def site() -> Site:
    """Return what this app was wired from."""
    return cast("Site", current_app.extensions["logovote"])


def db() -> Session:
    """Return the request's one session: reading for GET, writing for the rest.

    Whoever writes commits; what is not committed when the request ends is lost.
    """
    if "db" not in g:
        database = site().store.database
        g.closing = contextlib.ExitStack()
        g.db = g.closing.enter_context(
            database.read() if request.method in SAFE_METHODS else database.write()
        )
    return cast("Session", g.db)


def undo() -> None:
    """Give up what the request did so far, so that its session can be asked again."""
    if "db" in g:
        with contextlib.suppress(SQLAlchemyError):
            g.db.rollback()


@contextlib.contextmanager
def reading() -> Iterator[Session]:
    """Let `db()` only read for a while, whatever the request's method.

    For a request that first asks and then works for long: it must not hold the right
    to write meanwhile. Use it before `db()` is asked for otherwise.
    """
    with site().store.database.read() as session_:
        g.db = session_
        try:
            yield session_
        finally:
            g.pop("db")


def now() -> datetime:
    """Return the time that this request acts at."""
    return datetime.now(UTC)


def settle(round_: Round) -> bool:
    """Write down that a round's time is over, if it is; tell whether that was new.

    The first request that sees it does so, whatever it asks for: a clock that is turned
    back must not open the vote again.
    """
    at = now()
    if not round_.has_ended(at):
        return False
    if request.method not in SAFE_METHODS:
        closed = rounds.close_ended(db(), round_, at)
        db().commit()
        return closed
    with site().store.database.write() as session_:
        closed = rounds.close_ended(session_, session_.get_one(Round, round_.id), at)
        session_.commit()
    return closed


def network() -> str | None:
    """Return 24 bits of a keyed hash of the network that a request comes from.

    Enough to tell that two ballots came from one network, too few and too short-lived
    to tell which: the key is not in the database. A loopback address tells nothing.
    """
    try:
        address = ip_address(request.remote_addr or "")
    except ValueError:
        return None
    if address.is_loopback or address.is_unspecified:
        return None
    bits = _NETWORK_BITS[address.version]
    block = ip_network(f"{address}/{bits}", strict=False)
    key = f"network\0{site().settings.secret_key}".encode()
    return hmac.new(key, str(block).encode(), hashlib.sha256).hexdigest()[:6]


def current_person() -> Person | None:
    """Return who is signed in."""
    user = flask_login.current_user
    return user.person if user.is_authenticated else None


def current_standing() -> Standing:
    """Return how far the visitor may go; strangers nowhere."""
    user = flask_login.current_user
    return user.standing if user.is_authenticated else Standing()


def page_asked_for(below: str = "/") -> str | None:
    """Return the page that a stranger was sent away from, if it is below an address.

    Ask before `sign_in`, which forgets it.
    """
    page = session.get(_BACK)
    if isinstance(page, str) and page.startswith(below) and is_own_page(page):
        return page
    return None


def come_back_here() -> None:
    """Bring the visitor back to this page once they have signed in."""
    session[_BACK] = request.path


def _page_left() -> str | None:
    """Return the page that a stranger is sent away from: of a form, where it stands."""
    if request.method in SAFE_METHODS:
        return request.full_path.removesuffix("?")
    host, slash, path = (request.referrer or "").partition("://")[2].partition("/")
    return slash + path if host == request.host else None


def is_own_page(page: str) -> bool:
    r"""Tell whether an address leads nowhere but to a page of this site.

    Browsers drop tabs and line ends, and read a backslash as a slash: "/\t/evil" is
    another site to them.
    """
    return (
        page.startswith("/")
        and not page.startswith("//")
        and not any(c <= " " or c in "\\\x7f" for c in page)
    )


def household() -> str:
    """Name where a request comes from, for limits: an IPv4 address, or an IPv6 /64.

    Whoever has one address of the latter has all of them.
    """
    try:
        address = ip_address(request.remote_addr or "")
    except ValueError:  # such as a Unix socket
        return ""
    if address.version == 4:
        return str(address)
    mapped = address.ipv4_mapped
    return str(mapped or ip_network((address, 64), strict=False))


def acting_name() -> str:
    """Name who is signed in, for the record of what organisers do."""
    person = current_person()
    return "" if person is None else person.name or person.key


def actor() -> str:
    """Name whoever is signed in, for the log: by a number, not by name."""
    person = current_person()
    return events.SYSTEM if person is None else f"u{person.id}"


def sign_in(person: Person, token: str) -> None:
    """Let the visitor's cookie hold a session that has just begun."""
    # What an earlier visitor, or an attacker, put into the cookie must not live on.
    session.clear()
    session.permanent = True
    # The answer is a redirect: nobody asks for their standing before the next request.
    flask_login.login_user(Visitor(person, Standing(), token))


def asking_browser() -> str | None:
    """Return the secret of a browser that has asked for a link, if it has."""
    secret = session.get(_ASKED)
    return secret if isinstance(secret, str) else None


def asked_with() -> str | None:
    """Return the address that this browser asked for a link with last."""
    address = session.get(_ADDRESS)
    return address if isinstance(address, str) else None


def note_asking(address: str) -> str:
    """Give this browser a secret, by which it is known as the one that asked."""
    secret = asking_browser() or secrets.token_urlsafe(32)
    session[_ASKED], session[_ADDRESS] = secret, address
    return secret


def end_earlier(session_: Session) -> None:
    """End the session that this browser has had so far, before another begins in it.

    Args:
        session_: a writing session; the caller commits.
    """
    if flask_login.current_user.is_authenticated:
        signing_in.end_session(session_, flask_login.current_user.get_id(), now())


def sign_out() -> None:
    """End the visitor's session, in the database and in the cookie."""
    end_earlier(db())
    flask_login.logout_user()
    session.clear()


def forget_visitor() -> None:
    """Treat the rest of this request as a stranger's, unless its visitor is known.

    An error page must not ask a database that has just failed who is there.
    """
    if "_login_user" not in g:  # where Flask-Login keeps whom it has found
        g._login_user = flask_login.AnonymousUserMixin()


def act_as(visitor: Visitor | None) -> None:
    """Let this request be somebody's, or nobody's, whatever cookie comes with it."""
    g._login_user = visitor or flask_login.AnonymousUserMixin()


def start_over() -> None:
    """Forget what this request has read and begun, as if it had only just come."""
    if (closing := g.pop("closing", None)) is not None:
        g.pop("db", None)
        closing.close()
    g.pop("_login_user", None)


def init_app(app: Flask) -> None:
    """Teach the app to open and close sessions and to know its visitors."""
    manager = flask_login.LoginManager(app)
    # The token in the session is checked on every request; nothing else is needed.
    manager.session_protection = None

    @manager.unauthorized_handler  # type: ignore[untyped-decorator]
    def refuse() -> ResponseReturnValue:
        if request.is_json or request.accept_mimetypes.best == "application/json":
            return jsonify(
                error="signed-out", message=_SIGN_IN
            ), HTTPStatus.UNAUTHORIZED
        page = _page_left()
        if page and len(page) <= _LONGEST_BACK:
            session[_BACK] = page
        flash(_SIGN_IN if request.method in SAFE_METHODS else _NOT_TAKEN, "info")
        if written := forms.written(request.form):
            page = render_template("accounts/sign_in.html", written=written)
            return page, HTTPStatus.UNAUTHORIZED
        return redirect(url_for("accounts.sign_in"))

    @manager.user_loader  # type: ignore[untyped-decorator] # Flask-Login is untyped
    def load(token: str) -> Visitor | None:
        found = signing_in.signed_in(db(), token, now())
        return None if found is None else Visitor(*found, token)

    @app.before_request
    def read_body_first() -> None:
        # A slow client must not hold the right to write while its body trickles in.
        if request.method not in SAFE_METHODS:
            request.get_data(parse_form_data=True)

    @app.teardown_request
    def close(_error: BaseException | None) -> None:
        if (closing := g.pop("closing", None)) is None:
            return
        g.pop("db", None)
        try:
            closing.close()
        except SQLAlchemyError:
            # The connection is lost, after the answer was made: it stays true, for what
            # was to be kept is committed. Whatever left here would take its place.
            app.logger.exception("a session could not be closed")
