"""Counting what was cast; every expected number is worked out by hand beside it."""

from __future__ import annotations

import json
from datetime import datetime
from fractions import Fraction

import pytest
from sqlalchemy.orm import Session

from logovote.contest import casting, counting, families, people, results, rounds
from logovote.contest.results import Result, Turnout
from logovote.contest.rounds import RoundError
from logovote.store.models import Contest, Kind, Round
from tests.builders import (
    cast,
    make_contest,
    open_shortlist,
    voter_named,
    withdraw,
)

CORE = ["Ann", "Bea", "Cat"]
CROWD = ["Dan", "Eve", "Fay", "Gus"]
SHARES = {"core": "2/5", "crowd": "3/5"}


def count(
    session: Session, round_: Round, ballots: dict[str, casting.Items], now: datetime
) -> Result:
    for name, items in ballots.items():
        cast(session, round_, name, items, now)
    rounds.close_round(session, round_, now)
    return counting.count_round(session, round_)


def all_say(names: list[str], items: casting.Items) -> dict[str, casting.Items]:
    return dict.fromkeys(names, items)


@pytest.fixture
def contest(session: Session, now: datetime) -> Contest:
    """Both groups meet their quorum of 3, so nothing shrinks.

    A ballot of the core weighs 2/5 / 3 = 8/60, one of the crowd 3/5 / 4 = 9/60.
    """
    return make_contest(
        session,
        now,
        designs=[1, 2, 3, 6],
        voters={"core": CORE, "crowd": CROWD},
        shares=SHARES,
    )


def test_the_shortlist_is_weighted_sequential_phragmen_over_families(
    session: Session, contest: Contest, now: datetime
) -> None:
    """In 60ths: family 1 has the crowd's 36, design 2 has 27, design 3 the core's 24.

    The first slot is family 1's, at t = 1/36. Of design 2's supporters all carry 1/36
    already: (1 + 27/36) / 27 > 1/24 for design 3, so that one is second although
    plain approval would have taken design 2. Inside family 1, variant 6 was ticked by
    18, variant 1 by 9.
    """
    families.merge(session, contest, [1, 6])
    round_ = rounds.open_round(session, contest, Kind.SHORTLIST, now, seats=2)
    crowd: dict[str, casting.Items] = {
        "Dan": ["f1", "2"],
        "Eve": ["6", "2"],
        "Fay": ["6", "2"],
        "Gus": ["1"],
    }

    result = count(session, round_, crowd | all_say(CORE, ["3"]), now)

    assert [(line.place, line.entry, line.family) for line in result.order] == [
        (1, 6, "f1"),
        (2, 3, "f3"),
    ]
    assert [line.support for line in result.order] == [Fraction(3, 5), Fraction(2, 5)]
    assert [line.approval_place for line in result.order] == [1, 3]
    assert result.by_approval == (6, 2)
    assert not any(line.tied for line in result.order)
    assert result.ties == ()
    assert result.turnout == {
        "core": Turnout(3, 3, Fraction(2, 5), Fraction(2, 5)),
        "crowd": Turnout(4, 4, Fraction(3, 5), Fraction(3, 5)),
    }
    assert result.binding


@pytest.mark.parametrize(
    ("shares", "first"),
    [({"core": "3/5", "crowd": "2/5"}, 1), ({"core": "2/5", "crowd": "3/5"}, 2)],
)
def test_a_groups_share_decides_and_not_its_heads(
    session: Session,
    contest: Contest,
    now: datetime,
    shares: dict[str, str],
    first: int,
) -> None:
    people.set_shares(
        session, contest, {g: Fraction(share) for g, share in shares.items()}, {}
    )
    round_ = open_shortlist(session, contest, now)
    ballots = all_say(CORE, ["1"]) | all_say(CROWD, ["2"])

    result = count(session, round_, ballots, now)

    assert result.order[0].entry == first
    assert result.order[0].support == Fraction(3, 5)


def test_a_voters_own_weight_counts_within_the_group(
    session: Session, contest: Contest, now: datetime
) -> None:
    """Ann weighs 3 of the core's 5: 3/5 of 2/5."""
    voter_named(session, contest, "Ann").weight = Fraction(3)
    round_ = open_shortlist(session, contest, now)
    ballots = {"Ann": ["1"], "Bea": ["2"], "Cat": ["2"]} | all_say(CROWD, ["3"])

    result = count(session, round_, ballots, now)

    support = {line.entry: line.support for line in result.order}
    assert support == {3: Fraction(3, 5), 1: Fraction(6, 25), 2: Fraction(4, 25)}


