"""Designers who vote: a vote for the own design does not count."""

from __future__ import annotations

import json
import zipfile
from datetime import datetime
from fractions import Fraction
from io import BytesIO
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from logovote.contest import (
    counting,
    events,
    families,
    ledger,
    marks,
    recusals,
    recusing,
    rounds,
)
from logovote.contest.bundle import bundle_of
from logovote.contest.recusing import RecusalError
from logovote.contest.rounds import RoundError
from logovote.store.models import Contest, Kind, Round, Save
from tests.builders import (
    add_design,
    cast,
    make_contest,
    open_shortlist,
    voter_named,
    withdraw,
)

ANN = "ann@example.org"


@pytest.fixture
def contest(session: Session, now: datetime) -> Contest:
    """Four voters; Ann will have made design 1 and its variant 12."""
    contest = make_contest(
        session,
        now,
        designs=[1, 2, 3, 12],
        voters={"core": ["Ann", "Bob", "Cleo", "Dan"]},
    )
    families.merge(session, contest, [1, 12])
    return contest


def support(session: Session, round_: Round) -> dict[int | None, Fraction | None]:
    rounds.close_round(session, round_, round_.opened_at)
    result = counting.count_round(session, round_)
    return {line.entry: line.support for line in result.order}


def lines(session: Session, round_: Round) -> list[list[Any]]:
    with zipfile.ZipFile(BytesIO(bundle_of(session, round_).data)) as archive:
        return [line["b"] for line in json.loads(archive.read("ballots.json"))]


@pytest.mark.parametrize("of", ["Designer 1", "designer  1", "1", "#12", "12"])
def test_approvals_of_the_own_family_are_left_out_of_the_line_and_the_count(
    session: Session, contest: Contest, now: datetime, of: str
) -> None:
    recusing.recuse(session, contest, ANN, of)
    round_ = open_shortlist(session, contest, now)

    receipt = cast(session, round_, "Ann", ["12", "2", "f1"], now)
    cast(session, round_, "Bob", ["1"], now)

    found = support(session, round_)
    assert found == {1: Fraction(1, 2), 2: Fraction(1, 2)}
    assert sorted(lines(session, round_)) == [["1"], ["2"]]
    line = ledger.ballot_line(
        ledger.tag(f"{sum(map(ord, 'Ann')):032x}", round_.id, ANN), "core", ["2"]
    )
    assert receipt.code == ledger.receipt_code(line)


def test_a_ballot_for_the_own_design_alone_is_no_ballot(
    session: Session, contest: Contest, now: datetime
) -> None:
    recusing.recuse(session, contest, ANN, "1")
    round_ = open_shortlist(session, contest, now)
    cast(session, round_, "Ann", ["1"], now)
    cast(session, round_, "Bob", ["2"], now)

    assert support(session, round_) == {2: Fraction(1)}
    assert lines(session, round_) == [["2"]]


def test_none_of_these_is_the_designers_vote_too(
    session: Session, contest: Contest, now: datetime
) -> None:
    recusing.recuse(session, contest, ANN, "1")
    round_ = open_shortlist(session, contest, now)
    cast(session, round_, "Ann", ["none"], now)
    cast(session, round_, "Bob", ["2"], now)

    assert support(session, round_) == {2: Fraction(1, 2)}


def test_a_ranking_does_not_count_where_an_own_design_stands(
    session: Session, contest: Contest, now: datetime
) -> None:
    recusing.recuse(session, contest, ANN, "2")
    round_ = rounds.open_round(session, contest, Kind.RANKING, now)
    cast(session, round_, "Ann", [["3"], ["2"]], now)
    cast(session, round_, "Bob", [["2"], ["3"]], now)

    rounds.close_round(session, round_, now)
    result = counting.count_round(session, round_)

    assert result.order[0].entry == 2
    assert result.turnout["core"].voted == 1
    assert lines(session, round_) == [[["2"], ["3"]]]


@pytest.mark.parametrize("of", ["Designer 1", "1"])
@pytest.mark.parametrize("way", ["shortlist", "few", "chosen", "merged since"])
def test_a_variant_that_stands_for_the_own_design_bars_the_ranking(
    session: Session, contest: Contest, now: datetime, of: str, way: str
) -> None:
    """Ann made 1 alone; 12, of the same family, stands for both."""
    recusing.recuse(session, contest, ANN, of)
    if way == "merged since":
        families.split(session, contest, [1, 12])
    if way in {"shortlist", "merged since"}:
        first = open_shortlist(session, contest, now)
        cast(session, first, "Bob", ["12", "2"], now)
        support(session, first)
    if way == "shortlist":
        families.split(session, contest, [1, 12])
    if way == "merged since":
        families.merge(session, contest, [1, 12])
    only = [2, 12] if way == "chosen" else []
    round_ = rounds.open_round(session, contest, Kind.RANKING, now, only=only)
    cast(session, round_, "Ann", [["2"], ["12"]], now)
    cast(session, round_, "Bob", [["12"], ["2"]], now)

    rounds.close_round(session, round_, now)
    result = counting.count_round(session, round_)

    assert result.designs.keys() >= {2, 12}
    assert 1 not in result.designs
    assert lines(session, round_) == [[["12"], ["2"]]]


def test_an_own_design_bars_the_ranking_only_while_it_stands(
    session: Session, contest: Contest, now: datetime
) -> None:
    recusing.recuse(session, contest, ANN, "2")
    round_ = rounds.open_round(session, contest, Kind.RANKING, now)
    ann = voter_named(session, contest, "Ann")
    cast(session, round_, "Ann", [["3"], ["2"]], now)
    assert recusals.own_of(session, round_, ann) is not None

    withdraw(session, contest, 2, now)

    assert recusals.own_of(session, round_, ann) is None
    rounds.close_round(session, round_, now)
    result = counting.count_round(session, round_)
    assert result.turnout["core"].voted == 1
    assert recusals.as_published(session, round_) == [
        {
            "voter": ledger.roll_id(contest.roll_salt, ANN),
            "families": [],
        }
    ]


