from __future__ import annotations

import json
from datetime import datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from logovote.contest import (
    counting,
    events,
    feedback,
    quarantine,
    recusing,
    rounds,
    sealing,
)
from logovote.contest.casting import InvalidBallotError, RoundClosedError
from logovote.contest.feedback import REASONS, FeedbackError, Given
from logovote.contest.marks import LONGEST_NOTE, set_mark
from logovote.contest.rounds import RoundError
from logovote.store import queries
from logovote.store.models import (
    Contest,
    Feedback,
    Kind,
    ReasonCount,
    Remark,
    RemarkState,
    Round,
    Submission,
)
from tests.builders import cast, make_contest, open_shortlist, voter_named, withdraw


@pytest.fixture
def contest(session: Session, now: datetime) -> Contest:
    return make_contest(
        session, now, designs=[1, 2, 3], voters={"core": ["Ann", "Bea", "Cat"]}
    )


@pytest.fixture
def round_(session: Session, contest: Contest, now: datetime) -> Round:
    return open_shortlist(session, contest, now)


def design(session: Session, contest: Contest, entry: int) -> Submission:
    found = queries.submission(session, contest.id, entry)
    assert found is not None
    return found


def say(
    session: Session,
    contest: Contest,
    name: str,
    entry: int,
    said: Given,
    *,
    now: datetime,
    kind: Kind = Kind.SHORTLIST,
) -> None:
    round_ = rounds.latest(session, contest, kind)
    voter = voter_named(session, contest, name)
    feedback.give(
        session, round_, voter, design(session, contest, entry), said, now=now
    )


def reasons(*ids: str, note: str = "", shared: bool = False) -> Given:
    return Given(frozenset(ids), note, shared)


@pytest.fixture
def counted(session: Session, contest: Contest, round_: Round, now: datetime) -> Round:
    """Ann and Bea speak of 1, Cat of 2; Bea keeps her note to herself."""
    cast(session, round_, "Ann", ["1"], now)
    say(
        session,
        contest,
        "Ann",
        1,
        reasons("memorable", "simple", note="Zoom in!", shared=True),
        now=now,
    )
    say(session, contest, "Bea", 1, reasons("memorable", note="My own"), now=now)
    say(session, contest, "Cat", 1, reasons(note="A fine one", shared=True), now=now)
    say(session, contest, "Cat", 2, reasons("too-alike"), now=now)
    rounds.close_round(session, round_, now)
    counting.count_round(session, round_)
    return round_


def test_reasons_speak_for_and_against_with_ids_that_files_can_hold() -> None:
    ids = [reason.id for reason in REASONS]

    assert len(set(ids)) == len(ids)
    assert {reason.praise for reason in REASONS} == {True, False}
    assert all(id_ == id_.lower() and " " not in id_ for id_ in ids)
    assert max(map(len, ids)) <= 20


def test_saying_it_again_replaces_what_was_said(
    session: Session, contest: Contest, round_: Round, now: datetime
) -> None:
    say(session, contest, "Ann", 1, reasons("simple", note="A", shared=True), now=now)
    say(session, contest, "Ann", 1, reasons("unfitting"), now=now)

    voter = voter_named(session, contest, "Ann")
    said = feedback.given(session, round_, voter, design(session, contest, 1))
    assert said == reasons("unfitting")
    assert len(session.scalars(select(Feedback)).all()) == 1


def test_what_one_voter_says_another_does_not_see(
    session: Session, contest: Contest, round_: Round, now: datetime
) -> None:
    say(session, contest, "Ann", 1, reasons("simple", note="A"), now=now)

    bea = voter_named(session, contest, "Bea")
    assert not feedback.given(session, round_, bea, design(session, contest, 1))


@pytest.mark.parametrize(
    ("said", "told"),
    [
        pytest.param(reasons("rubbish"), "no reason “rubbish”", id="unknown"),
        pytest.param(reasons(note="x" * 2001), "2001 characters", id="too-long"),
        pytest.param(reasons(note=" \n", shared=True), "Write the note", id="nothing"),
    ],
)
def test_what_cannot_be_kept_is_refused(
    session: Session,
    contest: Contest,
    round_: Round,
    now: datetime,
    *,
    said: Given,
    told: str,
) -> None:
    with pytest.raises(InvalidBallotError, match=told):
        say(session, contest, "Ann", 1, said, now=now)


