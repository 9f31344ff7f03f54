"""The pairwise counts of every group, put together again under any shares, exactly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

from logovote.voting.pairwise import Pairwise, Table
from logovote.voting.profiles import Profile

Shares = dict[str, Fraction]


@dataclass(frozen=True)
class GroupTable:
    """What one group says about every pair of candidates.

    Args:
        heads: how many of it voted.
        mass: what all of them count inside the group, in ballots.
        share: what the group decided in the count, of 1.
        above: `above[a][b]` is how much of the group ranks a strictly above b, in units
            of 1/`unit` of a ballot.
        unit: what to divide `above` by.
    """

    heads: int
    mass: Fraction
    share: Fraction
    above: Table
    unit: int

    def margin(self, a: int, b: int) -> Fraction:
        """Return the part of the group for a over b, less that for b over a."""
        margin = Fraction(self.above[a][b] - self.above[b][a], self.unit)
        return margin / self.mass if self.mass else Fraction(0)


@dataclass(frozen=True)
class Tables:
    """All that ranked pairs needs to know of a round, group by group.

    With it a ranking is counted under other shares without any ballot at hand.
    """

    candidates: tuple[str, ...]
    groups: Mapping[str, GroupTable]

    @classmethod
    def of(cls, profile: Profile, pairs: Pairwise) -> Tables:
        """Take the groups of a count apart."""
        mass = dict.fromkeys(pairs.groups, Fraction(0))
        for (group, own), heads in profile.heads.items():
            mass[group] += heads * own
        return cls(
            candidates=pairs.candidates,
            groups={
                id_: GroupTable(
                    heads=counted.weight.heads,
                    mass=mass[id_],
                    share=counted.weight.share,
                    above=counted.above,
                    unit=counted.unit,
                )
                for id_, counted in pairs.groups.items()
            },
        )

    @property
    def shares(self) -> Shares:
        """What every group decided in the count."""
        return {id_: table.share for id_, table in self.groups.items()}

    @property
    def voting(self) -> tuple[str, ...]:
        """The groups of which anybody voted."""
        return tuple(id_ for id_, table in self.groups.items() if table.mass)

    @property
    def per_head(self) -> Shares:
        """What every group would decide if all voters counted the same."""
        return normalised({id_: table.mass for id_, table in self.groups.items()})

    def at(self, shares: Mapping[str, Fraction]) -> Pairwise:
        """Count under other shares; those of groups that did not vote are divided.

        Args:
            shares: in any unit; a group not named decides nothing.
        """
        of_voting = normalised(
            {id_: shares.get(id_, Fraction(0)) for id_ in self.voting}
        )
        factors = {
            id_: share / self.groups[id_].mass / self.groups[id_].unit
            for id_, share in of_voting.items()
        }
        unit = lcm(*(factor.denominator for factor in factors.values()))
        size = len(self.candidates)
        above = [[0] * size for _ in range(size)]
        for id_, factor in factors.items():
            times = int(factor * unit)
            for mine, theirs in zip(above, self.groups[id_].above, strict=True):
                mine[:] = [x + times * y for x, y in zip(mine, theirs, strict=True)]
        total = unit * int(sum(of_voting.values()))
        return Pairwise(self.candidates, {}, above, unit, total)


def normalised(shares: Mapping[str, Fraction]) -> Shares:
    """Scale shares to sum 1; nothing stays nothing."""
    total = sum(shares.values(), Fraction(0))
    return {id_: share / total if total else share for id_, share in shares.items()}


def moved(shares: Mapping[str, Fraction], group: str, to: Fraction) -> Shares:
    """Return the shares with one group's set and the others' scaled alike to fit."""
    rest = sum((s for id_, s in shares.items() if id_ != group), Fraction(0))
    return {
        id_: to if id_ == group else share * (1 - to) / rest if rest else share
        for id_, share in shares.items()
    }
