from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import pytest

from logovote.errors import LogovoteError
from logovote.voting.ballots import InvalidBallotError
from logovote.voting.count import count
from logovote.voting.electorate import exposures, not_seen_enough, prices
from logovote.voting.formats import write_profile
from logovote.voting.profiles import Group, Profile, Vote
from logovote.voting.shortlist import (
    Shortlist,
    approval_voting,
    equal_shares,
    sequential_pav,
    sequential_phragmen,
)
from tests.voting.builders import approval, approved, profile, ranked
from tests.voting.reference import optimal_pav

F = Fraction
Rule = Callable[[Profile, int], Shortlist]

# Phragmén's own example of 1894, as told by Janson (arXiv:1611.08826).
PHRAGMEN_1894 = profile(
    "abcpqr",
    approved(1034, "a b c"),
    approved(519, "p q r"),
    approved(90, "a b q"),
    approved(47, "a p q"),
)
# The running example of Lackner & Skowron, Multi-Winner Voting (2023).
RUNNING = profile(
    "abcdefg",
    approved(3, "a b"),
    approved(3, "a c"),
    approved(2, "a d"),
    approved(1, "b c f"),
    approved(1, "e"),
    approved(1, "f"),
    approved(1, "g"),
)


def elected(shortlist: Shortlist) -> list[str]:
    return [slot.family for slot in shortlist.slots]


def test_phragmen_s_own_example() -> None:
    shortlist = sequential_phragmen(PHRAGMEN_1894, 3)
    assert elected(shortlist) == ["a", "q", "b"]
    assert [slot.score for slot in shortlist.slots] == [
        F(1, 1171),
        # 137 voters of 656 carry 1/1171 each.
        F(1171 + 137, 1171 * 656),
        F(1, 1124) * (1 + F(1034, 1171) + 90 * F(1308, 1171 * 656)),
    ]
    assert shortlist.ties == ()


def test_a_slot_tells_its_support_and_its_place_by_approval() -> None:
    slots = sequential_phragmen(PHRAGMEN_1894, 3).slots
    assert [slot.approval_rank for slot in slots] == [1, 4, 2]
    assert slots[0].support == F(1171, 1690)


def test_equal_loads_go_to_the_larger_support() -> None:
    # After one of a and b, the other costs (1 + 2 * 1/2) / 2 and c costs 1/1.
    shortlist = sequential_phragmen(
        profile("abc", approved(2, "a b"), approved(1, "c")), 3
    )
    assert shortlist.tiers == (("a", "b"), ("c",))
    assert [slot.score for slot in shortlist.slots[1:]] == [1, 1]


def test_the_tie_order_decides_what_is_left_and_says_so() -> None:
    tied = profile("abc", approved(2, "a"), approved(2, "b"), approved(1, "c"))
    shortlist = sequential_phragmen(tied, 3)
    assert shortlist.tiers == (("a", "b"), ("c",))
    assert shortlist.winners == ("a", "b")
    assert [use.step for use in shortlist.ties] == ["slot 1"]
    assert [slot.tied for slot in shortlist.slots] == [True, True, False]


def test_a_tie_across_the_cut_shows_who_missed_it() -> None:
    tied = profile("abc", approved(3, "a"), approved(2, "b"), approved(2, "c"))
    shortlist = sequential_phragmen(tied, 2)
    assert len(shortlist.slots) == 2
    assert shortlist.tiers == (("a",), ("b", "c"))


def best_by_pav(profile: Profile, seats: int) -> list[str]:
    """The committees that proportional approval voting itself would elect."""
    return optimal_pav(json.loads(write_profile(profile, "a.json")), seats)


@pytest.mark.parametrize(
    ("rule", "committee"),
    [(sequential_phragmen, "abq"), (sequential_pav, "abq"), (approval_voting, "abc")],
)
def test_rules_for_phragmen_s_own_example(rule: Rule, committee: str) -> None:
    assert "".join(sorted(elected(rule(PHRAGMEN_1894, 3)))) == committee
    assert best_by_pav(PHRAGMEN_1894, 3) == ["abq"]


def test_the_running_example_of_lackner_and_skowron() -> None:
    assert sorted(elected(sequential_phragmen(RUNNING, 4))) == list("abcd")
    assert approval_voting(RUNNING, 4).tiers[-1] == ("d", "f")
    assert best_by_pav(RUNNING, 4) == ["abcf"]


def test_sequential_pav_may_differ_from_pav() -> None:
    # Their example 5.
    votes = (
        approved(3, "a b"),
        approved(6, "a d"),
        approved(4, "b"),
        approved(5, "c"),
        approved(5, "c d"),
    )
    assert sorted(elected(sequential_pav(profile("abcd", *votes), 2))) == ["c", "d"]
    assert best_by_pav(profile("abcd", *votes), 2) == ["ac"]


