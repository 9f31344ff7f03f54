from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from logovote.contest import signing_in
from logovote.contest.signing_in import ORGANISER_LINK_LIFETIME, SESSION_LIFETIME
from logovote.store.models import Person

SECOND = timedelta(seconds=1)


@pytest.fixture
def token(session: Session, now: datetime) -> str:
    return signing_in.begin_session(session, signing_in.keeper(session), now)


def session_person(session: Session, token: str, now: datetime) -> Person | None:
    found = signing_in.signed_in(session, token, now)
    return found[0] if found else None


def test_a_session_knows_its_person(
    session: Session, token: str, now: datetime
) -> None:
    person = session_person(session, token, now)

    assert person is signing_in.keeper(session)


def test_a_session_that_was_ended_is_dead(
    session: Session, token: str, now: datetime
) -> None:
    signing_in.end_session(session, token, now)

    assert session_person(session, token, now) is None


def test_ending_one_session_leaves_the_persons_others(
    session: Session, token: str, now: datetime
) -> None:
    other = signing_in.begin_session(session, signing_in.keeper(session), now)

    signing_in.end_session(session, token, now)

    assert session_person(session, other, now) is not None


def test_a_session_lasts_its_time_and_no_longer(
    session: Session, token: str, now: datetime
) -> None:
    end = now + SESSION_LIFETIME

    assert session_person(session, token, end - SECOND) is not None
    assert session_person(session, token, end) is None


def test_a_made_up_token_is_nobody(session: Session, token: str, now: datetime) -> None:
    assert session_person(session, token[:-1], now) is None
    assert session_person(session, "", now) is None


def test_the_database_holds_no_token_that_could_be_used(
    session: Session, token: str, now: datetime
) -> None:
    link = signing_in.new_organiser_link(session, now)

    kept = [
        str(row)
        for table in ("sign_in", "organiser_link")
        for row in session.execute(text(f"SELECT * FROM {table}"))  # noqa: S608 - ours
    ]

    assert len(kept) == 2
    assert not [row for row in kept if token in row or link in row]


def test_looking_at_an_organisers_link_does_not_use_it_up(
    session: Session, now: datetime
) -> None:
    token = signing_in.new_organiser_link(session, now)

    assert signing_in.organiser_link(session, token, now) is not None
    assert signing_in.organiser_link(session, token, now) is not None


def test_an_organisers_link_works_once(session: Session, now: datetime) -> None:
    token = signing_in.new_organiser_link(session, now)
    link = signing_in.organiser_link(session, token, now)
    assert link is not None

    begun = signing_in.use_link(session, link, now)

    person = session_person(session, begun, now)
    assert person is not None
    assert person.keeper
    assert signing_in.organiser_link(session, token, now) is None


def test_the_demos_link_works_again(session: Session, now: datetime) -> None:
    token = signing_in.new_organiser_link(session, now, once=False)
    link = signing_in.organiser_link(session, token, now)
    assert link is not None

    signing_in.use_link(session, link, now)

    assert signing_in.organiser_link(session, token, now) is not None


def test_an_organisers_link_expires(session: Session, now: datetime) -> None:
    token = signing_in.new_organiser_link(session, now)

    late = now + ORGANISER_LINK_LIFETIME

    assert signing_in.organiser_link(session, token, late - SECOND) is not None
    assert signing_in.organiser_link(session, token, late) is None


def test_everything_at_once_ends_every_session_of_one_person_alone(
    session: Session, token: str, now: datetime
) -> None:
    bob = Person(key="bob@example.org")
    session.add(bob)
    session.flush()
    bobs = signing_in.begin_session(session, bob, now)
    signing_in.begin_session(session, signing_in.keeper(session), now)
    over = now - SESSION_LIFETIME
    signing_in.begin_session(session, signing_in.keeper(session), over)

    ended = signing_in.end_all_sessions(session, signing_in.keeper(session), now)

    assert ended == 2  # the one that was over is not counted
    assert session_person(session, token, now) is None
    assert session_person(session, bobs, now) is bob
