from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy.orm import Session

from logovote.contest import counting, families, rounds
from logovote.contest.families import FamilyError
from logovote.store import queries
from logovote.store.models import Contest
from tests.builders import make_contest, open_shortlist


@pytest.fixture
def contest(session: Session, now: datetime) -> Contest:
    return make_contest(session, now, designs=[3, 5, 12, 57], voters={"core": ["Ann"]})


def together(session: Session, contest: Contest) -> list[tuple[str, tuple[int, ...]]]:
    return [(g.id, g.entries) for g in families.groupings(session, contest)]


def propose(session: Session, contest: Contest, *entries: int) -> None:
    families.merge(session, contest, entries).confirmed = False
    session.flush()


ALONE = [("f3", (3,)), ("f5", (5,)), ("f12", (12,)), ("f57", (57,))]


def test_every_design_is_in_exactly_one_family(
    session: Session, contest: Contest
) -> None:
    assert together(session, contest) == ALONE


def test_merged_designs_are_named_by_their_lowest_entry(
    session: Session, contest: Contest
) -> None:
    families.merge(session, contest, [57, 12])

    assert together(session, contest) == [("f3", (3,)), ("f5", (5,)), ("f12", (12, 57))]


def test_a_split_design_stands_alone_and_leaves_no_family_of_one(
    session: Session, contest: Contest
) -> None:
    families.merge(session, contest, [12, 57])

    families.split(session, contest, [12])

    assert together(session, contest) == ALONE
    assert queries.families(session, contest.id) == []


def test_merging_takes_a_design_out_of_its_former_family(
    session: Session, contest: Contest
) -> None:
    families.merge(session, contest, [5, 12, 57])

    families.merge(session, contest, [3, 57])

    assert together(session, contest) == [("f3", (3, 57)), ("f5", (5, 12))]


def test_a_family_that_nobody_confirmed_merges_nothing(
    session: Session, contest: Contest
) -> None:
    propose(session, contest, 12, 57)

    submissions = queries.submissions(session, contest.id)
    ids = families.family_of_each(session, contest, submissions)

    assert sorted(ids.values()) == ["f12", "f3", "f5", "f57"]
    assert not families.groupings(session, contest)[2].confirmed


def test_confirming_takes_every_proposal_and_counts_them(
    session: Session, contest: Contest
) -> None:
    propose(session, contest, 12, 57)
    propose(session, contest, 3, 5)

    assert families.confirm_all(session, contest) == 2

    submissions = queries.submissions(session, contest.id)
    ids = families.family_of_each(session, contest, submissions)
    assert sorted(ids.values()) == ["f12", "f12", "f3", "f3"]
    assert families.confirm_all(session, contest) == 0


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ([], "at least two"),
        ([12], "at least two"),
        ([12, 12], "at least two"),
        ([12, 999], "no design number 999"),
    ],
)
def test_a_merge_that_makes_no_sense_changes_nothing(
    session: Session, contest: Contest, entries: list[int], message: str
) -> None:
    with pytest.raises(FamilyError, match=message):
        families.merge(session, contest, entries)

    assert together(session, contest) == ALONE
    assert queries.families(session, contest.id) == []


def test_splitting_nothing_is_refused(session: Session, contest: Contest) -> None:
    with pytest.raises(FamilyError, match="Choose"):
        families.split(session, contest, [])


def test_families_are_frozen_until_the_round_is_counted(
    session: Session, contest: Contest, now: datetime
) -> None:
    round_ = open_shortlist(session, contest, now)

    for _ in ("open", "closed"):
        with pytest.raises(FamilyError, match="frozen"):
            families.merge(session, contest, [12, 57])
        with pytest.raises(FamilyError, match="frozen"):
            families.split(session, contest, [12])
        with pytest.raises(FamilyError, match="frozen"):
            families.confirm_all(session, contest)
        if round_.closed_at is None:
            rounds.close_round(session, round_, now)

    counting.count_round(session, round_)
    families.merge(session, contest, [12, 57])
    assert together(session, contest)[-1] == ("f12", (12, 57))


def test_designs_of_another_contest_are_out_of_reach(
    session: Session, contest: Contest, now: datetime
) -> None:
    make_contest(session, now, slug="other", designs=[100, 101])

    with pytest.raises(FamilyError, match="no design number 100"):
        families.merge(session, contest, [100, 101])
