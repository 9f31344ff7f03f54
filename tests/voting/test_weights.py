from __future__ import annotations

from fractions import Fraction

import pytest

from logovote.voting.profiles import Group, InvalidProfileError, Profile
from logovote.voting.weights import is_binding, quorum_of, target_shares, weigh
from tests.voting.builders import approved, profile, ranked

F = Fraction


@pytest.mark.parametrize(
    ("eligible", "quorum"),
    [(0, 3), (1, 3), (4, 3), (5, 4), (7, 4), (16, 6), (40, 10), (1000, 48)],
)
def test_quorum_is_one_and_a_half_roots_rounded_up(eligible: int, quorum: int) -> None:
    assert quorum_of(eligible) == quorum


def test_a_large_quorum_is_exact() -> None:
    # 4 q^2 = 9 n has a solution here; its neighbour above must need one more.
    n = 4 * 10**40
    assert quorum_of(n) == 3 * 10**20
    assert quorum_of(n + 1) == 3 * 10**20 + 1


@pytest.mark.parametrize(
    ("shares", "expected"),
    [
        pytest.param((None, None, None), ("1/3", "1/3", "1/3"), id="unset-are-equal"),
        pytest.param(("2", "3", "5"), ("1/5", "3/10", "1/2"), id="any-unit"),
        pytest.param(("1/2", None, None), ("1/2", "1/4", "1/4"), id="divide-the-rest"),
        pytest.param(("1", "0"), ("1", "0"), id="a-share-may-be-nothing"),
    ],
)
def test_target_shares(shares: tuple[str | None, ...], expected: tuple[str]) -> None:
    groups = tuple(
        Group(str(number), None if share is None else F(share))
        for number, share in enumerate(shares)
    )
    assert list(target_shares(groups).values()) == [F(text) for text in expected]


def factors(*votes: object, **more: object) -> dict[str, Fraction]:
    counted = profile("abc", *votes, **more)  # type: ignore[arg-type]  # plain data
    return {id_: weight.factor for id_, weight in weigh(counted).items()}


HALVES = (Group("jury", F(1, 2)), Group("public", F(1, 2)))


def test_without_groups_every_ballot_weighs_its_own_weight() -> None:
    assert factors(ranked(7, "a")) == {"all": 1}


def test_a_fixed_share_is_divided_by_the_ballots_of_the_group() -> None:
    votes = ranked(2, "a", "jury"), ranked(5, "b", "public")
    assert factors(*votes, groups=HALVES) == {"jury": F(1, 4), "public": F(1, 10)}


def test_own_weights_divide_the_share_of_their_group() -> None:
    votes = ranked(2, "a", "jury", "3"), ranked(1, "b", "jury", "1/2")
    weights = factors(*votes, ranked(1, "c", "public"), groups=HALVES)
    assert weights == {"jury": F(1, 13), "public": F(1, 2)}


def test_per_voter_weights_do_not_depend_on_turnout() -> None:
    groups = Group("core", weight=F(3)), Group("others")
    votes = ranked(2, "a", "core"), ranked(9, "b", "others")
    assert factors(*votes, groups=groups) == {"core": 3, "others": 1}


def test_ballots_that_are_not_counted_do_not_dilute_a_share() -> None:
    votes = (
        ranked(1, "a", "jury"),
        ranked(4, "a", "jury", "0"),
        ranked(4, "", "jury"),
        ranked(1, "b", "public"),
    )
    assert factors(*votes, groups=HALVES) == {"jury": F(1, 2), "public": F(1, 2)}


def test_none_of_these_is_counted() -> None:
    votes = (
        approved(1, "a", "jury"),
        approved(1, "", "jury"),
        approved(1, "a", "public"),
    )
    assert factors(*votes, groups=HALVES)["jury"] == F(1, 4)


def test_an_empty_group_leaves_its_share_to_the_others() -> None:
    assert factors(ranked(2, "a", "jury"), groups=HALVES) == {
        "jury": F(1, 2),
        "public": 0,
    }