def test_nothing_is_taken_once_the_round_is_closed_or_the_design_withdrawn(
    session: Session, contest: Contest, round_: Round, now: datetime
) -> None:
    withdraw(session, contest, 2, now)
    with pytest.raises(RoundClosedError, match="withdrawn"):
        say(session, contest, "Ann", 2, reasons("simple"), now=now)
    rounds.close_round(session, round_, now)

    with pytest.raises(RoundClosedError, match="nothing was changed"):
        say(session, contest, "Ann", 1, reasons("simple"), now=now)


def test_a_design_that_stands_nowhere_has_no_round(
    session: Session, contest: Contest
) -> None:
    with pytest.raises(RoundClosedError, match="stands in no round yet"):
        feedback.round_for(session, contest, design(session, contest, 1))


@pytest.mark.parametrize("review", [False, True])
def test_nobody_reads_it_before_the_count(
    session: Session,
    contest: Contest,
    round_: Round,
    now: datetime,
    *,
    review: bool,
) -> None:
    say(session, contest, "Ann", 1, reasons("simple", note="A", shared=True), now=now)
    if review:
        rounds.close_round(session, round_, now)

    with pytest.raises(RoundError, match="for nobody before"):
        feedback.gathered(session, round_)
    assert session.scalars(select(Remark)).all() == []
    assert session.scalars(select(ReasonCount)).all() == []


def test_the_count_gathers_reasons_and_shared_notes_alone(
    session: Session, counted: Round
) -> None:
    first, second, third = feedback.gathered(session, counted)

    assert dict(first.heads) == {"memorable": 2, "simple": 1}
    assert first.told == ["2 voters: memorable", "1 voter: pleasantly simple"]
    # In the order of the texts, which is not the order in which they came.
    assert [note.original for note in first.notes] == ["A fine one", "Zoom in!"]
    assert dict(second.heads) == {"too-alike": 1}
    assert (dict(third.heads), third.notes) == ({}, [])
    assert feedback.summed([first, second]) == {
        "memorable": 2,
        "simple": 1,
        "too-alike": 1,
    }


def test_feedback_is_no_vote_and_changes_no_result(
    session: Session, contest: Contest, counted: Round, now: datetime
) -> None:
    again = open_shortlist(session, contest, now)
    cast(session, again, "Ann", ["1"], now)
    rounds.close_round(session, again, now)
    silent = counting.count_round(session, again)

    order = json.loads(counted.result or "")["order"]
    assert [line["entry"] for line in order] == [line.entry for line in silent.order]


def test_no_note_is_handed_on_before_the_organiser_says_so(
    session: Session, contest: Contest, counted: Round, now: datetime
) -> None:
    fine, zoom = feedback.gathered(session, counted)[0].notes

    assert feedback.gathered(session, counted)[0].released == []
    feedback.moderate(session, contest, fine.id, "approve", now=now)
    feedback.moderate(session, contest, zoom.id, "hide", now=now)

    assert feedback.gathered(session, counted)[0].released == ["A fine one"]


def test_an_edited_note_says_so_and_keeps_what_was_written(
    session: Session, contest: Contest, counted: Round, now: datetime
) -> None:
    note = feedback.gathered(session, counted)[0].notes[1]

    edited = feedback.moderate(session, contest, note.id, "edit", " Look! ", now=now)

    assert (edited.text, edited.original) == ("Look!", "Zoom in!")
    assert edited.state is RemarkState.APPROVED
    released = feedback.gathered(session, counted)[0].released
    assert released == ["Look! [edited by the organiser]"]
    back = feedback.moderate(session, contest, note.id, "restore", now=now)
    assert (back.text, back.state) == ("Zoom in!", RemarkState.WAITING)


