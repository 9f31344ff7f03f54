"""One voter changed by hand, and everybody as a table that can be imported again."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction

import pytest
from sqlalchemy.orm import Session

from logovote.contest import events, people, roll
from logovote.contest.handoff import table
from logovote.contest.people import PeopleError
from logovote.store import queries
from logovote.store.models import Contest
from tests.builders import make_contest, open_shortlist


@pytest.fixture
def contest(session: Session, now: datetime) -> Contest:
    return make_contest(
        session, now, designs=(1, 2), voters={"core": ["Ann"], "community": ["Bob"]}
    )


def test_a_voter_is_moved_and_weighed_and_the_log_says_so(
    session: Session, contest: Contest, now: datetime
) -> None:
    moved = roll.change(
        session, contest, "ANN@example.org", group=" friends ", weight="2/3", now=now
    )

    assert (moved.group.name, moved.weight) == ("friends", Fraction(2, 3))
    last = events.chain(session, contest.id)[-1]
    assert last["kind"] == "roll.moved"
    (told,) = last["payload"]["voters"]
    assert told["from_group"] == "core"
    assert "ann" not in str(last).lower()


def test_what_is_left_empty_stays(
    session: Session, contest: Contest, now: datetime
) -> None:
    roll.change(session, contest, "bob@example.org", weight="0.5", now=now)
    bob = roll.change(session, contest, "bob@example.org", group="core", now=now)

    assert (bob.group.name, bob.weight) == ("core", Fraction(1, 2))


def test_weight_0_takes_the_vote(
    session: Session, contest: Contest, now: datetime
) -> None:
    roll.change(session, contest, "bob@example.org", weight="0", now=now)

    assert queries.eligible_counts(session, contest.id) == {"core": 1}


@pytest.mark.parametrize(
    ("who", "change", "told"),
    [
        ("cleo@example.org", {"weight": "1"}, "may not vote"),
        ("ann@example.org", {"weight": "heavy"}, "is not a number"),
        ("ann@example.org", {"weight": "-1"}, "is not a number"),
        ("ann@example.org", {"group": "a=b"}, "group's name"),
    ],
)
def test_what_makes_no_sense_changes_nothing(
    request: pytest.FixtureRequest, who: str, change: dict[str, str], told: str
) -> None:
    session, contest, now = map(request.getfixturevalue, ("session", "contest", "now"))
    with pytest.raises(PeopleError, match=told):
        roll.change(session, contest, who, now=now, **change)


def test_nobody_is_moved_while_a_round_runs(
    session: Session, contest: Contest, now: datetime
) -> None:
    open_shortlist(session, contest, now)

    with pytest.raises(PeopleError, match="frozen"):
        roll.change(session, contest, "ann@example.org", weight="0", now=now)


def test_the_table_can_be_imported_again(
    session: Session, contest: Contest, now: datetime
) -> None:
    roll.change(session, contest, "bob@example.org", weight="2/3", now=now)

    written = table([roll.COLUMNS, *roll.rows(session, contest)])

    assert "bob@example.org,Bob,community,2/3," in written
    reports = people.import_people(
        session, contest, people.read_people(written.encode("utf-8-sig"))
    )
    assert [report.status for report in reports] == ["same", "same"]
