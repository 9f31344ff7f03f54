"""Instant runoff: eliminate the least first choice until one is left, ties followed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from math import lcm

from logovote.voting.profiles import Profile
from logovote.voting.rank_matrix import UNRANKED, RankMatrix, rank_matrices
from logovote.voting.ranking import Standings, from_tiers, members
from logovote.voting.ties import TieOrder, TieUse
from logovote.voting.weights import weigh

MOST_LOOKS = 5_000_000
"""How many ballots are looked at, over all states, before ties are broken early."""

Choices = tuple[int, ...]  # one ballot; each tier a set of candidates, as bits


def instant_runoff(profile: Profile, order: TieOrder) -> Standings:
    """Rank by instant runoff; the first tier of a ballot shares its weight equally.

    Where several candidates have the least, every choice of whom to eliminate is
    followed. The first place is shared by all who win in any of them, the next by all
    who come first of the rest in any, and so on. Only where that is too much are two
    runs made instead, with the tie order and its reverse, and the uses recorded.
    """
    ballots = _ballots(profile)
    everyone = (1 << len(profile.candidates)) - 1
    follows, ties = _every_run(ballots, everyone), []
    if follows is None:
        rank = [order.rank[candidate] for candidate in profile.candidates]
        follows, uses = _two_runs(ballots, everyone, rank)
        ties = [
            TieUse(
                f"elimination from {state.bit_count()}",
                tuple(profile.candidates[c] for c in tied),
                (profile.candidates[lost],),
            )
            for state, tied, lost in uses
        ]
    tiers = []
    rest = everyone
    while rest:
        first = _first_of(rest, follows)
        tiers.append(tuple(sorted(profile.candidates[c] for c in members(first))))
        rest &= ~first
    return replace(from_tiers("irv", tuple(tiers), order), ties=tuple(ties))


def _ballots(profile: Profile) -> list[tuple[Choices, int]]:
    """Return the merged ballots with integer weights that any tier can share."""
    weights = weigh(profile)
    weighed: dict[Choices, Fraction] = {}
    widest = 1
    for id_, ballots in rank_matrices(profile).items():
        factor = weights[id_].factor / ballots.unit
        for choices, weight in _choices(ballots.merged()):
            weighed[choices] = weighed.get(choices, Fraction(0)) + weight * factor
            widest = max(widest, *(tier.bit_count() for tier in choices))
    unit = lcm(*(w.denominator for w in weighed.values())) * lcm(*range(1, widest + 1))
    return [(tiers, int(weight * unit)) for tiers, weight in weighed.items() if weight]


def _choices(ballots: RankMatrix) -> Iterator[tuple[Choices, int]]:
    """Return the tiers of every ballot as sets of bits, and what it weighs."""
    for ranks, weight in zip(
        ballots.ranks.T.tolist(), ballots.weights.tolist(), strict=True
    ):
        tiers: dict[int, int] = {}
        for candidate, rank in enumerate(ranks):
            if rank != UNRANKED:
                tiers[rank] = tiers.get(rank, 0) | 1 << candidate
        yield tuple(tiers[rank] for rank in sorted(tiers)), weight


def _every_run(
    ballots: Sequence[tuple[Choices, int]], everyone: int
) -> dict[int, list[int]] | None:
    """Return whom each reachable set of candidates may lose next; None: too many."""
    follows: dict[int, list[int]] = {}
    open_ = [everyone]
    while open_:
        state = open_.pop()
        if state in follows:
            continue
        if len(follows) * len(ballots) > MOST_LOOKS:
            return None
        tied, together = _least(ballots, state)
        losses = [1 << candidate for candidate in tied]
        follows[state] = [sum(losses)] if together else losses
        open_ += [state & ~lost for lost in follows[state] if state & ~lost]
    return follows


def _two_runs(
    ballots: Sequence[tuple[Choices, int]], everyone: int, rank: Sequence[int]
) -> tuple[dict[int, list[int]], list[tuple[int, list[int], int]]]:
    """Return the same for two runs, and each choice the first one made."""
    follows: dict[int, list[int]] = {}
    uses = []
    for goes in (max, min):
        state = everyone
        while state:
            tied, together = _least(ballots, state)
            loser = goes(tied, key=rank.__getitem__)
            lost = sum(1 << c for c in tied) if together else 1 << loser
            follows.setdefault(state, []).append(lost)
            if goes is max and len(tied) > 1 and not together:
                uses.append((state, tied, loser))
            state &= ~lost
    return follows, uses


def _least(
    ballots: Sequence[tuple[Choices, int]], state: int
) -> tuple[list[int], bool]:
    """Return who has the least, and whether they go together.

    They do where nobody puts any of them first: no order of theirs moves a vote.
    """
    tally = _tally(ballots, state)
    least = min(tally.values(), default=0)
    return [c for c, weight in tally.items() if weight == least], least == 0


def _tally(ballots: Sequence[tuple[Choices, int]], state: int) -> dict[int, int]:
    """Return the weight of the first choices among the candidates of a state."""
    tally = dict.fromkeys(members(state), 0)
    sets: dict[int, int] = {}
    for tiers, weight in ballots:
        for tier in tiers:
            if standing := tier & state:
                sets[standing] = sets.get(standing, 0) + weight
                break
    for standing, weight in sets.items():
        share = weight // standing.bit_count()
        for candidate in members(standing):
            tally[candidate] += share
    return tally


def _first_of(rest: int, follows: dict[int, list[int]]) -> int:
    """Return who can come first of the rest, over all orders of elimination."""
    first: dict[int, int] = {}
    for state in sorted(follows, key=int.bit_count):
        found = 0
        for lost in follows[state]:
            left = state & ~lost
            # Where the last of the rest go, each of them may have been the very last.
            found |= first[left] if left & rest else lost & rest
        first[state] = found
    return first[max(follows)]
