from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from fractions import Fraction

import pytest
from sqlalchemy.orm import Session

from logovote.contest import counting, families, people, rounds
from logovote.contest.results import result_of
from logovote.contest.rounds import RoundError
from logovote.contest.rules import Rules, RulesError
from logovote.store import queries
from logovote.store.models import Contest, Kind, Phase, Round
from tests.builders import (
    add_design,
    cast,
    make_contest,
    open_shortlist,
    voter_named,
    withdraw,
)

Deed = Callable[[Session, Round, datetime], object]

DEEDS: dict[str, Deed] = {
    "close": rounds.close_round,
    "reopen": lambda session, round_, _: rounds.reopen_round(session, round_),
    "count": lambda session, round_, _: counting.count_round(session, round_),
    "publish": lambda session, round_, _: rounds.publish_round(session, round_),
}
# What leads to each phase, and what may be done there.
WAYS = {
    Phase.OPEN: ([], {"close": Phase.CLOSED}),
    Phase.CLOSED: (["close"], {"reopen": Phase.OPEN, "count": Phase.COUNTED}),
    Phase.COUNTED: (["close", "count"], {"publish": Phase.PUBLISHED}),
    Phase.PUBLISHED: (["close", "count", "publish"], {}),
}


@pytest.fixture
def contest(session: Session, now: datetime) -> Contest:
    return make_contest(
        session, now, designs=[1, 2, 3, 4], voters={"core": ["Ann", "Bob"]}
    )


def standing(session: Session, round_: Round) -> dict[int, str]:
    return {
        candidacy.submission.entry: candidacy.family
        for candidacy in queries.candidacies(session, round_.id)
    }


def counted_shortlist(
    session: Session, contest: Contest, now: datetime, **ballots: list[str]
) -> Round:
    round_ = open_shortlist(session, contest, now)
    for name, items in ballots.items():
        cast(session, round_, name, items, now)
    rounds.close_round(session, round_, now)
    counting.count_round(session, round_)
    return round_


def closed(session: Session, round_: Round, now: datetime) -> Round:
    rounds.close_round(session, round_, now)
    return round_


@pytest.mark.parametrize("deed", DEEDS)
@pytest.mark.parametrize("phase", WAYS)
def test_a_round_moves_only_along_its_life(
    session: Session, contest: Contest, now: datetime, phase: Phase, deed: str
) -> None:
    round_ = open_shortlist(session, contest, now)
    way, allowed = WAYS[phase]
    for step in way:
        DEEDS[step](session, round_, now)
    assert round_.phase is phase

    if deed in allowed:
        DEEDS[deed](session, round_, now)
        assert round_.phase is allowed[deed]
    else:
        with pytest.raises(RoundError):
            DEEDS[deed](session, round_, now)
        assert round_.phase is phase


def test_reopening_forgets_the_close(
    session: Session, contest: Contest, now: datetime
) -> None:
    round_ = open_shortlist(session, contest, now)
    rounds.close_round(session, round_, now)

    rounds.reopen_round(session, round_)

    assert round_.closed_at is None
    assert round_.closing_root is None
    assert cast(session, round_, "Ann", ["1"], now).rev == 1


def test_closing_commits_to_the_ballots(
    session: Session, contest: Contest, now: datetime
) -> None:
    round_ = open_shortlist(session, contest, now)
    cast(session, round_, "Ann", ["1"], now)
    rounds.close_round(session, round_, now)
    first = round_.closing_root
    rounds.reopen_round(session, round_)
    cast(session, round_, "Bob", ["1"], now)

    rounds.close_round(session, round_, now)

    assert first is not None
    assert round_.closing_root not in {None, first}


def test_every_design_stands_in_the_shortlist_round_under_its_family(
    session: Session, contest: Contest, now: datetime
) -> None:
    families.merge(session, contest, [2, 4])
    withdraw(session, contest, 3, now)

    round_ = open_shortlist(session, contest, now)

    assert standing(session, round_) == {1: "f1", 2: "f2", 4: "f2"}


@pytest.mark.parametrize("kind", Kind)
def test_only_one_round_runs_at_a_time(
    session: Session, contest: Contest, now: datetime, kind: Kind
) -> None:
    round_ = open_shortlist(session, contest, now)
    for _ in ("open", "closed"):
        with pytest.raises(RoundError, match="before opening another"):
            rounds.open_round(session, contest, kind, now)
        if round_.phase is Phase.OPEN:
            rounds.close_round(session, round_, now)


