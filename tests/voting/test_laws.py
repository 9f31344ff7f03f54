"""Laws a count must obey on every profile, tried on many small ones.

Not claimed, for no method has them beside these: participation, later-no-harm,
independence of irrelevant alternatives, and being beyond strategy.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import chain, combinations, permutations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import logovote.voting
from logovote.voting.ballots import Approval, Ranking
from logovote.voting.count import METHODS, PAIRWISE_RULES, SHORTLIST_RULES, count, rank
from logovote.voting.electorate import electorate
from logovote.voting.pairwise import Pairwise, count_pairs
from logovote.voting.profiles import Group, Profile, Vote
from logovote.voting.ranking import Strength, ranked_pairs
from logovote.voting.shortlist import sequential_phragmen
from logovote.voting.ties import TieOrder

F = Fraction
LETTERS = "abcde"
ESTIMATES = ("approvers", "cuts", "replicas", "resampling", "stability")
RANKING_RULES = (*PAIRWISE_RULES, "irv")
GROUPS = (Group("core", F(2, 5)), Group("public", F(3, 5)))
WEIGHTS = (Group("core", weight=F(3)), Group("public", weight=F(1, 2)))

law = settings(max_examples=15, derandomize=True, deadline=None)


@st.composite
def rankings(draw: st.DrawFn, candidates: str, *, strict: bool = False) -> Ranking:
    order = draw(st.permutations(candidates))
    if strict:
        return Ranking(tuple((candidate,) for candidate in order))
    length = draw(st.integers(1, len(order)))
    ties = draw(st.integers(0, 2 ** (length - 1) - 1))  # one bit per neighbour below
    tiers: list[list[str]] = []
    for position, candidate in enumerate(order[:length]):
        if position and ties >> (position - 1) & 1:
            tiers[-1].append(candidate)
        else:
            tiers.append([candidate])
    return Ranking(tuple(map(tuple, tiers)))


@st.composite
def ranked_profiles(
    draw: st.DrawFn,
    *,
    strict: bool = False,
    groups: bool | tuple[Group, ...] = False,
    own: tuple[Fraction, ...] = (F(1),),
) -> Profile:
    groups = groups if isinstance(groups, tuple) else GROUPS if groups else ()
    candidates = LETTERS[: draw(st.integers(2, 5))]
    votes = draw(
        st.lists(
            st.builds(
                Vote,
                rankings(candidates, strict=strict),
                st.integers(1, 3),
                st.sampled_from([group.id for group in groups] or ["all"]),
                st.sampled_from(own),
            ),
            min_size=1,
            max_size=6,
        )
    )
    return Profile(tuple(candidates), tuple(votes), groups, seed="laws")


@st.composite
def approval_profiles(draw: st.DrawFn, groups: tuple[Group, ...] = ()) -> Profile:
    candidates = LETTERS[: draw(st.integers(2, 5))]
    approvals = st.frozensets(st.sampled_from(candidates)).map(Approval)
    ids = st.sampled_from([group.id for group in groups] or ["all"])
    votes = st.builds(Vote, approvals, st.integers(1, 3), ids)
    drawn = draw(st.lists(votes, min_size=1, max_size=6))
    return Profile(tuple(candidates), tuple(drawn), groups, seed="laws")


OWN = (F(1), F(1), F(2), F(1, 3))
any_profile = st.one_of(
    ranked_profiles(own=OWN),
    ranked_profiles(groups=GROUPS, own=OWN),
    ranked_profiles(groups=WEIGHTS, own=OWN),
)
any_strict = st.one_of(
    ranked_profiles(strict=True), ranked_profiles(groups=GROUPS, strict=True)
)
any_approvals = st.one_of(
    approval_profiles(),
    approval_profiles(groups=GROUPS),
    approval_profiles(groups=WEIGHTS),
)


def any_for(method: str) -> st.SearchStrategy[Profile]:
    return any_approvals if method in SHORTLIST_RULES else any_profile


def places(profile: Profile, method: str) -> object:
    outcome = count(profile, method)
    return outcome.ranking, outcome.winners, outcome.committee, outcome.ties


def mapped(ranking: Ranking, names: dict[str, str]) -> Ranking:
    return Ranking(tuple(tuple(names[c] for c in tier) for tier in ranking.tiers))


def ballots(profile: Profile) -> list[Ranking]:
    return [v.ballot for v in profile.votes if isinstance(v.ballot, Ranking)]


def with_ballots(profile: Profile, changed: Sequence[Ranking], **more: Any) -> Profile:
    votes = tuple(
        replace(vote, ballot=ballot)
        for vote, ballot in zip(profile.votes, changed, strict=True)
    )
    return replace(profile, votes=votes, **more)


@pytest.mark.parametrize("method", METHODS)
@law
@given(data=st.data())
def test_the_order_of_ballots_and_candidates_is_irrelevant(
    method: str, data: st.DataObject
) -> None:
    profile = data.draw(any_for(method))
    shuffled = replace(
        profile,
        votes=tuple(data.draw(st.permutations(profile.votes))),
        candidates=tuple(data.draw(st.permutations(profile.candidates))),
    )
    one, other = (json.dumps(count(p, method).as_json()) for p in (profile, shuffled))
    assert one == other


@law
@given(profile=any_profile, data=st.data())
def test_renaming_candidates_renames_the_result(
    profile: Profile, data: st.DataObject
) -> None:
    names = dict(
        zip(
            profile.candidates,
            data.draw(st.permutations(profile.candidates)),
            strict=True,
        )
    )
    renamed = with_ballots(profile, [mapped(b, names) for b in ballots(profile)])
    sigma = data.draw(st.permutations(profile.candidates))
    before = ranked_pairs(count_pairs(profile), TieOrder(tuple(sigma)))
    after = ranked_pairs(count_pairs(renamed), TieOrder(tuple(names[c] for c in sigma)))
    assert after.order == tuple(names[c] for c in before.order)
    assert after.winners == tuple(sorted(names[c] for c in before.winners))


@pytest.mark.parametrize("method", METHODS)
@law
@given(data=st.data(), times=st.integers(2, 5))
def test_many_times_the_ballots_or_weights_change_nothing(
    method: str, data: st.DataObject, times: int
) -> None:
    profile = data.draw(any_for(method))
    expected = places(profile, method)
    more = tuple(replace(v, count=v.count * times) for v in profile.votes)
    heavier = tuple(replace(v, weight=v.weight * times) for v in profile.votes)
    assert places(replace(profile, votes=more), method) == expected
    assert places(replace(profile, votes=heavier), method) == expected


@pytest.mark.parametrize("method", METHODS)
@law
@given(data=st.data())
def test_so_many_ballots_count_like_one_so_heavy(
    method: str, data: st.DataObject
) -> None:
    profile = data.draw(any_for(method))
    heavy = tuple(replace(v, count=1, weight=v.weight * v.count) for v in profile.votes)
    single = tuple(
        chain.from_iterable([replace(v, count=1)] * v.count for v in profile.votes)
    )
    expected = count(profile, method).as_json()
    assert count(replace(profile, votes=heavy), method).as_json() == expected
    assert count(replace(profile, votes=single), method).as_json() == expected


@pytest.mark.parametrize("method", METHODS)
@law
@given(data=st.data(), times=st.integers(2, 4))
def test_a_fixed_share_does_not_grow_with_turnout(
    method: str, data: st.DataObject, times: int
) -> None:
    drawn = approval_profiles if method in SHORTLIST_RULES else ranked_profiles
    profile = data.draw(drawn(groups=GROUPS))
    larger = tuple(
        replace(v, count=v.count * times) if v.group == "core" else v
        for v in profile.votes
    )
    assert (
        count(replace(profile, votes=larger), method).as_json()
        == count(profile, method).as_json()
    )


def test_a_ballot_says_more_in_another_group() -> None:
    votes = [Vote(Ranking((("a",), ("b",))), 1, "core")]
    votes += [Vote(Ranking((("b",), ("a",))), 1, "public")] * 2
    profile = Profile(("a", "b"), tuple(votes), GROUPS)
    moved = replace(profile, votes=(*votes[:2], replace(votes[2], group="core")))
    assert count(profile).winners == count(moved).winners == ("b",)
    swapped = [
        replace(v, group="core" if v.group == "public" else "public") for v in votes
    ]
    assert count(replace(profile, votes=tuple(swapped))).scores == {}
    assert count_pairs(profile).margin("b", "a") == F(1, 5)
    assert count_pairs(replace(profile, votes=tuple(swapped))).margin("b", "a") == -F(
        1, 5
    )


@law
@given(profile=ranked_profiles(groups=GROUPS))
def test_shares_in_proportion_to_turnout_are_weights_of_one(profile: Profile) -> None:
    heads = {"core": 0, "public": 0}
    for vote in profile.counted:
        heads[vote.group] += vote.count
    total = sum(heads.values())
    shares = tuple(Group(id_, F(n, total)) for id_, n in heads.items())
    alike = tuple(replace(vote, weight=F(1)) for vote in profile.votes)
    alone = tuple(replace(vote, group="all") for vote in alike)
    fixed = replace(profile, groups=shares, votes=alike)
    for other in (
        replace(fixed, mode="per_voter"),
        replace(fixed, groups=(), votes=alone),
        replace(fixed, groups=(Group("all", F(1)),), votes=alone),
    ):
        assert places(fixed, "ranked_pairs") == places(other, "ranked_pairs")


@law
@given(profile=any_profile)
def test_numpy_counts_what_counting_by_hand_does(profile: Profile) -> None:
    for unranked in ("last", "no_opinion"):
        pairs = count_pairs(replace(profile, unranked=unranked))
        for a in profile.candidates:
            for b in profile.candidates:
                assert pairs.preferring(a, b) == by_hand(profile, pairs, a, b, unranked)


def by_hand(
    profile: Profile, pairs: Pairwise, a: str, b: str, unranked: str
) -> Fraction:
    total = F(0)
    for vote, ballot in zip(profile.votes, ballots(profile), strict=True):
        tier = {c: depth for depth, tier in enumerate(ballot.tiers) for c in tier}
        below = b not in tier if unranked == "last" else False
        if a in tier and (below or (b in tier and tier[a] < tier[b])):
            factor = pairs.groups[vote.group].weight.factor
            total += vote.count * vote.weight * factor
    return total


@pytest.mark.parametrize("strength", ["margin", "wv"])
@settings(law, max_examples=150)
@given(
    counts=st.lists(st.integers(1, 4), min_size=25, max_size=25),
    sigma=st.permutations(LETTERS).map(tuple),
)
def test_ranked_pairs_is_what_its_definition_says(
    strength: Strength, counts: list[int], sigma: tuple[str, ...]
) -> None:
    # Tables of so few numbers are full of cycles and of equal majorities.
    above = [counts[row : row + 5] for row in range(0, 25, 5)]
    pairs = Pairwise(tuple(LETTERS), {}, above, unit=1, total=4)
    order = ranked_pairs(pairs, TieOrder(sigma), strength).order
    assert order == locked_by_hand(pairs, sigma, strength)


def locked_by_hand(
    pairs: Pairwise, sigma: tuple[str, ...], strength: str
) -> tuple[str, ...]:
    def key(pair: tuple[str, str]) -> tuple[Fraction, ...]:
        a, b = pair
        tied = F(sigma.index(a)), F(-sigma.index(b))
        if strength == "wv":
            return -pairs.preferring(a, b), pairs.preferring(b, a), *tied
        return -pairs.margin(a, b), *tied

    majorities = [pair for pair in permutations(sigma, 2) if pairs.margin(*pair) > 0]
    locked: set[tuple[str, str]] = set()
    for a, b in sorted(majorities, key=key):
        reached, open_ = {b}, [b]
        while open_:
            here = open_.pop()
            onward = {y for x, y in locked if x == here} - reached
            reached |= onward
            open_ += onward
        if a not in reached:
            locked.add((a, b))
    order: list[str] = []
    while len(order) < len(sigma):
        rest = [c for c in sigma if c not in order]
        order.append(next(b for b in rest if not any((a, b) in locked for a in rest)))
    return tuple(order)


@law
@given(profile=any_profile)
def test_every_smith_member_stands_above_every_outsider(profile: Profile) -> None:
    pairs = count_pairs(profile)
    for method in ("ranked_pairs", "schulze", "copeland"):
        order = [c for tier in rank(profile, method).tiers for c in tier]
        for size in range(1, len(order)):
            for inside in combinations(profile.candidates, size):
                outside = set(profile.candidates).difference(inside)
                if all(pairs.margin(a, b) > 0 for a in inside for b in outside):
                    assert set(order[:size]) == set(inside)


@law
@given(profile=any_profile, data=st.data())
def test_raising_a_winner_keeps_it_first(profile: Profile, data: st.DataObject) -> None:
    before = rank(profile)
    assume(len(before.winners) == 1 and not before.ties)
    (winner,) = before.winners
    number = data.draw(st.integers(0, len(profile.votes) - 1))
    changed = ballots(profile)
    others = [tuple(c for c in tier if c != winner) for tier in changed[number].tiers]
    depth = next(
        (d for d, tier in enumerate(changed[number].tiers) if winner in tier),
        len(others),
    )
    at = data.draw(st.integers(0, depth))
    others.insert(at, (winner,))
    changed[number] = Ranking(tuple(tier for tier in others if tier))
    assert winner in rank(with_ballots(profile, changed)).winners


@law
@given(profile=any_profile, data=st.data())
def test_clones_change_neither_the_winner_nor_the_order_of_others(
    profile: Profile, data: st.DataObject
) -> None:
    original = data.draw(st.sampled_from(profile.candidates))
    clones = (original, original + "'", original + '"')
    cloned = []
    for ballot in ballots(profile):
        tiers: list[tuple[str, ...]] = []
        for tier in ballot.tiers:
            if original not in tier:
                tiers.append(tier)
            elif len(tier) > 1 or data.draw(st.booleans()):
                tiers.append((*tier, *clones[1:]))
            else:
                tiers += [(clone,) for clone in data.draw(st.permutations(clones))]
        cloned.append(Ranking(tuple(tiers)))
    families = dict.fromkeys(clones, original)
    candidates = (*profile.candidates, *clones[1:])
    after = rank(
        with_ballots(profile, cloned, candidates=candidates, families=families)
    )
    before = rank(profile)
    assert families.get(after.order[0], after.order[0]) == before.order[0]
    assert [c for c in after.order if c not in clones] == [
        c for c in before.order if c != original
    ]


@law
@given(profile=any_profile)
def test_without_its_first_or_last_the_ranking_stays(profile: Profile) -> None:
    order = rank(profile).order
    for gone in (order[0], order[-1]):
        rest = tuple(c for c in profile.candidates if c != gone)
        shorter = [
            Ranking(
                tuple(
                    t for tier in b.tiers if (t := tuple(c for c in tier if c != gone))
                )
            )
            for b in ballots(profile)
        ]
        after = rank(with_ballots(profile, shorter, candidates=rest))
        assert after.order == tuple(c for c in order if c != gone)


@law
@given(profile=any_strict)
def test_reversed_ballots_reverse_the_ranking(profile: Profile) -> None:
    before = rank(profile)
    assume(not before.ties)
    turned = [Ranking(ballot.tiers[::-1]) for ballot in ballots(profile)]
    assert rank(with_ballots(profile, turned)).tiers == before.tiers[::-1]


@pytest.mark.parametrize("method", ["ranked_pairs", "schulze", "borda", "split_cycle"])
@law
@given(profile=any_profile)
def test_what_everybody_prefers_stands_above(method: str, profile: Profile) -> None:
    pairs = count_pairs(profile)
    tiers = rank(profile, method).tiers
    depth = {c: number for number, tier in enumerate(tiers) for c in tier}
    for a in profile.candidates:
        for b in profile.candidates:
            if pairs.preferring(a, b) * pairs.unit == pairs.total:
                assert depth[a] < depth[b]


@pytest.mark.parametrize("method", RANKING_RULES)
@law
@given(profile=any_profile)
def test_a_last_tier_of_the_unranked_changes_nothing(
    method: str, profile: Profile
) -> None:
    filled = []
    for ballot in ballots(profile):
        named = set(chain.from_iterable(ballot.tiers))
        rest = tuple(c for c in profile.candidates if c not in named)
        filled.append(Ranking((*ballot.tiers, rest) if rest else ballot.tiers))
    assert (
        count(with_ballots(profile, filled), method).as_json()
        == count(profile, method).as_json()
    )


@pytest.mark.parametrize("method", METHODS)
@law
@given(data=st.data())
def test_an_outcome_is_whole(method: str, data: st.DataObject) -> None:
    profile = data.draw(any_for(method))
    seats = data.draw(st.integers(1, 6))
    outcome = count(profile, method, seats)
    flat = [c for tier in outcome.ranking for c in tier]
    assert sorted(flat) == sorted(profile.candidates)
    assert outcome.winners
    assert set(outcome.winners) <= set(flat)
    assert len(outcome.committee) == min(seats, len(flat))
    assert len(set(outcome.committee)) == len(outcome.committee)
    assert all(type(score) is Fraction for score in outcome.scores.values())
    # The committee takes whole tiers from the top; only the last may be cut.
    full = 0
    for tier in outcome.ranking:
        if full + len(tier) <= len(outcome.committee):
            assert set(tier) == set(outcome.committee[full : full + len(tier)])
        full += len(tier)


@law
@given(profile=any_approvals)
def test_phragmen_starts_with_the_approval_winner(profile: Profile) -> None:
    assert count(profile, "seqphragmen").winners == count(profile, "av").winners


@pytest.mark.parametrize("method", ["seqphragmen", "seqpav", "av"])
@law
@given(profile=any_approvals)
def test_another_seat_never_removes_a_design(method: str, profile: Profile) -> None:
    full = SHORTLIST_RULES[method](profile, 5).slots
    for seats in range(1, 5):
        slots = SHORTLIST_RULES[method](profile, seats).slots
        assert [s.family for s in slots] == [s.family for s in full[:seats]]


@law
@given(profile=any_approvals, seats=st.integers(1, 4))
def test_a_bloc_that_agrees_gets_its_part_of_a_phragmen_shortlist(
    profile: Profile, seats: int
) -> None:
    """Proportional justified representation, over all blocs of voters."""
    slots = sequential_phragmen(profile, seats).slots
    voters = electorate(profile)
    elected = {voters.families.index(slot.family) for slot in slots}
    for size in range(1, len(voters.blocs) + 1):
        for bloc in combinations(voters.blocs, size):
            approved = [set(b.approved) for b in bloc]
            weight = F(sum(b.weight for b in bloc), voters.unit)
            due = min(
                len(set[int].intersection(*approved)), weight * seats // voters.total
            )
            assert len(elected & set[int].union(*approved)) >= due


@law
@given(profile=any_approvals)
def test_merging_variants_never_lowers_a_family_s_support(profile: Profile) -> None:
    """And splitting one design into variants never makes a second slot."""
    apart = count(profile, "av").scores
    merged = replace(profile, families={"a": "f", "b": "f"})
    outcome = count(merged, "av")
    together = max(
        (outcome.scores.get(c, F(0)) for c in "ab" if c in outcome.scores), default=F(0)
    )
    assert together >= max(apart.get("a", F(0)), apart.get("b", F(0)))
    for method in SHORTLIST_RULES:
        committee = count(merged, method).committee
        assert len({"a", "b"}.intersection(committee)) == 1


@pytest.mark.parametrize(
    "module", sorted(Path(logovote.voting.__file__).parent.rglob("*.py")), ids=str
)
def test_nothing_that_decides_is_a_float(module: Path) -> None:
    if module.parent.name == "insight" and module.stem in ESTIMATES:
        return
    # What NumPy and math have that turns integers into floats, beside the type itself.
    inexact = {"mean", "average", "median", "std", "var", "sqrt", "divide", "linspace"}
    inexact |= {
        "true_divide",
        "log",
        "log2",
        "log10",
        "exp",
        "random",
        "double",
        "single",
    }
    for node in ast.walk(ast.parse(module.read_text("utf-8"))):
        assert not (isinstance(node, ast.Constant) and isinstance(node.value, float))
        assert not (isinstance(node, ast.Name) and node.id in {"float", "round"})
        if isinstance(node, ast.Attribute):
            assert "float" not in node.attr
            assert node.attr not in inexact
        if isinstance(node, ast.ImportFrom):
            assert not inexact.intersection(alias.name for alias in node.names)
