from __future__ import annotations

from fractions import Fraction
from itertools import islice, permutations

import pytest

from logovote.voting import pairwise, runoff
from logovote.voting.count import rank
from logovote.voting.pairwise import count_pairs
from logovote.voting.profiles import Group, Profile
from logovote.voting.ranking import Strength, minimax, schulze
from logovote.voting.ties import candidate_order
from tests.voting.builders import approved, profile, ranked

F = Fraction

TENNESSEE = profile(
    "Memphis Nashville Chattanooga Knoxville",
    ranked(42, "Memphis > Nashville > Chattanooga > Knoxville"),
    ranked(26, "Nashville > Chattanooga > Knoxville > Memphis"),
    ranked(15, "Chattanooga > Knoxville > Nashville > Memphis"),
    ranked(17, "Knoxville > Chattanooga > Nashville > Memphis"),
)
# Schulze 2011, example 3, also known from his page: 45 voters, A to E.
SCHULZE_3 = profile(
    "ABCDE",
    ranked(5, "A>C>B>E>D"),
    ranked(5, "A>D>E>C>B"),
    ranked(8, "B>E>D>A>C"),
    ranked(3, "C>A>B>E>D"),
    ranked(7, "C>A>E>B>D"),
    ranked(2, "C>B>A>D>E"),
    ranked(7, "D>C>E>B>A"),
    ranked(8, "E>B>A>D>C"),
)
# Schulze 2011, the example on the strength of links: 138 voters, short ballots, ties.
SCHULZE_LINKS = profile(
    "ABCD",
    ranked(6, "A>B>C>D"),
    ranked(8, "A=B"),
    ranked(8, "A=C"),
    ranked(18, "A=C>D"),
    ranked(8, "A=C=D"),
    ranked(40, "B"),
    ranked(4, "C>B>D"),
    ranked(9, "C>D>A"),
    ranked(8, "C=D"),
    ranked(14, "D>A>B"),
    ranked(11, "D>B>C"),
    ranked(4, "D>C>A"),
)
# Tideman 1987, example 5.
TIDEMAN_5 = profile(
    "vwxyz",
    ranked(7, "v>w>x>y>z"),
    ranked(3, "z>y>v>w>x"),
    ranked(6, "y>z>w>x>v"),
    ranked(3, "w>x>v>z>y"),
    ranked(5, "z>x>v>w>y"),
    ranked(3, "y>x>v>w>z"),
)
# The mayor of Burlington, 2009: ballots of the three last candidates.
BURLINGTON = profile(
    "Kiss Montroll Wright",
    ranked(1332, "Montroll>Kiss>Wright"),
    ranked(767, "Montroll>Wright>Kiss"),
    ranked(455, "Montroll"),
    ranked(2043, "Kiss>Montroll>Wright"),
    ranked(371, "Kiss>Wright>Montroll"),
    ranked(568, "Kiss"),
    ranked(1513, "Wright>Montroll>Kiss"),
    ranked(495, "Wright>Kiss>Montroll"),
    ranked(1289, "Wright"),
)
# LeGrand's example of methods that disagree: 921 ballots.
LEGRAND = profile(
    "Abby Brad Cora Dave Erin",
    ranked(98, "Abby>Cora>Erin>Dave>Brad"),
    ranked(64, "Brad>Abby>Erin>Cora>Dave"),
    ranked(12, "Brad>Abby>Erin>Dave>Cora"),
    ranked(98, "Brad>Erin>Abby>Cora>Dave"),
    ranked(13, "Brad>Erin>Abby>Dave>Cora"),
    ranked(125, "Brad>Erin>Dave>Abby>Cora"),
    ranked(124, "Cora>Abby>Erin>Dave>Brad"),
    ranked(76, "Cora>Erin>Abby>Dave>Brad"),
    ranked(21, "Dave>Abby>Brad>Erin>Cora"),
    ranked(30, "Dave>Brad>Abby>Erin>Cora"),
    ranked(98, "Dave>Brad>Erin>Cora>Abby"),
    ranked(139, "Dave>Cora>Abby>Brad>Erin"),
    ranked(23, "Dave>Cora>Brad>Abby>Erin"),
)


def line(counted: Profile, method: str) -> str:
    """The ranking as text: tiers apart, tied candidates joined."""
    return " ".join("=".join(tier) for tier in rank(counted, method).tiers)


