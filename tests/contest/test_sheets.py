from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from fractions import Fraction

import pytest
from sqlalchemy.orm import Session

from logovote.contest import counting, families, feedback, rounds, sheets
from logovote.contest.feedback import Given
from logovote.contest.identity import fingerprint, short_id
from logovote.contest.rounds import RoundError
from logovote.contest.sheets import Sheets
from logovote.store import queries
from logovote.store.models import Contest, Kind, Round, Submission
from tests.builders import (
    cast,
    make_contest,
    open_shortlist,
    voter_named,
    withdraw,
)

VOTERS = ["Ann", "Bea", "Cat", "Dan"]


@pytest.fixture
def contest(session: Session, now: datetime) -> Contest:
    """Designs 1 to 10; Mo made 1, 2 and 3, whoever made 10 is not known."""
    contest = make_contest(session, now, designs=range(1, 11), voters={"core": VOTERS})
    for entry in (1, 2, 3):
        design(session, contest, entry).designer = "Mo"
    design(session, contest, 10).designer = None
    return contest


def design(session: Session, contest: Contest, entry: int) -> Submission:
    found = queries.submission(session, contest.id, entry)
    assert found is not None
    return found


def counted(
    session: Session,
    contest: Contest,
    approvals: Mapping[str, Sequence[str]],
    now: datetime,
) -> Round:
    round_ = open_shortlist(session, contest, now)
    for name, items in approvals.items():
        cast(session, round_, name, list(items), now)
    rounds.close_round(session, round_, now)
    counting.count_round(session, round_)
    return round_


def drawn(session: Session, contest: Contest, round_: Round) -> Sheets:
    return sheets.sheets_of(session, contest, round_)


def test_there_are_no_sheets_before_the_count(
    session: Session, contest: Contest, now: datetime
) -> None:
    round_ = open_shortlist(session, contest, now)

    with pytest.raises(RoundError, match="no result before"):
        drawn(session, contest, round_)


def test_where_nothing_stands_any_more_there_is_nothing_to_remark(
    session: Session, contest: Contest, now: datetime
) -> None:
    round_ = open_shortlist(session, contest, now)
    for candidacy in queries.candidacies(session, round_.id):
        withdraw(session, contest, candidacy.submission.entry, now)
    rounds.close_round(session, round_, now)
    counting.count_round(session, round_)

    assert drawn(session, contest, round_).remarks == []


def test_the_poll_takes_eight_designs_as_the_site_writes_them(
    session: Session, contest: Contest, now: datetime
) -> None:
    approvals = {name: [str(n) for n in range(1, 10)] for name in VOTERS}
    approvals["Ann"] = ["7", *approvals["Ann"]]
    round_ = counted(session, contest, approvals, now)

    drawn_ = drawn(session, contest, round_)

    assert len(drawn_.designs) == 8
    order = [d.design.entry for d in drawn_.designs]
    assert drawn_.poll_text == ", ".join(f"#{entry}" for entry in order)
    assert any("is shared by" in remark for remark in drawn_.remarks)


def test_the_sheets_speak_in_the_contest_sites_numbers(
    session: Session, contest: Contest, now: datetime
) -> None:
    design(session, contest, 4).site_number = 3
    design(session, contest, 5).site_number = 0
    round_ = counted(session, contest, {"Ann": ["4"], "Bea": ["4", "5"]}, now)

    drawn_ = drawn(session, contest, round_)

    assert drawn_.poll_text == "#3, #5"
    assert drawn_.designers_text == "Designer 4 (#3)\nDesigner 5 (#5)"
    assert drawn_.designers[0].text.startswith("Designer 4: thank you for #3.")
    assert [each["label"] for each in drawn_.as_json()["designs"]] == ["#3", "#5"]
    four, five, *_ = drawn_.remarks
    assert four == "#3 is the contest site's number of logo 4 here."
    assert five.startswith("#5 is our number: the site's is not known.")


def test_designers_are_those_who_reach_the_most_voters(
    session: Session, contest: Contest, now: datetime
) -> None:
    round_ = counted(
        session,
        contest,
        {"Ann": ["1", "4"], "Bea": ["2", "4"], "Cat": ["5"], "Dan": ["none"]},
        now,
    )

    drawn_ = drawn(session, contest, round_)

    lines = {line.name: line for line in drawn_.designers}
    assert lines.keys() == {"Mo", "Designer 4", "Designer 5"}
    # Ann and Bea stand behind Mo, by different designs.
    assert lines["Mo"].backed == Fraction(1, 2)
    assert lines["Designer 5"].alone == Fraction(1, 4)
    assert sorted(d.design.entry for d in lines["Mo"].designs) == [1, 2]
    assert drawn_.reached[:2] == (Fraction(3, 4), Fraction(1, 2))
    assert drawn_.equal == 0
    assert drawn_.rule == "All designers of the list fit on the sheet."
    assert "Mo (#1, #2)" in drawn_.designers_text.replace("#2, #1", "#1, #2")


