"""Why a result is what it is: exact numbers, worked out by hand beside each test."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from itertools import chain, combinations, pairwise, permutations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logovote.contest.records import dump
from logovote.voting.ballots import Ranking
from logovote.voting.count import METHODS, count
from logovote.voting.electorate import electorate
from logovote.voting.insight import (
    RankingInsight,
    ShortlistInsight,
    explain_ranking,
    explain_shortlist,
    sensitivity,
)
from logovote.voting.insight.duels import Duel, Link, Say, duel, widest_chain
from logovote.voting.insight.methods import ranking_methods, shortlist_methods, slots
from logovote.voting.insight.polarisation import kendall_tau
from logovote.voting.insight.reweighting import Tables, moved
from logovote.voting.insight.sensitivity import Stretch, share_effects, smith_set
from logovote.voting.pairwise import Pairwise, count_pairs
from logovote.voting.profiles import Group, Profile, Vote
from logovote.voting.ranking import ranked_pairs
from logovote.voting.shortlist import approval_voting, sequential_phragmen
from logovote.voting.ties import candidate_order
from tests.voting.builders import approved, profile, ranked
from tests.voting.test_laws import ranked_profiles

F = Fraction
ZERO, ONE = F(0), F(1)
law = settings(max_examples=40, derandomize=True, deadline=None)


def explained(ballots: Profile) -> RankingInsight:
    pairs = count_pairs(ballots)
    standings = ranked_pairs(pairs, candidate_order(ballots))
    return explain_ranking(ballots, pairs, standings)


def shortlisted(ballots: Profile, seats: int) -> ShortlistInsight:
    return explain_shortlist(
        ballots,
        sequential_phragmen(ballots, seats),
        approval_voting(ballots, seats),
        seats,
    )


def two_groups(*votes: Vote, a: str = "1/2", b: str = "1/2") -> Profile:
    """Profile of x, y, z with the groups a and b."""
    return profile("xyz", *votes, groups=(Group("a", F(a)), Group("b", F(b))))


# ---------- shares ----------


def test_eurovision_2016_was_ukraine_s_between_two_shares_of_the_juries() -> None:
    """Juries and televote gave 2436 points each; here those of the first three."""
    votes = []
    for group, points in (("jury", (320, 211, 130)), ("televote", (191, 323, 361))):
        votes += [approved(n, c, group) for n, c in zip(points, "AUR", strict=True)]
        votes.append(approved(2436 - sum(points), "", group))
    groups = Group("jury", F(1, 2)), Group("televote", F(1, 2))

    jury, televote = explained(profile("AUR", *votes, groups=groups)).shares

    assert jury.stretches == (
        Stretch(F(0), F(38, 119), ("R",)),
        Stretch(F(38, 119), F(132, 241), ("U",)),
        Stretch(F(132, 241), F(1), ("A",)),
    )
    assert jury.stays == jury.stretches[1]
    assert jury.exact
    assert jury.checked
    assert [s.end for s in televote.stretches] == [F(109, 241), F(81, 119), F(1)]


@law
@given(ballots=ranked_profiles(groups=True), data=st.data())
def test_a_full_count_at_any_share_has_the_winners_that_were_said(
    ballots: Profile, data: st.DataObject
) -> None:
    pairs = count_pairs(ballots)
    tables = Tables.of(pairs)
    for effect in share_effects(tables, candidate_order(ballots)):
        assert effect.exact
        assert effect.checked
        assert (effect.stretches[0].start, effect.stretches[-1].end) == (ZERO, ONE)
        for stretch in effect.stretches:
            near = (stretch.end - stretch.start) / 1000
            inside = data.draw(st.fractions(F(1, 10), F(9, 10)))
            for share in (
                stretch.start + near,
                stretch.start + inside * (stretch.end - stretch.start),
                stretch.end - near,
            ):
                shares = moved(tables.shares, effect.group, share)
                groups = tuple(Group(id_, part) for id_, part in shares.items())
                again = replace(ballots, groups=groups)
                assert count(again, "ranked_pairs").winners == stretch.winners


def test_three_groups_keep_the_others_in_proportion() -> None:
    """At share t of c, a has 3/4 and b 1/4 of the rest: x and y meet at t = 1/3."""
    ballots = profile(
        "xy",
        ranked(1, "x", "a"),
        ranked(1, "y", "b"),
        ranked(1, "y", "c"),
        groups=(Group("a", F(3, 8)), Group("b", F(1, 8)), Group("c", F(1, 2))),
    )
    effect = next(e for e in explained(ballots).shares if e.group == "c")
    assert [(s.end, s.winners) for s in effect.stretches] == [
        (F(1, 3), ("x",)),
        (F(1), ("y",)),
    ]


def circle(*, b: str = "1/2") -> Profile:
    """In a circle x > y > z > x both groups agree; only how clearly differs."""
    return two_groups(
        ranked(4, "x>y>z", "a"),
        ranked(3, "y>z>x", "a"),
        ranked(2, "z>x>y", "a"),
        ranked(2, "x>y>z", "b"),
        ranked(3, "y>z>x", "b"),
        ranked(4, "z>x>y", "b"),
        a=str(1 - F(b)),
        b=b,
    )


def test_where_nobody_beats_all_others_margins_that_cross_are_found() -> None:
    """In ninths: a has xy 3, yz 5, zx 1; b has xy 3, yz 1, zx 5. The least gives way.

    yz is 5-4t and zx 1+4t: below t = 1/2, zx is the least and x wins; z, x > y from
    1/2 on: yz (5-4t) is the least once it is below 3, so z wins.
    """
    effect = next(e for e in explained(circle()).shares if e.group == "b")
    assert [(s.end, s.winners) for s in effect.stretches] == [
        (F(1, 2), ("x",)),
        (F(1), ("z",)),
    ]


def test_too_many_circles_are_said_to_be_too_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sensitivity, "MOST_COUNTS", 1)
    effects = explained(circle()).shares
    assert not all(effect.exact for effect in effects)


def test_a_single_group_has_no_share_to_move() -> None:
    assert explained(profile("xy", ranked(3, "x>y"))).shares == ()
    one = two_groups(ranked(3, "x>y", "a"))
    assert explained(one).shares == ()


def test_the_set_that_beats_everybody_else() -> None:
    """x, y and z go in a circle; w loses to all of them, v to w."""
    ballots = profile(
        "vwxyz",
        ranked(1, "x>y>z>w>v"),
        ranked(1, "y>z>x>w>v"),
        ranked(1, "z>x>y>w>v"),
    )
    assert smith_set(count_pairs(ballots)) == (2, 3, 4)
    assert smith_set(count_pairs(profile("xy", ranked(1, "x>y")))) == (0,)
    assert smith_set(count_pairs(profile("xy"))) == (0, 1)


@law
@given(ballots=ranked_profiles(groups=True))
def test_tables_give_back_the_count_they_were_taken_from(ballots: Profile) -> None:
    pairs = count_pairs(ballots)
    again = Tables.of(pairs)
    total = F(pairs.total, pairs.unit)
    for a, b in product(pairs.candidates, repeat=2):
        at_shares = again.at(again.shares)
        assert at_shares.margin(a, b) == pairs.margin(a, b) / (total or 1)


def test_a_share_on_which_the_list_depends_is_found_on_the_grid() -> None:
    """Two seats; x is everybody's. z has half of a, y of b: the larger share wins."""
    ballots = two_groups(
        *(approved(5, "x", g) for g in "ab"),
        approved(5, "x z", "a"),
        approved(5, "x y", "b"),
        a="3/5",
        b="2/5",
    )
    effects = {effect.group: effect for effect in shortlisted(ballots, 2).shares}
    counted, turned = effects["b"].stretches[0], effects["b"].stretches[-1]
    assert (counted.start, counted.added, counted.dropped) == (ZERO, (), ())
    assert counted.end in (F(49, 100), F(1, 2))  # at 1/2 they are tied
    assert (turned.added, turned.dropped) == (("y",), ("z",))
    assert (turned.start, turned.end) == (counted.end + F(1, 100), ONE)


