from __future__ import annotations

from fractions import Fraction
from typing import cast

import pytest

from logovote.voting.insight import RankingInsight, explain_ranking
from logovote.voting.insight.duels import Duel, Say
from logovote.voting.pairwise import count_pairs
from logovote.voting.profiles import Profile
from logovote.voting.ranking import ranked_pairs
from logovote.voting.ties import candidate_order
from logovote.web.explaining.logos import Logo, Logos
from logovote.web.explaining.reasons import _weights_effect
from logovote.web.explaining.voters import divided, loved
from logovote.web.explaining.weighing import _change
from tests.voting.builders import profile, ranked


def explained(ballots: Profile) -> tuple[RankingInsight, Logos]:
    pairs = count_pairs(ballots)
    standings = ranked_pairs(pairs, candidate_order(ballots))
    logos = {c: Logo(c, c.upper(), c, c, None) for c in ballots.candidates}
    return explain_ranking(ballots, pairs, standings), cast(Logos, logos)


@pytest.mark.parametrize(
    ("ballots", "says"),
    [
        (
            profile(
                "abcdef",
                ranked(1, "a>b>c>d>e"),
                ranked(5, "b>a>c>d>e"),
                ranked(5, "c>a>d>e>b"),
                ranked(5, "d>a>e>b>c"),
                ranked(5, "e>a>b>c>d"),
            ),
            (
                "A is a compromise winner: liked by many, loved by few. 4.8 % of "
                "the vote put it first, 23.8 % b."
            ),
        ),
        (
            profile("xyzvw", ranked(3, "x>y>z>v>w"), ranked(2, "y>z>v>w>x")),
            (
                "X is a compromise winner: y is among the first three of 100 % of "
                "the vote, the winner of 60 %."
            ),
        ),
    ],
)
def test_a_compromise_is_told_by_the_sign_it_shows(ballots: Profile, says: str) -> None:
    assert loved(*explained(ballots)).verdict.startswith(says)


@pytest.mark.parametrize(
    ("weighted", "heads", "says"),
    [
        ("54", "46", "They turned this meeting round"),
        ("54", "50", "They decided this meeting"),
        ("50", "46", "They evened this meeting out"),
        ("54", "52", "would end the same way"),
        ("50", "50", "would end the same way"),
    ],
)
def test_what_weights_did_to_a_meeting(weighted: str, heads: str, says: str) -> None:
    def say(for_a: str) -> Say:
        return Say(Fraction(for_a) / 100, 1 - Fraction(for_a) / 100)

    groups = {"core": say("54"), "crowd": say("46")}
    meeting = Duel(
        above="a",
        below="b",
        tied=False,
        groups=groups,
        weighted=say(weighted),
        per_head=say(heads),
        chain=(),
    )
    one, other = (Logo(c, c.upper(), c, c, None) for c in "ab")
    assert says in _weights_effect(meeting, one, other)


def test_other_weights_that_tie_the_winner_do_not_name_another() -> None:
    counted = (("a",), ("b",), ("c",))
    assert _change(counted, counted, ranking=True) == "the same winner"
    other = (("b",), ("a",), ("c",))
    assert _change(counted, other, ranking=True) == "another winner"
    shared = (("a", "b"), ("c",))
    assert _change(counted, shared, ranking=True) == "the winner shares the first place"


def test_how_ballots_would_have_had_to_be_different_is_said_in_full() -> None:
    """a leads b by 1, and c by 3, of 3: one turned ballot puts b first, 2 to 1."""
    ballots = profile("abc", ranked(2, "a>b>c"), ranked(1, "b>a>c"))
    assert divided(*explained(ballots)).flips == [
        (
            "all: at least 1 of its 3 ballots would have had to be different; "
            "1 with b first and the winner last is enough."
        )
    ]
