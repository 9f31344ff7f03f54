"""A round that takes no ballots for a while."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from logovote.contest import (
    bundle,
    casting,
    counting,
    dealing,
    events,
    feedback,
    marks,
    notices,
    rounds,
)
from logovote.contest.casting import RoundPausedError
from logovote.contest.contests import change_contest
from logovote.contest.rounds import RoundError
from logovote.store import queries
from logovote.store.models import Contest, Kind, Message, Phase, Round
from tests.builders import cast, make_contest, voter_named

HOUR = timedelta(hours=1)


@pytest.fixture
def contest(session: Session, now: datetime) -> Contest:
    return make_contest(
        session, now, designs=[1, 2, 3], voters={"core": ["Ann", "Bob"]}
    )


@pytest.fixture
def opened(session: Session, contest: Contest, now: datetime) -> Round:
    end = now + 24 * HOUR
    return rounds.open_round(session, contest, Kind.SHORTLIST, now, until=end)


def test_a_pause_takes_nothing_and_keeps_what_is_there(
    session: Session, opened: Round, now: datetime
) -> None:
    before = cast(session, opened, "Ann", ["1"], now)
    rounds.pause_round(session, opened, now)

    with pytest.raises(RoundPausedError, match="until the organiser opens it again"):
        cast(session, opened, "Ann", ["2"], now + HOUR, base_rev=1)
    with pytest.raises(RoundPausedError):
        cast(session, opened, "Bob", ["2"], now + HOUR)

    ann = voter_named(session, session.get_one(Contest, opened.contest_id), "Ann")
    kept = queries.ballot_of(session, opened.id, ann.id)
    assert kept is not None
    assert (casting.items_of(kept), kept.rev) == (["1"], before.rev)
    rounds.resume_round(session, opened, now + 2 * HOUR)
    cast(session, opened, "Ann", ["2"], now + 2 * HOUR, base_rev=1)


def test_a_save_whose_answer_was_lost_is_acknowledged_in_a_pause(
    session: Session, contest: Contest, opened: Round, now: datetime
) -> None:
    ann = voter_named(session, contest, "Ann")

    def save() -> casting.Receipt:
        return casting.save_ballot(
            session, opened, ann, base_rev=0, save_id="a" * 8, items=["1"], now=now
        )

    first = save()
    rounds.pause_round(session, opened, now)

    assert save() == first


def test_a_pause_with_an_end_ends_by_the_clock(
    session: Session, contest: Contest, opened: Round, now: datetime
) -> None:
    change_contest(session, contest, zone="Europe/Paris", now=now)
    rounds.pause_round(session, opened, now, until=now + HOUR)

    with pytest.raises(RoundPausedError, match=r"until 23 November 2026, 14:00 CET\."):
        cast(session, opened, "Ann", ["1"], now + HOUR - timedelta(microseconds=1))
    cast(session, opened, "Ann", ["1"], now + HOUR)
    with pytest.raises(RoundError, match="is not paused"):
        rounds.resume_round(session, opened, now + HOUR)


def test_marks_notes_and_batches_wait_too(
    session: Session, contest: Contest, opened: Round, now: datetime
) -> None:
    ann = voter_named(session, contest, "Ann")
    first = queries.submission(session, contest.id, 1)
    assert first is not None
    rounds.pause_round(session, opened, now)

    with pytest.raises(RoundPausedError):
        marks.set_mark(session, opened, ann, "f1", now, not_for_me=True)
    with pytest.raises(RoundPausedError):
        marks.see(session, opened, ann, ["f1"], now)
    said = feedback.Given(frozenset(), "Fine")
    with pytest.raises(RoundPausedError):
        feedback.give(session, opened, ann, first, said, now=now)
    assert dealing.deal(session, opened, ann, now).number == 0


@pytest.mark.parametrize(
    ("until", "says"),
    [(timedelta(0), "over already"), (24 * HOUR, "The round ends before that")],
)
def test_a_pause_lies_before_the_rounds_end(
    session: Session, opened: Round, now: datetime, until: timedelta, says: str
) -> None:
    with pytest.raises(RoundError, match=says):
        rounds.pause_round(session, opened, now, until=now + until)

    assert not opened.is_paused(now)


def test_the_end_of_a_round_ends_its_pause(
    session: Session, opened: Round, now: datetime
) -> None:
    rounds.pause_round(session, opened, now)

    later = now + 25 * HOUR
    assert not opened.is_paused(later)
    assert rounds.close_ended(session, opened, later)
    assert opened.phase is Phase.CLOSED
    rounds.reopen_round(session, opened, now=later)
    cast(session, opened, "Ann", ["1"], later)


def test_only_an_open_round_is_paused_and_only_a_paused_one_goes_on(
    session: Session, opened: Round, now: datetime
) -> None:
    with pytest.raises(RoundError, match="is not paused"):
        rounds.resume_round(session, opened, now)
    with pytest.raises(RoundError, match="is over; only an open round"):
        rounds.pause_round(session, opened, now + 25 * HOUR)
    rounds.close_round(session, opened, now)
    with pytest.raises(RoundError, match="is closed; only an open round"):
        rounds.pause_round(session, opened, now)


def test_a_paused_round_can_be_given_more_time_or_be_closed(
    session: Session, opened: Round, now: datetime
) -> None:
    rounds.pause_round(session, opened, now)
    rounds.extend_round(session, opened, now + 48 * HOUR, now)
    assert opened.is_paused(now + 30 * HOUR)
    rounds.close_round(session, opened, now)
    assert opened.phase is Phase.CLOSED


def test_the_log_says_it_and_the_bundle_recounts(
    session: Session, contest: Contest, opened: Round, now: datetime
) -> None:
    cast(session, opened, "Ann", ["1"], now)
    rounds.pause_round(session, opened, now, until=now + HOUR, actor="u1")
    rounds.resume_round(session, opened, now, actor="u1")
    cast(session, opened, "Bob", ["2"], now)
    rounds.close_round(session, opened, now)
    counting.count_round(session, opened, now=now)

    told = [
        (event["kind"], event["payload"])
        for event in events.chain(session, contest.id)
        if event["kind"] in {"round.paused", "round.resumed"}
    ]
    assert told == [
        ("round.paused", {"round": "shortlist/1", "until": "2026-11-23T13:00:00.000Z"}),
        ("round.resumed", {"round": "shortlist/1"}),
    ]
    assert b"round.paused" in bundle_events(bundle.bundle_of(session, opened).data)


def bundle_events(data: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.read("events.json")


def test_a_reminder_waits_for_the_pause_to_end(
    session: Session, contest: Contest, now: datetime
) -> None:
    notices.switch(contest, ["reminder"])
    round_ = rounds.open_round(session, contest, Kind.SHORTLIST, now)
    rounds.pause_round(session, round_, now, until=now + HOUR)

    message = notices.claim(session, now)
    assert message is not None
    assert notices.put_off(message, now)

    session.flush()
    again = session.scalars(select(Message).where(Message.id == message.id)).one()
    assert (again.next_at, again.tries) == (now + HOUR, 0)
    claimed = notices.claim(session, now + HOUR)
    assert claimed is not None
    assert not notices.put_off(claimed, now + HOUR)
    assert notices.why_not(session, claimed, now + HOUR) == ""
