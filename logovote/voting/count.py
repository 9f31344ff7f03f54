"""One entry to every rule: a profile in, an outcome in its public form out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from logovote.errors import LogovoteError
from logovote.voting.pairwise import Pairwise, count_pairs
from logovote.voting.profiles import Profile
from logovote.voting.ranking import (
    Standings,
    Strength,
    Tiers,
    borda,
    copeland,
    minimax,
    ranked_pairs,
    schulze,
    split_cycle,
)
from logovote.voting.runoff import instant_runoff
from logovote.voting.shortlist import (
    Shortlist,
    approval_voting,
    equal_shares,
    sequential_pav,
    sequential_phragmen,
)
from logovote.voting.ties import TieOrder, TieUse, candidate_order, family_order

SHORTLIST_RULES: Mapping[str, Callable[[Profile, int], Shortlist]] = {
    "seqphragmen": sequential_phragmen,
    "av": approval_voting,
    "seqpav": sequential_pav,
    "equal_shares": equal_shares,
}
PAIRWISE_RULES: Mapping[str, Callable[[Pairwise, TieOrder, Strength], Standings]] = {
    "ranked_pairs": ranked_pairs,
    "schulze": schulze,
    "borda": borda,
    "copeland": copeland,
    "minimax": minimax,
    "split_cycle": split_cycle,
}
_LONG = 10_000  # bits; some 3000 digits
METHODS = (*PAIRWISE_RULES, "irv", *SHORTLIST_RULES)


class UnknownMethodError(LogovoteError):
    """A method or strength that does not exist."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a count says.

    In a shortlist rule a family appears as the variant that stands for it.

    Args:
        method: the rule used.
        ranking: all that stand, in tiers; what is truly tied stays tied.
        winners: all co-winners before any tie is broken.
        committee: exactly the seats asked for, in order of election; filled up in tie
            order where a rule would elect fewer, which `ties` then says.
        scores: the rule's number for each candidate it scored.
        ties: every use of the tie order.
    """

    method: str
    ranking: Tiers
    winners: tuple[str, ...]
    committee: tuple[str, ...]
    scores: Mapping[str, Fraction]
    ties: tuple[TieUse, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the public form; numbers are integers or exact fractions as text."""
        return {
            "method": self.method,
            "ranking": [list(tier) for tier in self.ranking],
            "winners": list(self.winners),
            "committee": list(self.committee),
            "scores": {id_: _number(self.scores[id_]) for id_ in sorted(self.scores)},
            "ties": [use.as_json() for use in self.ties],
        }


def count(
    profile: Profile,
    method: str | None = None,
    seats: int | None = None,
    strength: Strength = "margin",
) -> Outcome:
    """Count a profile by a method.

    Args:
        profile: candidates, groups and ballots.
        method: one of `METHODS`; by default ranked pairs where any ballot ranks, else
            sequential Phragmén.
        seats: how many to elect, by default all; more than stand means all.
        strength: how strong a majority is: its margin, or the winning votes.

    Raises:
        UnknownMethodError: no such method or strength.
        InvalidBallotError: a ranking met a method for approvals.
    """
    if method is None:
        method = "ranked_pairs" if profile.ranks else "seqphragmen"
    if strength not in ("margin", "wv"):
        raise UnknownMethodError('strength must be "margin" or "wv".')
    if seats is not None and seats < 1:
        raise LogovoteError("A count needs at least one seat.")
    if method in SHORTLIST_RULES:
        return _count_shortlist(profile, method, seats)
    if method not in METHODS:
        raise UnknownMethodError(
            f"There is no method {method!r}; choose one of {', '.join(METHODS)}."
        )
    standings = rank(profile, method, strength)
    return _outcome(standings, seats or len(profile.candidates))


def rank(
    profile: Profile, method: str = "ranked_pairs", strength: Strength = "margin"
) -> Standings:
    """Rank the candidates of a profile by a method for rankings."""
    if method == "irv":
        return instant_runoff(profile, candidate_order(profile))
    return PAIRWISE_RULES[method](
        count_pairs(profile), candidate_order(profile), strength
    )


def _outcome(standings: Standings, seats: int) -> Outcome:
    committee = standings.order[:seats]
    ties = list(standings.ties)
    if standings.rule != "ranked_pairs":
        # The rule itself left its tiers tied; only the committee asks for an order.
        ties += _uses_in_committee(standings.tiers, committee)
    return Outcome(
        method=standings.rule,
        ranking=standings.tiers,
        winners=standings.winners,
        committee=committee,
        scores=standings.scores,
        ties=tuple(ties),
    )


def _uses_in_committee(tiers: Tiers, committee: tuple[str, ...]) -> list[TieUse]:
    uses, start = [], 0
    for tier in tiers:
        chosen = committee[start : start + len(tier)]
        if chosen and len(tier) > 1:
            uses.append(TieUse(f"seat {start + 1}", tier, chosen))
        start += len(tier)
    return uses


def _count_shortlist(profile: Profile, method: str, seats: int | None) -> Outcome:
    families = max(1, len(profile.variants))
    seats = min(seats or families, families)
    # The first ones elected do not depend on the seats, so the whole order is known;
    # only equal shares divides the seats among the voters.
    asked = seats if method == "equal_shares" else families
    shortlist = SHORTLIST_RULES[method](profile, asked)
    stands_for = shortlist.representatives

    def named(families: Iterable[str]) -> tuple[str, ...]:
        return tuple(stands_for[family] for family in families)

    elected = [slot.family for slot in shortlist.slots[:seats]]
    ties = [use for use in shortlist.ties if use.chosen[0] in elected]
    placed = {family for tier in shortlist.tiers for family in tier}
    tiers = [*shortlist.tiers, tuple(f for f in stands_for if f not in placed)]
    if len(elected) < seats:
        # Nothing speaks for any of these; the seats asked for are filled all the same.
        others = family_order(profile).sort(f for f in stands_for if f not in elected)
        filling = others[: seats - len(elected)]
        if len(others) > 1:
            step = f"slot {len(elected) + 1}, without support"
            ties.append(TieUse(step, tuple(sorted(others)), tuple(filling)))
        elected += filling
    ranking = tuple(tuple(sorted(named(tier))) for tier in tiers if tier)
    return Outcome(
        method=method,
        ranking=ranking,
        winners=tuple(sorted(named(shortlist.winners))) or next(iter(ranking), ()),
        committee=named(elected),
        scores=_scores(shortlist),
        ties=tuple(TieUse(u.step, named(u.tied), named(u.chosen)) for u in ties),
    )


def _scores(shortlist: Shortlist) -> dict[str, Fraction]:
    """Return the numbers the rule elected by; approval has one for everybody."""
    scores = {
        slot.family: slot.score for slot in shortlist.slots if slot.score is not None
    }
    if shortlist.rule == "av":
        scores = dict(shortlist.supports)
    return {shortlist.representatives[family]: s for family, s in scores.items()}


def _number(value: Fraction) -> int | str:
    """Return an integer, or a fraction as text; huge ones are text in any case."""
    top, bottom = value.numerator, value.denominator
    if bottom > 1:
        return f"{_digits(top)}/{_digits(bottom)}"
    return top if top.bit_length() < _LONG else _digits(top)


def _digits(value: int) -> str:
    """Write a number of 0 or more; Python itself refuses beyond 4300 digits."""
    if value.bit_length() < _LONG:
        return str(value)
    high, low = divmod(value, 10**3000)
    return f"{_digits(high)}{low:03000}"