def test_equal_shares_may_differ_from_phragmen() -> None:
    # Their example 12.
    votes = (
        approved(3, "c d"),
        approved(2, "a b"),
        approved(2, "a c"),
        approved(1, "b d"),
    )
    example = profile("abcd", *votes)
    assert sorted(elected(equal_shares(example, 3))) == ["a", "c", "d"]
    assert sorted(elected(sequential_phragmen(example, 3))) == ["b", "c", "d"]


def test_who_cannot_pay_a_whole_share_pays_what_is_left_and_no_more() -> None:
    # 3/7 for each. b takes 1/5 of five voters; d takes the last 8/35 of two of them and
    # 19/70 of two others. c is next, with 16/35 waiting; debts would let a overtake it.
    votes = approved(2, "b c"), approved(1, "a b"), approved(2, "a d")
    example = profile("abcd", *votes, approved(2, "b c d"))
    assert elected(equal_shares(example, 3)) == ["b", "d", "c"]


def test_equal_shares_is_completed_by_phragmen_from_what_is_left() -> None:
    # 2 seats, so 2/3 for each of 3 voters. a costs its two 1/2 each, leaving them 1/6;
    # then nobody can pay alone, and d's voter has more left towards it than b's.
    votes = approved(1, "a"), approved(1, "a b"), approved(1, "d")
    shortlist = equal_shares(profile("abd", *votes), 2)
    assert elected(shortlist) == ["a", "d"]
    assert shortlist.ties == ()


@pytest.mark.parametrize(
    "share", ["0", "37/119", "39/119", "1/2", "131/241", "133/241", "1"]
)
def test_eurovision_2016_with_any_share_for_the_juries(share: str) -> None:
    """Juries and televote gave 2436 points each; here those of the first three."""
    votes = []
    for group, points in (("jury", (320, 211, 130)), ("televote", (191, 323, 361))):
        votes += [approved(n, c, group) for n, c in zip(points, "AUR", strict=True)]
        votes.append(approved(2436 - sum(points), "others", group))
    t = F(share)
    groups = Group("jury", t), Group("televote", 1 - t)
    standing = approval_voting(
        profile("A U R others", *votes, groups=groups, status_quo="others"), 3
    )
    expected = "R" if t < F(38, 119) else "U" if t < F(132, 241) else "A"
    assert standing.winners == (expected,)


def test_nobody_s_design_is_never_elected() -> None:
    assert elected(sequential_phragmen(profile("abc", approved(1, "b")), 3)) == ["b"]
    assert elected(approval_voting(profile("abc", approved(1, "b")), 3)) == ["b"]


def test_no_ballots_make_an_empty_shortlist() -> None:
    assert sequential_phragmen(profile("abc"), 2).slots == ()


def test_approval_orders_by_weight() -> None:
    shortlist = approval_voting(RUNNING, 4)
    assert elected(shortlist)[:3] == ["a", *sorted("bc", key=elected(shortlist).index)]
    assert shortlist.tiers == (("a",), ("b", "c"), ("d", "f"))
    assert shortlist.supports["f"] == 2


def test_group_shares_weigh_approvals() -> None:
    groups = Group("jury", F(1, 2)), Group("public", F(1, 2))
    votes = (
        approved(1, "a", "jury"),
        approved(9, "b", "public"),
        approved(1, "a", "public"),
    )
    shortlist = approval_voting(profile("ab", *votes, groups=groups), 2)
    assert [(s.family, s.support) for s in shortlist.slots] == [
        ("a", F(11, 20)),
        ("b", F(9, 20)),
    ]


FAMILIES = {"a1": "a", "a2": "a", "b1": "b"}


def family_profile(*votes: Vote, **more: object) -> Profile:
    return profile("a1 a2 b1 c", *votes, families=FAMILIES, **more)


def test_any_variant_approves_its_family_once() -> None:
    votes = approved(2, "a1 a2"), approved(1, "a"), approved(1, "a2"), approved(3, "c")
    shortlist = approval_voting(family_profile(*votes), 4)
    assert [(s.family, s.score) for s in shortlist.slots] == [("a", F(4)), ("c", F(3))]


def test_the_variant_with_most_ticks_of_its_own_stands_for_the_family() -> None:
    votes = approved(5, "a"), approved(1, "a1"), approved(2, "a2")
    assert approval_voting(family_profile(*votes), 1).slots[0].representative == "a2"


def test_of_equally_ticked_variants_the_newest_stands_for_the_family() -> None:
    for newest in ("a1", "a2"):
        votes = approved(1, "a1 a2"), approved(1, "a")
        shortlist = approval_voting(family_profile(*votes, recency={newest: 9}), 1)
        assert shortlist.slots[0].representative == newest


def test_the_status_quo_is_no_candidate_of_a_shortlist() -> None:
    votes = approved(5, "keep"), approved(1, "a")
    shortlist = approval_voting(profile("a keep", *votes, status_quo="keep"), 2)
    assert elected(shortlist) == ["a"]
    assert shortlist.slots[0].support == F(1, 6)


