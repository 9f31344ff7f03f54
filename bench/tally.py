"""How fast ballots are counted, beside what others take: `python bench/tally.py`.

Prints CPU seconds and their ratios, all from one run. Compares with abcvoting,
pref_voting and votelib where they are installed with all they ask for (an environment
of its own is best: they hold NumPy back), and always with the reference floor: NumPy
comparing and counting each pair of rows once, on ranks already in a matrix, with no
weights, no result and nothing checked.

`--most 10000` leaves the larger workloads out.
"""

from __future__ import annotations

import random
import resource
import sys
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
import numpy.typing as npt

from logovote.voting.ballots import Approval
from logovote.voting.insight.crowds import crowds
from logovote.voting.insight.stability import ranking_stability
from logovote.voting.pairwise import count_pairs
from logovote.voting.profiles import Group, Profile, Vote
from logovote.voting.rank_matrix import RankMatrix
from logovote.voting.ranking import borda, ranked_pairs, schulze
from logovote.voting.shortlist import (
    equal_shares,
    sequential_pav,
    sequential_phragmen,
)
from logovote.voting.ties import candidate_order
from logovote.voting.weights import weigh

DESIGNS, SEATS, FINALISTS = 211, 20, 30
GROUPS = (
    Group("core", Fraction(2, 5)),
    Group("contributors", Fraction(3, 10)),
    Group("community", Fraction(3, 10)),
)
TURNOUT = (3, 20, 77)  # of a hundred voters, by group
SLOW = 20_000  # ballots beyond which the libraries take minutes

Ranks = npt.NDArray[np.int8]


def cpu(work: Callable[[], object], rounds: int = 3) -> float:
    """Return the least CPU seconds that a piece of work took."""
    taken = []
    for _ in range(rounds):
        began = time.process_time()
        work()
        taken.append(time.process_time() - began)
    return min(taken)


def line(name: str, seconds: float, ours: float | None = None) -> None:
    """Print one measurement, and how many times ours it is."""
    ratio = f"{seconds / ours:10.1f}x" if ours else ""
    print(f"  {name:<58}{seconds:>10.4f} s{ratio}", flush=True)


def drawn_approvals(ballots: int, *, shares: bool) -> Profile:
    """Draw a shortlist round: some designs are known and liked better than others."""
    dice = random.Random(3)
    names = [f"design {number}" for number in range(DESIGNS)]
    liked = [1 / (1 + number * 0.03) for number in range(DESIGNS)]
    ids = [group.id for group in GROUPS]
    votes = [
        Vote(
            Approval(
                frozenset(dice.choices(names, liked, k=max(1, dice.randrange(24))))
            ),
            group=dice.choices(ids, TURNOUT)[0] if shares else "all",
        )
        for _ in range(ballots)
    ]
    return Profile(tuple(names), tuple(votes), GROUPS if shares else (), seed="bench")


def drawn_ranks(ballots: int) -> Ranks:
    """Draw rankings with ties and short ballots, in blocks to keep memory low."""
    dice = np.random.default_rng(1)
    ranks = np.empty((FINALISTS, ballots), np.int8)
    for start in range(0, ballots, 10_000):
        size = min(10_000, ballots - start)
        taste = dice.random((size, FINALISTS)) + np.arange(FINALISTS) * 0.02
        order = taste.argsort(axis=1).argsort(axis=1).astype(np.int8)
        order //= dice.integers(1, 3, (size, 1), np.int8)  # every other ballot has ties
        order[order > dice.integers(6, FINALISTS, (size, 1), np.int8)] = -1
        ranks[:, start : start + size] = order.T
    return ranks


def with_shares(ranks: Ranks) -> Profile:
    """Return the rankings as a profile of three groups with fixed shares."""
    cuts = np.cumsum([0, *TURNOUT]) * ranks.shape[1] // sum(TURNOUT)
    return Profile(
        tuple(f"design {number}" for number in range(FINALISTS)),
        groups=GROUPS,
        seed="bench",
        matrices={
            group.id: RankMatrix(ranks[:, low:high])
            for group, low, high in zip(GROUPS, cuts, cuts[1:], strict=False)
        },
    )


def tally(profile: Profile) -> None:
    """Count pairs and rank by three rules."""
    pairs, order = count_pairs(profile), candidate_order(profile)
    ranked_pairs(pairs, order)
    schulze(pairs, order)
    borda(pairs, order)


def floor(ranks: Ranks) -> None:
    """Compare and count every pair of rows, in blocks of 64 KiB."""
    for start in range(0, ranks.shape[1], 1 << 16):
        block = np.ascontiguousarray(ranks[:, start : start + (1 << 16)])
        for a in range(len(block)):
            for b in range(len(block)):
                if a != b:
                    np.count_nonzero(block[a] < block[b])


def shortlists(ballots: int) -> None:
    """Measure the shortlist rules, exact, against abcvoting's floats."""
    for shares in (False, True):
        profile = drawn_approvals(ballots, shares=shares)
        weights = "fixed shares" if shares else "equal weights"
        print(f"\n{DESIGNS} designs x {ballots:,} approvals, k = {SEATS}, {weights}")
        theirs = dict(abcvoting(profile))
        for rule in (sequential_phragmen, sequential_pav, equal_shares):
            ours = cpu(partial(rule, profile, SEATS))
            line(f"{rule.__name__}, exact, from ballots to places", ours)
            for name, run in theirs.items():
                if name.startswith(rule.__name__):
                    line(f"    abcvoting {name}", cpu(run, 1), ours)