# ---------- two candidates ----------


def why(ballots: Profile, a: str, b: str) -> Duel:
    pairs = count_pairs(ballots)
    standings = ranked_pairs(pairs, candidate_order(ballots))
    return duel(Tables.of(pairs), pairs, standings, a, b)


def test_a_majority_of_two_is_its_own_reason_and_weights_may_have_turned_it() -> None:
    """4 of a's 5 prefer x, 1 y; of b's 10, 2 prefer x, 6 y, and 2 see no difference.

    Weighted 3/4 * 4/5 + 1/4 * 1/5 = 13/20 to 3/4 * 1/5 + 1/4 * 3/5 = 3/10; by heads
    6 to 7 of 15.
    """
    ballots = two_groups(
        ranked(4, "x>y", "a"),
        ranked(1, "y>x", "a"),
        ranked(2, "x>y", "b"),
        ranked(6, "y>x", "b"),
        ranked(2, "z", "b"),
        a="3/4",
        b="1/4",
    )
    found = why(ballots, "y", "x")
    assert (found.above, found.below, found.tied) == ("x", "y", False)
    assert found.groups == {
        "a": Say(F(4, 5), F(1, 5)),
        "b": Say(F(1, 5), F(3, 5)),
    }
    assert found.groups["b"].indifferent == F(1, 5)
    assert found.weighted == Say(F(13, 20), F(3, 10))
    assert found.per_head == Say(F(6, 15), F(7, 15))
    assert found.turned_by_weights
    assert not found.overruled
    assert found.chain == (Link("x", "y", F(7, 20)),)


