"""Marks are the voter's own, and never a vote."""

from __future__ import annotations

from datetime import datetime, timedelta
from fractions import Fraction

import pytest
from sqlalchemy.orm import Session

from logovote.contest import ballot_files, counting, families, marks, rounds
from logovote.contest.casting import InvalidBallotError, RoundClosedError
from logovote.contest.marks import LONGEST_NOTE, Mark, Marks
from logovote.contest.rules import RulesError
from logovote.store import impressions
from logovote.store.models import Contest, Kind, Round, Voter
from logovote.voting.electorate import exposures, prices
from tests.builders import (
    add_design,
    cast,
    make_contest,
    open_shortlist,
    voter_named,
    withdraw,
)
from tests.contest.test_dealing import change


@pytest.fixture
def contest(session: Session, now: datetime) -> Contest:
    contest = make_contest(
        session,
        now - timedelta(days=1),
        designs=[1, 2, 3, 12, 57],
        voters={"core": ["Ann", "Bob"], "crowd": ["Cleo", "Dan", "Eve"]},
        shares={"core": "2/5", "crowd": "3/5"},
    )
    families.merge(session, contest, [12, 57])
    return contest


@pytest.fixture
def round_(session: Session, contest: Contest, now: datetime) -> Round:
    return open_shortlist(session, contest, now)


@pytest.fixture
def ann(session: Session, contest: Contest) -> Voter:
    return voter_named(session, contest, "Ann")


def read(session: Session, round_: Round, voter: Voter, *approved: str) -> Marks:
    return marks.marks_of(session, round_, voter, approved)


def test_nothing_is_marked_at_first(
    session: Session, round_: Round, ann: Voter
) -> None:
    found = read(session, round_, ann)

    assert set(found.of.values()) == {Mark(f) for f in ("f1", "f2", "f3", "f12")}
    assert (found.total, found.seen, found.shortlisted, found.left) == (4, 0, 0, 4)


def test_the_three_numbers_are_honest(
    session: Session, round_: Round, ann: Voter, now: datetime
) -> None:
    marks.see(session, round_, ann, ["f1", "f2", "f1"], now)
    marks.set_mark(session, round_, ann, "f2", now, not_for_me=True)

    # f3 was never logged, but who approves has seen.
    found = read(session, round_, ann, "f1", "f3")

    assert (found.total, found.seen, found.shortlisted, found.left) == (4, 3, 2, 1)
    assert found.of["f2"].not_for_me
    assert not found.of["f1"].not_for_me


def test_marks_are_set_one_at_a_time_and_taken_back(
    session: Session, round_: Round, ann: Voter, now: datetime
) -> None:
    marks.set_mark(session, round_, ann, "f1", now, note="  Wobbly\r\nfeet\0 ")
    marks.set_mark(session, round_, ann, "f1", now, not_for_me=True)
    mark = read(session, round_, ann).of["f1"]
    assert (mark.note, mark.not_for_me, mark.seen) == ("Wobbly\nfeet", True, True)

    marks.set_mark(session, round_, ann, "f1", now, not_for_me=False, note="")
    mark = read(session, round_, ann).of["f1"]
    assert (mark.note, mark.not_for_me, mark.seen) == ("", False, True)


def test_marks_are_nobody_elses(
    session: Session, contest: Contest, round_: Round, ann: Voter, now: datetime
) -> None:
    marks.set_mark(session, round_, ann, "f1", now, not_for_me=True, note="no")

    assert read(session, round_, voter_named(session, contest, "Bob")).seen == 0


def test_what_does_not_stand_is_passed_over_when_seen_and_refused_when_marked(
    session: Session, contest: Contest, round_: Round, ann: Voter, now: datetime
) -> None:
    withdraw(session, contest, 3, now)
    marks.see(session, round_, ann, ["f1", "f3", "f99", "", "x" * 500], now)
    assert read(session, round_, ann).seen == 1

    with pytest.raises(InvalidBallotError, match="Logo 3 does not stand"):
        marks.set_mark(session, round_, ann, "f3", now, not_for_me=True)


def test_a_note_has_an_end(
    session: Session, round_: Round, ann: Voter, now: datetime
) -> None:
    marks.set_mark(session, round_, ann, "f1", now, note="x" * LONGEST_NOTE)
    with pytest.raises(InvalidBallotError, match="2001 characters"):
        marks.set_mark(session, round_, ann, "f1", now, note="x" * (LONGEST_NOTE + 1))


def test_a_closed_round_takes_no_marks_but_shows_them(
    session: Session, round_: Round, ann: Voter, now: datetime
) -> None:
    marks.set_mark(session, round_, ann, "f1", now, note="mine")
    rounds.close_round(session, round_, now)

    with pytest.raises(RoundClosedError):
        marks.see(session, round_, ann, ["f2"], now)
    with pytest.raises(RoundClosedError):
        marks.set_mark(session, round_, ann, "f2", now, not_for_me=True)
    assert read(session, round_, ann).of["f1"].note == "mine"


def test_new_and_changed_designs_say_so_until_they_are_looked_at(
    session: Session, contest: Contest, round_: Round, ann: Voter, now: datetime
) -> None:
    later = now + timedelta(hours=1)
    marks.see(session, round_, ann, ["f1", "f2"], now)
    late = add_design(session, contest, 99, later)
    rounds.add_late_design(session, contest.id, late)
    change(session, contest, 1, later)
    session.flush()

    found = read(session, round_, ann)
    assert {f: m.fresh for f, m in found.of.items() if m.fresh} == {
        "f99": "new",
        "f1": "changed",
    }
    # Seen as it was, not as it is.
    assert (found.of["f1"].seen, found.seen, found.left) == (False, 1, 4)

    marks.see(session, round_, ann, ["f99", "f1"], later + timedelta(hours=1))
    assert not any(mark.fresh for mark in read(session, round_, ann).of.values())