def test_what_is_done_to_a_note_is_logged_without_its_words(
    session: Session, contest: Contest, counted: Round, now: datetime
) -> None:
    note = feedback.gathered(session, counted)[0].notes[1]
    feedback.moderate(session, contest, note.id, "edit", "Look!", now=now)

    last = events.chain(session, contest.id)[-1]
    assert last["kind"] == "feedback.moderated"
    assert last["payload"] == {
        "round": "shortlist/1",
        "entry": 1,
        "note": note.id,
        "deed": "edit",
    }


@pytest.mark.parametrize(
    ("deed", "words", "told"),
    [
        ("edit", "  ", "Write what the designer"),
        ("edit", "x" * (LONGEST_NOTE + 1), "too long"),
        ("burn", "", "Choose one of approve"),
    ],
)
def test_an_impossible_deed_is_refused(
    session: Session,
    contest: Contest,
    counted: Round,
    now: datetime,
    *,
    deed: str,
    words: str,
    told: str,
) -> None:
    note = feedback.gathered(session, counted)[0].notes[0]

    with pytest.raises(FeedbackError, match=told):
        feedback.moderate(session, contest, note.id, deed, words, now=now)


def test_a_note_is_reached_through_its_own_contest_only(
    session: Session, contest: Contest, counted: Round, now: datetime
) -> None:
    other = make_contest(session, now, slug="other", voters={"core": ["Otto"]})
    note = feedback.gathered(session, counted)[0].notes[0]

    with pytest.raises(FeedbackError, match="no note number"):
        feedback.moderate(session, other, note.id, "approve", now=now)


def test_sealing_forgets_who_said_what_and_keeps_what_was_gathered(
    session: Session, contest: Contest, counted: Round, now: datetime
) -> None:
    before = feedback.gathered(session, counted)
    rounds.publish_round(session, counted, now=now)

    sealing.seal_rounds(session, contest, now, waive=True)

    assert session.scalars(select(Feedback)).all() == []
    assert feedback.gathered(session, counted) == before
    for table in (ReasonCount.__table__, Remark.__table__):
        assert "voter_id" not in table.columns


def test_the_private_note_of_a_logo_is_found_to_begin_with(
    session: Session, contest: Contest, round_: Round, now: datetime
) -> None:
    ann = voter_named(session, contest, "Ann")
    set_mark(session, round_, ann, "f1", now, note="Mine")

    first, second = (design(session, contest, entry) for entry in (1, 2))
    assert feedback.private_note(session, round_, ann, first) == "Mine"
    assert feedback.private_note(session, round_, ann, second) == ""


def test_a_ranking_round_takes_feedback_too(
    session: Session, contest: Contest, counted: Round, now: datetime
) -> None:
    ranking = rounds.open_round(session, contest, Kind.RANKING, now)

    found = feedback.round_for(session, contest, design(session, contest, 1))
    say(session, contest, "Bea", 1, reasons("fitting"), now=now, kind=Kind.RANKING)

    assert found is ranking
    assert dict(feedback.gathered(session, counted)[0].heads) == {
        "memorable": 2,
        "simple": 1,
    }


def test_who_is_set_aside_and_who_made_the_design_say_nothing(
    session: Session, contest: Contest, round_: Round, now: datetime
) -> None:
    recusing.recuse(session, contest, "bea@example.org", "1", now=now)
    for name in ("Ann", "Bea", "Cat"):
        cast(session, round_, name, ["2"], now)
        said = reasons("memorable", note=f"From {name}", shared=True)
        say(session, contest, name, 1, said, now=now)
        say(session, contest, name, 2, reasons("simple"), now=now)
    rounds.close_round(session, round_, now)
    cat = voter_named(session, contest, "Cat")
    ballot = queries.ballot_of(session, round_.id, cat.id)
    assert ballot is not None
    quarantine.set_aside(session, round_, [ballot.id], "Not a person.", now=now)
    counting.count_round(session, round_, now=now)

    first, second, _ = feedback.gathered(session, round_)

    assert dict(first.heads) == {"memorable": 1}
    assert [note.original for note in first.notes] == ["From Ann"]
    assert dict(second.heads) == {"simple": 2}