@pytest.mark.parametrize(
    ("counted", "method", "expected"),
    [
        (TENNESSEE, "ranked_pairs", "Nashville Chattanooga Knoxville Memphis"),
        (TENNESSEE, "copeland", "Nashville Chattanooga Knoxville Memphis"),
        (TENNESSEE, "minimax", "Nashville Memphis Chattanooga Knoxville"),
        (SCHULZE_3, "schulze", "E A C B D"),
        (SCHULZE_3, "ranked_pairs", "A C E B D"),
        (LEGRAND, "ranked_pairs", "Brad Abby Erin Dave Cora"),
        (LEGRAND, "schulze", "Abby Brad Erin Dave Cora"),
        (TIDEMAN_5, "ranked_pairs", "v w x y z"),
        (BURLINGTON, "ranked_pairs", "Montroll Kiss Wright"),
        (BURLINGTON, "irv", "Kiss Wright Montroll"),
    ],
)
def test_published_rankings(counted: Profile, method: str, expected: str) -> None:
    assert line(counted, method) == expected


@pytest.mark.parametrize(
    ("method", "winners"),
    [("schulze", ("Abby",)), ("minimax", ("Cora",)), ("copeland", ("Abby", "Brad"))],
)
def test_legrand_s_ballots_by_other_rules(
    method: str, winners: tuple[str, ...]
) -> None:
    assert rank(LEGRAND, method).winners == winners


def test_borda_may_go_against_a_majority() -> None:
    majority = profile("ABC", ranked(3, "A>B>C"), ranked(2, "B>C>A"))
    assert rank(majority, "ranked_pairs").winners == ("A",)
    assert rank(majority, "borda").winners == ("B",)
    assert rank(majority, "borda").scores == {"A": 6, "B": 7, "C": 2}


def test_short_ballots_share_the_points_that_are_left() -> None:
    short = profile("ABC", ranked(1, "A"), ranked(1, "B>A"))
    assert rank(short, "borda").scores == {"A": 3, "B": F(5, 2), "C": F(1, 2)}


def test_the_two_readings_of_unranked() -> None:
    ballots = ranked(1, "A>B"), ranked(1, "C>A")
    last = count_pairs(profile("ABC", *ballots))
    assert [last.preferring(*pair) for pair in ("AB", "AC", "BC", "CB")] == [2, 1, 1, 1]
    silent = count_pairs(profile("ABC", *ballots, unranked="no_opinion"))
    assert [silent.preferring(*p) for p in ("AB", "AC", "CA", "CB")] == [1, 0, 1, 0]


def test_an_approval_is_one_tier_above_the_rest() -> None:
    votes = approved(1, "a"), approved(1, "f"), approved(1, "")
    pairs = count_pairs(profile("abc", *votes, families={"a": "f", "b": "f"}))
    assert [pairs.preferring(*p) for p in ("ab", "ac", "bc", "ca")] == [1, 2, 1, 0]
    assert pairs.total == 3


def test_group_shares_weigh_pairs_and_groups_stay_countable() -> None:
    groups = Group("jury", F(1, 2)), Group("public", F(1, 2))
    votes = (
        ranked(1, "a>b", "jury"),
        ranked(9, "b>a", "public"),
        ranked(1, "a", "public"),
    )
    pairs = count_pairs(profile("ab", *votes, groups=groups))
    assert pairs.margin("a", "b") == F(1, 2) + F(1, 20) - F(9, 20)
    assert pairs.groups["public"].above == [[0, 1], [9, 0]]
    assert pairs.groups["public"].weight.heads == 10


def test_fractions_inside_a_group_are_exact() -> None:
    pairs = count_pairs(
        profile("ab", ranked(3, "a>b", weight="1/3"), ranked(1, "b", weight="0.1"))
    )
    assert pairs.margin("a", "b") == F(9, 10)
    group = pairs.groups["all"]
    assert (group.above, group.unit, group.mass) == ([[0, 30], [3, 0]], 30, 33)


def test_counts_beyond_machine_integers_are_exact() -> None:
    huge = 2**70 + 1
    pairs = count_pairs(profile("ab", ranked(huge, "a"), ranked(huge - 1, "b")))
    assert pairs.above == [[0, huge], [huge - 1, 0]]
    assert pairs.margin("a", "b") == 1


@pytest.mark.parametrize("ballots", [1, 600, 2500])
def test_few_and_many_ballots_are_counted_alike(
    ballots: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pairwise, "_BLOCK", 1000)
    orders = list(islice(permutations("abcdefg"), ballots))
    pairs = count_pairs(profile("abcdefg", *(ranked(1, ">".join(o)) for o in orders)))
    for a, b in permutations("abcdefg", 2):
        expected = sum(order.index(a) < order.index(b) for order in orders)
        assert pairs.preferring(a, b) == expected


def test_a_cycle_of_equal_majorities_stays_tied() -> None:
    cycle = profile("ABC", ranked(1, "A>B>C"), ranked(1, "B>C>A"), ranked(1, "C>A>B"))
    standings = rank(cycle)
    assert standings.tiers == (("A", "B", "C"),)
    assert standings.winners == ("A", "B", "C")
    assert [use.step for use in standings.ties] == ["lock"]
    assert [place.place for place in standings.places] == [1, 1, 1]
    assert all(place.tied for place in standings.places)


