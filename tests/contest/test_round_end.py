from __future__ import annotations

import contextlib
import sqlite3
from datetime import datetime, timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from logovote.contest import counting, dealing, events, ledger, marks, rounds
from logovote.contest.casting import RoundClosedError
from logovote.contest.rounds import RoundError
from logovote.settings import Settings
from logovote.store.models import Contest, Kind, Phase, Round
from logovote.store.store import Store
from tests.builders import cast, make_contest, voter_named

DAY = timedelta(days=1)
TICK = timedelta(microseconds=1)


@pytest.fixture
def contest(session: Session, now: datetime) -> Contest:
    return make_contest(
        session, now, designs=[1, 2, 3], voters={"core": ["Ann", "Bob"]}
    )


@pytest.fixture
def ending(session: Session, contest: Contest, now: datetime) -> Round:
    """A shortlist round that ends in a day."""
    return rounds.open_round(session, contest, Kind.SHORTLIST, now, until=now + DAY)


def test_a_save_before_the_end_and_on_it_is_taken(
    session: Session, ending: Round, now: datetime
) -> None:
    cast(session, ending, "Ann", ["1"], now + DAY - TICK)
    cast(session, ending, "Bob", ["2"], now + DAY)


def test_a_save_after_the_end_is_refused_though_nobody_closed_the_round(
    session: Session, ending: Round, now: datetime
) -> None:
    with pytest.raises(RoundClosedError):
        cast(session, ending, "Ann", ["1"], now + DAY + TICK)

    assert ending.phase is Phase.OPEN
    assert ending.has_ended(now + DAY + TICK)


def test_the_end_is_read_anew_when_a_ballot_is_saved(
    postgresql_store: Store, now: datetime
) -> None:
    """On PostgreSQL, where somebody may have moved it since the request began."""
    with postgresql_store.database.write() as session:
        contest = make_contest(session, now, designs=[1], voters={"core": ["Ann"]})
        ending = rounds.open_round(
            session, contest, Kind.SHORTLIST, now, until=now + DAY
        )
        moved = update(Round).values(closes_at=now - DAY)
        session.execute(moved.execution_options(synchronize_session=False))

        with pytest.raises(RoundClosedError):
            cast(session, ending, "Ann", ["1"], now)


@pytest.mark.sqlite
def test_nobody_moves_the_end_while_a_ballot_is_saved(
    session: Session, ending: Round, settings: Settings
) -> None:
    """On SQLite, where what a request has read stays true until it is done."""
    database = settings.database_url.removeprefix("sqlite:///")
    with (
        contextlib.closing(sqlite3.connect(database, timeout=0)) as other,
        pytest.raises(sqlite3.OperationalError, match="locked"),
    ):
        other.execute("UPDATE round SET closes_at = NULL")


def test_after_the_end_nothing_is_marked_or_dealt(
    session: Session, contest: Contest, ending: Round, now: datetime
) -> None:
    ann = voter_named(session, contest, "Ann")
    late = now + DAY + TICK

    with pytest.raises(RoundClosedError):
        marks.see(session, ending, ann, ["f1"], late)
    assert dealing.deal(session, ending, ann, late).number == 0


def test_a_round_without_an_end_stays_open(
    session: Session, contest: Contest, now: datetime
) -> None:
    round_ = rounds.open_round(session, contest, Kind.SHORTLIST, now)

    cast(session, round_, "Ann", ["1"], now + 1000 * DAY)


def test_a_round_that_has_ended_is_closed_and_counted_as_usual(
    session: Session, ending: Round, now: datetime
) -> None:
    cast(session, ending, "Ann", ["1"], now)

    rounds.close_round(session, ending, now + 2 * DAY)
    counting.count_round(session, ending)

    assert ending.phase is Phase.COUNTED


def test_more_time_after_the_end_opens_the_vote_again_and_is_logged(
    session: Session, contest: Contest, ending: Round, now: datetime
) -> None:
    late = now + DAY + TICK

    rounds.extend_round(session, ending, now + 2 * DAY, late, actor="cli")

    cast(session, ending, "Ann", ["1"], late)
    last = events.chain(session, contest.id)[-1]
    assert (last["kind"], last["actor"]) == ("round.extended", "cli")
    assert last["payload"] == {
        "round": "shortlist/1",
        "until": events.written(now + 2 * DAY),
    }


