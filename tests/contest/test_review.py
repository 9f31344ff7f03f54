"""What a review costs: the same few statements, however many have voted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, NoReturn

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from logovote.contest import quarantine, review, rounds, signals
from logovote.contest.signals import Sign
from logovote.store import queries
from logovote.store.models import Ballot, Round
from tests.builders import make_contest, open_shortlist

FEW, MANY = 30, 130
Close = Callable[[int], Round]


class NoScan(tuple[int, ...]):
    """Numbers that nobody may look through for one of them."""

    __slots__ = ()

    def __contains__(self, _one: object) -> NoReturn:
        raise AssertionError("looked through all ballots of a sign for one of them")


@contextmanager
def values_asked(session: Session) -> Iterator[list[int]]:
    """Note how many values every reading statement has."""
    numbers: list[int] = []

    def note(
        _conn: object, _cursor: object, statement: str, values: Any, *_rest: object
    ) -> None:
        if statement.startswith("SELECT"):
            numbers.append(len(values))

    engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", note)
    yield numbers
    event.remove(engine, "before_cursor_execute", note)


@pytest.fixture
def close(session: Session, now: datetime) -> Close:
    """Close a round in which so many said the same within ten minutes."""

    def close_(number: int) -> Round:
        names = [f"Voter{n}" for n in range(number)]
        contest = make_contest(
            session, now, slug=f"acme-{number}", designs=[1, 2], voters={"core": names}
        )
        round_ = open_shortlist(session, contest, now)
        for n, voter in enumerate(queries.voters(session, contest.id)):
            session.add(
                Ballot(
                    round_id=round_.id,
                    voter_id=voter.id,
                    choice='["1"]',
                    rev=1,
                    saved_at=now + timedelta(seconds=n),
                    nonce=f"{n:032x}",
                )
            )
        rounds.close_round(session, round_, now + timedelta(days=14))
        session.flush()
        session.expire_all()
        return round_

    return close_


def test_a_review_asks_the_same_however_many_voted(
    session: Session, close: Close
) -> None:
    asked = []
    for number in (FEW, MANY):
        round_ = close(number)
        with values_asked(session) as values:
            found = review.review(session, round_)
        assert found.ballots == number
        asked.append(values)

    assert asked[0] == asked[1]


def test_setting_aside_asks_for_some_ballots_at_a_time(
    session: Session, close: Close, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "_MOST_NAMED", 20)
    round_ = close(MANY)
    ids = [ballot.id for ballot in queries.voter_ballots(session, round_.id)]

    with values_asked(session) as values:
        assert quarantine.set_aside(session, round_, ids, "One evening.") == MANY

    assert max(values) <= 20 + 5
    assert len(values) <= MANY / 20 + 15
    assert len(quarantine.ballots_aside(session, round_)) == MANY
    assert quarantine.take_back(session, round_, ids) == MANY


def test_people_of_a_sign_are_looked_up_by_their_ballots(
    session: Session, close: Close, monkeypatch: pytest.MonkeyPatch
) -> None:
    round_ = close(FEW)
    find = signals.signs

    def signs(*args: Any) -> list[Sign]:
        return [replace(sign, ballots=NoScan(sign.ballots)) for sign in find(*args)]

    monkeypatch.setattr(signals, "signs", signs)

    burst, single = review.review(session, round_).groups

    assert (burst.sign.kind, single.sign.kind) == ("burst", "single")
    assert [whose.ballot for whose in burst.people] == list(burst.sign.ballots)
    assert len(burst.people) == FEW
    assert (single.people, single.overlaps) == ((), {"burst": FEW})
