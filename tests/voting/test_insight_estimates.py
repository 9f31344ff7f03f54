"""Estimates: the many counts against the exact one, and what is said of their sum."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from fractions import Fraction
from random import Random

import numpy as np
import pytest

from logovote.voting.ballots import Approval
from logovote.voting.elections import elect_by_phragmen
from logovote.voting.electorate import electorate, prices
from logovote.voting.insight import stability
from logovote.voting.insight.approvers import Approvers
from logovote.voting.insight.crowds import crowds
from logovote.voting.insight.replicas import _lock_and_list, elect_many, rank_many
from logovote.voting.insight.resampling import (
    FEWEST_BALLOTS,
    generator,
    redraw,
    replicates_for,
)
from logovote.voting.insight.stability import (
    Stability,
    ranking_stability,
    resampled_margins,
    shortlist_stability,
)
from logovote.voting.pairwise import Pairwise, count_pairs
from logovote.voting.profiles import Group, Profile
from logovote.voting.rank_matrix import RankMatrix
from logovote.voting.ranking import ranked_pairs
from logovote.voting.shortlist import sequential_phragmen
from logovote.voting.ties import TieOrder
from tests.voting.builders import approved, profile, ranked

F = Fraction
LETTERS = tuple("abcdefgh")


def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def ranking_of(ballots: Profile, *order: str) -> Stability:
    found = ranking_stability(ballots, crowds(ballots), order or ballots.candidates)
    assert found is not None
    return found


# ---------- the rules for many crowds at a time ----------


def test_many_rankings_are_those_of_ranked_pairs() -> None:
    """Random margins are full of circles; distinct, so that no tie order matters."""
    draw = rng()
    size, crowds_ = len(LETTERS), 300
    tables = np.zeros((crowds_, size, size))
    a, b = np.triu_indices(size, 1)
    for number in range(crowds_):
        values = (draw.permutation(len(a)) + 1) * draw.choice((-1, 1), len(a))
        tables[number, a, b], tables[number, b, a] = values, -values
    places = rank_many(tables, draw)
    for margins, found in zip(tables.tolist(), places, strict=True):
        above = [[max(0, int(margin)) for margin in row] for row in margins]
        pairs = Pairwise(LETTERS, {}, above, 1, 100)
        exact = ranked_pairs(pairs, TieOrder(LETTERS)).order
        assert [LETTERS[n] for n in np.argsort(found)] == list(exact)


def test_equal_majorities_are_locked_in_the_tie_order_as_ranked_pairs_does() -> None:
    draw = rng()
    size, crowds_ = len(LETTERS), 200
    a, b = np.triu_indices(size, 1)
    tables = np.zeros((crowds_, size, size))
    for number in range(crowds_):
        values = draw.integers(-2, 3, len(a))
        tables[number, a, b], tables[number, b, a] = values, -values
    orders = draw.permuted(np.tile(np.arange(size), (crowds_, 1)), axis=1)
    places = _lock_and_list(tables, orders)
    for margins, order, found in zip(tables.tolist(), orders, places, strict=True):
        above = [[max(0, int(margin)) for margin in row] for row in margins]
        sigma = TieOrder(tuple(LETTERS[n] for n in order))
        exact = ranked_pairs(Pairwise(LETTERS, {}, above, 1, 100), sigma).order
        assert [LETTERS[n] for n in np.argsort(found)] == list(exact)


def test_equal_majorities_go_by_each_crowds_own_tie_order() -> None:
    """A circle of three equal majorities: each order of it comes up, and no other."""
    circle = np.array([[0, 1, -1], [-1, 0, 1], [1, -1, 0]], float)
    places = rank_many(np.tile(circle, (600, 1, 1)), rng())
    found = Counter("".join("abc"[n] for n in np.argsort(p)) for p in places)
    assert found.keys() == {"abc", "bca", "cab"}
    assert min(found.values()) > 150


def test_who_is_tied_in_everything_is_first_equally_often() -> None:
    places = rank_many(np.zeros((900, 3, 3)), rng())
    assert {tuple(sorted(row)) for row in places.tolist()} == {(0, 1, 2)}
    for column in places.T:
        assert 250 < (column == 0).sum() < 350


def crowd_of(seed: int) -> Profile:
    """200 voters of two groups, who each approve up to 4 of 12 and saw most."""
    random = Random(seed)  # noqa: S311 - made-up ballots
    names = [f"d{n}" for n in range(12)]
    votes = []
    for _ in range(200):
        chosen = random.sample(names, random.randint(0, 4))
        seen = frozenset(chosen) | frozenset(random.sample(names, 9))
        vote = approved(1, " ".join(chosen), random.choice("ab"))
        votes.append(replace(vote, seen=seen, weight=F(random.randint(1, 3))))
    groups = Group("a", F(1, 3)), Group("b", F(2, 3))
    return Profile(tuple(names), tuple(votes), groups, {"d1": "f", "d2": "f"})


@pytest.mark.parametrize("seed", range(8))
def test_many_shortlists_are_those_of_sequential_phragmen(seed: int) -> None:
    ballots = crowd_of(seed)
    crowd = Approvers.of(ballots)
    weights = (crowd.mass * crowd.factor)[None, :]
    places = elect_many(crowd.approved, weights, 7, crowd.prices(weights), rng())[0]
    found = [crowd.families[n] for n in np.argsort(places, kind="stable")[:7]]
    assert found == [slot.family for slot in sequential_phragmen(ballots, 7).slots]
    assert sorted(places.tolist()) == [*range(7), *[7] * 4]


def test_exposure_added_up_beforehand_prices_estimates_as_it_prices_the_count() -> None:
    ballots = crowd_of(5)
    crowd = Approvers.of(ballots)
    exposure: dict[str, dict[str, F]] = {"a": {}, "b": {}}
    for vote in ballots.votes:
        assert isinstance(vote.ballot, Approval)
        saw = vote.ballot.approved | (vote.seen or frozenset())
        for family in {ballots.family_of(id_) for id_ in saw}:
            of = exposure[vote.group]
            of[family] = of.get(family, F(0)) + vote.count * vote.weight
    unsaid = tuple(replace(vote, seen=None) for vote in ballots.votes)
    added_up = Approvers.of(replace(ballots, votes=unsaid, exposure=exposure))
    weights = (crowd.mass * crowd.factor)[None, :]
    total = (added_up.mass * added_up.factor)[None, :]
    assert added_up.prices(total)[0] == pytest.approx(crowd.prices(weights)[0])
    assert added_up.prices(total)[0].min() < 1


def test_many_shortlists_under_other_shares_are_so_too() -> None:
    ballots = crowd_of(3)
    crowd = Approvers.of(ballots)
    weights = crowd.shared({"a": np.array([0.25, 0.75]), "b": np.array([0.75, 0.25])})
    places = elect_many(crowd.approved, weights, 5, crowd.prices(weights), rng())
    for share, row in zip((F(1, 4), F(3, 4)), places, strict=True):
        groups = Group("a", share), Group("b", 1 - share)
        again = replace(ballots, groups=groups)
        voters = electorate(again)
        price = prices(again)
        picks = elect_by_phragmen(voters, 5, [price[f] for f in voters.families])
        exact = [voters.families[pick.elected] for pick in picks]
        found = [crowd.families[n] for n in np.argsort(row, kind="stable")[:5]]
        assert found == exact


def test_exposure_added_up_beforehand_makes_the_same_prices_under_any_shares() -> None:
    """Of a's 4 voters all saw x and 1 saw y; of b's 2, both and none."""
    votes = approved(4, "x", "a"), approved(2, "y", "b")
    exposure = {"a": {"x": F(4), "y": F(1)}, "b": {"x": F(2), "y": F(2)}}
    for share in (F(1, 4), F(3, 4)):
        groups = Group("a", share), Group("b", 1 - share)
        ballots = profile("xy", *votes, groups=groups, exposure=exposure)
        crowd = Approvers.of(ballots)
        shared = crowd.shared({"a": np.array([share]), "b": np.array([1 - share])})
        exact = [[float(prices(ballots)[family]) for family in crowd.families]]
        assert crowd.prices(shared) == pytest.approx(np.array(exact))
        drawn = crowd.resampled(20, rng())
        assert crowd.prices(drawn) == pytest.approx(np.array(exact * 20))


def test_nobody_without_support_is_elected_in_any_crowd() -> None:
    places = elect_many(
        np.array([[True, False]]), np.ones((3, 1)), 2, np.ones((3, 2)), rng()
    )
    assert places.tolist() == [[0, 2]] * 3


# ---------- drawing crowds ----------


@pytest.mark.parametrize("heads", [[3, 1, 6], [400, 100], []])
def test_as_many_ballots_are_drawn_as_were_cast(heads: list[int]) -> None:
    drawn = redraw(rng(), heads, 2000)
    assert set(drawn.sum(axis=1)) == {sum(heads)}
    assert drawn.mean(axis=0) == pytest.approx(heads, rel=0.05)
    if heads:
        # Binomial: n p (1 - p) with p the part of the first pile.
        n, p = sum(heads), heads[0] / sum(heads)
        assert drawn[:, 0].var() == pytest.approx(n * p * (1 - p), rel=0.15)


def test_each_group_is_drawn_by_itself_and_weighs_what_it_weighed() -> None:
    """a's 20 decide 3/4 and all prefer x; b's are split. x over y is 3/4 + b/4."""
    ballots = profile(
        "xy",
        ranked(20, "x>y", "a"),
        ranked(20, "x>y", "b"),
        ranked(20, "y>x", "b"),
        groups=(Group("a", F(3, 4)), Group("b", F(1, 4))),
    )
    margins = resampled_margins(ballots, crowds(ballots), 2000, rng())[:, 0, 1]
    whole = margins.mean() / 0.75
    assert margins.std() / whole == pytest.approx((1 / 4) / 40**0.5, rel=0.1)


def test_a_group_s_share_does_not_depend_on_which_heavy_voters_are_drawn() -> None:
    """One of a's ten weighs 91 of 100; drawn twice or never, a still decides 1/2."""
    ballots = profile(
        "xyz",
        ranked(1, "x>z>y", "a", "91"),
        ranked(9, "x>y>z", "a", "1"),
        ranked(10, "y>x>z", "b"),
        groups=(Group("a", F(1, 2)), Group("b", F(1, 2))),
    )
    margins = resampled_margins(ballots, crowds(ballots), 50, rng())
    assert margins[:, 0, 1] == pytest.approx(np.zeros(50), abs=1e-9)
    crowd = Approvers.of(
        profile(
            "xy",
            approved(1, "x", "a", "91"),
            approved(9, "y", "a", "1"),
            groups=(Group("a", F(1)),),
        )
    )
    assert crowd.resampled(50, rng()).sum(axis=1) == pytest.approx(np.ones(50))


