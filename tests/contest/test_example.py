"""What the rules do, shown by the rules themselves."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction

from sqlalchemy.orm import Session

from logovote.contest.contests import new_contest
from logovote.contest.example import example_of
from tests.builders import make_contest


def test_the_example_shows_what_the_words_beside_it_say(
    session: Session, now: datetime
) -> None:
    contest = new_contest(session, "acme", title="Acme", now=now)

    shown = example_of(session, contest)

    # By hand: A at t = 1/6; then D at 1/3, before B at (1 + 5/6)/5 = 11/30.
    assert shown.shortlist.elected == ("A", "D", "B")
    assert shown.shortlist.by_approval == ("A", "B", "C")
    # B before A 6 : 5, B before C 7 : 4, C before A 6 : 5.
    assert shown.ranking.order == ("B", "C", "A")
    assert shown.ranking.by_first_places == ("A", "C", "B")
    # 2 first places are fewer than half of 5.
    assert (shown.ranking.compromise, shown.ranking.bold) == (True, "A")
    assert shown.made_up
    assert [(each.group, each.size) for each in shown.weights] == [
        ("core", 5),
        ("community", 40),
    ]


def test_weights_are_those_of_the_contests_own_groups(
    session: Session, now: datetime
) -> None:
    contest = make_contest(
        session,
        now,
        voters={"core": ["Ann"], "crowd": [f"V{n}" for n in range(16)]},
        shares={"core": "1/2", "crowd": "1/2"},
    )

    core, crowd = example_of(session, contest).weights

    assert not example_of(session, contest).made_up
    assert (core.size, core.quorum, crowd.quorum) == (1, 3, 6)
    # One of three wanted: a third of 1/2, beside 1/2 of the crowd.
    assert core.share == Fraction(1, 6) / (Fraction(1, 6) + Fraction(1, 2))
    assert core.ballot == core.share
    # Two of six wanted, which is 1/6 as well.
    assert crowd.share_of_two == Fraction(1, 2)
    assert crowd.ballot == crowd.share / 16