def test_a_group_weighs_what_it_weighs_in_the_count(
    session: Session, now: datetime
) -> None:
    """Three of the core have half of the vote, six of the crowd the other half."""
    core, crowd = ["Ann", "Bea", "Cat"], [f"Voter{n}" for n in range(6)]
    contest = make_contest(
        session,
        now,
        slug="weighed",
        designs=[1, 2],
        voters={"core": core, "crowd": crowd},
        shares={"core": "1/2", "crowd": "1/2"},
    )
    approvals = {name: ["1" if name in core else "2"] for name in core + crowd}
    round_ = counted(session, contest, approvals, now)

    backed = {
        line.name: line.backed for line in drawn(session, contest, round_).designers
    }

    assert backed == {"Designer 1": Fraction(1, 2), "Designer 2": Fraction(1, 2)}


def test_a_tick_of_a_family_stands_behind_its_designer(
    session: Session, contest: Contest, now: datetime
) -> None:
    families.merge(session, contest, [4, 5])
    round_ = counted(session, contest, {"Ann": ["f4"], "Bea": ["5"]}, now)

    (line,) = drawn(session, contest, round_).designers

    assert line.name == "Designer 5"
    assert line.backed == 1


def test_more_than_six_designers_are_cut_and_ties_are_told(
    session: Session, contest: Contest, now: datetime
) -> None:
    everything = [str(entry) for entry in range(1, 11)]
    round_ = counted(session, contest, {"Ann": everything}, now)

    drawn_ = drawn(session, contest, round_)

    assert len(drawn_.designers) == sheets.MOST_DESIGNERS
    # Eight designers, all alike to Ann: 28 sets of six, 27 others.
    assert drawn_.equal == 27
    assert "no other 6 leave fewer voters without a design they approved" in drawn_.rule
    assert len(drawn_.others) == 3
    assert any("#10 is not known" in remark for remark in drawn_.remarks)


def test_of_a_ranking_only_what_is_above_none_is_handed_on(
    session: Session, contest: Contest, now: datetime
) -> None:
    round_ = rounds.open_round(session, contest, Kind.RANKING, now)
    cast(session, round_, "Ann", [["4"], ["1"], ["none"], ["5"]], now)
    cast(session, round_, "Bea", [["1"], ["4"], ["none"]], now)
    cast(session, round_, "Cat", [["4"]], now)
    rounds.close_round(session, round_, now)
    counting.count_round(session, round_)

    drawn_ = drawn(session, contest, round_)

    assert drawn_.poll_text == "#4, #1"
    assert [(line.name, line.backed) for line in drawn_.designers] == [
        ("Designer 4", 1),
        ("Mo", Fraction(2, 3)),
    ]
    assert any("not above “none of these”" in remark for remark in drawn_.remarks)


def test_designers_get_reasons_and_the_notes_that_were_approved(
    session: Session, contest: Contest, now: datetime
) -> None:
    round_ = open_shortlist(session, contest, now)
    cast(session, round_, "Ann", ["1", "2"], now)
    for name, note in (("Ann", "Bolder, please"), ("Bea", "I hate Mo")):
        feedback.give(
            session,
            round_,
            voter_named(session, contest, name),
            design(session, contest, 1),
            Given(frozenset({"memorable"}), note, shared=True),
            now=now,
        )
    rounds.close_round(session, round_, now)
    counting.count_round(session, round_)
    bolder = feedback.gathered(session, round_)[0].notes[0]
    feedback.moderate(session, contest, bolder.id, "approve", now=now)

    (mo,) = drawn(session, contest, round_).designers

    thanks, *rest = mo.text.splitlines()
    assert thanks.startswith("Mo: thank you for #")
    assert rest == ["#1", "- 2 voters: memorable", "- “Bolder, please”"]
    assert "hate" not in str(mo.as_json())


def test_a_short_id_is_of_contest_and_entry_and_says_nothing_else(
    session: Session, contest: Contest, now: datetime
) -> None:
    other = make_contest(session, now, slug="other")
    ids = {short_id(contest, entry) for entry in range(1, 401)}

    assert short_id(contest, 36) == "98z4v3"
    assert len(ids) == 400
    assert short_id(other, 36) != short_id(contest, 36)
    assert fingerprint("0123456789abcdef" * 4) == "0123 4567 89ab cdef"
