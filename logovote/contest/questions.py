"""What voters ask the organisers, and the answers: for the two of them alone.

No comment, and no part of a ballot: nobody else ever reads it, the log tells nothing of
it, and no count knows it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session, joinedload

from logovote.contest import notices
from logovote.contest.events import written
from logovote.errors import LogovoteError
from logovote.store.models import Contest, Question, Voter

LONGEST = 1000
LONGEST_ANSWER = 4000
MOST_WAITING = 20
"""How many questions of one voter may wait for an answer."""


class QuestionError(LogovoteError):
    """It cannot be asked or answered like that; the message says why."""


class NoQuestionError(LogovoteError):
    """There is no such question in this contest."""


def _cleaned(text: str, most: int, empty: str) -> str:
    # No database but SQLite takes a NUL.
    text = text.replace("\r\n", "\n").replace("\0", "").strip()
    if not text:
        raise QuestionError(empty)
    if len(text) > most:
        raise QuestionError(
            f"That is too long: {len(text)} characters, and {most} is the most. "
            "Shorten it."
        )
    return text


def ask(session: Session, voter: Voter, words: str, *, now: datetime) -> Question:
    """Ask the organisers something; what waits already is not asked twice.

    Raises:
        QuestionError: it says nothing, or too much, or too many wait already.
    """
    words = _cleaned(words, LONGEST, "Write what you want to ask.")
    waiting = session.scalars(
        select(Question).where(
            Question.voter_id == voter.id, Question.answered_at.is_(None)
        )
    ).all()
    for question in waiting:
        if question.words == words:
            return question
    if len(waiting) >= MOST_WAITING:
        raise QuestionError(
            f"{len(waiting)} of your questions wait for an answer. Ask this one once "
            "some of them are answered."
        )
    question = Question(
        contest_id=voter.contest_id, voter_id=voter.id, words=words, asked_at=now
    )
    session.add(question)
    session.flush()
    contest = session.get_one(Contest, voter.contest_id)
    notices.tell_organisers(session, contest, now)
    return question


def one(session: Session, contest: Contest, id_: int) -> Question:
    """Return a question with who asked it.

    Raises:
        NoQuestionError: there is none of that number.
    """
    question = session.scalar(
        select(Question)
        .where(Question.id == id_, Question.contest_id == contest.id)
        .options(joinedload(Question.voter).joinedload(Voter.person))
    )
    if question is None:
        raise NoQuestionError(f"There is no question number {id_} in this contest.")
    return question


def answer(session: Session, question: Question, words: str, *, now: datetime) -> bool:
    """Answer a question, in place of an earlier answer; tell whether a mail goes out.

    Args:
        session: a writing session.
        question: as `one` returns it.
        words: the answer; the same as before changes nothing.
        now: the time of the answer.

    Raises:
        QuestionError: the answer says nothing, or too much.
    """
    words = _cleaned(words, LONGEST_ANSWER, "Write an answer.")
    if words == question.answer:
        return False
    question.answer, question.answered_at = words, now
    session.flush()
    return notices.queue_answer(session, question.voter, question, now)


def of_voter(session: Session, voter: Voter) -> Sequence[Question]:
    """List what a voter asked, the newest first. One statement."""
    return session.scalars(
        select(Question)
        .where(Question.voter_id == voter.id)
        .order_by(Question.asked_at.desc(), Question.id.desc())
    ).all()


def of_contest(session: Session, contest_id: int) -> Sequence[Question]:
    """List all with who asked: those that wait the longest, then the last answered.

    One statement.
    """
    found = session.scalars(
        select(Question)
        .where(Question.contest_id == contest_id)
        .options(joinedload(Question.voter).joinedload(Voter.person))
        .order_by(Question.asked_at, Question.id)
    ).all()
    answered = [each for each in found if each.answered_at is not None]
    answered.sort(key=lambda each: each.answered_at or each.asked_at, reverse=True)
    return [*(each for each in found if each.answered_at is None), *answered]


def numbers(session: Session, contest_id: int) -> tuple[int, int]:
    """Count the questions that wait, and those that are answered. One statement."""
    asked, answered = session.execute(
        select(func.count(Question.id), func.count(Question.answered_at)).where(
            Question.contest_id == contest_id
        )
    ).one()
    return asked - answered, answered


def forget_answered(session: Session, contest_id: int) -> None:
    """Delete what was asked and answered: it may say what its asker voted."""
    session.execute(
        delete(Question).where(
            Question.contest_id == contest_id, Question.answered_at.is_not(None)
        )
    )


def as_json(question: Question) -> dict[str, Any]:
    """Return a question as commands print it."""
    at = question.answered_at
    return {
        "id": question.id,
        "who": question.voter.person.key,
        "asked_at": written(question.asked_at),
        "question": question.words,
        "answer": question.answer,
        "answered_at": None if at is None else written(at),
    }
