from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from logovote.contest import counting, families, regrouping, rounds
from logovote.contest.families import FamilyError, Grouping
from logovote.store import queries
from logovote.store.models import Contest
from tests.builders import add_design, make_contest, open_shortlist, withdraw


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


@dataclass(frozen=True)
class Proposal:
    """As whoever compares pictures makes them."""

    entries: tuple[int, ...]
    confidence: float = 0.8
    reasons: tuple[str, ...] = ("the same mark in another colour",)


def refresh(session: Session, contest: Contest, *proposals: tuple[int, ...]) -> int:
    return families.refresh_proposals(session, contest, map(Proposal, proposals))


def proposed(
    session: Session, contest: Contest
) -> list[tuple[tuple[int, ...], str | None]]:
    return [
        (g.entries, g.joins) for g in families.groupings(session, contest) if g.proposed
    ]


def test_a_proposal_says_how_sure_it_is_and_why(
    session: Session, contest: Contest
) -> None:
    families.refresh_proposals(
        session, contest, [Proposal((57, 12), 0.93, ("the same mark", "one designer"))]
    )

    assert families.groupings(session, contest)[2] == Grouping(
        "f12",
        (12, 57),
        confirmed=False,
        confidence=0.93,
        reasons=("the same mark", "one designer"),
    )


def test_what_is_proposed_replaces_what_was(session: Session, contest: Contest) -> None:
    refresh(session, contest, (3, 5), (12, 57))

    assert refresh(session, contest, (5, 12)) == 1

    assert proposed(session, contest) == [((5, 12), None)]


def test_a_design_is_in_the_surest_proposal_only(
    session: Session, contest: Contest
) -> None:
    families.refresh_proposals(
        session, contest, [Proposal((3, 5, 12), 0.6), Proposal((12, 57), 0.9)]
    )

    assert proposed(session, contest) == [((3, 5), None), ((12, 57), None)]


def test_proposals_leave_confirmed_families_alone(
    session: Session, contest: Contest
) -> None:
    families.merge(session, contest, [3, 5])
    families.merge(session, contest, [12, 57])

    refresh(session, contest, (3, 12), (5, 57), (3, 5, 12, 57))

    assert together(session, contest) == [("f3", (3, 5)), ("f12", (12, 57))]
    assert proposed(session, contest) == []


def test_a_newcomer_is_proposed_to_join_a_family_and_joins_when_confirmed(
    session: Session, contest: Contest
) -> None:
    families.merge(session, contest, [12, 57])

    refresh(session, contest, (3, 12), (5, 57))
    assert proposed(session, contest) == [((3,), "f12"), ((5,), "f12")]
    assert families.confirm_all(session, contest) == 2

    assert together(session, contest) == [("f3", (3, 5, 12, 57))]


def test_a_proposal_to_join_what_is_split_is_gone(
    session: Session, contest: Contest
) -> None:
    families.merge(session, contest, [12, 57])
    refresh(session, contest, (3, 12))

    families.split(session, contest, [57])

    assert together(session, contest) == ALONE
    assert queries.families(session, contest.id) == []


def test_what_was_split_is_never_proposed_again(
    session: Session, contest: Contest
) -> None:
    refresh(session, contest, (3, 5), (12, 57))
    families.split(session, contest, [3, 5])
    families.merge(session, contest, [12, 57])
    families.split(session, contest, [57])

    assert refresh(session, contest, (3, 5), (12, 57)) == 0
    assert refresh(session, contest, (3, 5, 12, 57)) == 2

    assert proposed(session, contest) == [((3, 12), None), ((5, 57), None)]


def test_a_design_taken_out_of_a_family_is_not_asked_back(
    session: Session, contest: Contest
) -> None:
    families.merge(session, contest, [3, 5, 12])
    families.split(session, contest, [12])

    assert refresh(session, contest, (3, 12)) == 0


def test_merging_by_hand_forgets_that_they_were_apart(
    session: Session, contest: Contest
) -> None:
    refresh(session, contest, (12, 57))
    families.split(session, contest, [12, 57])

    families.merge(session, contest, [12, 57])

    assert families.apart_pairs(session, contest) == set()


