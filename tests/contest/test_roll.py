"""One voter changed by hand, and everybody as a table that can be imported again."""

from __future__ import annotations

import unicodedata
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from logovote import recount
from logovote.contest import (
    counting,
    events,
    invitations,
    joining,
    notices,
    people,
    questions,
    roll,
    rounds,
    sealing,
    signing_in,
)
from logovote.contest.bundle import bundle_of
from logovote.contest.handoff import table
from logovote.contest.joining import Terms
from logovote.contest.people import PeopleError
from logovote.contest.rounds import RoundError
from logovote.store import queries
from logovote.store.models import Contest
from tests.builders import (
    SECRET,
    cast,
    make_contest,
    open_shortlist,
    voter_named,
)


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


def test_a_group_is_one_however_its_letters_are_composed(
    session: Session, now: datetime
) -> None:
    """The log and the bundle could not tell two such groups apart."""
    cafe = make_contest(
        session, now, designs=(1,), voters={"Café": ["Ann"], "crowd": ["Bob", "Cleo"]}
    )
    apart = unicodedata.normalize("NFD", "Café")

    roll.change(session, cafe, "bob@example.org", group=apart, now=now)
    rows = people.read_people(b"email\ndan@example.org\n", apart)
    people.import_people(session, cafe, rows, now=now)
    joining.set_terms(session, cafe, Terms(open=True, group=apart), now=now)
    eve = people.make_known(session, "eve@example.org")
    joining.ask(session, cafe, eve, now, actor="cli")
    joining.admit(session, cafe, "eve@example.org", now, actor="cli")

    assert queries.eligible_counts(session, cafe.id) == {"Café": 4, "crowd": 1}


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


def test_somebody_added_by_mistake_leaves_and_the_log_says_so(
    session: Session, contest: Contest, now: datetime
) -> None:
    notices.invite(session, contest, now)
    bob = voter_named(session, contest, "Bob")
    questions.ask(session, bob, "Why me?", now=now)
    signing_in.begin_session(session, bob.person, now, only="acme")
    elsewhere = signing_in.begin_session(session, bob.person, now)
    link = invitations.invitation_token(SECRET, bob)
    stop = notices.stop_token(SECRET, bob)

    roll.remove(session, contest, "BOB@example.org", now=now)

    assert [v.person.name for v in queries.voters(session, contest.id)] == ["Ann"]
    assert invitations.voter_by_invitation(session, SECRET, link) is None
    assert len(signing_in.open_sessions(session, bob.person, now)) == 1
    assert signing_in.signed_in(session, elsewhere, now) is not None
    last = events.chain(session, contest.id)[-1]
    assert last["kind"] == "roll.removed"
    assert "bob" not in str(last).lower()
    assert last["payload"]["voters"][0]["group"] == "community"
    # On SQLite the next voter has the number that is free again.
    people.import_people(session, contest, people.read_people(b"email\nbo@x.org"))
    assert invitations.voter_by_invitation(session, SECRET, link) is None
    assert notices.voter_by_stop_token(session, SECRET, stop) is None
    assert notices.invite(session, contest, now).queued == 1


def test_who_comes_back_is_invited_anew(
    session: Session, contest: Contest, now: datetime
) -> None:
    notices.invite(session, contest, now)
    roll.remove(session, contest, "bob@example.org", now=now)
    people.import_people(
        session, contest, people.read_people(b"email\nbob@example.org")
    )

    assert notices.invite(session, contest, now).queued == 1


def test_who_has_voted_stays(session: Session, contest: Contest, now: datetime) -> None:
    round_ = open_shortlist(session, contest, now)
    cast(session, round_, "Ann", ["1"], now)
    with pytest.raises(PeopleError, match="Ann has voted"):
        roll.remove(session, contest, "ann@example.org", now=now)
    rounds.close_round(session, round_, now)
    with pytest.raises(RoundError, match="waits for its count"):
        roll.remove(session, contest, "bob@example.org", now=now)
    counting.count_round(session, round_, now=now)
    rounds.publish_round(session, round_, now=now)
    sealing.seal_rounds(session, contest, now, waive=True)

    with pytest.raises(PeopleError, match="Ann has voted"):
        roll.remove(session, contest, "ann@example.org", now=now)
    roll.remove(session, contest, "bob@example.org", now=now)


def test_while_a_round_runs_only_those_leave_who_came_during_it(
    session: Session, contest: Contest, now: datetime, tmp_path: Path
) -> None:
    """Else a quorum could be met by removing who has not voted."""
    for voter in queries.voters(session, contest.id):
        voter.added_at = now
    round_ = open_shortlist(session, contest, now)
    later = now + timedelta(hours=1)
    zoe = people.read_people(b"email,name,group\nzoe@x.org,Zoe,core")
    people.import_people(session, contest, zoe, now=later)

    with pytest.raises(PeopleError, match="was on the roll when the round opened"):
        roll.remove(session, contest, "bob@example.org", now=later)
    roll.remove(session, contest, "zoe@x.org", now=later)

    cast(session, round_, "Ann", ["1"], later)
    rounds.close_round(session, round_, later)
    counting.count_round(session, round_, now=later)
    path = tmp_path / "bundle.zip"
    path.write_bytes(bundle_of(session, round_).data)
    assert recount.check(str(path), None)["exit"] == recount.REPRODUCED
