from __future__ import annotations

import random
from fractions import Fraction
from itertools import combinations

import pytest

from logovote.voting import cover
from logovote.voting.cover import MOST, Support, best_cover

Plain = list[tuple[str, Fraction]]


def supports(*voters: tuple[str, int | str]) -> list[Support]:
    return [(frozenset(behind), Fraction(weight)) for behind, weight in voters]


def chosen(voters: list[Support], candidates: str, size: int) -> str:
    return "".join(
        member.candidate for member in best_cover(voters, candidates, size).members
    )


def test_the_set_that_leaves_the_fewest_with_nobody_is_taken() -> None:
    """The three most backed share their voters; the best two do not."""
    voters = supports(("ab", 5), ("abc", 2), ("c", 1), ("d", 3))

    cover = best_cover(voters, "abcd", 2)

    assert [member.candidate for member in cover.members] == ["a", "d"]
    assert cover.reached == (Fraction(10, 11), Fraction(0))
    assert [member.backed for member in cover.members] == [
        Fraction(7, 11),
        Fraction(3, 11),
    ]


def test_of_equal_reach_the_set_with_more_in_common_is_better() -> None:
    """Any pair with "a" reaches all; with "c" more voters have two."""
    voters = supports(("ab", 1), ("ac", 2))

    cover = best_cover(voters, "abc", 2)

    assert chosen(voters, "abc", 2) == "ac"
    assert cover.reached == (Fraction(1), Fraction(2, 3))
    assert cover.equal == 0


def test_exact_ties_are_counted_and_the_order_decides() -> None:
    voters = supports(("a", 1), ("b", 1), ("c", 1))

    cover = best_cover(voters, "cab", 2)

    assert [member.candidate for member in cover.members] == ["c", "a"]
    assert cover.equal == 2
    assert cover.others == (("c", "b"), ("a", "b"))


def test_who_is_behind_nobody_else_is_told() -> None:
    cover = best_cover(supports(("ab", 1), ("b", 2), ("", 1)), "ab", 2)

    a, b = cover.members
    assert (a.backed, a.alone) == (Fraction(1, 4), Fraction(0))
    assert (b.backed, b.alone) == (Fraction(3, 4), Fraction(1, 2))
    assert cover.reached == (Fraction(3, 4), Fraction(1, 4))


def test_a_difference_that_no_float_holds_decides() -> None:
    tiny = Fraction(1, 10**40)
    voters: list[Support] = [
        (frozenset("a"), Fraction(1)),
        (frozenset("b"), 1 + tiny),
    ]

    assert chosen(voters, "ab", 1) == "b"


@pytest.mark.parametrize("size", [0, 1, 5])
def test_few_or_no_candidates_are_all_taken(size: int) -> None:
    cover = best_cover(supports(("a", 1)), "ab", size)

    assert len(cover.members) == min(size, 2)
    assert best_cover([], "", size).members == ()
    assert best_cover([], "ab", 1).reached == (Fraction(0),) * 1
    assert best_cover(supports(("a", 0)), "ab", 1).reached == (Fraction(0),)


def test_only_what_may_be_best_is_added_up_exactly(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where many weights differ, exact sums for every set would take minutes."""
    looked: list[int] = []
    exactly = cover._reached

    def reached(weights: object, masks: object, least: int) -> list[int]:
        looked.append(len(masks))  # type: ignore[arg-type]
        return exactly(weights, masks, least)  # type: ignore[arg-type]

    monkeypatch.setattr(cover, "_reached", reached)
    voters = [(frozenset("abcdefgh"[n % 8]), Fraction(1, 97 + n)) for n in range(40)]

    best_cover(voters, "abcdefgh", 4)

    assert looked[0] < 10


def test_only_the_first_are_considered() -> None:
    ids = [f"c{number}" for number in range(MOST + 2)]
    last: list[Support] = [(frozenset(ids[-1:]), Fraction(9))]

    cover = best_cover(last, ids, 1)

    assert cover.considered == MOST
    assert cover.reached == (Fraction(0),)


@pytest.mark.parametrize("seed", range(6))
def test_it_agrees_with_the_definition_written_plainly(seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311 - a draw that can be repeated
    ids = "abcdefg"
    voters: list[Support] = [
        (
            frozenset(id_ for id_ in ids if rng.random() < 0.3),
            Fraction(rng.randint(1, 5), rng.choice([1, 3, 7])),
        )
        for _ in range(12)
    ]
    total = sum(weight for _, weight in voters)

    def reach(set_: tuple[str, ...]) -> tuple[Fraction, ...]:
        return tuple(
            sum(
                (w for behind, w in voters if len(behind & set(set_)) >= least),
                Fraction(0),
            )
            / total
            for least in range(1, 4)
        )

    sets = list(combinations(ids, 3))
    best = max(reach(set_) for set_ in sets)
    winners = [set_ for set_ in sets if reach(set_) == best]

    cover = best_cover(voters, ids, 3)

    assert cover.reached == best
    assert tuple(member.candidate for member in cover.members) == winners[0]
    assert cover.equal == len(winners) - 1