def test_an_own_design_withdrawn_after_the_close_changes_no_line(
    session: Session, contest: Contest, now: datetime
) -> None:
    recusing.recuse(session, contest, ANN, "2")
    round_ = rounds.open_round(session, contest, Kind.RANKING, now)
    cast(session, round_, "Ann", [["3"], ["2"]], now)
    rounds.close_round(session, round_, now)

    withdraw(session, contest, 2, now)

    assert list(rounds.ballot_lines(session, round_)) == []


def test_a_ranking_counts_where_no_own_design_stands(
    session: Session, contest: Contest, now: datetime
) -> None:
    recusing.recuse(session, contest, ANN, "2")
    first = rounds.open_round(session, contest, Kind.SHORTLIST, now, seats=1)
    cast(session, first, "Bob", ["3"], now)
    support(session, first)
    round_ = rounds.open_round(session, contest, Kind.RANKING, now)
    cast(session, round_, "Ann", [["3"]], now)

    rounds.close_round(session, round_, now)

    assert counting.count_round(session, round_).turnout["core"].voted == 1


def test_the_own_design_is_not_measured_by_whom_it_may_not_be_approved(
    session: Session, contest: Contest, now: datetime
) -> None:
    recusing.recuse(session, contest, ANN, "1")
    round_ = open_shortlist(session, contest, now)
    for name, items in (("Ann", ["2"]), ("Bob", ["1"]), ("Cleo", ["1"])):
        voter = voter_named(session, contest, name)
        marks.see(session, round_, voter, ["f1", "f2", "f3"], now)
        cast(session, round_, name, items, now)
    cast(session, round_, "Dan", ["3"], now)  # of whom nothing is known

    rounds.close_round(session, round_, now)
    exposure = counting.profile_of(session, round_).exposure

    assert exposure is not None
    assert {family: int(weight) for family, weight in exposure["core"].items()} == {
        "f1": 3,
        "f2": 4,
        "f3": 4,
    }


def test_a_mark_in_an_open_round_renews_the_receipt(
    session: Session, contest: Contest, now: datetime
) -> None:
    round_ = open_shortlist(session, contest, now)
    before = cast(session, round_, "Ann", ["1", "2"], now).code

    recusing.recuse(session, contest, ANN, "1")
    session.expire_all()
    marked = session.scalars(select(Save.code)).one()
    recusing.take_back(session, contest, ANN)
    session.expire_all()

    assert marked != before
    assert session.scalars(select(Save.code)).one() == before


def test_a_later_design_under_the_same_name_is_the_voters_own(
    session: Session, contest: Contest, now: datetime
) -> None:
    recusing.recuse(session, contest, ANN, "Designer 1")
    round_ = open_shortlist(session, contest, now)
    late = add_design(session, contest, 40, now)
    late.designer = "Designer 1"
    rounds.add_late_design(session, contest.id, late)
    ann = voter_named(session, contest, "Ann")

    own = recusals.own_of(session, round_, ann)

    assert own is not None
    assert own.ids == {"f1", "1", "12", "f40", "40"}


def test_the_log_says_neither_who_nor_what(
    session: Session, contest: Contest, now: datetime
) -> None:
    open_shortlist(session, contest, now)

    recusing.recuse(session, contest, ANN, "Designer 1", actor="cli")

    last = events.chain(session, contest.id)[-1]
    assert (last["kind"], last["actor"]) == ("voter.recused", "cli")
    assert last["payload"] == {"voter": ledger.roll_id(contest.roll_salt, ANN)}


@pytest.mark.parametrize(
    ("who", "of", "said"),
    [
        ("eve@example.org", "1", "may not vote"),
        (ANN, "Nobody", "No design of this contest"),
        (ANN, "99", "No design of this contest"),
        (ANN, "Designer 2", "marked with that already"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(
    session: Session, contest: Contest, who: str, of: str, said: str
) -> None:
    recusing.recuse(session, contest, ANN, "Designer 2")

    with pytest.raises(RecusalError, match=said):
        recusing.recuse(session, contest, who, of)


def test_nobody_is_marked_or_admitted_in_review(
    session: Session, contest: Contest, now: datetime
) -> None:
    with pytest.raises(RecusalError, match="is not marked"):
        recusing.take_back(session, contest, ANN)
    recusing.recuse(session, contest, ANN, "1")
    round_ = open_shortlist(session, contest, now)
    rounds.close_round(session, round_, now)

    with pytest.raises(RoundError, match="waits for its count"):
        recusing.recuse(session, contest, ANN, "2")
    with pytest.raises(RoundError, match="waits for its count"):
        recusing.take_back(session, contest, ANN)


def test_a_mark_after_the_close_is_of_later_rounds_alone(
    session: Session, contest: Contest, now: datetime
) -> None:
    """What was counted stays what was counted, also for sealing."""
    round_ = open_shortlist(session, contest, now)
    cast(session, round_, "Ann", ["1", "2"], now)
    support(session, round_)
    before = list(rounds.ballot_lines(session, round_))

    recusing.recuse(session, contest, ANN, "1", now=now)

    assert list(rounds.ballot_lines(session, round_)) == before
    again = open_shortlist(session, contest, now)
    assert (
        recusals.own_of(session, round_, voter_named(session, contest, "Ann")) is None
    )
    assert recusals.own_of(session, again, voter_named(session, contest, "Ann"))
