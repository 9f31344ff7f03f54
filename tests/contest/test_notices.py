"""Which mails are there after a sealing, and what each asks before it leaves."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from logovote.contest import counting, notices, rounds, sealing
from logovote.contest.notices import CLOSING, INVITATION, REMINDER, RESULTS
from logovote.store.models import Contest, Kind, Message, MessageState
from tests.builders import cast, make_contest, open_shortlist, voter_named

DAY = timedelta(days=1)
VOTERS = [f"Voter{number}" for number in range(8)]


@pytest.fixture
def contest(session: Session, now: datetime) -> Contest:
    contest = make_contest(session, now, designs=[1, 2], voters={"core": VOTERS})
    notices.switch(contest, [REMINDER, CLOSING, RESULTS])
    return contest


def kinds(session: Session) -> dict[str, int]:
    found: dict[str, int] = {}
    for kind in session.scalars(select(Message.kind)):
        found[kind] = found.get(kind, 0) + 1
    return found


def test_sealing_forgets_the_mails_of_its_round_and_of_no_other(
    session: Session, contest: Contest, now: datetime
) -> None:
    """Or whoever was invited and reminded before would be so once more."""
    notices.invite(session, contest, now)
    first = open_shortlist(session, contest, now)
    for name in VOTERS[:3]:
        cast(session, first, name, ["1"], now)
    notices.queue_receipt(
        session, first, voter_named(session, contest, "Voter0"), 1, now
    )
    rounds.close_round(session, first, now)
    counting.count_round(session, first, now=now)
    rounds.publish_round(session, first, now=now)
    second = rounds.open_round(
        session, contest, Kind.RANKING, now, until=now + 10 * DAY
    )
    later = now + 8 * DAY
    notices.remind(session, later)
    before = session.scalars(
        select(Message.id).where(Message.round_id == second.id)
    ).all()
    assert len(before) == 2 * len(VOTERS)

    sealing.seal_rounds(session, contest, later)

    assert (
        session.scalars(select(Message.id).where(Message.round_id == first.id)).all()
        == []
    )
    assert kinds(session) == {INVITATION: len(VOTERS), REMINDER: len(before)}
    notices.remind(session, later)
    assert notices.invite(session, contest, later).queued == 0
    assert kinds(session) == {INVITATION: len(VOTERS), REMINDER: len(before)}


def test_a_mail_asks_of_its_own_voter_alone_whether_they_voted(
    session: Session, contest: Contest, now: datetime
) -> None:
    round_ = open_shortlist(session, contest, now)
    for name in VOTERS[:-1]:
        cast(session, round_, name, ["1"], now)
    session.commit()
    messages = session.scalars(
        select(Message).where(Message.kind == REMINDER).order_by(Message.id)
    ).all()
    assert {message.state for message in messages} == {MessageState.QUEUED}
    asked: list[tuple[int, ...]] = []

    def note(
        _c: object, _k: object, statement: str, values: object, *_: object
    ) -> None:
        if "FROM ballot" in statement:
            assert isinstance(values, tuple | dict)
            given = values.values() if isinstance(values, dict) else values
            asked.append(tuple(value for value in given if isinstance(value, int)))

    engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", note)
    reasons = [notices.why_not(session, message, now) for message in messages]
    event.remove(engine, "before_cursor_execute", note)

    assert reasons == ["They have voted."] * 7 + [""]
    voters = [voter_named(session, contest, name).id for name in VOTERS]
    assert asked == [(round_.id, voter) for voter in voters]
