"""How much waits for the site: mails to send, imports to work on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from logovote.store.models import ImportJob, JobState, Message, MessageState

_UNDELIVERED = (MessageState.QUEUED, MessageState.FAILED, MessageState.GIVEN_UP)
_IN_HAND = (JobState.LOOKING, JobState.IMPORTING)


def oldest_waiting_import(session: Session) -> datetime | None:
    """Return since when the first import waits that nobody has begun to work on."""
    return session.scalar(
        select(func.min(ImportJob.created_at)).where(
            ImportJob.state.in_(_IN_HAND),
            ImportJob.begun.is_(False),
        )
    )


@dataclass(frozen=True)
class Backlog:
    """How much there is to do, and how far what is in hand has come.

    Attributes:
        mails: by state, those that were not delivered.
        imports: by state, all of them.
        files, files_done: of the imports in hand.
    """

    mails: dict[str, float]
    imports: dict[str, float]
    files: int
    files_done: int


def backlog(session: Session) -> Backlog:
    """Count what waits. Three statements."""
    mails: dict[str, float] = dict.fromkeys((each.value for each in _UNDELIVERED), 0)
    for state, number in session.execute(
        select(Message.state, func.count())
        .where(Message.state.in_(_UNDELIVERED))
        .group_by(Message.state)
    ):
        mails[state.value] = number
    imports: dict[str, float] = dict.fromkeys((each.value for each in JobState), 0)
    for step, number in session.execute(
        select(ImportJob.state, func.count()).group_by(ImportJob.state)
    ):
        imports[step.value] = number
    done, files = session.execute(
        select(func.sum(ImportJob.done), func.sum(ImportJob.total)).where(
            ImportJob.state.in_(_IN_HAND)
        )
    ).one()
    return Backlog(mails, imports, files or 0, done or 0)


def undelivered(session: Session) -> int:
    """Count the mails that are to leave yet."""
    number = session.scalar(
        select(func.count(Message.id)).where(
            Message.state.in_([MessageState.QUEUED, MessageState.FAILED])
        )
    )
    return number or 0


def oldest_due_mail(session: Session) -> datetime | None:
    """Return since when the first mail is due that nobody has sent."""
    return session.scalar(
        select(func.min(Message.next_at)).where(
            Message.state.in_([MessageState.QUEUED, MessageState.FAILED])
        )
    )
