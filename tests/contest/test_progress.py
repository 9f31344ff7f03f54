"""What is done of a contest: told from what is there, and from nothing else."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from logovote.contest import (
    counting,
    deciding,
    families,
    joining,
    people,
    plans,
    progress,
    rights,
    rounds,
    sealing,
)
from logovote.contest.contests import change_contest, new_contest
from logovote.contest.plans import Plan
from logovote.store.models import Contest, Kind
from tests.builders import add_design, cast, make_contest

VOTERS = {"core": ["Ann", "Bob"], "crowd": ["Cleo"]}


def states(session: Session, contest: Contest, now: datetime) -> dict[str, str]:
    return {task.key: task.state for task in progress.tasks_of(session, contest, now)}


def test_a_new_contest_has_everything_before_it(
    session: Session, now: datetime
) -> None:
    contest = new_contest(session, "acme", title="Acme", now=now)

    assert states(session, contest, now) == {
        # A title there always is.
        "details": "in progress",
        **dict.fromkeys(
            ("dates", "voters", "groups", "counting", "designs", "families"),
            "not started",
        ),
        **dict.fromkeys(("pictures", "shortlist", "ranking"), "not started"),
    }
    assert progress.waits_for(session, contest, now) == "Waits for designs and people"


def test_each_task_is_done_by_what_it_is_about(session: Session, now: datetime) -> None:
    contest = make_contest(session, now, designs=[1, 2, 3], voters=VOTERS)
    change_contest(session, contest, about="For a project", now=now)
    change_contest(session, contest, zone="europe/london", now=now)
    assert states(session, contest, now)["dates"] == "in progress"

    end = now + timedelta(days=3)
    plans.set_plan(session, contest, Kind.SHORTLIST, Plan(seats=2, until=end), now=now)
    families.merge(session, contest, [1, 2])
    people.set_shares(
        session,
        contest,
        {"core": people.parse_share("2/5")},
        {"core": "They will use it most"},
    )
    assert states(session, contest, now)["groups"] == "in progress"
    people.set_shares(
        session,
        contest,
        {"crowd": people.parse_share("3/5")},
        {"crowd": "They are the most"},
    )
    change_contest(
        session, contest, rights=rights.read_rights(["voters-only"]), now=now
    )

    found = states(session, contest, now)
    undone = {key for key, state in found.items() if state != "done"}
    assert undone == {"invitations", "shortlist", "ranking"}


def test_who_asks_to_join_keeps_the_voters_in_progress(
    session: Session, now: datetime
) -> None:
    contest = make_contest(session, now, designs=[1])
    joining.set_terms(session, contest, joining.Terms(open=True), now=now)
    assert states(session, contest, now)["voters"] == "in progress"

    other = make_contest(session, now, slug="other", voters=VOTERS)
    assert states(session, other, now)["voters"] == "done"


def test_what_a_contest_waits_for_follows_its_rounds(
    session: Session, now: datetime
) -> None:
    contest = make_contest(session, now, designs=[1, 2, 3], voters=VOTERS)

    def waits() -> str:
        return progress.waits_for(session, contest, now)

    assert waits() == "Ready: open its first round"
    end = now + timedelta(days=2)
    round_ = rounds.open_round(session, contest, Kind.SHORTLIST, now, until=end)
    assert waits() == "Shortlist round: open, ends in 2 days"
    rounds.pause_round(session, round_, now)
    assert waits() == "Shortlist round: paused, nobody can vote now"
    rounds.resume_round(session, round_, now)
    cast(session, round_, "Ann", ["1"], now)
    rounds.close_round(session, round_, now)
    assert waits() == "Shortlist round: closed, waiting for the count"
    counting.count_round(session, round_, now=now)
    assert waits() == "The shortlist round is counted: publish it"
    rounds.publish_round(session, round_, now=now)
    assert waits() == "The shortlist is published: rank it, or decide"
    deciding.decide(session, contest, round_, [1], "", now=now)
    deciding.publish(session, contest, round_, now=now)
    assert waits() == "Decided"


def test_what_was_left_is_named_with_the_default_that_holds(
    session: Session, now: datetime
) -> None:
    contest = make_contest(session, now, designs=[1, 2], voters=VOTERS)

    left = {
        each.name: each.text
        for each in progress.defaults_left(session, contest, Kind.SHORTLIST)
    }

    assert left["Time zone"] == "UTC"
    assert left["Size"] == "20 places"
    assert left["Shares"] == "equal parts of what is left: core 1/2, crowd 1/2"
    assert left["Families"] == "each design stands alone"
    # Acme says what "none of these" means.
    assert "“None of these”" not in left

    plans.set_plan(session, contest, Kind.SHORTLIST, Plan(seats=5), now=now)
    names = {d.name for d in progress.defaults_left(session, contest, Kind.SHORTLIST)}
    assert left.keys() - names == {"Size"}
    ranking = {d.name for d in progress.defaults_left(session, contest, Kind.RANKING)}
    assert "Dealing" not in ranking
    assert "Size" in ranking


def test_unfinished_are_counted_by_group_and_never_named(
    session: Session, now: datetime
) -> None:
    contest = make_contest(session, now, designs=[1, 2], voters=VOTERS)
    round_ = rounds.open_round(session, contest, Kind.SHORTLIST, now)
    cast(session, round_, "Ann", ["1"], now)

    found = progress.attendance(session, round_)

    assert [(each.group, each.voted, each.unfinished) for each in found] == [
        ("core", 1, 1),
        ("crowd", 0, 1),
    ]
    assert progress.unfinished(session, round_) == 2


@pytest.mark.parametrize("withdrawn", [False, True])
def test_nothing_is_kept_of_what_is_done(
    session: Session, now: datetime, *, withdrawn: bool
) -> None:
    contest = make_contest(session, now)
    design = add_design(session, contest, 1, now)
    assert states(session, contest, now)["designs"] == "done"

    design.withdrawn_at = now
    session.flush()

    assert states(session, contest, now)["designs"] == "not started"


def test_sealing_is_a_task_that_nothing_does_by_itself(
    session: Session, now: datetime
) -> None:
    contest = make_contest(session, now, designs=[1, 2], voters=VOTERS)
    round_ = rounds.open_round(session, contest, Kind.SHORTLIST, now)
    cast(session, round_, "Ann", ["1"], now)
    rounds.close_round(session, round_, now)
    counting.count_round(session, round_, now=now)
    assert "sealing" not in states(session, contest, now)
    rounds.publish_round(session, round_, now=now)
    (task,) = (
        t for t in progress.tasks_of(session, contest, now) if t.key == "sealing"
    )

    assert task.state == "not started"
    assert task.text.startswith("From 30 November 2026, 12:00 UTC on: then `logovote ")
    sealing.seal_rounds(session, contest, now + timedelta(days=7))

    assert states(session, contest, now)["sealing"] == "done"
