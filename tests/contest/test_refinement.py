"""Carrying on: another ranking of some designs, after their designers revised them."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from logovote import recount
from logovote.contest import counting, events, families, rounds
from logovote.contest.bundle import bundle_of
from logovote.contest.results import result_of
from logovote.contest.rounds import RoundError
from logovote.store import queries
from logovote.store.models import Contest, Kind, Round
from tests.builders import add_design, cast, make_contest, open_shortlist, withdraw


@pytest.fixture
def contest(session: Session, now: datetime) -> Contest:
    """A counted shortlist and ranking of 1, 2 and the family of 3 and 4."""
    contest = make_contest(
        session, now, designs=[1, 2, 3, 4], voters={"core": ["Ann", "Bea", "Cat"]}
    )
    families.merge(session, contest, [3, 4])
    shortlist = open_shortlist(session, contest, now)
    cast(session, shortlist, "Ann", ["1", "f3"], now)
    finish(session, shortlist, now)
    ranking = rounds.open_round(session, contest, Kind.RANKING, now)
    cast(session, ranking, "Ann", [["1"], ["4"]], now)
    finish(session, ranking, now)
    return contest


def finish(session: Session, round_: Round, now: datetime) -> None:
    rounds.close_round(session, round_, now)
    counting.count_round(session, round_, now=now)
    rounds.publish_round(session, round_, now=now)


def test_chosen_designs_and_variants_stand_each_for_itself(
    session: Session, contest: Contest, now: datetime, tmp_path: Path
) -> None:
    round_ = rounds.open_round(session, contest, Kind.RANKING, now, only=[3, 4, 1])
    for name in ("Ann", "Bea", "Cat"):
        cast(session, round_, name, [["4"], ["3"], ["1"]], now)
    finish(session, round_, now)

    assert [line.entry for line in result_of(round_).order] == [4, 3, 1, None]
    path = tmp_path / "bundle.zip"
    path.write_bytes(bundle_of(session, round_).data)
    assert recount.check(str(path), None)["exit"] == recount.REPRODUCED


def test_what_was_known_before_stays_as_it_was(
    session: Session, contest: Contest, now: datetime
) -> None:
    first = rounds.latest(session, contest, Kind.RANKING)
    before, voted = first.result, result_of(first).designs[1].digest
    revised = queries.submission(session, contest.id, 1)
    other = add_design(session, contest, 9, now)
    assert revised is not None
    revised.digest = other.digest
    round_ = rounds.open_round(session, contest, Kind.RANKING, now, only=[1, 2])
    cast(session, round_, "Ann", [["1"]], now)
    finish(session, round_, now)

    assert round_.number == 2
    assert first.result == before
    assert result_of(first).designs[1].digest == voted
    assert result_of(round_).designs[1].digest == other.digest
    assert rounds.numbered(session, contest, Kind.RANKING, 1) is first
    assert rounds.numbered(session, contest, Kind.RANKING, None) is round_
    with pytest.raises(RoundError, match="no ranking round number 7; the newest is 2"):
        rounds.numbered(session, contest, Kind.RANKING, 7)


@pytest.mark.parametrize(
    ("kind", "only", "seats", "told"),
    [
        (Kind.RANKING, [1, 77], None, "no design number 77"),
        (Kind.RANKING, [2], None, "no design number 2 in this contest now"),
        (Kind.RANKING, [1, 3, 4], 2, "takes 2 at most"),
        (Kind.SHORTLIST, [1], None, "takes every design"),
    ],
)
def test_an_impossible_choice_is_refused(
    session: Session,
    contest: Contest,
    now: datetime,
    *,
    kind: Kind,
    only: list[int],
    seats: int | None,
    told: str,
) -> None:
    withdraw(session, contest, 2, now)

    with pytest.raises(RoundError, match=told):
        rounds.open_round(session, contest, kind, now, only=only, seats=seats)


def test_the_log_says_what_stands(
    session: Session, contest: Contest, now: datetime
) -> None:
    rounds.open_round(session, contest, Kind.RANKING, now, only=[4])

    payload = events.chain(session, contest.id)[-1]["payload"]
    assert [design["id"] for design in payload["designs"]] == [4]
