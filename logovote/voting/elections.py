"""The shortlist rules themselves: which family is elected next, exactly.

Each takes an electorate and elects up to so many families, one after another, those
without any support never. Of equal families the first position wins, so the tie order
is the order of `Electorate.families`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

from logovote.voting.electorate import Electorate


@dataclass(frozen=True, slots=True)
class Pick:
    """One election inside a rule: who, by which number, and who was equal to it."""

    elected: int
    score: Fraction | None
    tied: tuple[int, ...]


def elect_by_approval(voters: Electorate, seats: int) -> list[Pick]:
    """Return the approval order, supported families only."""
    supports = voters.supports
    order = sorted(
        (position for position, weight in enumerate(supports) if weight),
        key=lambda position: -supports[position],
    )
    return [
        Pick(
            elected=position,
            score=Fraction(supports[position], voters.unit),
            tied=tuple(p for p in order[place:] if supports[p] == supports[position]),
        )
        for place, position in enumerate(order[:seats])
    ]


def elect_by_phragmen(
    voters: Electorate,
    seats: int,
    price: Sequence[Fraction],
    start: Sequence[Fraction] | None = None,
    without: Collection[int] = (),
) -> list[Pick]:
    """Run sequential Phragmén; ties go to the larger support per price.

    All loads are integers over one common denominator, which grows by at most the
    elected family's support in each step; that is much faster than fractions.

    Args:
        voters: the electorate.
        seats: how many to elect, at most.
        price: what a slot costs each family.
        start: the load each bloc's voters carry at first; 0 by default.
        without: families that have a seat already.
    """
    begin = [Fraction(0)] * len(voters.blocs) if start is None else start
    scale = lcm(*(f.denominator for f in (*price, *begin)))
    costs = [int(p * scale) * voters.unit for p in price]
    load = [int(f * scale) for f in begin]
    supports, supporters = voters.supports, voters.supporters
    carried = [sum(load[b] * voters.blocs[b].weight for b in who) for who in supporters]
    open_ = [c for c, weight in enumerate(supports) if weight and c not in without]
    picks: list[Pick] = []
    while open_ and len(picks) < seats:
        burdens = {c: costs[c] + carried[c] for c in open_}
        tied = _least(burdens, supports, costs)
        best = tied[0]
        open_.remove(best)
        score = Fraction(costs[best] + carried[best], scale * supports[best])
        picks.append(Pick(best, score, tuple(tied)))
        wider = lcm(scale, score.denominator) // scale
        if wider > 1:
            scale *= wider
            costs = [cost * wider for cost in costs]
            load = [value * wider for value in load]
            carried = [value * wider for value in carried]
        level = int(score * scale)
        # Voters who carried the same load move alike: add up their weights first.
        moved: dict[int, dict[int, int]] = {}
        for number in supporters[best]:
            bloc = voters.blocs[number]
            gains = moved.setdefault(load[number], {})
            for position in bloc.approved:
                gains[position] = gains.get(position, 0) + bloc.weight
            load[number] = level
        for old, gains in moved.items():
            for position, weight in gains.items():
                carried[position] += (level - old) * weight
    return picks


def _least(
    burdens: Mapping[int, int], supports: Sequence[int], costs: Sequence[int]
) -> list[int]:
    """Return those of least burden per support, and of these the most supported.

    Support is compared by what it costs: a family shown to thrice as many voters needs
    thrice the support, among equal burdens too.
    """
    best: list[int] = []
    for position, burden in burdens.items():
        if best:
            # Compared as fractions are, crosswise.
            first = best[0]
            mine = burden * supports[first], -supports[position] * costs[first]
            least = (
                burdens[first] * supports[position],
                -supports[first] * costs[position],
            )
            if mine > least:
                continue
            if mine < least:
                best = []
        best.append(position)
    return best


def elect_by_pav(voters: Electorate, seats: int) -> list[Pick]:
    """Run sequential PAV: a voter with k elected families counts 1/(k+1) for the next.

    Source: Thiele's rule, as in Lackner & Skowron, Multi-Winner Voting (2023).
    """
    harmonic = lcm(*range(1, min(seats, len(voters.families)) + 2))
    elected = [0] * len(voters.blocs)
    gains = [support * harmonic for support in voters.supports]
    open_ = [position for position, gain in enumerate(gains) if gain]
    picks: list[Pick] = []
    while open_ and len(picks) < seats:
        most = max(gains[position] for position in open_)
        tied = tuple(position for position in open_ if gains[position] == most)
        open_.remove(tied[0])
        picks.append(Pick(tied[0], None, tied))
        for number in voters.supporters[tied[0]]:
            bloc = voters.blocs[number]
            satisfied = elected[number] = elected[number] + 1
            loss = harmonic // satisfied - harmonic // (satisfied + 1)
            for position in bloc.approved:
                gains[position] -= loss * bloc.weight
    return picks


def elect_by_equal_shares(voters: Electorate, seats: int) -> list[Pick]:
    """Run the method of equal shares with unit costs, completed by Phragmén.

    Everybody has the same part of the seats to spend, those who approve nothing too. A
    family is bought where its supporters can pay 1 together; the one that asks least of
    each of them goes first. The seats left over go by sequential Phragmén, in which
    unspent budgets are loads below 0.

    Source: Peters & Skowron, Proportionality and the limits of welfarism (2020).
    """
    if not voters.blocs:
        return []
    budgets = [Fraction(seats) / voters.total] * len(voters.blocs)
    # Budgets only shrink, so what a family asked before is the least it can ask now,
    # and what could not be afforded never will be.
    asks = {c: Fraction(0) for c, weight in enumerate(voters.supports) if weight}
    picks: list[Pick] = []
    while len(picks) < seats:
        least: Fraction | None = None
        for family in sorted(asks, key=asks.__getitem__):
            if least is not None and asks[family] > least:
                break
            rate = _rate(voters, budgets, family)
            if rate is None:
                del asks[family]
                continue
            asks[family] = rate
            least = rate if least is None else min(least, rate)
        if least is None:
            break
        tied = tuple(sorted(c for c, asked in asks.items() if asked == least))
        del asks[tied[0]]
        picks.append(Pick(tied[0], None, tied))
        for number in voters.supporters[tied[0]]:
            budgets[number] -= min(budgets[number], least)
    completed = elect_by_phragmen(
        voters,
        seats - len(picks),
        price=[Fraction(1)] * len(voters.families),
        start=[-budget for budget in budgets],
        without={pick.elected for pick in picks},
    )
    return picks + [Pick(pick.elected, None, pick.tied) for pick in completed]


def _rate(
    voters: Electorate, budgets: Sequence[Fraction], family: int
) -> Fraction | None:
    """Return what each unit of supporting weight must pay at most; None: too much."""
    purses: dict[Fraction, int] = {}
    for number in voters.supporters[family]:
        purses[budgets[number]] = purses.get(budgets[number], 0) + (
            voters.blocs[number].weight
        )
    missing, able = Fraction(voters.unit), voters.supports[family]
    for budget, weight in sorted(purses.items()):
        if missing <= budget * able:
            return missing / able
        missing -= budget * weight
        able -= weight
    return None
