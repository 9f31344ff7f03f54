"""How often: by rows, so that processes count alike, and no row names anybody."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from logovote.contest import limits
from logovote.contest.limits import Limit, TooManyError
from logovote.store.models import Attempt
from logovote.store.session import Database
from tests.builders import SECRET, processes

MINUTE = timedelta(minutes=1)
ANN = "ann@example.org"


@pytest.fixture(autouse=True)
def three_in_ten_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    two = (Limit(3, 10 * MINUTE), Limit(4, 60 * MINUTE))
    monkeypatch.setattr(limits, "LIMITS", {"link": two})


def take(session: Session, now: datetime, subject: str = ANN) -> None:
    limits.take(session, SECRET, "link", subject, now)


def refused(session: Session, now: datetime) -> timedelta:
    with pytest.raises(TooManyError) as error:
        take(session, now)
    return error.value.again_at - now


def test_the_fourth_waits_until_the_first_is_old(
    session: Session, now: datetime
) -> None:
    for minute in (0, 1, 2):
        take(session, now + minute * MINUTE)

    assert refused(session, now + 3 * MINUTE) == 7 * MINUTE
    assert refused(session, now + 10 * MINUTE - timedelta(seconds=1)) == timedelta(
        seconds=1
    )
    take(session, now + 10 * MINUTE)


def test_every_limit_of_a_kind_holds(session: Session, now: datetime) -> None:
    for minute in (0, 1, 2, 20):
        take(session, now + minute * MINUTE)

    assert refused(session, now + 21 * MINUTE) == 39 * MINUTE


def test_what_was_refused_is_not_counted(session: Session, now: datetime) -> None:
    for _ in range(3):
        take(session, now)
    for _ in range(5):
        refused(session, now + MINUTE)

    take(session, now + 10 * MINUTE)


def test_others_are_counted_apart(session: Session, now: datetime) -> None:
    for _ in range(3):
        take(session, now)

    take(session, now, "bob@example.org")


def test_rows_name_nobody_and_go(
    session: Session, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(session, now)
    [row] = session.scalars(select(Attempt)).all()
    assert ANN not in row.key
    assert limits._key(SECRET, "link", ANN) == row.key
    assert limits._key("another" + SECRET, "link", ANN) != row.key

    take(session, now + limits._LONGEST, "bob@example.org")

    assert session.scalars(select(Attempt.at)).all() == [now + limits._LONGEST]


def take_in_a_process(url: str, now: datetime) -> int:
    database = Database(url)
    taken = 0
    for _ in range(8):
        with database.write() as session:
            try:
                limits.take(session, SECRET, "receipt", "1", now)
            except TooManyError:
                continue
            session.commit()
            taken += 1
    database.dispose()
    return taken


def test_processes_together_get_no_more_than_one(
    empty_database: Path, tmp_path: Path, now: datetime
) -> None:
    path = tmp_path / "site.sqlite"
    path.write_bytes(empty_database.read_bytes())
    with processes(3) as pool:
        done = [
            pool.submit(take_in_a_process, f"sqlite:///{path}", now) for _ in range(3)
        ]

        assert sum(task.result() for task in done) == 10