def test_the_end_is_part_of_what_is_committed_to_at_the_opening(
    session: Session, contest: Contest, ending: Round, now: datetime
) -> None:
    payload = events.chain(session, contest.id)[-1]["payload"]
    committed = {
        name: value
        for name, value in payload.items()
        if name not in {"round", "commitment"}
    }

    assert committed["until"] == events.written(now + DAY)
    assert payload["commitment"] == ledger.commitment(committed)


@pytest.mark.parametrize("days", [-1, 0])
def test_no_round_opens_or_is_extended_into_the_past(
    session: Session, contest: Contest, now: datetime, days: int
) -> None:
    with pytest.raises(RoundError, match="over already"):
        rounds.open_round(session, contest, Kind.SHORTLIST, now, until=now + days * DAY)
    round_ = rounds.open_round(session, contest, Kind.SHORTLIST, now)
    with pytest.raises(RoundError, match="over already"):
        rounds.extend_round(session, round_, now + days * DAY, now)


@pytest.mark.parametrize("moved", [-TICK, timedelta(0)])
def test_an_end_is_never_moved_to_an_earlier_time(
    session: Session, ending: Round, now: datetime, moved: timedelta
) -> None:
    with pytest.raises(RoundError, match="later time"):
        rounds.extend_round(session, ending, now + DAY + moved, now)

    assert ending.closes_at == now + DAY


def test_only_an_open_round_is_extended(
    session: Session, ending: Round, now: datetime
) -> None:
    rounds.close_round(session, ending, now)

    with pytest.raises(RoundError, match="only an open round"):
        rounds.extend_round(session, ending, now + 2 * DAY, now)


@pytest.mark.parametrize(("after", "end"), [(DAY, DAY), (DAY + TICK, None)])
def test_reopening_drops_an_end_that_has_passed(
    session: Session,
    ending: Round,
    now: datetime,
    after: timedelta,
    end: timedelta | None,
) -> None:
    rounds.close_round(session, ending, now)

    rounds.reopen_round(session, ending, now=now + after)

    assert ending.closes_at == (None if end is None else now + end)
    assert ending.is_voting(now + after)


def test_a_round_that_is_over_is_closed_as_of_its_end_by_the_site(
    session: Session, contest: Contest, ending: Round, now: datetime
) -> None:
    cast(session, ending, "Ann", ["1"], now)

    assert not rounds.close_ended(session, ending, now + DAY)
    assert rounds.close_ended(session, ending, now + 3 * DAY)

    last = events.chain(session, contest.id)[-1]
    assert (last["kind"], last["actor"]) == ("round.closed", "system")
    assert last["at"] == events.written(now + DAY)
    assert last["payload"]["ballots"] == 1
    assert (ending.phase, ending.closed_at) == (Phase.CLOSED, now + DAY)
    assert not rounds.close_ended(session, ending, now + 3 * DAY)


def test_a_clock_turned_back_does_not_open_a_round_that_was_over(
    session: Session, ending: Round, now: datetime
) -> None:
    rounds.close_ended(session, ending, now + DAY + TICK)

    with pytest.raises(RoundClosedError):
        cast(session, ending, "Ann", ["1"], now)


def test_every_round_that_is_over_is_closed_and_no_other(
    session: Session, ending: Round, now: datetime
) -> None:
    other = make_contest(
        session, now, slug="other", designs=[9], voters={"core": ["Cleo"]}
    )
    later = rounds.open_round(session, other, Kind.SHORTLIST, now, until=now + 2 * DAY)

    assert rounds.close_all_ended(session, now + DAY) == []
    assert rounds.close_all_ended(session, now + DAY + TICK) == [ending]
    assert (ending.phase, later.phase) == (Phase.CLOSED, Phase.OPEN)


def test_who_closes_a_round_that_is_over_finds_it_closed(
    session: Session, ending: Round, now: datetime
) -> None:
    rounds.end_round(session, ending, now + 2 * DAY, actor="cli")
    rounds.end_round(session, ending, now + 2 * DAY, actor="cli")

    assert ending.closed_at == now + DAY


def test_more_time_for_a_round_closed_by_its_end_opens_it_again(
    session: Session, contest: Contest, ending: Round, now: datetime
) -> None:
    rounds.close_ended(session, ending, now + 2 * DAY)

    rounds.extend_round(session, ending, now + 4 * DAY, now + 3 * DAY)

    cast(session, ending, "Ann", ["1"], now + 3 * DAY)
    kinds = [event["kind"] for event in events.chain(session, contest.id)]
    assert kinds[-3:] == ["round.closed", "round.reopened", "round.extended"]