def test_a_group_below_quorum_decides_less(
    session: Session, contest: Contest, now: datetime
) -> None:
    """One of the core's 3 voted: 2/5 * 1/3 = 2/15 against 3/5, that is 2/11 of all."""
    round_ = open_shortlist(session, contest, now)

    result = count(session, round_, {"Ann": ["1"]} | all_say(CROWD, ["2"]), now)

    assert result.turnout["core"] == Turnout(1, 3, Fraction(2, 5), Fraction(2, 11))
    assert result.turnout["crowd"] == Turnout(4, 4, Fraction(3, 5), Fraction(9, 11))
    assert [line.support for line in result.order] == [Fraction(9, 11), Fraction(2, 11)]


def test_the_ranking_is_weighted_ranked_pairs_with_none_of_these(
    session: Session, contest: Contest, now: datetime
) -> None:
    """In 60ths, what is not ranked being below all that is.

    18 (Dan, Eve) 1 > none > rest; 18 (Fay, Gus) 2 > 3 > 1; 24 (core) 3 > 1 > none.
    Pairs: 1 over none by 60; 1 over 2, 3 over 1, 3 over none and none over 2 each 42
    to 18; 2 over 3 by 18 to 24 and so the other way round.
    """
    withdraw(session, contest, 6, now)
    round_ = rounds.open_round(session, contest, Kind.RANKING, now)
    ballots: dict[str, casting.Items] = {
        "Dan": [["1"], ["none"]],
        "Eve": [["1"], ["none"]],
        "Fay": [["2"], ["3"], ["1"]],
        "Gus": [["2"], ["3"], ["1"]],
    } | all_say(CORE, [["3"], ["1"], ["none"]])

    result = count(session, round_, ballots, now)

    assert [(line.place, line.entry) for line in result.order] == [
        (1, 3),
        (2, 1),
        (3, None),
        (4, 2),
    ]
    assert [line.acceptable for line in result.order] == [True, True, None, False]
    assert [(line.beats, line.loses) for line in result.order] == [
        (3, 0),
        (2, 1),
        (1, 2),
        (0, 3),
    ]
    assert result.order[2].status_quo
    assert result.pairs is not None
    assert result.pairs["1"]["none"] == 1
    assert result.pairs["3"]["1"] == Fraction(42, 60)
    assert result.pairs["none"]["2"] == Fraction(42, 60)
    assert result.pairs["2"]["3"] == Fraction(18, 60)
    assert result.pairs["3"]["2"] == Fraction(24, 60)


def test_a_cycle_gives_way_at_its_weakest_majority(
    session: Session, contest: Contest, now: datetime
) -> None:
    """18 say 1 > 2 > 3, 18 say 2 > 3 > 1, 24 say 3 > 1 > 2, in 60ths.

    1 beats 2 and 3 beats 1 by 42 to 18, 2 beats 3 by 36 to 24 only: that one goes.
    """
    withdraw(session, contest, 6, now)
    round_ = rounds.open_round(session, contest, Kind.RANKING, now)
    ballots: dict[str, casting.Items] = {
        "Dan": [["1"], ["2"], ["3"]],
        "Eve": [["1"], ["2"], ["3"]],
        "Fay": [["2"], ["3"], ["1"]],
        "Gus": [["2"], ["3"], ["1"]],
    } | all_say(CORE, [["3"], ["1"], ["2"]])

    result = count(session, round_, ballots, now)

    assert [line.entry for line in result.order] == [3, 1, 2, None]
    assert not any(line.tied for line in result.order)


def test_what_nothing_separates_shares_a_place_and_the_use_is_on_record(
    session: Session, contest: Contest, now: datetime
) -> None:
    round_ = open_shortlist(session, contest, now)

    result = count(session, round_, all_say(CORE, ["1", "2"]), now)

    assert [(line.place, line.tied) for line in result.order] == [(1, True), (1, True)]
    assert result.ties


def test_tied_designs_of_a_ranking_share_a_place(
    session: Session, contest: Contest, now: datetime
) -> None:
    withdraw(session, contest, 6, now)
    round_ = rounds.open_round(session, contest, Kind.RANKING, now)

    result = count(session, round_, all_say(CORE, [["1"]]), now)

    places = {line.entry: (line.place, line.tied) for line in result.order}
    assert places == {1: (1, False), 2: (2, True), 3: (2, True), None: (2, True)}


def test_a_design_withdrawn_in_mid_round_is_taken_out_of_all_ballots(
    session: Session, contest: Contest, now: datetime
) -> None:
    """Bea's ballot held nothing else: it is empty now, and not in the turnout."""
    round_ = open_shortlist(session, contest, now)
    cast(session, round_, "Ann", ["1", "2"], now)
    cast(session, round_, "Bea", ["1"], now)
    withdraw(session, contest, 1, now)

    result = count(session, round_, {}, now)

    assert [line.entry for line in result.order] == [2]
    assert result.turnout["core"].voted == 1
    assert result.none_share == 0