def test_groups_are_on_one_scale_though_one_has_no_machine_integers() -> None:
    """a's weights need more than 53 bits; all of a prefer x, all of b prefer y."""
    ballots = profile(
        "xy",
        *(ranked(1, "x>y", "a", f"1/{n}") for n in range(1, 60)),
        ranked(10, "y>x", "b"),
        groups=(Group("a", F(2, 3)), Group("b", F(1, 3))),
    )
    margins = resampled_margins(ballots, crowds(ballots), 20, rng())[:, 0, 1]
    assert margins == pytest.approx(np.full(20, 1 / 3))


def test_one_group_beyond_a_float_leaves_the_others_on_its_scale() -> None:
    """Exact in a float for b alone, whose share is small: both or neither are."""
    ballots = profile(
        "xy",
        ranked(5, "x>y", "a", "1/1"),
        ranked(1, "x>y", "a", f"1/{2**40}"),
        ranked(10, "y>x", "b"),
        groups=(Group("a", F(9999, 10000)), Group("b", F(1, 10000))),
    )
    margins = resampled_margins(ballots, crowds(ballots), 20, rng())[:, 0, 1]
    assert margins == pytest.approx(np.full(20, 0.9998))


def test_fewer_crowds_are_drawn_of_very_many_ballots() -> None:
    assert replicates_for(10) == replicates_for(20_000) == 1000
    assert replicates_for(100_000) == 200
    assert replicates_for(10**7) == 100


