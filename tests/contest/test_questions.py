"""Questions to the organisers: asked and answered, and nothing else."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from logovote.contest import (
    counting,
    events,
    notices,
    progress,
    questions,
    rounds,
    sealing,
)
from logovote.contest.questions import MOST_WAITING, NoQuestionError, QuestionError
from logovote.store.models import Contest, Message, Question, Voter
from tests.builders import cast, make_contest, open_shortlist, voter_named

MINUTE = timedelta(minutes=1)


@pytest.fixture
def contest(session: Session, now: datetime) -> Contest:
    return make_contest(session, now, designs=[1, 2], voters={"core": ["Ann", "Bea"]})


@pytest.fixture
def ann(session: Session, contest: Contest) -> Voter:
    return voter_named(session, contest, "Ann")


def words(found: object) -> list[str]:
    assert isinstance(found, list | tuple)
    return [question.words for question in found]


def occasions(session: Session) -> list[str]:
    return [m.occasion for m in session.scalars(select(Message).order_by(Message.id))]


def test_each_voter_finds_their_own_the_newest_first(
    session: Session, contest: Contest, ann: Voter, now: datetime
) -> None:
    bea = voter_named(session, contest, "Bea")
    questions.ask(session, ann, "  First\r\nline\0 ", now=now)
    questions.ask(session, bea, "Hers", now=now + MINUTE)
    questions.ask(session, ann, "Second", now=now + 2 * MINUTE)

    assert words(questions.of_voter(session, ann)) == ["Second", "First\nline"]
    assert words(questions.of_voter(session, bea)) == ["Hers"]


def test_what_waits_the_longest_comes_first_and_the_last_answer_after_it(
    session: Session, contest: Contest, ann: Voter, now: datetime
) -> None:
    asked = [
        questions.ask(session, ann, text, now=now + n * MINUTE)
        for n, text in enumerate("abcd")
    ]
    questions.answer(session, asked[0], "Yes", now=now + 5 * MINUTE)
    questions.answer(session, asked[2], "No", now=now + 6 * MINUTE)

    assert words(questions.of_contest(session, contest.id)) == ["b", "d", "c", "a"]
    assert questions.numbers(session, contest.id) == (2, 2)


@pytest.mark.parametrize("text", ["", " \n ", "\0", "x" * 1001])
def test_what_says_nothing_or_too_much_is_not_asked(
    session: Session, contest: Contest, ann: Voter, now: datetime, text: str
) -> None:
    with pytest.raises(QuestionError, match=r"Write|1000 is the most"):
        questions.ask(session, ann, text, now=now)

    assert questions.numbers(session, contest.id) == (0, 0)
    questions.ask(session, ann, "é" * 1000, now=now)


def test_the_same_question_sent_twice_is_one(
    session: Session, ann: Voter, now: datetime
) -> None:
    first = questions.ask(session, ann, "When?", now=now)

    assert questions.ask(session, ann, " When? ", now=now + MINUTE) is first
    questions.answer(session, first, "Soon", now=now)
    assert questions.ask(session, ann, "When?", now=now + MINUTE) is not first


def test_only_so_many_wait_for_one_voter(
    session: Session, contest: Contest, ann: Voter, now: datetime
) -> None:
    asked = [
        questions.ask(session, ann, f"Number {n}?", now=now)
        for n in range(MOST_WAITING)
    ]
    with pytest.raises(QuestionError, match="20 of your questions wait"):
        questions.ask(session, ann, "One more?", now=now)

    questions.ask(session, voter_named(session, contest, "Bea"), "Mine?", now=now)
    questions.answer(session, asked[3], "Yes", now=now)
    questions.ask(session, ann, "One more?", now=now)


def test_an_answer_is_replaced_and_says_when(
    session: Session, ann: Voter, now: datetime
) -> None:
    asked = questions.ask(session, ann, "When?", now=now)
    assert questions.answer(session, asked, "On Monday", now=now)
    assert not questions.answer(session, asked, "On Monday ", now=now + MINUTE)
    assert asked.answered_at == now

    assert questions.answer(session, asked, "On Friday", now=now + 2 * MINUTE)

    session.expire(asked)
    assert (asked.answer, asked.answered_at) == ("On Friday", now + 2 * MINUTE)
    for wrong in (" ", "x" * 4001):
        with pytest.raises(QuestionError):
            questions.answer(session, asked, wrong, now=now)
    assert asked.answer == "On Friday"


def test_a_question_is_reached_through_its_own_contest_only(
    session: Session, contest: Contest, ann: Voter, now: datetime
) -> None:
    other = make_contest(session, now, slug="other", voters={"core": ["Otto"]})
    asked = questions.ask(session, ann, "When?", now=now)

    assert questions.one(session, contest, asked.id) is asked
    with pytest.raises(NoQuestionError, match=f"question number {asked.id}"):
        questions.one(session, other, asked.id)
    assert questions.of_contest(session, other.id) == []


def test_the_log_tells_nothing_of_it_and_the_task_list_how_many_wait(
    session: Session, contest: Contest, ann: Voter, now: datetime
) -> None:
    def told() -> list[tuple[str, str]]:
        tasks = progress.tasks_of(session, contest, now)
        return [(each.text, each.state) for each in tasks if each.key == "questions"]

    before = events.head(session, contest.id)
    assert told() == []
    one, two = (questions.ask(session, ann, text, now=now) for text in "ab")
    assert told() == [("2 wait for an answer", "in progress")]
    questions.answer(session, one, "Yes", now=now)
    assert told() == [("1 waits for an answer", "in progress")]
    questions.answer(session, two, "Yes", now=now)
    assert told() == [("2 answered", "done")]
    assert events.head(session, contest.id) == before


def test_the_answer_goes_out_by_mail_once_and_only_where_it_is_wanted(
    session: Session, ann: Voter, now: datetime
) -> None:
    asked = questions.ask(session, ann, "When?", now=now)
    ann.no_mail = True
    assert not questions.answer(session, asked, "Never", now=now)
    assert occasions(session) == []

    ann.no_mail = False
    questions.answer(session, asked, "On Monday", now=now + MINUTE)
    questions.answer(session, asked, "On Friday", now=now + 2 * MINUTE)

    old, new = session.scalars(select(Message).order_by(Message.id)).all()
    assert notices.why_not(session, old, now) == "It was answered anew."
    assert notices.why_not(session, new, now) == ""


def test_sealing_forgets_what_was_answered_and_keeps_what_waits(
    session: Session, contest: Contest, ann: Voter, now: datetime
) -> None:
    round_ = open_shortlist(session, contest, now)
    cast(session, round_, "Ann", ["1"], now)
    asked = questions.ask(session, ann, "I chose 1. Will it win?", now=now)
    questions.ask(session, ann, "When do we rank?", now=now)
    other = make_contest(session, now, slug="other", voters={"core": ["Otto"]})
    otto = voter_named(session, other, "Otto")
    elsewhere = questions.ask(session, otto, "Elsewhere?", now=now)
    for each in (asked, elsewhere):
        questions.answer(session, each, "Nobody knows", now=now)
    rounds.close_round(session, round_, now)
    counting.count_round(session, round_)
    rounds.publish_round(session, round_)

    sealing.seal_rounds(session, contest, now, waive=True)

    kept = session.scalars(select(Question.words).order_by(Question.id)).all()
    assert kept == ["When do we rank?", "Elsewhere?"]
