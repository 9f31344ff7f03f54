"""What a transaction keeps as it is until it ends. SQLite has one writer anyway."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from logovote.store.models import Contest, Round
from logovote.store.session import is_postgresql

# The name of a lock; any number that nobody else uses.
_PICTURES = 562614
# A statement that took longer than this has stood in a queue.
_WAITED_SECONDS = 0.5


def hold_round(
    session: Session, round_: Round, now: datetime, *, share: bool = False
) -> datetime:
    """Keep a round as it is until the transaction ends; return when that began.

    On PostgreSQL those who save share the round (`share`), and who changes it waits for
    them and makes later ones wait: nothing is saved once it is closed. It is read again
    there. Who changes it holds its contest as well, and that first, for every deed is
    logged there: nobody waits for somebody who waits for them. SQLite has one writer
    anyway.

    Args:
        session: a writing session.
        round_: the round, read in this transaction.
        now: the time at the door; what was waited for comes on top of it.
        share: others may hold it at the same time, too.
    """
    if not is_postgresql(session):
        return now
    began = time.monotonic()
    if not share:
        hold_contest(session, round_.contest_id)
    session.refresh(round_, with_for_update={"read": share})
    waited = time.monotonic() - began
    return now + timedelta(seconds=waited) if waited > _WAITED_SECONDS else now


def hold_contest(session: Session, contest_id: int) -> None:
    """Let organisers' deeds in a contest happen one after the other.

    On PostgreSQL; SQLite has one writer anyway.
    """
    if not is_postgresql(session):
        return
    session.execute(
        select(Contest.id)
        .where(Contest.id == contest_id)
        .with_for_update(key_share=True)
    )


def hold_picture(session: Session, digest: str) -> None:
    """Let one transaction at a time write down a picture, and none forget it meanwhile.

    On PostgreSQL; SQLite has one writer anyway.
    """
    if is_postgresql(session):
        session.execute(select(func.pg_advisory_xact_lock_shared(_PICTURES)))
        session.execute(select(func.pg_advisory_xact_lock(_PICTURES, key_of(digest))))


def hold_pictures(session: Session) -> None:
    """Wait for all who write down pictures; who comes later waits."""
    if is_postgresql(session):
        session.execute(select(func.pg_advisory_xact_lock(_PICTURES)))


def hold_key(session: Session, key: int) -> None:
    """Let one transaction at a time do what goes by a key of 60 bits."""
    if is_postgresql(session):
        session.execute(select(func.pg_advisory_xact_lock(key)))


def key_of(digest: str) -> int:
    """Return 32 bits of a digest, with their sign, as PostgreSQL's locks want them."""
    return int.from_bytes(bytes.fromhex(digest[:8]), signed=True)