# ---------- what is said of them ----------


def close(heads: int) -> Profile:
    """x leads y narrowly, both are far ahead of z."""
    return profile("xyz", ranked(heads + 2, "x>y>z"), ranked(heads - 2, "y>x>z"))


def test_a_narrow_lead_is_a_band_and_a_wide_one_is_not() -> None:
    """Of 100, 52 to 48: ahead in two of three crowds; z is last in all."""
    found = ranking_of(close(50))
    x, y, z = found.chances
    assert found.bands == (("x", "y"), ("z",))
    assert x.first + y.first == pytest.approx(1)
    assert x.first == pytest.approx(0.66, abs=0.04)
    assert (x.low, x.high, z.low, z.high) == (1, 2, 3, 3)
    assert (z.first, z.top) == (0.0, 1.0)
    assert (found.crowds, found.ballots) == (1000, 100)
    # z(95 %) = 1.645, z of the lead = 4 / sqrt(100): (1.645 / 0.4)**2 = 17.
    assert found.close is not None
    assert (found.close.ahead, found.close.behind) == ("x", "y")
    assert found.close.times == pytest.approx(17, rel=0.35)


def test_what_is_unanimous_is_sure() -> None:
    found = ranking_of(profile("xyz", ranked(20, "x>y>z")))
    assert found.bands == (("x",), ("y",), ("z",))
    assert [chance.first for chance in found.chances] == [1, 0, 0]
    assert found.close is None