def test_a_confirmed_proposal_still_says_why(
    session: Session, contest: Contest
) -> None:
    refresh(session, contest, (12, 57))

    families.merge(session, contest, [12, 57])

    assert families.groupings(session, contest)[2].reasons == Proposal((1,)).reasons


def test_proposals_of_designs_that_are_gone_are_none(
    session: Session, contest: Contest, now: datetime
) -> None:
    withdraw(session, contest, 57, now)

    assert refresh(session, contest, (12, 57), (5, 999)) == 0


def test_proposing_goes_on_while_a_round_is_open_and_merges_nothing(
    session: Session, contest: Contest, now: datetime
) -> None:
    round_ = open_shortlist(session, contest, now)

    refresh(session, contest, (12, 57))

    standing = [c.family for c in queries.candidacies(session, round_.id)]
    assert standing == ["f3", "f5", "f12", "f57"]
    assert proposed(session, contest) == [((12, 57), None)]


def test_a_family_takes_its_withdrawn_members_along(
    session: Session, contest: Contest, now: datetime
) -> None:
    families.merge(session, contest, [12, 57])
    withdraw(session, contest, 57, now)

    families.merge(session, contest, [3, 12])

    gone = queries.submission(session, contest.id, 57)
    assert gone is not None
    gone.withdrawn_at = None
    session.flush()
    assert together(session, contest)[0] == ("f3", (3, 12, 57))


def do(
    session: Session,
    contest: Contest,
    deed: regrouping.Deed,
    *entries: int,
    now: datetime,
) -> str:
    return regrouping.regroup(session, contest, deed, entries, who="Alice", now=now)


def everything(session: Session, contest: Contest) -> object:
    return (
        families.groupings(session, contest),
        sorted(families.apart_pairs(session, contest)),
    )


def test_every_change_by_hand_is_taken_back_step_by_step(
    session: Session, contest: Contest, now: datetime
) -> None:
    add_design(session, contest, 100, now)
    families.merge(session, contest, [3, 5])
    refresh(session, contest, (12, 57), (3, 100))
    states = [everything(session, contest)]
    deeds: list[tuple[regrouping.Deed, tuple[int, ...]]] = [
        ("split", (57,)),
        ("merge", (5, 57)),
        ("merge", (3, 5, 57)),
        ("split", (3, 5, 57)),
        ("merge", (12, 57)),
        ("confirm", ()),
    ]
    for deed, entries in deeds:
        do(session, contest, deed, *entries, now=now)
        states.append(everything(session, contest))

    for state in reversed(states[:-1]):
        if everything(session, contest) != state:
            regrouping.undo(session, contest, who="Alice", now=now)
        assert everything(session, contest) == state

    with pytest.raises(FamilyError, match="nothing to take back"):
        regrouping.undo(session, contest, who="Alice", now=now)


def test_who_changed_what_and_when_is_written_down(
    session: Session, contest: Contest, now: datetime
) -> None:
    assert do(session, contest, "merge", 57, 12, now=now) == "12 and 57 are one family."
    do(session, contest, "merge", 57, 12, now=now)  # which changes nothing
    do(session, contest, "split", 57, now=now)
    regrouping.undo(session, contest, who="Bob", now=now)

    log = regrouping.changes(session, contest)
    assert [(c.who, c.what, c.at) for c in log] == [
        ("Bob", "Taken back: 57 stands alone.", now),
        ("Alice", "57 stands alone.", now),
        ("Alice", "12 and 57 are one family.", now),
    ]


def test_what_was_in_force_in_a_round_is_not_taken_back_as_a_slip(
    session: Session, contest: Contest, now: datetime
) -> None:
    do(session, contest, "merge", 12, 57, now=now)
    round_ = open_shortlist(session, contest, now + timedelta(hours=1))
    with pytest.raises(FamilyError, match="frozen"):
        regrouping.undo(session, contest, who="Alice", now=now)
    rounds.close_round(session, round_, now)
    counting.count_round(session, round_)

    with pytest.raises(FamilyError, match="nothing to take back"):
        regrouping.undo(session, contest, who="Alice", now=now)
    do(session, contest, "merge", 3, 5, now=now + timedelta(hours=2))
    regrouping.undo(session, contest, who="Alice", now=now)

    assert together(session, contest)[-1] == ("f12", (12, 57))