def test_a_majority_that_closed_a_circle_is_answered_by_a_chain() -> None:
    """4 of 7 prefer z to x, by 1; but x is preferred to y by 3, and y to z by 3."""
    ballots = profile("xyz", ranked(3, "x>y>z"), ranked(2, "y>z>x"), ranked(2, "z>x>y"))
    found = why(ballots, "z", "x")
    assert (found.above, found.below) == ("x", "z")
    assert found.overruled
    assert found.chain == (Link("x", "y", F(3, 7)), Link("y", "z", F(3, 7)))


def test_of_two_chains_the_one_with_the_stronger_weakest_link_is_told() -> None:
    """From w to z by x: 5 and 1 of 10; by y: 3 and 3; by both: 5, 2 and 3."""
    margins = {"wx": 5, "xz": 1, "wy": 3, "yz": 3, "xy": 2, "zw": 1}
    above = [[margins.get(a + b, 0) for b in "wxyz"] for a in "wxyz"]
    pairs = Pairwise(tuple("wxyz"), {}, above, 1, 10)
    chain = widest_chain(pairs, tuple("wxyz"), "w", "z")
    assert chain == (Link("w", "y", F(3, 10)), Link("y", "z", F(3, 10)))


def test_what_only_the_tie_order_separates_has_no_chain() -> None:
    found = why(profile("xyz", ranked(1, "x>y>z"), ranked(1, "y>x>z")), "x", "y")
    assert found.tied
    assert found.chain == ()
    assert not found.turned_by_weights


@law
@given(ballots=ranked_profiles(groups=True))
def test_everybody_who_is_above_another_has_a_chain_down_to_it(
    ballots: Profile,
) -> None:
    pairs = count_pairs(ballots)
    standings = ranked_pairs(pairs, candidate_order(ballots))
    tables = Tables.of(pairs)
    for a, b in combinations(standings.order, 2):
        found = duel(tables, pairs, standings, b, a)
        assert found.above == a
        assert all(link.margin > 0 for link in found.chain)
        if found.chain:
            assert (found.chain[0].winner, found.chain[-1].loser) == (a, b)
            assert all(x.loser == y.winner for x, y in pairwise(found.chain))
        weighted = sum(
            (say.for_a * tables.shares[g] for g, say in found.groups.items()),
            F(0),
        )
        assert found.weighted.for_a == weighted


# ---------- loved or tolerated ----------


def test_places_are_divided_among_those_a_ballot_ties_or_leaves_out() -> None:
    """Of three, the bottom third is one place; a ballot of 2 says x first, rest tied.

    x: first on 2 of 3. y: half of the bottom on 2 ballots, first on 1. z: half of the
    bottom on 2 and the bottom on 1.
    """
    x, y, z = explained(profile("xyz", ranked(2, "x"), ranked(1, "y>x>z"))).tastes
    assert (x.candidate, x.first, x.top, x.bottom) == ("x", F(2, 3), ONE, ZERO)
    assert (y.candidate, y.first, y.top, y.bottom) == ("y", F(1, 3), ONE, F(1, 3))
    assert (z.candidate, z.first, z.top, z.bottom) == ("z", ZERO, ONE, F(2, 3))


