"""A clock that is wrong, or steps back, lets nothing in and loses nothing.

What clocks do twice a year is in `test_dates.py`, ends in `test_round_end.py`.
"""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from logovote.contest import casting, events, rounds
from logovote.contest.casting import RoundClosedError
from logovote.store import queries
from logovote.store.models import Contest, Kind, Round
from tests.builders import cast, make_contest, voter_named

BACK = [timedelta(seconds=1), timedelta(minutes=5), timedelta(days=400)]


@pytest.fixture
def contest(session: Session, now: datetime) -> Contest:
    return make_contest(session, now, designs=[1, 2], voters={"core": ["Ann", "Bob"]})


@pytest.fixture
def round_(session: Session, contest: Contest, now: datetime) -> Round:
    return rounds.open_round(
        session, contest, Kind.SHORTLIST, now, until=now + timedelta(days=1)
    )


@pytest.mark.parametrize("back", BACK, ids=str)
def test_a_round_that_is_closed_stays_closed_when_the_clock_steps_back(
    session: Session, round_: Round, now: datetime, back: timedelta
) -> None:
    rounds.close_round(session, round_, now)

    with pytest.raises(RoundClosedError):
        cast(session, round_, "Ann", ["1"], now - back)


@pytest.mark.parametrize("back", BACK, ids=str)
def test_the_order_of_saves_is_that_of_their_revisions_and_not_of_the_clock(
    session: Session, contest: Contest, round_: Round, now: datetime, back: timedelta
) -> None:
    first = cast(session, round_, "Ann", ["1"], now)

    second = cast(session, round_, "Ann", ["2"], now - back, base_rev=1)

    ann = voter_named(session, contest, "Ann")
    ballot = queries.ballot_of(session, round_.id, ann.id)
    assert (first.rev, second.rev) == (1, 2)
    assert casting.items_of(ballot) == ["2"]
    assert second.saved_at < first.saved_at


@pytest.mark.parametrize("back", BACK, ids=str)
def test_the_log_is_one_chain_when_the_clock_steps_back(
    session: Session, contest: Contest, round_: Round, now: datetime, back: timedelta
) -> None:
    rounds.close_round(session, round_, now - back)
    rounds.reopen_round(session, round_, now=now)

    chain = events.chain(session, contest.id)

    assert [event["seq"] for event in chain] == list(range(1, len(chain) + 1))
    assert [event["kind"] for event in chain[-3:]] == [
        "round.opened",
        "round.closed",
        "round.reopened",
    ]
    assert all(b["prev"] == a["hash"] for a, b in itertools.pairwise(chain))


def test_workers_whose_clocks_differ_take_the_same_once_one_has_closed(
    session: Session, round_: Round, now: datetime
) -> None:
    """Before that, each judges the end by its own clock: keep clocks together."""
    late, early = now + timedelta(minutes=5), now - timedelta(minutes=5)
    cast(session, round_, "Ann", ["1"], early)
    rounds.close_round(session, round_, now)

    for clock in (early, now, late):
        with pytest.raises(RoundClosedError):
            cast(session, round_, "Bob", ["1"], clock)
