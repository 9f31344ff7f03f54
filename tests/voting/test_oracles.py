"""The same ballots, counted by others: random profiles with ties and truncation.

Weights reach the libraries as whole numbers, which is what group shares come to once
all are multiplied by one number; their own arithmetic is exact then as well.
"""

from __future__ import annotations

import os
import random
from fractions import Fraction
from math import lcm
from typing import Any

import pytest

from logovote.checks import REQUIRE_ORACLES
from logovote.voting.ballots import Approval, Ranking
from logovote.voting.count import rank
from logovote.voting.pairwise import count_pairs
from logovote.voting.profiles import Group, Profile, Vote
from logovote.voting.ranking import ranked_pairs
from logovote.voting.shortlist import (
    approval_voting,
    equal_shares,
    sequential_pav,
    sequential_phragmen,
)
from logovote.voting.ties import TieOrder
from logovote.voting.weights import weigh
from tests.voting import oracles

if not oracles.are_installed() and not os.environ.get(REQUIRE_ORACLES):
    pytest.skip(
        "no abcvoting, pref_voting and votelib to compare with; "
        "`logovote test --require-oracles` installs them",
        allow_module_level=True,
    )
from tests.voting.oracles import abc, lib, pref

F = Fraction
PROFILES = 300
"""Of each rule."""
GROUPS = Group("core", F(2, 5)), Group("public", F(3, 5))


def votes(
    dice: random.Random, candidates: str, kind: str, groups: list[str]
) -> list[Vote]:
    drawn = []
    for _ in range(dice.randint(1, 8)):
        chosen = dice.sample(candidates, dice.randint(1, len(candidates)))
        ballot: Approval | Ranking = Approval(frozenset(chosen))
        if kind == "rankings":
            tiers: list[list[str]] = []
            for candidate in chosen:
                if tiers and dice.random() < 0.3:
                    tiers[-1].append(candidate)
                else:
                    tiers.append([candidate])
            ballot = Ranking(tuple(map(tuple, tiers)))
        weight = dice.choice([F(1), F(1), F(1), F(2), F(1, 2)])
        drawn.append(Vote(ballot, dice.randint(1, 3), dice.choice(groups), weight))
    return drawn


def profiles(kind: str, most: int = 5) -> list[tuple[Profile, list[int]]]:
    """Draw profiles, and what each of their ballots weighs as a whole number."""
    found = []
    for seed in range(PROFILES):
        dice = random.Random(f"{kind} {seed}")  # noqa: S311 - repeatable on purpose
        candidates = "abcdefg"[: dice.randint(2, most)]
        groups = GROUPS if seed % 2 else ()
        ids = [group.id for group in groups] or ["all"]
        profile = Profile(
            tuple(candidates),
            tuple(votes(dice, candidates, kind, ids)),
            groups,
            seed=f"{seed}",
        )
        factors = {id_: weight.factor for id_, weight in weigh(profile).items()}
        weights = [v.count * v.weight * factors[v.group] for v in profile.votes]
        unit = lcm(*(weight.denominator for weight in weights))
        found.append((profile, [int(weight * unit) for weight in weights]))
    return found


def with_ties(profile: Profile, weights: list[int]) -> Any:
    """The profile as pref_voting takes it; what is unranked is last."""
    theirs = pref.profiles.ProfileWithTies(
        [
            {c: depth for depth, tier in enumerate(v.ballot.tiers, 1) for c in tier}
            for v in profile.votes
            if isinstance(v.ballot, Ranking)
        ],
        weights,
        candidates=list(profile.candidates),
    )
    theirs.use_extended_strict_preference()
    return theirs


@pytest.mark.parametrize(
    ("method", "strength", "theirs"),
    [
        ("schulze", "margin", pref.margins.beat_path),
        (
            "schulze",
            "wv",
            lambda p: pref.margins.beat_path(p, strength_function=p.support),
        ),
        ("split_cycle", "margin", pref.margins.split_cycle),
        ("minimax", "margin", pref.margins.minimax),
        (
            "minimax",
            "wv",
            lambda p: pref.margins.minimax(p, strength_function=p.support),
        ),
        ("copeland", "margin", pref.majorities.copeland),
        ("irv", "margin", pref.runoff.split_irv_put),
    ],
)
def test_pref_voting_names_the_same_winners(
    method: str, strength: Any, theirs: Any
) -> None:
    for profile, weights in profiles("rankings"):
        expected = theirs(with_ties(profile, weights))
        assert list(rank(profile, method, strength).winners) == expected, profile