def test_where_left_out_means_no_opinion_it_is_no_place_either() -> None:
    ballots = profile("xyz", ranked(1, "x"), ranked(1, "y>x>z"), unranked="no_opinion")
    liked = {taste.candidate: taste for taste in explained(ballots).tastes}
    assert liked["z"].bottom == F(1, 2)
    assert liked["y"].first == F(1, 2)


@law
@given(ballots=ranked_profiles(groups=True))
def test_all_first_places_are_one_and_all_top_places_as_many_as_there_are(
    ballots: Profile,
) -> None:
    liked = explained(ballots).tastes
    size = len(ballots.candidates)
    assert sum(taste.first for taste in liked) == 1
    assert sum(taste.top for taste in liked) == min(3, size)
    assert sum(taste.bottom for taste in liked) == max(1, size // 3)


def tolerated() -> Profile:
    """Four camps of 5 love b, c, d or e; all have a second, 1 of 21 has it first."""
    others = {"b": "c>d>e", "c": "d>e>b", "d": "e>b>c", "e": "b>c>d"}
    camps = [ranked(5, f"{love}>a>{rest}") for love, rest in others.items()]
    return profile("abcdef", ranked(1, "a>b>c>d>e"), *camps)


def test_a_winner_whom_few_put_first_is_a_compromise() -> None:
    """a wins with 1 of 21 first places; b has 5, and loses to a by 5 to 16."""
    insight = explained(tolerated())
    found = insight.character
    assert found.winner == "a"
    assert found.compromise
    assert found.boldest in {"b", "c", "d", "e"}
    assert (found.winner_over_boldest, found.boldest_over_winner) == (
        F(16, 21),
        F(5, 21),
    )


def test_a_winner_with_less_in_the_top_three_than_another_is_a_compromise() -> None:
    """x is first on 3 of 5, and in the top three of 3; y is in that of all 5."""
    ballots = profile("xyzvw", ranked(3, "x>y>z>v>w"), ranked(2, "y>z>v>w>x"))
    assert explained(ballots).character.compromise


def test_a_winner_most_put_first_is_no_compromise() -> None:
    found = explained(profile("xyz", ranked(3, "x>y>z"), ranked(1, "y>x>z"))).character
    assert (found.winner, found.compromise, found.boldest) == ("x", False, "y")


def test_none_of_these_and_tied_winners_have_no_character() -> None:
    none = profile("xyn", ranked(3, "n>x>y"), status_quo="n")
    assert explained(none).character.winner is None
    tie = profile("xy", ranked(1, "x>y"), ranked(1, "y>x"))
    assert explained(tie).character.winner is None


def test_bold_is_what_a_quarter_loves_and_a_quarter_does_not() -> None:
    """Of six the bottom third is two places; x is first on 1 of 4, last on 3."""
    votes = ranked(1, "x>a>b>c>d>e"), ranked(3, "a>b>c>d>e>x")
    bold = {t.candidate for t in explained(profile("xabcde", *votes)).tastes if t.bold}
    assert bold == {"x"}


# ---------- agreement ----------


def test_two_camps_of_opposite_minds_agree_in_nothing() -> None:
    """Every pair is even; friends of x give it 1, others 0; y is everybody's second.

    Half of those with y above x have it second (1/2), as do those below: no divide.
    """
    found = explained(
        two_groups(ranked(3, "x>y>z", "a"), ranked(3, "z>y>x", "b"))
    ).polarisation
    divides = {d.candidate: d for d in found.divides}
    assert found.agreement == 0
    assert divides["x"].divisiveness == 1
    assert divides["y"].divisiveness == 0
    assert (divides["x"].group_gap, divides["y"].group_gap) == (ONE, ZERO)
    assert (divides["x"].likes_most, divides["x"].likes_least) == ("a", "b")
    assert divides["y"].likes_most is None
    assert [alike.tau for alike in found.alike] == [-1]


def test_who_ranks_alike_agrees_in_everything() -> None:
    found = explained(
        two_groups(ranked(3, "x>y>z", "a"), ranked(1, "x>y>z", "b"))
    ).polarisation
    assert found.agreement == 1
    assert {d.divisiveness for d in found.divides} == {0}
    assert [alike.tau for alike in found.alike] == [1]


def test_divisiveness_weighs_voters_and_halves_the_places_of_ties() -> None:
    """x against y: friends (2 ballots x>y>z: 1; weight 2), others y>x=z: (1/2)/2 = 1/4.

    x against z: friends 1; z's friend (1 ballot z>x>y): 1/2. Mean (3/4 + 1/2) / 2,
    where x over y also counts z>x>y: (2*1 + 1*1/2)/3 = 5/6, less 1/4 is 7/12.
    """
    found = explained(
        profile("xyz", ranked(2, "x>y>z"), ranked(1, "y>x=z"), ranked(1, "z>x>y"))
    ).polarisation
    x = next(d for d in found.divides if d.candidate == "x")
    assert x.divisiveness == (F(7, 12) + F(1, 2)) / 2


def test_tau_counts_pairs_in_tiers() -> None:
    one = (("x",), ("y", "z"))
    assert kendall_tau(one, (("x",), ("y",), ("z",))) == F(2, 3)
    assert kendall_tau(one, (("y",), ("x",), ("z",))) == 0
    assert kendall_tau((("x",),), (("x",),)) == 1


@pytest.mark.parametrize("factor", [1, 2**40])
def test_weights_of_many_denominators_are_explained_exactly(factor: int) -> None:
    """Weights of 1, 1/2, … 1/50 have no common unit that a machine integer holds."""
    orders = ("x>y>z", "y>x>z", "z>y>x", "y>z>x")
    own = [F(factor, n) for n in range(1, 51)]
    ballots = profile(
        "xyz",
        *(ranked(1, orders[n % 4], weight=str(w)) for n, w in enumerate(own)),
    )

    found = explained(ballots)

    a, b, c, d = (sum(own[n::4]) for n in range(4))
    whole = sum(own)
    liked = {taste.candidate: taste for taste in found.tastes}
    assert [liked[id_].first for id_ in "xyz"] == [
        a / whole,
        (b + d) / whole,
        c / whole,
    ]
    assert liked["x"].bottom == (c + d) / whole
    # Friends of x against y put it first; its others put it second (b) or last.
    # Against z its friends put it first (a) or second (b), the others last.
    divided = next(d for d in found.polarisation.divides if d.candidate == "x")
    against_y = 1 - b / 2 / (b + c + d)
    against_z = (a + b / 2) / (a + b)
    assert divided.divisiveness == (against_y + against_z) / 2


def test_weights_that_have_nothing_in_common_are_explained_to_a_hundred_decimals() -> (
    None
):
    """Each voter weighs 1/p, of a prime of their own; a sum has thousands of digits."""
    primes = [n for n in range(2, 1000) if all(n % d for d in range(2, n))]
    dice = random.Random(7)  # noqa: S311 - repeatable on purpose
    votes = [
        Vote(
            Ranking(tuple((id_,) for id_ in dice.sample("abcdefgh", 8))),
            1,
            "xyz"[n % 3],
            F(1, prime),
        )
        for n, prime in enumerate(primes)
    ]
    groups = tuple(Group(id_, F(1, 3)) for id_ in "xyz")
    ballots = profile("abcdefgh", *votes, groups=groups)

    found = explained(ballots)

    assert json.loads(json.dumps(dump(found)))["polarisation"]
    mass = {id_: sum(v.weight for v in votes if v.group == id_) for id_ in "xyz"}
    weight = {v: v.weight / mass[v.group] for v in votes}
    place = {v: [tier[0] for tier in v.ballot.tiers] for v in votes}  # type: ignore[union-attr]

    def mean(better: str, other: str) -> Fraction:
        """Return what a scores with those who put one of two above the other."""
        those = [v for v in votes if place[v].index(better) < place[v].index(other)]
        total = sum(weight[v] for v in those)
        scored = (weight[v] * F(7 - place[v].index("a"), 7) for v in those)
        return sum(scored, ZERO) / total

    gaps = [abs(mean("a", b) - mean(b, "a")) for b in "bcdefgh"]
    exactly = sum(gaps, ZERO) / 7
    divide = next(d for d in found.polarisation.divides if d.candidate == "a")
    assert abs(divide.divisiveness - exactly) < F(1, 10**99)


# ---------- how safe ----------


def test_ballots_to_flip_are_bounded_from_both_sides() -> None:
    """x leads y by 5 to 2 in a group that decides alone: 2 changed ballots make 3 to 4.

    ceil(3/7 / (2/7)) = 2, and two are enough.
    """
    (flip,) = explained(profile("xy", ranked(5, "x>y"), ranked(2, "y>x"))).flips
    assert (flip.voters, flip.at_least, flip.enough, flip.rival) == (7, 2, 2, "y")


def test_a_group_too_small_to_change_the_winner_is_said_to_be() -> None:
    """b's one ballot weighs 1/4; x leads by 3/4 + 1/4, and would by 3/4 - 1/4."""
    ballots = two_groups(ranked(3, "x>y", "a"), ranked(1, "x>y", "b"), a="3/4", b="1/4")
    flips = {flip.group: flip for flip in explained(ballots).flips}
    assert (flips["b"].enough, flips["b"].rival) == (None, None)
    assert (flips["a"].at_least, flips["a"].enough) == (2, 3)  # with 2, both win


@law
@given(ballots=ranked_profiles(groups=True))
def test_no_fewer_ballots_than_said_change_the_winner(ballots: Profile) -> None:
    """Tried on every way to change one ballot fewer than the bound, if that is one."""
    insight = explained(ballots)
    winners = count(ballots, "ranked_pairs").winners
    for flip in insight.flips:
        if flip.enough is not None:
            assert flip.at_least <= flip.enough
        if flip.at_least != 2:
            continue
        for position, vote in enumerate(ballots.votes):
            if vote.group != flip.group:
                continue
            for order in permutations(ballots.candidates):
                turned = Vote(Ranking(tuple((c,) for c in order)), 1, vote.group)
                votes = (
                    *ballots.votes[:position],
                    replace(vote, count=vote.count - 1),
                    *ballots.votes[position + 1 :],
                    turned,
                )
                again = replace(ballots, votes=votes)
                assert winners[0] in count(again, "ranked_pairs").winners


def test_voters_of_different_weight_have_no_bound() -> None:
    votes = ranked(2, "x>y", weight="2"), ranked(1, "y>x")
    assert explained(profile("xy", *votes)).flips == ()


def test_voters_who_all_weigh_a_fraction_do() -> None:
    votes = ranked(4, "x>y", weight="1/2"), ranked(1, "y>x", weight="1/2")
    (flip,) = explained(profile("xy", *votes)).flips
    assert (flip.at_least, flip.enough) == (2, 2)


# ---------- other rules and weights ----------


def test_every_rule_is_in_the_matrix_and_says_what_its_count_says() -> None:
    ballots = tolerated()
    pairs = count_pairs(ballots)
    ranking = ranking_methods(ballots, pairs, candidate_order(ballots))
    votes = approved(3, "a b"), approved(2, "c"), approved(2, "a d"), approved(1, "d")
    chosen = profile("abcd", *votes)
    voters = electorate(chosen)
    shortlist = shortlist_methods(voters, slots(chosen, voters), 2)

    assert [m.method for m in (*ranking, *shortlist)] == list(METHODS)
    for found in ranking:
        assert found.tiers == count(ballots, found.method).ranking
    for found in shortlist:
        outcome = count(chosen, found.method, 2)
        assert tuple(chain.from_iterable(found.tiers)) == outcome.committee


def test_logos_of_equal_support_share_their_place_by_plain_approval() -> None:
    votes = approved(3, "a b"), approved(1, "c")
    voters = electorate(profile("abc", *votes))
    found = {m.method: m.tiers for m in shortlist_methods(voters, [F(1)] * 3, 3)}
    assert [set(tier) for tier in found["av"]] == [{"a", "b"}, {"c"}]


def test_ways_are_with_weights_without_and_each_group_alone() -> None:
    """a's 1 decides 3/5 for x; by heads b's 4 of 5 take y."""
    ballots = two_groups(
        ranked(1, "x>y>z", "a"), ranked(4, "y>z>x", "b"), a="3/5", b="2/5"
    )
    ways = {(w.way, w.group): w.tiers[0] for w in explained(ballots).ways}
    assert ways == {
        ("counted", None): ("x",),
        ("per_head", None): ("y",),
        ("alone", "a"): ("x",),
        ("alone", "b"): ("y",),
    }


def test_multipliers_of_voters_are_compared_with_shares_and_heads() -> None:
    """a's 1 counts 3 against 2: x. By heads y. With equal shares they are tied."""
    groups = Group("a", weight=F(3)), Group("b", weight=F(1))
    ballots = profile("xy", ranked(1, "x>y", "a"), ranked(2, "y>x", "b"), groups=groups)
    ways = {(w.way, w.group): w.tiers[0] for w in explained(ballots).ways}
    assert ways["counted", None] == ("x",)
    assert ways["per_head", None] == ("y",)
    assert ways["fixed_share", None] == ("x", "y")


def test_a_shortlist_has_its_ways_too() -> None:
    ballots = two_groups(approved(1, "x", "a"), approved(4, "y", "b"), a="3/5", b="2/5")
    ways = {(w.way, w.group): w.tiers for w in shortlisted(ballots, 1).ways}
    assert ways == {
        ("counted", None): (("x",),),
        ("per_head", None): (("y",),),
        ("alone", "a"): (("x",),),
        ("alone", "b"): (("y",),),
    }
    assert shortlisted(profile("xy", approved(1, "x")), 1).ways == ()


# ---------- whom a shortlist represents ----------


def test_each_pick_says_whom_it_represents() -> None:
    """10 voters, 2 seats: x has 6, y 5 who all chose x, z the other 3; 1 says none.

    x is elected first, then z, for y's voters have x already: (1 + 5/6) / 5 > 1/3.
    Plain approval takes x and y instead and leaves z's 3 with nothing.
    """
    ballots = profile(
        "xyz", approved(5, "x y"), approved(1, "x z"), approved(3, "z"), approved(1, "")
    )
    found = shortlisted(ballots, 2).beside

    x, z = found.proportional
    assert found.plain[0] == x
    assert found.plain[1].unserved == (F(5, 10), ZERO)  # y: its voters all chose x
    assert found.plain[1].only == 0
    assert (x.family, x.support, x.only) == ("x", F(6, 10), F(5, 6))
    assert (z.family, z.support, z.only) == ("z", F(4, 10), F(3, 4))
    assert (x.unserved[0], z.unserved[1]) == (F(6, 10), F(3, 10))
    assert [pick.family for pick in found.plain] == ["x", "y"]
    assert (found.added, found.dropped) == (("z",), ("y",))
    assert (found.coverage.represented, found.coverage.mean) == (F(9, 10), ONE)
    assert found.plain_coverage.represented == F(6, 10)
    assert found.plain_coverage.mean == F(11, 10)


def test_a_pick_says_which_groups_and_which_of_its_variants_were_chosen() -> None:
    """a decides 3/4: 1 of its 2 ticked x1, b's one the family without preference."""
    ballots = profile(
        "x1 x2 y",
        approved(1, "x1", "a"),
        approved(1, "y", "a"),
        approved(1, "fx", "b"),
        groups=(Group("a", F(3, 4)), Group("b", F(1, 4))),
        families={"x1": "fx", "x2": "fx"},
    )
    pick = shortlisted(ballots, 2).beside.proportional[0]
    assert pick.family == "fx"
    assert pick.support == F(3, 4) / 2 + F(1, 4)
    assert pick.groups == {"a": F(1, 2), "b": 1}
    assert pick.ticks == {"x1": F(3, 8), "x2": 0}


def test_a_pick_says_how_many_saw_it() -> None:
    seen = [replace(approved(1, "x"), seen=frozenset("xy")) for _ in range(3)]
    unseen = [replace(approved(1, "y"), seen=frozenset("y")) for _ in range(9)]
    picks = shortlisted(profile("xy", *seen, *unseen), 2).beside.proportional
    prices: Mapping[str, tuple[F, bool]] = {
        pick.family: (pick.price, pick.seen_enough) for pick in picks
    }
    assert prices == {"x": (F(1, 3), False), "y": (F(1), True)}


@pytest.mark.parametrize("ballots", [(), ((1, "x"),), ((1, "x>y"), (1, "y>x"))])
def test_small_rounds_are_explained_as_far_as_there_is_anything_to_say(
    ballots: tuple[tuple[int, str], ...],
) -> None:
    votes = [ranked(n, text) for n, text in ballots]
    for candidates in ("xyn", "xy"):
        found = explained(profile(candidates, *votes))
        assert found.stability is None
        assert len(found.methods) == 7
    alone = explained(profile("x"))
    assert [taste.candidate for taste in alone.tastes] == ["x"]


@pytest.mark.parametrize("votes", [(), (approved(1, "x"),), (approved(3, ""),)])
def test_small_shortlists_are_explained_too(votes: tuple[Vote, ...]) -> None:
    found = shortlisted(profile("xyz", *votes), 2)
    assert found.stability is None
    assert len(found.beside.proportional) == (votes == (approved(1, "x"),))
