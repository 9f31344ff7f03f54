"""What one voter says in one round: an approval or a ranking."""

from __future__ import annotations

from dataclasses import dataclass

from logovote.errors import LogovoteError


class InvalidBallotError(LogovoteError):
    """A ballot contradicts itself or names what does not stand in the round."""


@dataclass(frozen=True, slots=True)
class Approval:
    """The designs a voter would put on the shortlist.

    Ids of candidates or of families; a family's id approves the family without
    preferring a variant. An empty approval is the explicit "none of these": a valid
    ballot that is counted.
    """

    approved: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Ranking:
    """Tiers of candidates, best first; candidates in one tier are tied.

    The order inside a tier means nothing and is not kept. A ranking without tiers is
    no ballot: it is not counted.

    Raises:
        InvalidBallotError: a tier is empty, or a candidate stands twice.
    """

    tiers: tuple[tuple[str, ...], ...] = ()

    def __post_init__(self) -> None:
        named = [candidate for tier in self.tiers for candidate in tier]
        if len(set(named)) < len(named):
            twice = next(name for name in named if named.count(name) > 1)
            raise InvalidBallotError(f"A ranking names {twice!r} more than once.")
        if not all(self.tiers):
            raise InvalidBallotError("A ranking has an empty place.")
        # Tied candidates in one order only, so that equal ballots compare equal.
        if len(named) > len(self.tiers):
            tiers = (
                tier if len(tier) == 1 else tuple(sorted(tier)) for tier in self.tiers
            )
            object.__setattr__(self, "tiers", tuple(tiers))


Ballot = Approval | Ranking
