"""A public draw of after the close in the order of ties."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy.orm import Session

from logovote.contest import beacons, counting, events, ledger, rounds
from logovote.contest.rounds import RoundError
from logovote.contest.rules import RulesError
from logovote.store.models import Kind, Round
from tests.builders import cast, make_contest

DRAW = "drand quicknet 31536000"
VALUE = "4f" * 32


@pytest.fixture
def closed(session: Session, now: datetime) -> Round:
    """A closed round that decides ties by a draw."""
    contest = make_contest(session, now, designs=[1, 2], voters={"core": ["Ann"]})
    round_ = rounds.open_round(session, contest, Kind.SHORTLIST, now, beacon=DRAW)
    cast(session, round_, "Ann", ["1", "2"], now)
    rounds.close_round(session, round_, now)
    return round_


def test_the_draw_is_named_in_the_commitment(session: Session, closed: Round) -> None:
    opened = events.chain(session, closed.contest_id)[-2]["payload"]

    assert opened["rules"]["beacon"] == DRAW


def test_the_count_waits_and_says_what_for(session: Session, closed: Round) -> None:
    with pytest.raises(
        RoundError, match=f"a public draw, {DRAW}, which is not entered"
    ):
        counting.count_round(session, closed)

    beacons.enter(session, closed, VALUE)
    result = counting.count_round(session, closed)

    assert result.seed == ledger.tie_seed(
        closed.public_string, closed.closing_root or "", VALUE
    )


@pytest.mark.parametrize(
    "value", [f" {VALUE.upper()}\n", VALUE[:32] + " " + VALUE[32:]]
)
def test_a_value_is_taken_as_it_is_copied_and_logged(
    session: Session, closed: Round, value: str
) -> None:
    beacons.enter(session, closed, value, actor="cli")

    last = events.chain(session, closed.contest_id)[-1]
    assert closed.beacon == VALUE
    assert (last["kind"], last["actor"]) == ("beacon.drawn", "cli")
    assert last["payload"] == {"round": "shortlist/1", "beacon": DRAW, "value": VALUE}


@pytest.mark.parametrize("value", ["", "42", VALUE[:-1], VALUE + "0", "g" * 64])
def test_what_no_beacon_draws_is_refused(
    session: Session, closed: Round, value: str
) -> None:
    with pytest.raises(RoundError, match="64 hex digits"):
        beacons.enter(session, closed, value)


def test_a_slip_is_mended_until_the_count_and_both_are_in_the_log(
    session: Session, closed: Round
) -> None:
    beacons.enter(session, closed, "0" * 64)
    beacons.enter(session, closed, VALUE)
    counting.count_round(session, closed)

    kinds = [event["kind"] for event in events.chain(session, closed.contest_id)]
    assert kinds.count("beacon.drawn") == 2
    assert closed.beacon == VALUE
    with pytest.raises(RoundError, match="before the count"):
        beacons.enter(session, closed, VALUE)


def test_no_ballot_changes_once_the_draw_is_known(
    session: Session, closed: Round, now: datetime
) -> None:
    rounds.reopen_round(session, closed, now=now)
    with pytest.raises(RoundError, match="after the close"):
        beacons.enter(session, closed, VALUE)
    rounds.close_round(session, closed, now)
    beacons.enter(session, closed, VALUE)

    with pytest.raises(RoundError, match="must not change"):
        rounds.reopen_round(session, closed, now=now)


def test_without_a_draw_nothing_is_asked_and_none_is_taken(
    session: Session, now: datetime
) -> None:
    contest = make_contest(session, now, designs=[1, 2], voters={"core": ["Ann"]})
    round_ = rounds.open_round(session, contest, Kind.SHORTLIST, now, beacon=" ")
    rounds.close_round(session, round_, now)

    with pytest.raises(RoundError, match="without a public draw"):
        beacons.enter(session, round_, VALUE)
    result = counting.count_round(session, round_)

    assert result.seed == ledger.tie_seed(
        round_.public_string, round_.closing_root or ""
    )


@pytest.mark.parametrize("name", ["drand", "x1" * 51])
def test_a_draw_needs_a_number_and_one_line(
    session: Session, now: datetime, name: str
) -> None:
    contest = make_contest(session, now, designs=[1], voters={"core": ["Ann"]})

    with pytest.raises(RulesError, match="one public draw with its number"):
        rounds.open_round(session, contest, Kind.SHORTLIST, now, beacon=name)
