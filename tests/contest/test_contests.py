from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
from sqlalchemy.orm import Session

from logovote.contest import counting, events, joining, notices, plans, rounds
from logovote.contest.contests import (
    ContestError,
    change_contest,
    contest_by_slug,
    new_contest,
)
from logovote.contest.dates import DateError
from logovote.contest.plans import Plan
from logovote.contest.rights import RightsError, is_due, read_rights, rights_of
from logovote.contest.rules import Rules, RulesError
from logovote.store import queries
from logovote.store.models import Kind
from tests.builders import make_contest


def test_a_contest_is_found_by_its_short_name(session: Session, now: datetime) -> None:
    made = new_contest(session, "acme-2026", title="  Acme ", now=now)

    assert contest_by_slug(session, "acme-2026") is made
    assert made.title == "Acme"
    assert made.status_quo == "None of these"


@pytest.mark.parametrize(
    "slug",
    ["", "Acme", "a b", "-acme", "acme-", "a--b", "../acme", "acmé", "a" * 61, "a\n"],
)
def test_a_short_name_that_makes_no_address_is_refused(
    session: Session, now: datetime, slug: str
) -> None:
    with pytest.raises(ContestError, match="small letters, digits"):
        new_contest(session, slug, title="Acme", now=now)


def test_a_short_name_is_taken_once(session: Session, now: datetime) -> None:
    new_contest(session, "acme", title="Acme", now=now)

    with pytest.raises(ContestError, match="already"):
        new_contest(session, "acme", title="Another", now=now)


def test_a_contest_needs_a_title(session: Session, now: datetime) -> None:
    with pytest.raises(ContestError, match="needs a title"):
        new_contest(session, "acme", title=" ", now=now)


@pytest.mark.parametrize("field", ["title", "status_quo"])
def test_a_text_that_is_too_long_is_refused_at_its_field(
    session: Session, now: datetime, field: str
) -> None:
    def texts(length: int) -> dict[str, Any]:
        return {"title": "Acme", field: "é" * length}

    new_contest(session, "acme", now=now, **texts(200))

    with pytest.raises(ContestError, match="too long") as refused:
        new_contest(session, "more", now=now, **texts(201))

    assert refused.value.field == field


def test_an_unknown_contest_is_named_in_the_refusal(session: Session) -> None:
    with pytest.raises(ContestError, match="nowhere"):
        contest_by_slug(session, "nowhere")


def test_settings_are_changed_one_by_one_and_logged(
    session: Session, now: datetime
) -> None:
    contest = new_contest(session, "acme", title="Acme", about="For us", now=now)

    change_contest(session, contest, zone="america/new_york", now=now)
    change_contest(session, contest, title=" Acme 2 ", zone="America/New_York", now=now)

    assert (contest.title, contest.about) == ("Acme 2", "For us")
    assert contest.zone == "America/New_York"
    told = [
        event["payload"]
        for event in events.chain(session, contest.id)
        if event["kind"] == "contest.changed"
    ]
    assert told == [{"zone": "America/New_York"}, {"title": "Acme 2"}]


def test_what_cannot_be_changes_nothing(session: Session, now: datetime) -> None:
    contest = new_contest(session, "acme", title="Acme", now=now)

    with pytest.raises(DateError, match="no time zone “Atlantis”"):
        change_contest(session, contest, title="New", zone="Atlantis", now=now)
    with pytest.raises(ContestError, match="needs a title"):
        change_contest(session, contest, title=" ", zone="UTC", now=now)

    assert (contest.title, contest.zone) == ("Acme", "")


def test_what_ballots_say_stays_what_it_means(session: Session, now: datetime) -> None:
    contest = make_contest(session, now, designs=[1], voters={"core": ["Ann"]})
    rounds.open_round(session, contest, Kind.SHORTLIST, now)

    change_contest(session, contest, title="Still allowed", now=now)
    with pytest.raises(ContestError, match="frozen while a round runs"):
        change_contest(session, contest, status_quo="Buy a new anvil", now=now)

    assert contest.status_quo == "Keep the anvil"