def abcvoting(profile: Profile) -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield what abcvoting does with a profile, where it is installed."""
    if find_spec("abcvoting") is None or find_spec("gurobipy") is None:
        return
    rules: Any = import_module("abcvoting.abcrules")
    preferences: Any = import_module("abcvoting.preferences")
    theirs = preferences.Profile(len(profile.candidates))
    number = {name: n for n, name in enumerate(profile.candidates)}
    factors = {id_: weight.factor for id_, weight in weigh(profile).items()}
    for vote in profile.votes:
        if isinstance(vote.ballot, Approval):
            weight = float(factors[vote.group] * len(profile.votes))
            approved = sorted(number[name] for name in vote.ballot.approved)
            theirs.add_voter(preferences.Voter(approved, weight=weight))
    floats = {"resolute": True, "algorithm": "float-fractions"}
    yield (
        "sequential_phragmen, floats",
        lambda: rules.compute_seqphragmen(theirs, SEATS, **floats),
    )
    yield (
        "sequential_pav",
        lambda: rules.compute_seqpav(theirs, SEATS, resolute=True),
    )
    yield (
        "equal_shares, floats",
        lambda: rules.compute_equal_shares(theirs, SEATS, **floats),
    )


def rankings(ballots: int) -> None:
    """Measure pairs, ranked pairs, Schulze and Borda against others and the floor."""
    ranks = drawn_ranks(ballots)
    print(
        f"\n{FINALISTS} designs x {ballots:,} rankings with ties, some short, 3 shares"
    )
    before = np.where(ranks < 0, np.int8(127), ranks)
    ours, least = [], []
    for _ in range(3 if ballots > SLOW else 9):  # by turns, for the sake of neighbours
        # A profile keeps what it has found out about its ballots: a new one each time.
        fresh = with_shares(ranks)
        ours.append(cpu(partial(tally, fresh), 1))
        least.append(cpu(partial(floor, before), 1))
    line("pairs + ranked pairs + Schulze + Borda, exact", min(ours))
    line("    the floor: one NumPy pass over pairs, nothing else", min(least))
    print(f"    that is {min(ours) / min(least):.2f} times the floor")
    if ballots <= SLOW:
        for name, run in others(ranks):
            line(f"    {name}", cpu(run, 1), min(ours))


def others(ranks: Ranks) -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield what the libraries do with the same ballots, where they are installed."""
    columns = [
        {n: rank + 1 for n, rank in enumerate(column) if rank >= 0}
        for column in ranks.T.tolist()
    ]
    if find_spec("pref_voting") and find_spec("numba"):
        ties: Any = import_module("pref_voting.profiles_with_ties")
        rules: Any = import_module("pref_voting.margin_based_methods")
        scoring: Any = import_module("pref_voting.scoring_methods")

        def pref_voting() -> None:
            theirs = ties.ProfileWithTies(columns, candidates=list(range(FINALISTS)))
            theirs.use_extended_strict_preference()
            rules.beat_path(theirs)
            rules.ranked_pairs_tb(theirs)
            scoring.symmetric_borda_scores(theirs)

        yield "pref_voting, the same, each voter alike", pref_voting
    if find_spec("votelib"):
        convert: Any = import_module("votelib.convert")
        condorcet: Any = import_module("votelib.evaluate.condorcet")

        def votelib() -> None:
            ballots: dict[tuple[frozenset[int], ...], int] = {}
            for column in columns:
                tiers: dict[int, list[int]] = {}
                for design, rank in column.items():
                    tiers.setdefault(rank, []).append(design)
                ballot = tuple(frozenset(tiers[rank]) for rank in sorted(tiers))
                ballots[ballot] = ballots.get(ballot, 0) + 1
            pairs = convert.RankedToCondorcetVotes().convert(ballots)
            condorcet.Schulze().evaluate(pairs, FINALISTS)
            condorcet.RankedPairs().evaluate(pairs, FINALISTS)

        yield "votelib, the same without Borda, each voter alike", votelib


def stability(ballots: int) -> None:
    """Draw a thousand crowds anew and count each, beside one count."""
    profile = with_shares(drawn_ranks(ballots))
    pairs = count_pairs(profile)
    order = ranked_pairs(pairs, candidate_order(profile)).order
    one = cpu(lambda: tally(profile))
    many = cpu(lambda: ranking_stability(profile, crowds(profile), order), 1)
    print(
        f"    1,000 crowds of {ballots:,}: {many:.2f} s, {many / one:.0f} x one count"
    )


def growth(most: int) -> None:
    """Show how the time grows with the ballots."""
    print("\nFrom 1,000 ballots on; CPU seconds")
    print(f"  {'ballots':>10}{'ranking':>12}{'shortlist, k = 20':>20}")
    size = 1000
    while size <= most:
        ranked = with_shares(drawn_ranks(size))
        approved = drawn_approvals(size, shares=True)
        first = cpu(partial(tally, ranked), 1)
        second = cpu(partial(sequential_phragmen, approved, SEATS), 1)
        print(f"  {size:>10,}{first:>12.4f}{second:>20.4f}", flush=True)
        size *= 10


def main() -> None:
    """Measure everything."""
    most = int(sys.argv[2]) if sys.argv[1:2] == ["--most"] else 1_000_000
    shortlists(1_000)
    rankings(10_000)
    stability(10_000)
    if most >= 1_000_000:
        rankings(1_000_000)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"    the most memory held so far: {peak:,.0f} MB")
    growth(most)


if __name__ == "__main__":
    main()
