"""The least that a save can be: a bare endpoint on the same server and database.

Flask, Flask-Login and SQLAlchemy as their manuals show them: it finds who is signed in,
the round and the ballot, changes one row and commits. It checks nothing that comes in,
knows no revisions and no repeated saves, keeps no receipt and sends no headers.
"""

from __future__ import annotations

import json
from contextlib import ExitStack

import flask_login
from flask import Flask, Response, abort, g, jsonify, request
from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from logovote.cli import serve as door
from logovote.store.session import Database
from logovote.web.context import Site
from tests.builders import SECRET


class Base(DeclarativeBase):
    """Tables beside those of the site."""


class User(Base, flask_login.UserMixin):  # type: ignore[misc] # Flask-Login is untyped
    """Somebody who may sign in."""

    __tablename__ = "bare_user"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Round(Base):
    """A vote."""

    __tablename__ = "bare_round"

    id: Mapped[int] = mapped_column(primary_key=True)
    phase: Mapped[str]


class Ballot(Base):
    """What somebody says in it."""

    __tablename__ = "bare_ballot"

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("bare_round.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("bare_user.id"), index=True)
    choice: Mapped[str]
    rev: Mapped[int]


def stage(database: Database, users: int) -> None:
    """Make the tables, a round, and so many users with a ballot each."""
    Base.metadata.create_all(database.writing_engine)
    with database.write() as session:
        session.add(Round(id=1, phase="open"))
        session.add_all(User(id=n, name=f"V{n}") for n in range(1, users + 1))
        session.flush()
        session.add_all(
            Ballot(round_id=1, user_id=n, choice="[]", rev=0)
            for n in range(1, users + 1)
        )
        session.commit()


def bare_app(database: Database) -> Flask:
    """Build the endpoint, on an engine that is there."""
    app = Flask("bare")
    app.secret_key = SECRET
    manager = flask_login.LoginManager(app)

    def db() -> Session:
        if "db" not in g:
            g.closing = ExitStack()
            g.db = g.closing.enter_context(database.write())
        found: Session = g.db
        return found

    @app.teardown_request
    def close(_error: BaseException | None) -> None:
        if "closing" in g:
            g.pop("closing").close()

    @manager.user_loader  # type: ignore[untyped-decorator]
    def load(id_: str) -> User | None:
        return db().get(User, int(id_))

    @app.post("/sign-in/<int:id_>")
    def sign_in(id_: int) -> str:
        flask_login.login_user(db().get_one(User, id_))
        return "Welcome."

    @app.put("/ballot")
    @flask_login.login_required  # type: ignore[untyped-decorator]
    def save() -> Response:
        asked = request.get_json()
        round_ = db().get_one(Round, asked["round"])
        if round_.phase != "open":
            abort(409)
        user = flask_login.current_user
        query = select(Ballot).where(
            Ballot.round_id == round_.id, Ballot.user_id == user.id
        )
        ballot = db().scalars(query).one()
        ballot.choice = json.dumps(asked["items"])
        ballot.rev += 1
        rev = ballot.rev
        db().commit()
        return jsonify(rev=rev)

    return app


def beside(app: Flask) -> Flask:
    """Let a site answer below /bare as well, in the same process."""
    site: Site = app.extensions["logovote"]
    app.wsgi_app = DispatcherMiddleware(  # type: ignore[method-assign]
        app.wsgi_app, {"/bare": bare_app(site.store.database)}
    )
    return app


def run_both() -> None:
    """Be `logovote run` with both."""
    from logovote.__main__ import main  # noqa: PLC0415 - as the command imports it

    ours = vars(door)["create_app"]
    vars(door)["create_app"] = lambda settings: beside(ours(settings))
    main()


def both() -> Flask:
    """Be what gunicorn serves, with both."""
    from logovote.wsgi import app  # noqa: PLC0415 - it is built by being imported

    return beside(app)