def test_a_design_withdrawn_in_mid_ranking_is_taken_out_of_all_ballots(
    session: Session, contest: Contest, now: datetime
) -> None:
    round_ = rounds.open_round(session, contest, Kind.RANKING, now)
    for name in CORE:
        cast(session, round_, name, [["1"], ["2"]], now)
    withdraw(session, contest, 1, now)

    result = count(session, round_, {}, now)

    assert 1 not in {line.entry for line in result.order}
    assert result.order[0].entry == 2
    assert result.pairs is not None
    assert "1" not in result.pairs


def test_empty_ballots_are_not_in_the_turnout(
    session: Session, contest: Contest, now: datetime
) -> None:
    round_ = open_shortlist(session, contest, now)

    result = count(session, round_, {"Ann": ["1"], "Bea": [], "Cat": ["none"]}, now)

    assert result.turnout["core"].voted == 2
    assert result.none_share == Fraction(1, 2)


def test_a_round_without_any_ballot_can_be_counted(
    session: Session, contest: Contest, now: datetime
) -> None:
    result = count(session, open_shortlist(session, contest, now), {}, now)

    assert result.order == ()
    assert not result.binding

    ranking = count(session, open_shortlist(session, contest, now), {"Ann": ["1"]}, now)
    assert [line.entry for line in ranking.order] == [1]
    nobody = count(
        session, rounds.open_round(session, contest, Kind.RANKING, now), {}, now
    )
    assert {line.place for line in nobody.order} == {1}


def test_a_round_of_which_everything_was_withdrawn_can_be_counted(
    session: Session, contest: Contest, now: datetime
) -> None:
    round_ = open_shortlist(session, contest, now)
    cast(session, round_, "Ann", ["1"], now)
    for entry in (1, 2, 3, 6):
        withdraw(session, contest, entry, now)

    assert count(session, round_, {}, now).order == ()


def test_who_joins_during_a_round_is_counted_in_a_group_it_knows(
    session: Session, contest: Contest, now: datetime
) -> None:
    round_ = open_shortlist(session, contest, now)
    rows = people.read_people(b"email,name,group\nzoe@example.org,Zoe,core\n")
    people.import_people(session, contest, rows)

    result = count(session, round_, all_say([*CORE, "Zoe"], ["1"]), now)

    assert result.turnout["core"].voted == 4


@pytest.mark.parametrize("phase", ["open", "closed"])
def test_nobody_sees_a_result_before_the_count(
    session: Session, contest: Contest, now: datetime, phase: str
) -> None:
    round_ = open_shortlist(session, contest, now)
    cast(session, round_, "Ann", ["1"], now)
    if phase == "closed":
        rounds.close_round(session, round_, now)

    with pytest.raises(RoundError, match="for nobody"):
        results.result_of(round_)


def test_a_result_is_written_once_and_read_back_exactly(
    session: Session, contest: Contest, now: datetime
) -> None:
    shortlist = open_shortlist(session, contest, now)
    first = count(session, shortlist, {"Ann": ["1", "2"], "Dan": ["2"]}, now)
    ranking = rounds.open_round(session, contest, Kind.RANKING, now)
    second = count(session, ranking, {"Ann": [["1"], ["2", "none"]]}, now)

    assert results.result_of(shortlist) == first
    assert results.result_of(ranking) == second
    assert "." not in json.dumps([line.as_json() for line in second.order])


def test_what_happens_after_the_count_does_not_change_it(
    session: Session, contest: Contest, now: datetime
) -> None:
    round_ = open_shortlist(session, contest, now)
    result = count(session, round_, {"Ann": ["1"]}, now)

    withdraw(session, contest, 1, now)
    people.set_shares(session, contest, {"core": Fraction(1, 10)}, {})
    with pytest.raises(RoundError, match="counted already"):
        counting.count_round(session, round_)

    assert results.result_of(round_) == result


def test_the_order_of_ballots_is_irrelevant(
    session: Session, contest: Contest, now: datetime
) -> None:
    """Ties apart, which the closing root decides and with it every nonce."""
    ballots = {"Ann": ["1"], "Dan": ["2", "3"], "Eve": ["2"], "Bea": ["3", "1"]}
    first = count(session, open_shortlist(session, contest, now), ballots, now)
    backwards = dict(reversed(ballots.items()))
    second = count(session, open_shortlist(session, contest, now), backwards, now)

    assert [line.support for line in first.order] == [
        line.support for line in second.order
    ]
    assert first.turnout == second.turnout
