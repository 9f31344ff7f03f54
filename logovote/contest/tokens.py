"""Personal tokens: a program acts for somebody, as far as that person may go."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, joinedload

from logovote.errors import LogovoteError
from logovote.store.models import ApiToken, Person

LONGEST_DAYS = 366
DEFAULT_DAYS = 90
# So that whoever finds one knows what it is, secret scanners too.
_PREFIX = "logovote_"
_LONGEST_NAME = 80
_MOST = 50
# A program that asks every second must not write every second.
_NOTED_AGAIN_AFTER = timedelta(hours=1)


class TokenError(LogovoteError):
    """A token cannot be made or taken back."""


class BearerError(LogovoteError):
    """A request brings no token that is good."""


def new_token(
    session: Session,
    person: Person,
    name: str,
    now: datetime,
    *,
    writes: bool = False,
    days: int = DEFAULT_DAYS,
) -> tuple[ApiToken, str]:
    """Make a token; it is shown once, for only its digest is kept.

    Args:
        session: a writing session.
        person: whose it is: it may do what they may, at the time when it is used.
        name: what it is for, so that they know it again.
        now: when.
        writes: whether it may change anything.
        days: how long it is good for.

    Raises:
        TokenError: the name or the time cannot be, or there are too many.
    """
    name = " ".join(name.split())
    if not name or len(name) > _LONGEST_NAME:
        raise TokenError(
            f"Say in up to {_LONGEST_NAME} characters what the token is for."
        )
    if not 1 <= days <= LONGEST_DAYS:
        raise TokenError(f"A token is good for 1 to {LONGEST_DAYS} days.")
    if len(tokens_of(session, person)) >= _MOST:
        raise TokenError("You have many tokens already. Take some back first.")
    text = _PREFIX + secrets.token_urlsafe(32)
    token = ApiToken(
        token_digest=_digest(text),
        person=person,
        name=name,
        writes=writes,
        created_at=now,
        expires_at=now + timedelta(days=days),
    )
    session.add(token)
    session.flush()
    return token, text


def tokens_of(session: Session, person: Person | None) -> Sequence[ApiToken]:
    """List the tokens of a person, or of everybody, the newest first."""
    query = select(ApiToken).options(joinedload(ApiToken.person))
    if person is not None:
        query = query.where(ApiToken.person_id == person.id)
    return session.scalars(query.order_by(ApiToken.id.desc())).all()


def take_back(session: Session, person: Person | None, token_id: int) -> ApiToken:
    """Let a token of a person's, or of anybody's, work no more.

    Raises:
        TokenError: there is none of that number.
    """
    token = session.get(ApiToken, token_id, options=[joinedload(ApiToken.person)])
    if token is None or (person is not None and token.person_id != person.id):
        raise TokenError("There is no such token; it may be taken back already.")
    session.delete(token)
    session.flush()
    return token


def take_back_all(session: Session, person: Person) -> int:
    """Let no token of a person's work any more; return how many there were."""
    theirs = session.scalars(select(ApiToken.id).where(ApiToken.person_id == person.id))
    ids = theirs.all()
    session.execute(delete(ApiToken).where(ApiToken.id.in_(ids)))
    return len(ids)


def bearer(session: Session, text: str, now: datetime) -> ApiToken:
    """Return the token that a request brings, with its person.

    Raises:
        BearerError: there is none, or its time is over.
    """
    token = session.scalar(
        select(ApiToken)
        .where(ApiToken.token_digest == _digest(text))
        .options(joinedload(ApiToken.person))
    )
    if token is None:
        raise BearerError(
            "There is no such token. It may be taken back, or copied in part: make one "
            "on the page “My account”."
        )
    if token.expires_at <= now:
        raise BearerError(
            "The time of this token is over. Make a new one on the page “My account”."
        )
    return token


def is_to_note(token: ApiToken, now: datetime) -> bool:
    """Tell whether it is to be written down that a token was used."""
    return token.used_at is None or now - token.used_at > _NOTED_AGAIN_AFTER


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
