"""What explaining a result costs, in CPU seconds beside one count of the same ballots.

    python bench/insight.py [BALLOTS ...]

One run, one thread for linear algebra; made-up ballots of a crowd with a common taste:
rankings of 30 candidates, truncated, and approvals of 3 to 20 of 211 designs.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from fractions import Fraction
from random import Random

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from logovote.voting.ballots import Approval, Ranking
from logovote.voting.count import count
from logovote.voting.insight import explain_ranking, explain_shortlist
from logovote.voting.insight.crowds import crowds
from logovote.voting.insight.stability import ranking_stability, shortlist_stability
from logovote.voting.pairwise import count_pairs
from logovote.voting.profiles import Group, Profile, Vote
from logovote.voting.ranking import ranked_pairs
from logovote.voting.shortlist import approval_voting, sequential_phragmen
from logovote.voting.ties import candidate_order

SEATS = 20
GROUPS = (
    Group("core", Fraction(2, 5)),
    Group("contributors", Fraction(3, 10)),
    Group("community", Fraction(3, 10)),
)


def crowd(kind: type[Ranking] | type[Approval], size: int, ballots: int) -> Profile:
    """Make up ballots: a common taste, and as much of everybody's own."""
    rng = Random(1)
    names = [str(n) for n in range(size)]
    common = [rng.gauss(0, 1) for _ in names]
    votes = []
    for _ in range(ballots):
        best = sorted(names, key=lambda n: common[int(n)] + rng.gauss(0, 1))
        best = best[: rng.randint(3, min(size, 30 if kind is Ranking else SEATS))]
        ballot = (
            Ranking(tuple((name,) for name in best))
            if kind is Ranking
            else Approval(frozenset(best))
        )
        votes.append(Vote(ballot, 1, rng.choice(GROUPS).id))
    return Profile(tuple(names), tuple(votes), GROUPS, seed="bench")


def seconds(deed: Callable[[], object]) -> float:
    """Return the CPU seconds of a deed, the better of two."""
    times = []
    for _ in range(2):
        start = time.process_time()
        deed()
        times.append(time.process_time() - start)
    return min(times)


def report(name: str, one: float, estimates: float, everything: float) -> None:
    """Print a line."""
    print(
        f"{name:34} {one:8.3f} s {estimates:8.2f} s = {estimates / one:5.1f} x"
        f" {everything:8.2f} s = {everything / one:5.1f} x"
    )


def rankings(ballots: int) -> None:
    """Measure a ranking of 30."""
    profile = crowd(Ranking, 30, ballots)
    pairs = count_pairs(profile)
    standings = ranked_pairs(pairs, candidate_order(profile))
    report(
        f"30 x {ballots} rankings",
        seconds(lambda: count(profile, "ranked_pairs")),
        seconds(lambda: ranking_stability(profile, crowds(profile), standings.order)),
        seconds(lambda: explain_ranking(profile, pairs, standings)),
    )


def approvals(ballots: int) -> None:
    """Measure a shortlist of 20 out of 211."""
    profile = crowd(Approval, 211, ballots)
    shortlist = sequential_phragmen(profile, SEATS)
    plain = approval_voting(profile, SEATS)
    elected = [slot.family for slot in shortlist.slots]
    report(
        f"211 x {ballots} approvals, {SEATS} places",
        seconds(lambda: sequential_phragmen(profile, SEATS)),
        seconds(lambda: shortlist_stability(profile, elected, SEATS)),
        seconds(lambda: explain_shortlist(profile, shortlist, plain, SEATS)),
    )


def main() -> None:
    """Measure."""
    print(f"{'':34} {'one count':>10} {'1000 crowds':>20} {'everything':>20}")
    for ballots in map(int, sys.argv[1:] or ("1000", "10000")):
        rankings(ballots)
        approvals(ballots)


if __name__ == "__main__":
    main()
