"""Whom a shortlist represents, and what plain approval would have taken instead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from logovote.voting.electorate import Electorate, approvals, not_seen_enough
from logovote.voting.profiles import Profile
from logovote.voting.weights import weigh

ZERO = Fraction(0)


@dataclass(frozen=True, slots=True)
class Pick:
    """Whom one design of a shortlist represents. Parts of all weight, unless said.

    Args:
        family: the design.
        support: the part that chose it.
        unserved: for every place, the part that chose it and none of those elected to
            the places before.
        only: of its supporters, the part that chose nothing else on the list.
        groups: of every group that voted, the part that chose it.
        ticks: for every variant of the family, the part that ticked it by itself.
        price: what its place cost: below 1 if fewer voters saw it.
        seen_enough: whether enough of them did.
    """

    family: str
    support: Fraction
    unserved: tuple[Fraction, ...]
    only: Fraction
    groups: Mapping[str, Fraction]
    ticks: Mapping[str, Fraction]
    price: Fraction
    seen_enough: bool


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many voters find something on a list they chose.

    Args:
        represented: the part of all weight that chose anything on it.
        mean: how many designs on it a voter chose, on average by weight.
    """

    represented: Fraction
    mean: Fraction


@dataclass(frozen=True, slots=True)
class Beside:
    """A list beside plain approval's of the same length.

    Args:
        proportional: the designs on the list counted, in order.
        plain: those on plain approval's, seen from the list counted.
        coverage: what the list counted covers.
        plain_coverage: what plain approval's covers.
    """

    proportional: tuple[Pick, ...]
    plain: tuple[Pick, ...]
    coverage: Coverage
    plain_coverage: Coverage

    @property
    def added(self) -> tuple[str, ...]:
        """Who is on the list and would not be by plain approval."""
        plain = {pick.family for pick in self.plain}
        return tuple(p.family for p in self.proportional if p.family not in plain)

    @property
    def dropped(self) -> tuple[str, ...]:
        """Whom plain approval would have taken instead."""
        listed = {pick.family for pick in self.proportional}
        return tuple(p.family for p in self.plain if p.family not in listed)


def beside(
    profile: Profile,
    voters: Electorate,
    price: Sequence[Fraction],
    elected: Sequence[str],
    plain: Sequence[str],
) -> Beside:
    """Compare a shortlist with plain approval's, in families.

    Args:
        profile: the approvals.
        voters: the same, merged.
        price: what a slot cost each family of theirs.
        elected: the families on the list, in order.
        plain: those on plain approval's.
    """
    groups, ticks = _by_group_and_variant(profile, set(elected).union(plain))
    facts = _Facts(
        groups=groups,
        ticks=ticks,
        prices=dict(zip(voters.families, price, strict=True)),
        unseen=frozenset(not_seen_enough(profile)),
    )
    return Beside(
        proportional=_picks(voters, elected, elected, facts),
        plain=_picks(voters, elected, plain, facts),
        coverage=coverage(voters, elected),
        plain_coverage=coverage(voters, plain),
    )


def coverage(voters: Electorate, elected: Sequence[str]) -> Coverage:
    """Measure how many voters find something on a list."""
    listed = {voters.families.index(family) for family in elected}
    represented = chosen = 0
    for bloc in voters.blocs:
        found = len(listed.intersection(bloc.approved))
        chosen += found * bloc.weight
        represented += bloc.weight if found else 0
    whole = voters.total * voters.unit or Fraction(1)
    return Coverage(represented / whole, chosen / whole)


@dataclass(frozen=True)
class _Facts:
    groups: Mapping[str, Mapping[str, Fraction]]
    ticks: Mapping[str, Mapping[str, Fraction]]
    prices: Mapping[str, Fraction]
    unseen: frozenset[str]


def _picks(
    voters: Electorate, elected: Sequence[str], shown: Sequence[str], facts: _Facts
) -> tuple[Pick, ...]:
    """Describe the families shown, as supporters of whom a list has been elected."""
    whole = voters.total * voters.unit or Fraction(1)
    place = {voters.families.index(f): n for n, f in enumerate(elected)}
    columns = [voters.families.index(f) for f in shown]
    only = dict.fromkeys(columns, 0)
    # served[c][n]: supporters of c of whom place n is the first they chose
    served = {c: [0] * (len(elected) + 1) for c in columns}
    for bloc in voters.blocs:
        chosen = [place[c] for c in bloc.approved if c in place]
        first = min(chosen, default=len(elected))
        for c in bloc.approved:
            if c in served:
                served[c][first] += bloc.weight
                only[c] += bloc.weight if chosen in ([], [place.get(c)]) else 0
    supports = voters.supports
    picks = []
    for c, family in zip(columns, shown, strict=True):
        picks.append(
            Pick(
                family=family,
                support=supports[c] / whole,
                unserved=tuple(sum(served[c][n:]) / whole for n in range(len(elected))),
                only=Fraction(only[c], supports[c] or 1),
                groups=facts.groups[family],
                ticks=facts.ticks[family],
                price=facts.prices[family],
                seen_enough=family not in facts.unseen,
            )
        )
    return tuple(picks)


def _by_group_and_variant(
    profile: Profile, families: set[str]
) -> tuple[dict[str, dict[str, Fraction]], dict[str, dict[str, Fraction]]]:
    """Return, for some families, their part of every voting group and every variant's.

    A variant's part is of all weight, and given where the family has several.
    """
    factors = {id_: weight.factor for id_, weight in weigh(profile).items()}
    mass: dict[str, Fraction] = {}
    chosen: dict[tuple[str, str], Fraction] = {}
    ticks: dict[tuple[str, str], Fraction] = {}
    for approval, vote in approvals(profile):
        weight = vote.count * vote.weight
        mass[vote.group] = mass.get(vote.group, ZERO) + weight
        for family in {profile.family_of(id_) for id_ in approval.approved}:
            if family in families:
                key = family, vote.group
                chosen[key] = chosen.get(key, ZERO) + weight
        for id_ in approval.approved:
            if id_ in profile.families and profile.families[id_] in families:
                key = profile.families[id_], id_
                ticks[key] = ticks.get(key, ZERO) + weight * factors[vote.group]
    whole = sum((mass[id_] * factors[id_] for id_ in mass), ZERO) or Fraction(1)
    groups = {
        family: {id_: chosen.get((family, id_), ZERO) / mass[id_] for id_ in mass}
        for family in families
    }
    variants = {
        family: {
            id_: ticks.get((family, id_), ZERO) / whole
            for id_ in profile.variants[family]
            if len(profile.variants[family]) > 1
        }
        for family in families
    }
    return groups, variants