def test_to_who_has_not_begun_nothing_is_new(
    session: Session, contest: Contest, round_: Round, ann: Voter, now: datetime
) -> None:
    change(session, contest, 1, now + timedelta(hours=1))

    assert not any(mark.fresh for mark in read(session, round_, ann).of.values())


def see_and_cast(
    session: Session, round_: Round, name: str, seen: str, items: str
) -> None:
    now = round_.opened_at
    contest = session.get_one(Contest, round_.contest_id)
    marks.see(session, round_, voter_named(session, contest, name), seen.split(), now)
    cast(session, round_, name, items.split(), now)


def test_the_count_knows_who_saw_what(
    session: Session, contest: Contest, round_: Round, now: datetime
) -> None:
    see_and_cast(session, round_, "Ann", "f1 f2", "1")
    # Approving is seeing, by family or by variant.
    see_and_cast(session, round_, "Cleo", "f1", "57")
    see_and_cast(session, round_, "Dan", "f2", "none")
    # Looked, but has no ballot: counts for nothing.
    marks.see(session, round_, voter_named(session, contest, "Bob"), ["f3"], now)
    rounds.close_round(session, round_, now)

    profile = counting.profile_of(session, round_)

    one, none = Fraction(1), Fraction(0)
    assert profile.exposure == {
        "core": {"f1": one, "f2": one, "f3": none, "f12": none},
        "crowd": {"f1": one, "f2": one, "f3": none, "f12": one},
    }
    # Half of each group's power has seen f1 and f2.
    seen = exposures(profile)
    assert seen["f1"] == seen["f2"]
    assert seen["f12"] < seen["f1"]
    assert seen["f3"] == 0


def test_a_ballot_without_any_logged_impression_has_seen_all(
    session: Session, contest: Contest, round_: Round, now: datetime
) -> None:
    voter_named(session, contest, "Eve").weight = Fraction(1, 2)
    cast(session, round_, "Eve", ["f1"], now)
    see_and_cast(session, round_, "Dan", "f2", "f2")
    rounds.close_round(session, round_, now)

    assert counting.profile_of(session, round_).exposure == {
        "crowd": {
            "f1": Fraction(1, 2),
            "f2": Fraction(3, 2),
            "f3": Fraction(1, 2),
            "f12": Fraction(1, 2),
        }
    }


def test_three_times_the_views_gain_a_design_nothing_in_a_real_round(
    session: Session, now: datetime
) -> None:
    """Half of those who see a design like it; design 1 is seen by 12, design 2 by 4."""
    names = [f"V{number}" for number in range(16)]
    contest = make_contest(
        session, now, slug="fair", designs=[1, 2], voters={"all": names}
    )
    round_ = open_shortlist(session, contest, now)
    for number, name in enumerate(names):
        family = "f1" if number < 12 else "f2"
        says = "none" if number % 2 else family
        see_and_cast(session, round_, name, family, says)
    rounds.close_round(session, round_, now)

    result = counting.count_round(session, round_)

    assert prices(counting.profile_of(session, round_)) == {
        "f1": 1,
        "f2": Fraction(1, 3),
    }
    assert [line.tied for line in result.order] == [True, True]
    assert [line.place for line in result.order] == [1, 1]
    # The ballots kept beside the result, as a file, say who saw how much too.
    kept = ballot_files.profile_of(round_)
    assert kept is not None
    assert prices(kept) == {"f1": 1, "f2": Fraction(1, 3)}
    # Plain approval, shown beside it, is not corrected.
    assert result.by_approval == (1, 2)


def test_coverage_counts_heads_and_nothing_of_ballots(
    session: Session, contest: Contest, round_: Round, now: datetime
) -> None:
    see_and_cast(session, round_, "Ann", "f1", "f3")
    see_and_cast(session, round_, "Cleo", "f1 f2", "none")

    assert impressions.coverage(session, round_.id) == {"f1": 2, "f2": 1}


@pytest.fixture
def two_at_most(session: Session, contest: Contest, now: datetime) -> Round:
    return rounds.open_round(session, contest, Kind.SHORTLIST, now, approvals=2)


# A family and its variants are one design; "none of these" is none.
@pytest.mark.parametrize("items", ["f1 f2", "f1 f12 12 57", "none"])
def test_a_ballot_holds_as_many_designs_as_the_round_takes(
    session: Session, two_at_most: Round, now: datetime, items: str
) -> None:
    assert cast(session, two_at_most, "Ann", items.split(), now).rev == 1


def test_a_ballot_holds_no_more_designs_than_the_round_takes(
    session: Session, two_at_most: Round, now: datetime
) -> None:
    with pytest.raises(InvalidBallotError, match="2 logos here, and you have"):
        cast(session, two_at_most, "Ann", ["f1", "f2", "f3"], now)


@pytest.mark.parametrize("setting", ["batch", "approvals"])
def test_a_batch_and_a_limit_are_at_least_one(
    session: Session, contest: Contest, now: datetime, setting: str
) -> None:
    settings = {setting: 0}
    with pytest.raises(RulesError, match="at least one design"):
        rounds.open_round(
            session,
            contest,
            Kind.SHORTLIST,
            now,
            batch=settings.get("batch"),
            approvals=settings.get("approvals"),
        )