def test_a_ranking_is_no_approval_and_the_message_says_where() -> None:
    with pytest.raises(InvalidBallotError, match="Ballot 2"):
        sequential_phragmen(profile("ab", approved(1, "a"), ranked(1, "a>b")), 1)


def test_a_shortlist_has_a_seat() -> None:
    with pytest.raises(LogovoteError, match="at least one seat"):
        sequential_phragmen(RUNNING, 0)


def shown(count: int, seen: str, likes: str) -> Vote:
    return Vote(approval(likes), count, seen=frozenset(seen.split()))


def test_a_design_seen_by_half_the_voters_needs_half_the_support() -> None:
    half = profile("ab", shown(10, "a b", "a"), shown(10, "a", ""), shown(6, "b", "b"))
    assert exposures(half) == {"a": 20, "b": 16}
    assert prices(half) == {"a": 1, "b": F(4, 5)}
    # 10 of 20 who saw a, 6 of 16 who saw b.
    assert elected(sequential_phragmen(half, 1)) == ["a"]
    more = profile("ab", shown(10, "a b", "a"), shown(10, "a", ""), shown(9, "b", "b"))
    # Fewer ticks in all, 9 against 10, but 9 of 19 against 10 of 20 is still less ...
    assert elected(sequential_phragmen(more, 1)) == ["a"]
    best = profile("ab", shown(4, "a b", "b"), shown(8, "a", "a"), shown(8, "a", ""))
    # ... while 4 of 4 beats 8 of 20, even at the lowest price of 1/3.
    assert prices(best)["b"] == F(1, 3)
    assert elected(sequential_phragmen(best, 1)) == ["b"]
    assert elected(sequential_phragmen(best, 1, exposure=False)) == ["a"]
    assert not_seen_enough(best) == ("b",)


def test_three_times_the_exposure_gains_nothing() -> None:
    # Everybody who sees a or b likes it as often, one in two; a is seen by 30, b by 10.
    votes = (
        shown(15, "a", "a"),
        shown(15, "a", ""),
        shown(5, "b", "b"),
        shown(5, "b", ""),
    )
    first, second = sequential_phragmen(profile("ab", *votes), 2).slots
    assert first.score == second.score == F(1, 15)
    assert not_seen_enough(profile("ab", *votes)) == ()
    # Nor does being seen more decide between equal burdens: only the tie order does.
    winners = {
        elected(sequential_phragmen(replace(profile("ab", *votes), seed=seed), 1))[0]
        for seed in "12345678"
    }
    assert winners == {"a", "b"}


def test_exposure_added_up_beforehand_is_the_same_as_ballot_by_ballot() -> None:
    groups = (Group("core", share=F(2, 5)), Group("crowd", share=F(3, 5)))
    votes = [
        Vote(approval("a"), 3, "core", seen=frozenset("ab")),
        Vote(approval("b"), 2, "core", weight=F(1, 2), seen=frozenset("bc")),
        Vote(approval("c"), 5, "crowd", seen=frozenset("c")),
        Vote(approval(""), 4, "crowd"),
    ]
    ballot_by_ballot = profile("abc", *votes, groups=groups)
    added_up = profile(
        "abc",
        *(replace(vote, seen=None) for vote in votes),
        groups=groups,
        exposure={
            "core": {"a": F(3), "b": F(4), "c": F(1)},
            "crowd": {"a": F(4), "b": F(4), "c": F(9)},
        },
    )
    assert exposures(added_up) == exposures(ballot_by_ballot)
    assert (
        sequential_phragmen(added_up, 3).slots
        == sequential_phragmen(ballot_by_ballot, 3).slots
    )


def test_approving_is_seeing() -> None:
    assert exposures(profile("ab", shown(2, "b", "a"))) == {"a": 2, "b": 2}


def test_equal_exposure_changes_nothing() -> None:
    everything = frozenset("abcdefg")
    seen = profile(
        "abcdefg", *(Vote(v.ballot, v.count, seen=everything) for v in RUNNING.votes)
    )
    assert sequential_phragmen(seen, 7).slots == sequential_phragmen(RUNNING, 7).slots


def test_ties_beyond_the_seats_are_not_on_record() -> None:
    tied = profile("abc", approved(2, "a"), approved(1, "b"), approved(1, "c"))
    assert count(tied, "seqphragmen", 1).ties == ()
    assert [use.step for use in count(tied, "seqphragmen", 2).ties] == ["slot 2"]


def test_a_committee_has_its_seats_even_where_nothing_speaks_for_the_last() -> None:
    outcome = count(profile("abc", approved(1, "b")), "seqphragmen", 2)
    assert outcome.committee[0] == "b"
    assert len(outcome.committee) == 2
    assert [use.step for use in outcome.ties] == ["slot 2, without support"]
    assert outcome.ranking == (("b",), ("a", "c"))


def test_approval_scores_everybody() -> None:
    assert count(profile("abc", approved(1, "b")), "av").scores == {
        "a": 0,
        "b": 1,
        "c": 0,
    }
