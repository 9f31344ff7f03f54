"""The published tie order, and the record of every time it was asked.

Ties are never broken by ballot order, name, number or time of entry: those could be
arranged. The order comes from a seed that nobody knows before voting ends.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from logovote.voting.profiles import Profile


@dataclass(frozen=True, slots=True)
class TieUse:
    """One use of the tie order: where, between whom, and who came out.

    In the step "lock" (ranked pairs) the tied things are pairs, written "a > b".
    """

    step: str
    tied: tuple[str, ...]
    chosen: tuple[str, ...]

    def as_json(self) -> dict[str, str | list[str]]:
        """Return the use as a JSON object."""
        return {
            "step": self.step,
            "tied": list(self.tied),
            "chosen": list(self.chosen),
        }


@dataclass(frozen=True)
class TieOrder:
    """An order of ids in which the earlier wins a tie."""

    ids: tuple[str, ...]

    @cached_property
    def rank(self) -> dict[str, int]:
        """The position of every id, from 0."""
        return {id_: position for position, id_ in enumerate(self.ids)}

    @cached_property
    def reversed(self) -> TieOrder:
        """The opposite order; what both agree on owes nothing to the tie order."""
        return TieOrder(self.ids[::-1])

    def sort(self, tied: Iterable[str]) -> list[str]:
        """Return ids in tie order."""
        return sorted(tied, key=self.rank.__getitem__)


def family_order(profile: Profile) -> TieOrder:
    """Return the tie order of families: by HMAC-SHA256 of their ids."""
    families = {profile.family_of(candidate) for candidate in profile.candidates}
    return TieOrder(tuple(sorted(families, key=lambda id_: _digest(profile.key, id_))))


def candidate_order(profile: Profile) -> TieOrder:
    """Return the tie order of candidates: families stay together, then by HMAC."""
    digest = {id_: _digest(profile.key, id_) for id_ in profile.candidates}
    rank = family_order(profile).rank
    return TieOrder(
        tuple(
            sorted(
                profile.candidates,
                key=lambda id_: (rank[profile.family_of(id_)], digest[id_]),
            )
        )
    )


def finest_tiers(
    first: Sequence[str],
    second: Sequence[str],
    together: Iterable[Iterable[str]] = (),
) -> tuple[tuple[str, ...], ...]:
    """Return the finest tiers that separate only what two orders agree on.

    Args:
        first: ids, best first.
        second: the same ids in the order of the other run.
        together: sets of ids that must not be separated either.
    """
    position = {id_: place for place, id_ in enumerate(first)}
    reach = [0] * len(first)  # how far down a tier that has this place must go
    for mine, other in enumerate(second):
        # Between the places an id has in the two orders no cut is possible.
        low, high = sorted((position[other], mine))
        reach[low] = max(reach[low], high)
    for ids in together:
        places = [position[id_] for id_ in ids if id_ in position]
        if places:
            reach[min(places)] = max(reach[min(places)], *places)
    tiers = []
    start = end = 0
    for place, far in enumerate(reach):
        end = max(end, far)
        if place == end:
            tiers.append(tuple(sorted(first[start : place + 1])))
            start = end = place + 1
    return tuple(tiers)


def _digest(key: bytes, id_: str) -> tuple[bytes, str]:
    # The id itself stands behind the digest only to make the order total.
    return hmac.digest(key, id_.encode(errors="surrogatepass"), "sha256"), id_