def test_an_earlier_contest_lends_its_settings_and_nothing_else(
    session: Session, now: datetime
) -> None:
    earlier = make_contest(
        session,
        now,
        designs=[1, 2],
        voters={"core": ["Ann"], "crowd": ["Bob"]},
        shares={"core": "2/5"},
    )
    change_contest(session, earlier, about="Old words", zone="Europe/Berlin", now=now)
    chosen = read_rights(["low-resolution"], "2027-01-31")
    change_contest(session, earlier, rights=chosen, now=now)
    joining.set_terms(
        session, earlier, joining.Terms(domains=("example.org",), group="crowd")
    )
    notices.switch(earlier, ["reminder"])
    end = now + timedelta(days=3)
    plans.set_plan(session, earlier, Kind.RANKING, Plan(seats=8, until=end), now=now)
    opened = rounds.open_round(session, earlier, Kind.SHORTLIST, now, seats=6, batch=9)
    rounds.close_round(session, opened, now)

    later = new_contest(session, "later", title="Later", like=earlier, now=now)

    assert later.zone == "Europe/Berlin"
    assert later.status_quo == "Keep the anvil"
    assert rights_of(later) == read_rights(["low-resolution"])
    assert joining.terms_of(later) == joining.terms_of(earlier)
    assert notices.switched_on(later) == ["reminder"]
    assert plans.plan_of(later, Kind.SHORTLIST) == Plan(seats=6, batch=9)
    assert plans.plan_of(later, Kind.RANKING) == Plan(seats=8)
    assert [(g.name, g.share) for g in queries.groups(session, later.id)] == [
        ("core", Fraction(2, 5)),
        ("crowd", None),
    ]
    assert later.about == ""
    assert not queries.voters(session, later.id)
    assert not queries.submissions(session, later.id)
    assert later.roll_salt != earlier.roll_salt


def test_a_round_opens_as_planned_unless_it_is_told_otherwise(
    session: Session, now: datetime
) -> None:
    contest = make_contest(session, now, designs=[1, 2], voters={"core": ["Ann"]})
    end = now + timedelta(days=3)
    plan = Plan(seats=4, batch=5, approvals=2, publish="aggregate", until=end)
    plans.set_plan(session, contest, Kind.SHORTLIST, plan, now=now)

    first = rounds.open_round(session, contest, Kind.SHORTLIST, now, batch=7)

    rules = Rules.from_json(first.rules)
    assert (rules.seats, rules.batch, rules.approvals) == (4, 7, 2)
    assert (rules.publish, first.closes_at) == ("aggregate", end)


def test_a_planned_end_is_of_one_round_and_keeps_none_from_opening_after_it(
    session: Session, now: datetime
) -> None:
    contest = make_contest(session, now, designs=[1, 2], voters={"core": ["Ann"]})
    end = now + timedelta(days=3)
    for kind in Kind:
        plan = Plan(seats=4, until=end)
        plans.set_plan(session, contest, kind, plan, now=now)
    first = rounds.open_round(session, contest, Kind.SHORTLIST, now)
    assert rounds.close_ended(session, first, end + timedelta(seconds=1))
    counting.count_round(session, first)

    second = rounds.open_round(
        session, contest, Kind.SHORTLIST, end + timedelta(days=1)
    )

    assert (second.closes_at, Rules.from_json(second.rules).seats) == (None, 4)
    assert plans.plan_of(contest, Kind.RANKING).until == end


def test_a_plan_that_cannot_be_is_refused(session: Session, now: datetime) -> None:
    contest = new_contest(session, "acme", title="Acme", now=now)

    for plan in (Plan(seats=-1), Plan(batch=-2), Plan(publish="secret")):
        with pytest.raises(RulesError):
            plans.set_plan(session, contest, Kind.SHORTLIST, plan, now=now)
    with pytest.raises(RulesError, match="over already"):
        plans.set_plan(session, contest, Kind.SHORTLIST, Plan(until=now), now=now)

    assert contest.plans == "{}"


def test_a_planned_end_that_has_passed_is_said_when_the_round_opens(
    session: Session, now: datetime
) -> None:
    contest = make_contest(session, now, designs=[1], voters={"core": ["Ann"]})
    end = now + timedelta(days=1)
    plans.set_plan(session, contest, Kind.SHORTLIST, Plan(until=end), now=now)

    with pytest.raises(rounds.RoundError, match="over already"):
        rounds.open_round(session, contest, Kind.SHORTLIST, end + timedelta(hours=1))


@pytest.mark.parametrize(
    ("modes", "day", "says"),
    [(["secret"], "", "voters-only, low-resolution"), ([], "soon", "2027-01-31")],
)
def test_rights_that_do_not_exist_are_refused(
    modes: list[str], day: str, says: str
) -> None:
    with pytest.raises(RightsError, match=says):
        read_rights(modes, day)


def test_the_day_of_the_pictures_is_that_of_the_contests_zone(
    session: Session, now: datetime
) -> None:
    contest = new_contest(session, "acme", title="Acme", now=now)
    chosen = read_rights([], "2027-01-31")
    change_contest(session, contest, zone="Pacific/Auckland", rights=chosen, now=now)

    at = datetime(2027, 1, 30, 10, 59, tzinfo=UTC)  # 23:59 in Auckland
    assert not is_due(contest, at)
    assert is_due(contest, at + timedelta(minutes=1))
