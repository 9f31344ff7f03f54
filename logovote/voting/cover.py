"""The best few: which candidates together leave the fewest voters with nobody.

For hand-offs that take a number of designers rather than of designs. Exact: every set
of that size is looked at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from math import lcm

import numpy as np
import numpy.typing as npt

MOST = 24
"""Of how many candidates sets are looked at; of 24 there are 134,596 sets of six."""

Support = tuple[frozenset[str], Fraction]
"""Whom a voter, or a pile of equal ones, stands behind, and what they weigh."""

_LOW = 0xFFFF
_BITS = np.array([number.bit_count() for number in range(_LOW + 1)], np.uint8)
_SHOWN = 3
_FINE = 2**40


@dataclass(frozen=True, slots=True)
class Member:
    """A chosen candidate.

    Args:
        candidate: its id.
        backed: the part of all weight that stands behind it.
        alone: the part that stands behind no other of those chosen.
    """

    candidate: str
    backed: Fraction
    alone: Fraction


@dataclass(frozen=True, slots=True)
class Cover:
    """The best set, and how it was found.

    Args:
        members: the set, in the order of the candidates.
        reached: the part of all weight behind at least one of them, at least two, ….
        considered: of how many candidates, the first, sets were looked at.
        equal: how many other sets do exactly as well.
        others: the first three of these.
    """

    members: tuple[Member, ...]
    reached: tuple[Fraction, ...]
    considered: int
    equal: int
    others: tuple[tuple[str, ...], ...]


def best_cover(
    supports: Iterable[Support], candidates: Sequence[str], size: int
) -> Cover:
    """Choose the set that reaches the most weight.

    A voter is reached by a set if they stand behind at least one of it. Of sets that
    reach the same weight, the one that reaches more with at least two of its members is
    better, then with three, and so on. Of sets that are equal in all of that, the one
    is taken whose members stand first in the order of `candidates`.

    Args:
        supports: the voters; those behind nobody count as weight that is not reached.
        candidates: their ids, in the order that decides between equal sets; only the
            first `MOST` are considered.
        size: how many to choose.
    """
    considered = list(candidates[:MOST])
    size = min(size, len(considered))
    sets = list(combinations(range(len(considered)), size))
    masks = np.array([sum(1 << n for n in chosen) for chosen in sets], np.uint32)
    bits = {candidate: 1 << number for number, candidate in enumerate(considered)}
    weights: Counter[int] = Counter()
    voters = list(supports)
    unit = lcm(*(weight.denominator for _, weight in voters))
    for behind, weight in voters:
        mask = sum(bits[candidate] for candidate in behind & bits.keys())
        weights[mask] += int(weight * unit)
    total = sum(weights.values())
    best = np.arange(len(sets))
    reached = []
    for least in range(1, size + 1):
        best = best[_nearly_best(weights, total, masks[best], least)]
        sums = _reached(weights, masks[best], least)
        most = max(sums)
        best = best[[n for n, reach in enumerate(sums) if reach == most]]
        reached.append(Fraction(most, total) if total else Fraction(0))
    first, *rest = (tuple(considered[n] for n in sets[at]) for at in best)
    return Cover(
        members=tuple(_member(id_, first, bits, weights, total) for id_ in first),
        reached=tuple(reached),
        considered=len(considered),
        equal=len(rest),
        others=tuple(rest[:_SHOWN]),
    )


def _nearly_best(
    weights: Counter[int], total: int, masks: npt.NDArray[np.uint32], least: int
) -> npt.NDArray[np.intp]:
    """Return the sets that may reach the most, by weights cut to machine integers.

    Only these are added up exactly, which is slow where many weights differ. What is
    cut off each is less than 1, and less than their number together.
    """
    sums = np.zeros(len(masks), np.int64)
    for mask, weight in weights.items():
        if mask.bit_count() >= least:
            sums += _holds(masks, mask, least) * (weight * _FINE // (total or 1))
    return np.flatnonzero(sums > sums.max() - len(weights) - 1)


def _holds(
    masks: npt.NDArray[np.uint32], mask: int, least: int
) -> npt.NDArray[np.bool_]:
    """Tell which sets have at least so many members in common with a mask."""
    common = masks & np.uint32(mask)
    holds: npt.NDArray[np.bool_] = _BITS[common & _LOW] + _BITS[common >> 16] >= least
    return holds


def _reached(
    weights: Counter[int], masks: npt.NDArray[np.uint32], least: int
) -> list[int]:
    """Sum the weight behind at least `least` members of each set, exactly."""
    # Few weights differ: ballots are counted by weight, and multiplied once.
    by_weight: dict[int, list[int]] = {}
    for mask, weight in weights.items():
        if mask.bit_count() >= least:
            by_weight.setdefault(weight, []).append(mask)
    sums = [0] * len(masks)
    for weight, behind in by_weight.items():
        heads = np.zeros(len(masks), np.int64)
        for mask in behind:
            heads += _holds(masks, mask, least)
        sums = [sum_ + weight * int(n) for sum_, n in zip(sums, heads, strict=True)]
    return sums


def _member(
    candidate: str,
    chosen: Iterable[str],
    bits: dict[str, int],
    weights: Counter[int],
    total: int,
) -> Member:
    own = bits[candidate]
    others = sum(bits[id_] for id_ in chosen) - own
    backed = sum(weight for mask, weight in weights.items() if mask & own)
    alone = sum(
        weight for mask, weight in weights.items() if mask & own and not mask & others
    )
    return Member(candidate, Fraction(backed, total or 1), Fraction(alone, total or 1))