def test_a_later_round_of_a_kind_is_numbered_and_is_the_latest(
    session: Session, contest: Contest, now: datetime
) -> None:
    counted_shortlist(session, contest, now, Ann=["1"])

    second = open_shortlist(session, contest, now)

    assert second.number == 2
    assert rounds.latest(session, contest, Kind.SHORTLIST) is second


def test_opening_needs_a_design(session: Session, now: datetime) -> None:
    bare = make_contest(session, now, voters={"core": ["Ann"]})

    for kind in Kind:
        with pytest.raises(RoundError, match="no designs yet"):
            rounds.open_round(session, bare, kind, now)


def test_opening_needs_a_voter(session: Session, now: datetime) -> None:
    bare = make_contest(session, now, designs=[1])

    for kind in Kind:
        with pytest.raises(RoundError, match="Nobody may vote"):
            rounds.open_round(session, bare, kind, now)


def test_a_round_that_was_never_opened_is_named(
    session: Session, contest: Contest
) -> None:
    with pytest.raises(RoundError, match="ranking round"):
        rounds.latest(session, contest, Kind.RANKING)


def test_the_ranking_takes_the_shortlists_representatives_best_first(
    session: Session, contest: Contest, now: datetime
) -> None:
    families.merge(session, contest, [2, 4])
    counted_shortlist(session, contest, now, Ann=["f2", "4"], Bob=["f2", "3"])

    ranking = rounds.open_round(session, contest, Kind.RANKING, now)

    assert standing(session, ranking) == {3: "f3", 4: "f2"}


def test_the_ranking_takes_no_more_than_its_seats(
    session: Session, contest: Contest, now: datetime
) -> None:
    counted_shortlist(session, contest, now, Ann=["1", "2", "3"], Bob=["3", "2"])

    ranking = rounds.open_round(session, contest, Kind.RANKING, now, seats=2)

    assert set(standing(session, ranking)) <= {1, 2, 3}
    assert len(standing(session, ranking)) == 2


def test_what_was_withdrawn_after_the_shortlist_is_not_ranked(
    session: Session, contest: Contest, now: datetime
) -> None:
    counted_shortlist(session, contest, now, Ann=["1", "2"])
    withdraw(session, contest, 1, now)

    ranking = rounds.open_round(session, contest, Kind.RANKING, now)

    assert set(standing(session, ranking)) == {2}


def test_another_variant_stands_for_a_family_whose_representative_is_withdrawn(
    session: Session, contest: Contest, now: datetime
) -> None:
    families.merge(session, contest, [2, 3, 4])
    counted_shortlist(session, contest, now, Ann=["f2", "4"], Bob=["1", "4"])
    withdraw(session, contest, 4, now)

    ranking = rounds.open_round(session, contest, Kind.RANKING, now)
    result = counting.count_round(session, closed(session, ranking, now))

    # The newest that is left, as where nobody said which.
    assert standing(session, ranking) == {1: "f1", 3: "f2"}
    assert result.designs[3].variants == (2, 3, 4)


def test_what_was_merged_after_the_shortlist_is_ranked_once(
    session: Session, contest: Contest, now: datetime
) -> None:
    shortlist = counted_shortlist(
        session, contest, now, Ann=["1", "3", "4"], Bob=["1", "3"]
    )
    families.merge(session, contest, [1, 3])

    ranking = rounds.open_round(session, contest, Kind.RANKING, now, seats=2)

    # In its better place, and the next family takes the seat that is free.
    better = result_of(shortlist).order[0]
    assert standing(session, ranking) == {better.entry: better.family, 4: "f4"}


def test_a_variant_that_joined_after_the_shortlist_stands_for_what_is_withdrawn(
    session: Session, contest: Contest, now: datetime
) -> None:
    counted_shortlist(session, contest, now, Ann=["1"])
    late = add_design(session, contest, 9, now)
    families.merge(session, contest, [1, late.entry])
    withdraw(session, contest, 1, now)

    ranking = rounds.open_round(session, contest, Kind.RANKING, now)
    result = counting.count_round(session, closed(session, ranking, now))

    assert standing(session, ranking) == {9: "f1"}
    assert result.designs[9].variants == (1, 9)


