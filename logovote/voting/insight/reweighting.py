"""The pairwise counts of every group, put together again under any shares, exactly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from logovote.voting.pairwise import GroupCount, Pairwise, combine

Shares = dict[str, Fraction]


@dataclass(frozen=True)
class Tables:
    """All that ranked pairs needs to know of a round, group by group.

    With it a ranking is counted under other shares without any ballot at hand.
    """

    candidates: tuple[str, ...]
    groups: Mapping[str, GroupCount]

    @classmethod
    def of(cls, pairs: Pairwise) -> Tables:
        """Take the groups of a count apart."""
        return cls(pairs.candidates, pairs.groups)

    @property
    def shares(self) -> Shares:
        """What every group decided in the count."""
        return {id_: counted.weight.share for id_, counted in self.groups.items()}

    @property
    def voting(self) -> tuple[str, ...]:
        """The groups of which anybody voted."""
        return tuple(id_ for id_, counted in self.groups.items() if counted.mass)

    @property
    def per_head(self) -> Shares:
        """What every group would decide if groups did not weigh."""
        return normalised(
            {id_: Fraction(c.mass, c.unit) for id_, c in self.groups.items()}
        )

    def margin(self, group: str, a: int, b: int) -> Fraction:
        """Return the part of a group for a over b, less that for b over a."""
        counted = self.groups[group]
        return Fraction(counted.above[a][b] - counted.above[b][a], counted.mass or 1)

    def at(self, shares: Mapping[str, Fraction]) -> Pairwise:
        """Count under other shares; those of groups that did not vote are divided.

        Args:
            shares: in any unit; a group not named decides nothing.
        """
        part = normalised({id_: shares.get(id_, Fraction(0)) for id_ in self.voting})
        factors = {
            id_: share * self.groups[id_].unit / self.groups[id_].mass
            for id_, share in part.items()
        }
        return combine(self.candidates, self.groups, factors)


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
