from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction

import pytest
from sqlalchemy import text
from sqlalchemy.exc import StatementError
from sqlalchemy.orm import Session

from logovote.store.models import Contest, Group


def contest_made_at(moment: datetime) -> Contest:
    return Contest(slug="acme", title="Acme", status_quo="anvil", created_at=moment)


def test_a_moment_comes_back_aware_and_in_utc(session: Session) -> None:
    tokyo = datetime(2026, 11, 23, 21, 30, tzinfo=timezone(timedelta(hours=9)))
    contest = contest_made_at(tokyo)
    session.add(contest)
    session.flush()

    session.refresh(contest)

    assert contest.created_at == tokyo
    assert contest.created_at.tzinfo is UTC
    assert contest.created_at.hour == 12


def test_a_moment_without_a_zone_is_refused(session: Session) -> None:
    naive = datetime(2026, 11, 23, 12)  # noqa: DTZ001 - the very thing refused
    session.add(contest_made_at(naive))

    with pytest.raises(StatementError, match="needs its zone"):
        session.flush()


@pytest.mark.parametrize(
    ("share", "kept"),
    [
        pytest.param(Fraction(1, 3), "1/3", id="no-decimal-form"),
        pytest.param(Fraction(4, 10), "2/5", id="lowest-terms"),
        pytest.param(Fraction(0), "0", id="nothing"),
        pytest.param(Fraction(10**20 + 1, 10**20), None, id="beyond-a-float"),
        pytest.param(None, None, id="unset"),
    ],
)
def test_an_exact_number_is_never_rounded(
    session: Session, now: datetime, share: Fraction | None, kept: str | None
) -> None:
    contest = contest_made_at(now)
    session.add(contest)
    session.flush()
    group = Group(contest_id=contest.id, name="core", share=share)
    session.add(group)
    session.flush()

    session.refresh(group)

    assert group.share == share
    if kept is not None:
        assert session.scalar(text("SELECT share FROM voter_group")) == kept
