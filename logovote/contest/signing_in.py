"""Sessions and organisers' links, as rows: ended here is ended everywhere."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from logovote.contest.standing import Standing
from logovote.store import queries
from logovote.store.models import OrganiserLink, Person, SignIn

SESSION_LIFETIME = timedelta(days=60)
ORGANISER_LINK_LIFETIME = timedelta(days=7)
KEEPER_KEY = "organiser@localhost"


def _digest(token: str) -> str:
    """Hash a token; the database never holds one that could be used."""
    return hashlib.sha256(token.encode()).hexdigest()


def begin_session(
    session: Session, person: Person, now: datetime, *, only: str | None = None
) -> str:
    """Sign a person in, perhaps for voting in the contest of a short name `only`.

    Returns:
        The token that their cookie holds.
    """
    token = secrets.token_urlsafe(32)
    session.add(
        SignIn(
            token_digest=_digest(token),
            person_id=person.id,
            created_at=now,
            expires_at=now + SESSION_LIFETIME,
            only=only,
        )
    )
    session.flush()
    return token


def signed_in(
    session: Session, token: str, now: datetime
) -> tuple[Person, Standing] | None:
    """Return who is signed in with `token`, unless it ended or expired. One statement.

    With their standing, which every page asks for: it says where they may go.
    """
    visitor = queries.visitor(session, _digest(token))
    if visitor is None:
        return None
    sign_in, roles = visitor
    if sign_in.ended_at is not None or sign_in.expires_at <= now:
        return None
    if sign_in.only is not None:
        return sign_in.person, Standing(only=sign_in.only)
    return sign_in.person, Standing(sign_in.person.keeper, roles)


def end_session(session: Session, token: str, now: datetime) -> None:
    """Sign out: a copy of the cookie is worth nothing from now on."""
    sign_in = session.scalar(
        select(SignIn).where(SignIn.token_digest == _digest(token))
    )
    if sign_in is not None:
        sign_in.ended_at = now


def end_all_sessions(
    session: Session, person: Person, now: datetime, *, only: str | None = None
) -> int:
    """Sign a person out wherever they are signed in; return in how many places.

    With `only`, where an invitation to that contest signed them in.
    """
    open_ones = open_sessions(session, person, now, only=only)
    for sign_in in open_ones:
        sign_in.ended_at = now
    session.flush()
    return len(open_ones)


def open_sessions(
    session: Session, person: Person, now: datetime, *, only: str | None = None
) -> Sequence[SignIn]:
    """List where a person is signed in, the newest first; perhaps `only` as above."""
    query = select(SignIn).where(
        SignIn.person_id == person.id,
        SignIn.ended_at.is_(None),
        SignIn.expires_at > now,
    )
    if only is not None:
        query = query.where(SignIn.only == only)
    return session.scalars(query.order_by(SignIn.id.desc())).all()


def keeper(session: Session) -> Person:
    """Return the site's keeper, made on first use."""
    person = session.scalar(select(Person).where(Person.key == KEEPER_KEY))
    if person is None:
        person = Person(key=KEEPER_KEY, name="Organiser", keeper=True)
        session.add(person)
        session.flush()
    return person


def new_organiser_link(
    session: Session, now: datetime, *, once: bool = True, person: Person | None = None
) -> str:
    """Make a link that signs an organiser in, by default the site's keeper.

    Returns:
        Its token.
    """
    token = secrets.token_urlsafe(32)
    session.add(
        OrganiserLink(
            token_digest=_digest(token),
            person_id=(person or keeper(session)).id,
            expires_at=now + ORGANISER_LINK_LIFETIME,
            once=once,
        )
    )
    session.flush()
    return token


def organiser_link(
    session: Session, token: str, now: datetime, *, hold: bool = False
) -> OrganiserLink | None:
    """Return the link if it can still be used; with `hold`, by nobody else."""
    query = (
        select(OrganiserLink)
        .where(OrganiserLink.token_digest == _digest(token))
        .options(joinedload(OrganiserLink.person))
    )
    link = session.scalar(query.with_for_update(of=OrganiserLink) if hold else query)
    if link is None or (link.once and link.used_at) or link.expires_at <= now:
        return None
    return link


def use_link(session: Session, link: OrganiserLink, now: datetime) -> str:
    """Sign the link's person in and return the session token."""
    link.used_at = now
    return begin_session(session, link.person, now)