def test_a_tie_is_half_for_either_and_no_number_of_voters_would_end_it() -> None:
    found = ranking_of(profile("xy", ranked(10, "x=y")))
    assert found.chances[0].first == pytest.approx(0.5, abs=0.05)
    assert found.bands == (("x", "y"),)


def test_the_cut_of_a_shortlist_has_its_chances_on_both_sides() -> None:
    """a and b are everybody's; c has 11 of 20 and d 9 for the last place."""
    ballots = profile("abcde", approved(11, "a b c"), approved(9, "a b d"))
    order = [slot.family for slot in sequential_phragmen(ballots, 3).slots]
    found = shortlist_stability(ballots, order, 3)
    assert found is not None
    on_list = {chance.candidate: chance.top for chance in found.chances}
    assert on_list["a"] == on_list["b"] == 1
    assert on_list["c"] + on_list["d"] == pytest.approx(1)
    assert on_list["c"] == pytest.approx(0.66, abs=0.08)
    assert "e" not in on_list
    assert found.close is not None
    assert (found.close.ahead, found.close.behind) == ("c", "d")
    assert next(c for c in found.chances if c.candidate == "d").high == 4


def test_with_a_handful_of_ballots_nothing_is_estimated() -> None:
    few = profile("xy", ranked(FEWEST_BALLOTS - 1, "x>y"))
    assert ranking_stability(few, crowds(few), ("x", "y")) is None
    enough = profile("xy", ranked(FEWEST_BALLOTS, "x>y"))
    assert ranking_stability(enough, crowds(enough), ("x", "y")) is not None
    assert shortlist_stability(profile("xy", approved(20, "")), [], 2) is None


def test_the_seed_alone_decides_what_is_drawn() -> None:
    votes = ranked(8, "x>y>z"), ranked(7, "y>z>x"), ranked(6, "z>x>y")
    one = ranking_of(profile("xyz", *votes, seed="s"))
    shuffled = ranking_of(profile("xyz", *votes[::-1], seed="s"))
    other = ranking_of(profile("xyz", *votes, seed="t"))
    assert one == shuffled
    assert one.chances != other.chances
    chosen = approved(8, "x y"), approved(7, "y z"), approved(6, "z")
    lists = [
        shortlist_stability(profile("xyz", *order, seed="s"), ["y", "z"], 2)
        for order in (chosen, chosen[::-1])
    ]
    assert lists[0] == lists[1]


def test_large_crowds_are_added_up_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    random = Random(1)  # noqa: S311 - made-up ballots
    votes = []
    for _ in range(60):
        order = list("abcd")
        random.shuffle(order)
        votes.append(ranked(1, ">".join(order)))
    ballots = profile("abcd", *votes)
    at_once = resampled_margins(ballots, crowds(ballots), 40, rng())
    monkeypatch.setattr(stability, "_PILES", 7)
    in_parts = resampled_margins(ballots, crowds(ballots), 40, rng())
    assert (at_once == in_parts).all()


def test_rankings_in_a_matrix_are_the_same_crowd_as_rankings_one_by_one() -> None:
    votes = ranked(2, "x>y"), ranked(3, "z>x=y", weight="1/2"), ranked(1, "x>y")
    one_by_one = profile("xyz", *votes)
    matrix = RankMatrix([[0, 4, 0], [1, 4, 1], [-1, 2, -1]], [2, 3, 1], [2, 1, 2], 2)
    together = profile("xyz", matrices={"all": matrix})
    found, other = (crowds(p)["all"] for p in (one_by_one, together))
    assert found.first.tolist() == other.first.tolist() == [[0, 1, 2], [1, 1, 0]]
    assert found.last.tolist() == other.last.tolist() == [[0, 1, 2], [2, 2, 0]]
    assert found.heads.tolist() == other.heads.tolist() == [3, 3]
    assert found.own.tolist() == other.own.tolist() == [2, 1]


def test_margins_without_opinions_are_no_preferences() -> None:
    """x is left out of 10 ballots: last under one word, not compared by the other."""
    votes = ranked(10, "y"), ranked(5, "x>y")
    last = profile("xy", *votes)
    neither = replace(last, unranked="no_opinion")
    for ballots, sign in ((last, -1), (neither, 1)):
        margins = resampled_margins(ballots, crowds(ballots), 200, generator(ballots))
        assert np.sign(margins[:, 0, 1].mean()) == sign
        assert np.sign(float(count_pairs(ballots).margin("x", "y"))) == sign
