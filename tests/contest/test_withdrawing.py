"""One design leaves by hand, and comes back; those who chose it are told."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from logovote.contest import counting, families, news, regrouping, rounds, withdrawing
from logovote.contest.news import News, Withdrawn
from logovote.contest.results import result_of
from logovote.contest.withdrawing import WithdrawalError
from logovote.store import queries
from logovote.store.models import Contest, Kind, Round, Submission, Version
from tests.builders import add_design, cast, make_contest, open_shortlist, voter_named
from tests.conftest import NOW

HOUR = timedelta(hours=1)


@pytest.fixture
def contest(session: Session, now: datetime) -> Contest:
    contest = make_contest(
        session, now, designs=[1, 2, 12, 57], voters={"core": ["Ann", "Bob"]}
    )
    families.merge(session, contest, [12, 57])
    return contest


def leave(
    session: Session,
    contest: Contest,
    entry: int,
    now: datetime,
    reason: str = "Not the designer's own work",
) -> None:
    withdrawing.withdraw(session, contest, entry, reason, who="Alice", now=now)


def change(session: Session, contest: Contest, entry: int, now: datetime) -> None:
    """Let a design show a newer version, as an import does."""
    design = queries.submission(session, contest.id, entry)
    assert design is not None
    design.version += 1
    session.add(
        Version(
            submission_id=design.id,
            number=design.version,
            digest=design.digest,
            file="new.png",
            created_at=now,
        )
    )
    session.flush()


def told(session: Session, round_: Round, name: str = "Ann") -> News:
    contest = session.get_one(Contest, round_.contest_id)
    voter = voter_named(session, contest, name)
    ballot = queries.ballot_of(session, round_.id, voter.id)
    return news.since_last_save(session, round_, ballot)


def test_a_withdrawn_design_is_out_and_the_reason_is_kept(
    session: Session, contest: Contest, now: datetime
) -> None:
    leave(session, contest, 2, now, "  a copy \n of another ")

    entries = [s.entry for s in queries.submissions(session, contest.id)]
    assert entries == [1, 12, 57]
    (note,) = regrouping.changes(session, contest)
    assert (note.entry, note.who) == (2, "Alice")
    assert note.what == "Design 2 withdrawn: a copy of another"


@pytest.mark.parametrize(
    ("entry", "reason", "message"),
    [
        (2, " ", "Say why design 2"),
        (2, "x" * 501, "too long"),
        (999, "gone", "no design number 999"),
    ],
)
def test_a_withdrawal_that_makes_no_sense_changes_nothing(
    session: Session, contest: Contest, entry: int, reason: str, message: str
) -> None:
    with pytest.raises(WithdrawalError, match=message):
        leave(session, contest, entry, NOW, reason)

    gone = select(Submission).where(Submission.withdrawn_at.is_not(None))
    assert session.scalars(gone).all() == []


def test_a_design_is_withdrawn_and_brought_back_once(
    session: Session, contest: Contest, now: datetime
) -> None:
    with pytest.raises(WithdrawalError, match="not withdrawn"):
        withdrawing.bring_back(session, contest, 2, who="Alice", now=now)
    leave(session, contest, 2, now)
    with pytest.raises(WithdrawalError, match="already"):
        leave(session, contest, 2, now)

    withdrawing.bring_back(session, contest, 2, who="Alice", now=now)

    assert len(queries.submissions(session, contest.id)) == 4


def test_a_withdrawal_in_mid_round_is_out_of_every_ballot_at_the_count(
    session: Session, contest: Contest, now: datetime
) -> None:
    round_ = open_shortlist(session, contest, now)
    cast(session, round_, "Ann", ["1", "2"], now)
    cast(session, round_, "Bob", ["2"], now)

    leave(session, contest, 2, now + HOUR)
    rounds.close_round(session, round_, now + HOUR)
    counting.count_round(session, round_)

    result = result_of(round_)
    assert 2 not in [line.entry for line in result.order]
    # Bob's ballot said nothing but what is gone: an empty ballot is not counted.
    assert result.turnout["core"].voted == 1


def test_a_ranking_closes_up_over_what_was_withdrawn(
    session: Session, contest: Contest, now: datetime
) -> None:
    round_ = rounds.open_round(session, contest, Kind.RANKING, now)
    cast(session, round_, "Ann", [["2"], ["1"], ["57"]], now)

    leave(session, contest, 2, now + HOUR)
    rounds.close_round(session, round_, now + HOUR)
    counting.count_round(session, round_)

    order = [(line.place, line.entry) for line in result_of(round_).order]
    assert order[:2] == [(1, 1), (2, 57)]


def test_a_design_that_is_brought_back_joins_the_open_shortlist_round(
    session: Session, contest: Contest, now: datetime
) -> None:
    leave(session, contest, 2, now)
    round_ = open_shortlist(session, contest, now)

    withdrawing.bring_back(session, contest, 2, who="Alice", now=now)

    standing = [c.submission.entry for c in queries.candidacies(session, round_.id)]
    assert standing == [1, 2, 12, 57]


def test_nobody_leaves_between_the_close_and_the_count(
    session: Session, contest: Contest, now: datetime
) -> None:
    round_ = open_shortlist(session, contest, now)
    rounds.close_round(session, round_, now)

    with pytest.raises(rounds.RoundError, match="waits for its count"):
        leave(session, contest, 2, now)


def test_a_voter_is_told_what_became_of_their_choice_until_they_save_again(
    session: Session, contest: Contest, now: datetime
) -> None:
    round_ = open_shortlist(session, contest, now)
    change(session, contest, 1, now - HOUR)  # before the vote: no news
    receipt = cast(session, round_, "Ann", ["1", "2"], now)
    assert not told(session, round_)

    change(session, contest, 1, now + HOUR)
    leave(session, contest, 2, now + HOUR, "A copy")
    assert told(session, round_) == News((1,), (Withdrawn(2, "A copy"),))

    cast(session, round_, "Ann", ["1", "2"], now + 2 * HOUR, base_rev=receipt.rev)
    assert not told(session, round_)


def test_a_family_on_the_ballot_stands_for_all_its_variants(
    session: Session, contest: Contest, now: datetime
) -> None:
    round_ = open_shortlist(session, contest, now)
    cast(session, round_, "Ann", ["f12"], now)
    cast(session, round_, "Bob", ["12"], now)

    change(session, contest, 57, now + HOUR)

    assert told(session, round_, "Ann") == News(changed=(57,))
    assert not told(session, round_, "Bob")


def test_what_left_before_the_vote_is_no_news(
    session: Session, contest: Contest, now: datetime
) -> None:
    round_ = open_shortlist(session, contest, now)
    leave(session, contest, 57, now)
    cast(session, round_, "Ann", ["f12"], now + HOUR)

    change(session, contest, 57, now + 2 * HOUR)

    assert not told(session, round_)


def test_others_and_those_without_a_ballot_are_told_nothing(
    session: Session, contest: Contest, now: datetime
) -> None:
    round_ = open_shortlist(session, contest, now)
    cast(session, round_, "Bob", ["none"], now)
    add_design(session, contest, 3, now)

    change(session, contest, 1, now + HOUR)
    leave(session, contest, 2, now + HOUR)

    assert not told(session, round_, "Ann")
    assert not told(session, round_, "Bob")


def test_a_ranked_design_that_changed_is_told_until_the_count(
    session: Session, contest: Contest, now: datetime
) -> None:
    round_ = rounds.open_round(session, contest, Kind.RANKING, now)
    cast(session, round_, "Ann", [["2", "1"], ["none"]], now)
    change(session, contest, 1, now + HOUR)
    assert told(session, round_) == News(changed=(1,))

    rounds.close_round(session, round_, now + HOUR)
    assert told(session, round_)
    counting.count_round(session, round_)
    assert not told(session, round_)