def test_what_was_split_off_after_the_shortlist_inherits_no_place(
    session: Session, contest: Contest, now: datetime
) -> None:
    families.merge(session, contest, [2, 4])
    counted_shortlist(session, contest, now, Ann=["f2", "4"], Bob=["1", "4"])
    families.split(session, contest, [2])
    withdraw(session, contest, 4, now)

    ranking = rounds.open_round(session, contest, Kind.RANKING, now)

    assert standing(session, ranking) == {1: "f1"}


def test_a_shortlist_that_nobody_filled_leads_to_no_ranking(
    session: Session, contest: Contest, now: datetime
) -> None:
    counted_shortlist(session, contest, now, Ann=["none"])

    with pytest.raises(RoundError, match="nobody approved"):
        rounds.open_round(session, contest, Kind.RANKING, now)


def test_few_families_are_ranked_without_a_shortlist(
    session: Session, contest: Contest, now: datetime
) -> None:
    families.merge(session, contest, [2, 4])

    ranking = rounds.open_round(session, contest, Kind.RANKING, now)

    assert standing(session, ranking) == {1: "f1", 3: "f3", 4: "f2"}


@pytest.mark.parametrize("designs", [30, 31])
def test_a_ranking_without_a_shortlist_takes_30_families_at_most(
    session: Session, now: datetime, designs: int
) -> None:
    large = make_contest(
        session, now, designs=range(1, designs + 1), voters={"core": ["Ann"]}
    )

    if designs == 30:
        ranking = rounds.open_round(session, large, Kind.RANKING, now)
        assert len(standing(session, ranking)) == 30
    else:
        with pytest.raises(RoundError, match="31 families of designs, too many"):
            rounds.open_round(session, large, Kind.RANKING, now)


def test_a_late_design_joins_the_open_shortlist_round_and_no_other(
    session: Session, contest: Contest, now: datetime
) -> None:
    round_ = open_shortlist(session, contest, now)

    rounds.add_late_design(session, contest.id, add_design(session, contest, 9, now))
    session.flush()
    assert standing(session, round_)[9] == "f9"

    rounds.close_round(session, round_, now)
    rounds.add_late_design(session, contest.id, add_design(session, contest, 10, now))
    session.flush()
    assert 10 not in standing(session, round_)


def test_a_late_design_does_not_join_a_ranking(
    session: Session, contest: Contest, now: datetime
) -> None:
    ranking = rounds.open_round(session, contest, Kind.RANKING, now)

    rounds.add_late_design(session, contest.id, add_design(session, contest, 9, now))
    session.flush()

    assert 9 not in standing(session, ranking)


def test_the_rules_of_an_open_round_stay_as_they_were(
    session: Session, contest: Contest, now: datetime
) -> None:
    people.set_shares(session, contest, {"core": Fraction(2, 5)}, {"core": "They do."})
    round_ = open_shortlist(session, contest, now)

    with pytest.raises(people.PeopleError, match="frozen"):
        people.set_shares(session, contest, {"core": Fraction(1, 5)}, {})
    contest.status_quo = "Something else"
    session.flush()

    rules = Rules.from_json(round_.rules)
    assert rules.groups[0].share == Fraction(2, 5)
    assert rules.groups[0].reason == "They do."
    assert rules.status_quo == "Keep the anvil"
    assert rules.seats == 20


def test_a_shortlist_of_no_seats_is_refused(
    session: Session, contest: Contest, now: datetime
) -> None:
    with pytest.raises(RulesError, match="at least one place"):
        rounds.open_round(session, contest, Kind.SHORTLIST, now, seats=0)

    assert queries.latest_round(session, contest.id, Kind.SHORTLIST) is None


def test_rules_are_written_with_nothing_left_implicit(
    session: Session, contest: Contest, now: datetime
) -> None:
    written = json.loads(open_shortlist(session, contest, now).rules)

    assert written == {
        "method": "seqphragmen",
        "seats": 20,
        "groups": [{"id": "core", "share": None, "reason": ""}],
        "status_quo": "Keep the anvil",
        "unranked": "last",
        "weights": "fixed_share",
        "cap": 25,
        "batch": 30,
        "approvals": None,
        "publish": "ballots",
        "auditors": [],
        "beacon": "",
    }


def test_a_ballot_line_of_a_heavier_voter_says_so(
    session: Session, contest: Contest, now: datetime
) -> None:
    voter_named(session, contest, "Ann").weight = Fraction(3, 2)
    round_ = open_shortlist(session, contest, now)
    cast(session, round_, "Ann", ["1"], now)

    (line,) = rounds.ballot_lines(session, round_)

    assert line["c"] == "core=3/2"