def test_pref_voting_counts_the_same_margins_and_points() -> None:
    for profile, weights in profiles("rankings"):
        theirs = with_ties(profile, weights)
        pairs = count_pairs(profile)
        scale = F(sum(weights), 1) / F(pairs.total, pairs.unit)
        points = pref.scoring.symmetric_borda_scores(theirs)
        ours = rank(profile, "borda").scores
        for a in profile.candidates:
            # Theirs counts 1 for each below and -1 for each above.
            middle = F(sum(weights) * (len(profile.candidates) - 1), 2)
            assert ours[a] * scale == middle + F(int(points[a]), 2)
            for b in profile.candidates:
                assert pairs.margin(a, b) * scale == int(theirs.margin(a, b))
                assert pairs.preferring(a, b) * scale == int(theirs.support(a, b))


def test_ranked_pairs_elects_whom_some_order_of_equal_majorities_elects() -> None:
    # Without a tie order their rule tries all of them, so it is for few candidates.
    for profile, weights in profiles("rankings", most=4):
        theirs = pref.margins.ranked_pairs(with_ties(profile, weights))
        standings = rank(profile)
        assert standings.order[0] in theirs, profile
        if len(theirs) == 1:
            assert list(standings.winners) == theirs, profile


def test_ranked_pairs_with_one_tie_order_is_theirs_where_margins_differ() -> None:
    compared = 0
    for profile, weights in profiles("rankings"):
        pairs = count_pairs(profile)
        margins = [m for row in pairs.margins for m in row if m > 0]
        # Where majorities are equal, their order of the losers is another one.
        if len(set(margins)) < len(margins) or any(
            pairs.margin(a, b) == 0
            for a in profile.candidates
            for b in profile.candidates
            if a != b
        ):
            continue
        compared += 1
        sigma = profile.candidates
        theirs = pref.margins.ranked_pairs_tb(
            with_ties(profile, weights), tie_breaker=sigma
        )
        assert [ranked_pairs(pairs, TieOrder(sigma)).order[0]] == theirs
    assert compared > PROFILES / 10


def pairwise_votes(profile: Profile) -> dict[tuple[str, str], int]:
    """The counts as votelib takes them."""
    pairs = count_pairs(profile)
    return {
        (a, b): pairs.above[i][j]
        for i, a in enumerate(pairs.candidates)
        for j, b in enumerate(pairs.candidates)
        if a != b
    }


@pytest.mark.parametrize("method", ["schulze", "ranked_pairs", "minimax", "copeland"])
def test_votelib_elects_one_of_the_winners(method: str) -> None:
    evaluator: Any = {
        "schulze": lib.condorcet.Schulze(),
        "ranked_pairs": lib.condorcet.RankedPairs(),
        "minimax": lib.condorcet.MinimaxCondorcet(),
        "copeland": lib.condorcet.Copeland(second_order=False),
    }[method]
    compared = 0
    for profile, _ in profiles("rankings"):
        ballots = pairwise_votes(profile)
        # Its ranked pairs takes equal majorities in the order of the input.
        if method == "ranked_pairs" and len(set(ballots.values())) < len(ballots):
            continue
        found = evaluator.evaluate(ballots)
        # Where nobody wins anything it names nobody.
        (first,) = found or [lib.core.Tie(profile.candidates)]
        theirs = set(first) if isinstance(first, lib.core.Tie) else {first}
        ours = set(rank(profile, method, "wv").winners)
        # Its Schulze names one winner where there are two.
        if len(ours) == 1 or method != "schulze":
            assert theirs == ours, profile
            compared += 1
    assert compared > PROFILES / 10


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (approval_voting, "av"),
        (sequential_pav, "seqpav"),
        (sequential_phragmen, "seqphragmen"),
        (equal_shares, "equal-shares"),
    ],
)
def test_abcvoting_elects_the_same_committees(ours: Any, theirs: str) -> None:
    for number, (profile, weights) in enumerate(profiles("approvals", most=7)):
        approvals = [v.ballot for v in profile.votes if isinstance(v.ballot, Approval)]
        supported = frozenset[str]().union(*(ballot.approved for ballot in approvals))
        # It would fill up a committee with what nobody approves.
        seats = min(1 + number % 5, len(supported))
        abc_profile = abc.preferences.Profile(len(profile.candidates))
        for ballot, weight in zip(approvals, weights, strict=True):
            approved = sorted(profile.candidates.index(c) for c in ballot.approved)
            abc_profile.add_voter(abc.preferences.Voter(approved, weight=weight))
        committees = abc.rules.compute(
            theirs,
            abc_profile,
            seats,
            resolute=False,
            algorithm="standard"
            if theirs in ("av", "seqpav")
            else "standard-fractions",
        )
        named = [sorted(profile.candidates[c] for c in one) for one in committees]
        elected = sorted(slot.family for slot in ours(profile, seats).slots)
        assert elected in named, profile