def test_a_group_below_quorum_has_only_part_of_its_share() -> None:
    groups = Group("jury", F(1, 2), eligible=40), Group("public", F(1, 2))
    # 5 of the 10 needed: 1/4 to 1/2, that is 1/3 and 2/3.
    weights = weigh(
        profile("ab", ranked(5, "a", "jury"), ranked(4, "b", "public"), groups=groups)
    )
    assert [w.share for w in weights.values()] == [F(1, 3), F(2, 3)]
    assert [w.factor for w in weights.values()] == [F(1, 15), F(1, 6)]
    assert [w.at_quorum for w in weights.values()] == [False, True]


def test_quorum_goes_by_heads_not_by_own_weights() -> None:
    groups = Group("jury", F(1, 2), eligible=40), Group("public", F(1, 2))
    votes = ranked(1, "a", "jury", "100"), ranked(1, "b", "public")
    weights = weigh(profile("ab", *votes, groups=groups))
    assert weights["jury"].share == F(1, 11)


def test_a_cap_moves_the_excess_to_the_others() -> None:
    groups = Group("core", F(2, 5), cap=F(25)), Group("public", F(3, 5))
    # 1 of 100 ballots: at most 25/100, and 3/4 is left for the others.
    weights = weigh(
        profile("ab", ranked(1, "a", "core"), ranked(99, "b", "public"), groups=groups)
    )
    assert [w.share for w in weights.values()] == [F(1, 4), F(3, 4)]


def test_a_cap_may_bite_only_after_another_one_did() -> None:
    cap = F(3)
    groups = (
        Group("a", F(1, 2), cap=cap),
        Group("b", F(1, 4), cap=cap),
        Group("c", F(1, 4)),
    )
    votes = ranked(1, "a", "a"), ranked(1, "a", "b"), ranked(10, "a", "c")
    # Limits 1/4 each: b is within them until a's excess comes its way.
    weights = weigh(profile("ab", *votes, groups=groups))
    assert [w.share for w in weights.values()] == [F(1, 4), F(1, 4), F(1, 2)]


def test_a_cap_without_anybody_to_take_the_excess_changes_nothing() -> None:
    groups = Group("core", F(1), cap=F(1)), Group("public", F(0))
    votes = ranked(1, "a", "core"), ranked(9, "b", "public")
    weights = weigh(profile("ab", *votes, groups=groups))
    assert [w.share for w in weights.values()] == [1, 0]


def test_a_result_binds_when_groups_at_quorum_hold_half_the_shares() -> None:
    groups = Group("jury", F(2, 5), eligible=40), Group("public", F(3, 5), eligible=4)
    few = profile("a", ranked(9, "a", "jury"), ranked(2, "a", "public"), groups=groups)
    enough = profile(
        "a", ranked(9, "a", "jury"), ranked(3, "a", "public"), groups=groups
    )
    assert not is_binding(weigh(few))
    assert is_binding(weigh(enough))


@pytest.mark.parametrize(
    "groups",
    [
        pytest.param((Group("a", F(1)), Group("b")), id="nothing-left"),
        pytest.param((Group("a", F(0)), Group("b", F(0))), id="all-zero"),
        pytest.param((Group("a", F(1, 2)), Group("b", weight=F(2))), id="both-kinds"),
        pytest.param((Group("a"), Group("a")), id="twice"),
    ],
)
def test_contradicting_groups_are_refused(groups: tuple[Group, ...]) -> None:
    with pytest.raises(InvalidProfileError):
        Profile(("x",), groups=groups)


@pytest.mark.parametrize(
    "numbers", [{"share": F(-1)}, {"weight": F(-1)}, {"eligible": -1}, {"cap": F(1, 2)}]
)
def test_numbers_out_of_range_are_refused(numbers: dict[str, Fraction]) -> None:
    with pytest.raises(InvalidProfileError):
        Group("a", **numbers)  # type: ignore[arg-type]  # any of the fields