def test_ranked_pairs_separates_what_both_tie_orders_agree_on() -> None:
    standings = rank(profile("ABCD", ranked(2, "A>B=C>D")))
    assert standings.tiers == (("A",), ("B", "C"), ("D",))
    assert [(p.place, p.tied, p.by_tie_order) for p in standings.places] == [
        (1, False, False),
        (2, True, True),
        (2, True, True),
        (4, False, False),
    ]
    assert [(use.step, use.tied) for use in standings.ties] == [("place 2", ("B", "C"))]


def test_no_ballots_leave_everybody_tied() -> None:
    for method in ("ranked_pairs", "schulze", "split_cycle", "borda", "copeland"):
        assert rank(profile("abc"), method).tiers == (("a", "b", "c"),)


def test_a_single_candidate_wins() -> None:
    assert rank(profile("only one", ranked(1, "only")), "ranked_pairs").tiers == (
        ("only",),
        ("one",),
    )
    alone = Profile(("alone",))
    assert rank(alone).tiers == (("alone",),)
    assert rank(alone, "minimax").scores == {"alone": 0}


def test_winning_votes_and_margins_may_elect_different_options() -> None:
    pairs, order = count_pairs(SCHULZE_LINKS), candidate_order(SCHULZE_LINKS)
    assert schulze(pairs, order, "margin").winners == ("A",)
    assert schulze(pairs, order, "wv").winners == ("D",)


@pytest.mark.parametrize(
    ("strength", "scores"),
    [("margin", {"A": 4, "B": 2, "C": 8}), ("wv", {"A": 9, "B": 11, "C": 14})],
)
def test_the_worst_defeat_by_either_strength(
    strength: Strength, scores: dict[str, int]
) -> None:
    counted = profile("ABC", ranked(9, "B>C>A"), ranked(6, "A=C>B"), ranked(5, "A>B>C"))
    standings = minimax(count_pairs(counted), candidate_order(counted), strength)
    assert standings.scores == scores


def test_split_cycle_keeps_all_that_no_stronger_cycle_excuses() -> None:
    # Equal majorities in a ring excuse each other; the outsider is beaten by all.
    ring = profile("ABCD", *(ranked(1, t) for t in ("A>B>C>D", "B>C>A>D", "C>A>B>D")))
    assert line(ring, "split_cycle") == "A=B=C D"
    # Dropping only the weakest of the ring leaves one undefeated.
    assert line(LEGRAND, "split_cycle").split()[0] in {"Abby=Brad", "Brad", "Abby"}


@pytest.mark.parametrize(
    ("votes", "expected"),
    [
        pytest.param([(4, "A"), (3, "B>C"), (2, "C>B")], "B A C", id="transfer"),
        pytest.param([(2, "A"), (2, "B")], "A=B C", id="tie-to-the-end"),
        pytest.param([(4, "A"), (3, "B>A"), (3, "C>A")], "A B=C", id="tie-below"),
        pytest.param(
            [(4, "A"), (3, "B>A"), (3, "C>B")], "A=B C", id="tie-that-decides"
        ),
        pytest.param([(5, "A=B"), (2, "A"), (3, "C")], "A C B", id="a-tier-shares"),
        pytest.param([(3, "A=B"), (2, "C")], "A=B C", id="shares-come-together"),
        pytest.param([], "A=B=C", id="nobody-voted"),
    ],
)
def test_instant_runoff(votes: list[tuple[int, str]], expected: str) -> None:
    assert line(profile("ABC", *(ranked(*vote) for vote in votes)), "irv") == expected


def test_a_tier_shares_its_weight_exactly_whatever_the_unit() -> None:
    # 1/10 is one unit of tenths; half of it is still not nothing.
    groups = Group("jury", F(9, 10)), Group("public", F(1, 10))
    votes = ranked(3, "a>b", "jury"), ranked(1, "c=d", "public")
    assert line(profile("abcd", *votes, groups=groups), "irv") == "a c=d b"


def test_too_many_orders_of_elimination_give_way_to_two_on_record(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tied = profile(
        "ABCDEF", *(ranked(1, letter) for letter in "ABCDEF"), ranked(9, "F")
    )
    exact = rank(tied, "irv")
    assert exact.tiers == (("F",), tuple("ABCDE"))
    assert exact.ties == ()
    monkeypatch.setattr(runoff, "MOST_LOOKS", 20)
    narrowed = rank(tied, "irv")
    assert narrowed.winners == ("F",)
    assert [use.step for use in narrowed.ties] == [
        f"elimination from {left}" for left in (6, 5, 4, 3)
    ]
