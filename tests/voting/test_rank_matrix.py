from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from logovote.voting.ballots import InvalidBallotError
from logovote.voting.count import METHODS, SHORTLIST_RULES, count
from logovote.voting.pairwise import count_above, count_pairs
from logovote.voting.profiles import Group, Profile
from logovote.voting.rank_matrix import RankMatrix, rank_matrices
from tests.voting.builders import profile, ranked

F = Fraction
GROUPS = Group("jury", F(1, 2)), Group("public", F(1, 2))
SINGLE = profile(
    "abc",
    ranked(2, "a>b=c", "jury"),
    ranked(1, "b", "jury", "1/3"),
    ranked(4, "c>a", "public"),
    ranked(5, "", "public"),
    ranked(1, "a=b>c", "public", "0"),
    groups=GROUPS,
)
JURY = RankMatrix([[0, -1], [1, 0], [1, -1]], heads=[2, 1], own=[3, 1], unit=3)
PUBLIC = RankMatrix([[7, -1, 0], [-1, -1, 0], [3, -1, 1]], [4, 5, 1], own=[1, 1, 0])


@pytest.mark.parametrize("unranked", ["last", "no_opinion"])
@pytest.mark.parametrize("method", [m for m in METHODS if m not in SHORTLIST_RULES])
def test_a_matrix_counts_like_the_ballots_it_holds(method: str, unranked: str) -> None:
    matrices = {"jury": JURY, "public": PUBLIC}
    compact = profile("abc", groups=GROUPS, matrices=matrices, unranked=unranked)
    halves = Profile(
        SINGLE.candidates,
        tuple(v for v in SINGLE.votes if v.group == "jury"),
        GROUPS,
        matrices={"public": PUBLIC},
        unranked=compact.unranked,
    )
    single = Profile(SINGLE.candidates, SINGLE.votes, GROUPS, unranked=compact.unranked)
    expected = count(single, method).as_json()
    assert compact.heads == single.heads == halves.heads
    assert count(compact, method).as_json() == expected
    assert count(halves, method).as_json() == expected


def test_single_ballots_and_a_matrix_of_one_group_add_up() -> None:
    both = profile(
        "ab", ranked(2, "a", weight="1/2"), matrices={"all": RankMatrix([[1], [0]])}
    )
    (matrix,) = rank_matrices(both).values()
    assert matrix.unit == 2
    assert matrix.weights.tolist() == [2, 2]
    assert count_pairs(both).margin("a", "b") == 0


def test_the_counts_of_a_group_are_arrays_and_can_be_weighed_anew() -> None:
    pairs = count_pairs(SINGLE)
    jury = pairs.groups["jury"]
    assert jury.counts.dtype == np.int64
    assert jury.counts.tolist() == jury.above == [[0, 6, 6], [1, 0, 1], [0, 0, 0]]
    assert (jury.mass, jury.unit, jury.weight.heads) == (7, 3, 3)
    anew = pairs.with_factors({"jury": F(3), "public": F(1, 2)})
    assert anew.preferring("a", "b") == 3 * F(6, 3) + F(4, 2)
    assert F(anew.total, anew.unit) == 3 * F(7, 3) + F(4, 2)
    same = pairs.with_factors({g: c.weight.factor for g, c in pairs.groups.items()})
    assert (same.above, same.unit, same.total) == (pairs.above, pairs.unit, pairs.total)


def test_counts_beyond_machine_integers_stay_exact() -> None:
    huge = 2**63
    matrix = RankMatrix([[0, 1], [1, 0]], [huge, 1], [1, huge + 1])
    assert matrix.weights.tolist() == [huge, huge + 1]
    assert count_above(matrix).tolist() == [[0, huge], [huge + 1, 0]]
    pairs = count_pairs(profile("ab", matrices={"all": matrix}))
    assert pairs.groups["all"].counts.dtype == object
    assert pairs.margin("b", "a") == 1


def test_many_candidates_and_high_ranks_are_counted() -> None:
    ranks = np.arange(300).reshape(300, 1)
    above = count_above(RankMatrix(ranks))
    assert above.sum() == 300 * 299 // 2
    assert count_above(RankMatrix(ranks[::-1] * 7)).T.tolist() == above.tolist()


def test_equal_columns_add_up() -> None:
    merged = RankMatrix([[0, 1, 0], [1, 0, 1]], [2, 5, 3], [1, 1, 2], 2).merged()
    assert dict(
        zip(map(tuple, merged.ranks.T.tolist()), merged.weights.tolist(), strict=True)
    ) == {(0, 1): 8, (1, 0): 5}


@pytest.mark.parametrize(
    ("ranks", "more", "says"),
    [
        ([[0.5]], {}, "integers"),
        ([0, 1], {}, "rows and columns"),
        ([[-2]], {}, "0 or more"),
        ([[0]], {"heads": [1, 1]}, "one number"),
        ([[0]], {"heads": [-1]}, "less than 0"),
        ([[0]], {"own": [0.5]}, "counted in integers"),
        ([[0]], {"unit": 0}, "unit"),
    ],
)
def test_a_matrix_that_makes_no_sense_is_refused(
    ranks: object, more: dict[str, object], says: str
) -> None:
    with pytest.raises(InvalidBallotError, match=says):
        RankMatrix(ranks, **more)  # type: ignore[arg-type]  # that is the point


@pytest.mark.parametrize(
    ("group", "rows", "says"), [("nobody", 2, "does not exist"), ("all", 3, "3 rows")]
)
def test_a_matrix_must_fit_its_profile(group: str, rows: int, says: str) -> None:
    with pytest.raises(InvalidBallotError, match=says):
        profile("ab", matrices={group: RankMatrix([[0]] * rows)})


def test_a_matrix_is_no_approval() -> None:
    with pytest.raises(InvalidBallotError, match="rankings"):
        count(profile("ab", matrices={"all": RankMatrix([[0], [1]])}), "av")
