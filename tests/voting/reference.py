"""Every rule once more, straight from its definition, for small profile files.

Shares no code with the application and knows only plain data: the native form as a
dictionary. Nothing here is quick; that is not what it is for.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import combinations, permutations
from typing import Any

F = Fraction
Pair = tuple[str, str]
Tiers = list[list[str]]


def sigma(document: dict[str, Any]) -> list[str]:
    """All candidates in tie order: by their family's digest, then by their own."""
    families = document.get("families", {})

    def digest(id_: str) -> bytes:
        key = document.get("seed", "").encode()
        return hmac.new(key, id_.encode(), hashlib.sha256).digest()

    return sorted(
        document["candidates"], key=lambda c: (digest(families.get(c, c)), digest(c))
    )


def ballots(document: dict[str, Any]) -> list[tuple[dict[str, Any], int, Fraction]]:
    """The ballots that count, how many voters cast each, and what each voter weighs."""
    cast = [
        (ballot, ballot.get("count", 1), F(ballot.get("weight", 1)))
        for ballot in document["ballots"]
        if ballot.get("count", 1)
        and F(ballot.get("weight", 1))
        and (ballot.get("ranking") or "approvals" in ballot)
    ]
    groups: dict[str, dict[str, Any]] = document.get("groups", {})
    if not groups or any("weight" in group for group in groups.values()):
        return [
            (ballot, count, own * F(groups.get(group_of(ballot), {}).get("weight", 1)))
            for ballot, count, own in cast
        ]
    heads = dict.fromkeys(groups, 0)
    mass = dict.fromkeys(groups, F(0))
    for ballot, count, own in cast:
        heads[group_of(ballot)] += count
        mass[group_of(ballot)] += count * own
    share = effective_shares(groups, heads)
    return [
        (ballot, count, share[group_of(ballot)] * own / mass[group_of(ballot)])
        for ballot, count, own in cast
    ]


def group_of(ballot: dict[str, Any]) -> str:
    group: str = ballot.get("group", "all")
    return group


def effective_shares(
    groups: dict[str, dict[str, Any]], heads: dict[str, int]
) -> dict[str, Fraction]:
    """Shares after quorum and cap."""
    given = {g: F(spec["share"]) for g, spec in groups.items() if "share" in spec}
    rest = 1 - sum(given.values(), F(0))
    share = {g: given.get(g, rest / max(1, len(groups) - len(given))) for g in groups}
    total = sum(share.values(), F(0))
    for g, spec in groups.items():
        share[g] /= total
        if "eligible" in spec:
            quorum = 3
            while 4 * quorum * quorum < 9 * spec["eligible"]:
                quorum += 1
            share[g] *= min(F(1), F(heads[g], quorum))
        if not heads[g]:
            share[g] = F(0)
    total = sum(share.values(), F(0))
    share = {g: s / total if total else s for g, s in share.items()}
    # Cap: ballots weigh at most so many average ballots; the excess goes pro rata to
    # the others, until nobody is above.
    everyone: int = sum(heads.values())
    limit = {
        g: F(spec["cap"]) * F(heads[g], everyone)
        for g, spec in groups.items()
        if "cap" in spec and everyone
    }
    held: set[str] = set()
    while True:
        above = {g for g in limit if g not in held and share[g] > limit[g]}
        free = sum((s for g, s in share.items() if g not in held | above), F(0))
        if not above or not free:
            return share
        held |= above
        left = 1 - sum((limit[g] for g in held), F(0))
        share = {
            g: limit[g] if g in held else s * left / free for g, s in share.items()
        }


@dataclass
class Reference:
    """The pairwise side of a profile file."""

    document: dict[str, Any]
    unranked: str = "last"
    strength: str = "margin"

    @cached_property
    def candidates(self) -> list[str]:
        names: list[str] = self.document["candidates"]
        return names

    @cached_property
    def weighed(self) -> list[tuple[Tiers, Fraction]]:
        """Every ballot as tiers, and all its weight."""
        found = []
        for ballot, count, weight in ballots(self.document):
            tiers = ballot.get("ranking")
            if tiers is None:
                liked = ticked(self.document, ballot["approvals"])
                others = [c for c in self.candidates if c not in liked]
                tiers = [tier for tier in (sorted(liked), others) if tier]
            found.append((tiers, count * weight))
        return found

    @cached_property
    def total(self) -> Fraction:
        return sum((weight for _, weight in self.weighed), F(0))

    @cached_property
    def above(self) -> dict[Pair, Fraction]:
        """N(a, b)."""
        above = dict.fromkeys(permutations(self.candidates, 2), F(0))
        for tiers, weight in self.weighed:
            depth = {c: d for d, tier in enumerate(tiers) for c in tier}
            for a, b in above:
                if a not in depth:
                    continue
                below = self.unranked == "last" if b not in depth else None
                if below or (b in depth and depth[a] < depth[b]):
                    above[a, b] += weight
        return above

    def margin(self, a: str, b: str) -> Fraction:
        return self.above[a, b] - self.above[b, a]

    @cached_property
    def strengths(self) -> dict[Pair, Fraction]:
        """The majorities, each with its strength."""
        return {
            pair: self.margin(*pair) if self.strength == "margin" else self.above[pair]
            for pair in self.above
            if self.margin(*pair) > 0
        }

    def ranked_pairs(self) -> tuple[Tiers, list[str]]:
        order = sigma(self.document)
        first, second = self.locked(order), self.locked(order[::-1])
        return finest(first, second), first

    def locked(self, order: list[str]) -> list[str]:
        def key(pair: Pair) -> tuple[Fraction, Fraction, int, int]:
            a, b = pair
            second = self.above[b, a] if self.strength == "wv" else F(0)
            return -self.strengths[pair], second, order.index(a), -order.index(b)

        locked: set[Pair] = set()
        for a, b in sorted(self.strengths, key=key):
            if not any(True for _ in paths(locked, b, a)):
                locked.add((a, b))
        listed: list[str] = []
        while len(listed) < len(order):
            rest = [c for c in order if c not in listed]
            listed.append(next(c for c in rest if not beaten(c, rest, locked)))
        return listed

    def schulze(self) -> Tiers:
        def widest(a: str, b: str) -> Fraction:
            return max(
                (min(self.strengths[e] for e in path) for path in self.paths(a, b)),
                default=F(0),
            )

        return layers(
            self.candidates,
            {(a, b) for a, b in self.above if widest(a, b) > widest(b, a)},
        )

    def split_cycle(self) -> Tiers:
        """Drop every majority that is among the weakest of a cycle it lies in."""
        margins = Reference(self.document, self.unranked)
        defeats = {
            (a, b)
            for (a, b), strength in margins.strengths.items()
            if not any(
                min(margins.strengths[edge] for edge in path) >= strength
                for path in margins.paths(b, a)
            )
        }
        return layers(self.candidates, defeats)

    def paths(self, a: str, b: str) -> Iterator[list[Pair]]:
        return paths(set(self.strengths), a, b)

    def copeland(self) -> dict[str, Fraction]:
        score = dict.fromkeys(self.candidates, F(0))
        for a, b in self.strengths:
            score[a] += 1
            score[b] -= 1
        return score

    def borda(self) -> dict[str, Fraction]:
        score = dict.fromkeys(self.candidates, F(0))
        for a, b in self.above:
            neither = self.total - self.above[a, b] - self.above[b, a]
            score[a] += self.above[a, b] + neither / 2
        return score

    def minimax(self) -> dict[str, Fraction]:
        score = dict.fromkeys(self.candidates, F(0))
        for (_, b), strength in self.strengths.items():
            score[b] = max(score[b], strength)
        return score

    def irv(self) -> Tiers:
        """Every order of elimination; who comes first of the rest in any shares."""
        orders = list(self.eliminations(tuple(self.candidates)))
        tiers: Tiers = []
        rest = set(self.candidates)
        while rest:
            first = {next(c for c in reversed(order) if c in rest) for order in orders}
            tiers.append(sorted(first))
            rest -= first
        return tiers

    def eliminations(self, standing: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        if not standing:
            yield ()
            return
        tally = dict.fromkeys(standing, F(0))
        for tiers, weight in self.weighed:
            tops = ([c for c in tier if c in tally] for tier in tiers)
            top = next((top for top in tops if top), [])
            for candidate in top:
                tally[candidate] += weight / len(top)
        for lost in standing:
            if tally[lost] == min(tally.values()):
                for later in self.eliminations(tuple(c for c in standing if c != lost)):
                    yield (lost, *later)


def paths(edges: set[Pair], a: str, b: str) -> Iterator[list[Pair]]:
    """All paths from a to b that visit nobody twice."""

    def onward(here: str, visited: frozenset[str]) -> Iterator[list[Pair]]:
        if here == b:
            yield []
            return
        for x, y in edges:
            if x == here and y not in visited:
                for rest in onward(y, visited | {y}):
                    yield [(x, y), *rest]

    return onward(a, frozenset([a]))


def beaten(candidate: str, rest: Sequence[str], defeats: set[Pair]) -> bool:
    return any((other, candidate) in defeats for other in rest)


def layers(candidates: Sequence[str], defeats: set[Pair]) -> Tiers:
    tiers: Tiers = []
    rest = list(candidates)
    while rest:
        unbeaten = [c for c in rest if not beaten(c, rest, defeats)]
        tiers.append(sorted(unbeaten))
        rest = [c for c in rest if c not in unbeaten]
    return tiers


def by_score(score: dict[str, Fraction], *, smallest_first: bool = False) -> Tiers:
    values = sorted(set(score.values()), reverse=not smallest_first)
    return [sorted(c for c in score if score[c] == value) for value in values]


def finest(
    first: Sequence[str],
    second: Sequence[str],
    together: Sequence[Sequence[str]] = (),
) -> Tiers:
    """The finest tiers that separate nothing on which two orders differ.

    Found by trying: a cut is allowed where both orders have the same ones above it,
    and no set that belongs together is on both its sides.
    """
    tiers: Tiers = [[]]
    for place, id_ in enumerate(first):
        above = set(first[:place])
        split = any(above & set(ids) and set(ids) - above for ids in together)
        if place and above == set(second[:place]) and not split:
            tiers.append([])
        tiers[-1].append(id_)
    return [sorted(tier) for tier in tiers if tier]


def ticked(document: dict[str, Any], approvals: Sequence[str]) -> set[str]:
    """The candidates approved, those of ticked families among them."""
    families = document.get("families", {})
    candidates = document["candidates"]
    return {
        c for c in candidates if c in approvals or (families.get(c, c) in approvals)
    }


@dataclass
class Approvals:
    """The approval side of a profile file, over families."""

    document: dict[str, Any]

    def __post_init__(self) -> None:
        families = self.document.get("families", {})
        quo = self.document.get("status_quo")
        self.order = list(
            dict.fromkeys(families.get(c, c) for c in sigma(self.document) if c != quo)
        )
        self.voters: list[tuple[set[str], Fraction]] = []
        self.seen = dict.fromkeys(self.order, F(0))
        for ballot, count, weight in ballots(self.document):
            liked = {families.get(id_, id_) for id_ in ballot["approvals"]} - {quo}
            self.voters.append((liked, count * weight))
            shown = {families.get(id_, id_) for id_ in ballot.get("seen", self.order)}
            for family in (liked | shown) & set(self.order):
                self.seen[family] += count * weight
        self.total = sum((weight for _, weight in self.voters), F(0))

    def support(self, family: str) -> Fraction:
        return sum((w for liked, w in self.voters if family in liked), F(0))

    def price(self, family: str) -> Fraction:
        most = max(self.seen.values(), default=F(0))
        return max(self.seen[family] / most, F(1, 3)) if most else F(1)

    def elect(
        self, rule: str, seats: int, order: Sequence[str]
    ) -> list[tuple[str, Fraction | None, list[str]]]:
        """Who is elected, by which number, and who was equal to it."""
        choose: Callable[..., Any] = getattr(self, f"_{rule}")
        picks: list[tuple[str, Fraction | None, list[str]]] = []
        state: dict[str, Any] = {"seats": seats}
        while len(picks) < seats:
            elected = [pick[0] for pick in picks]
            open_ = [c for c in order if c not in elected and self.support(c)]
            if not open_:
                break
            # The key of each; the smallest is elected, of equal ones the first.
            keys = {c: choose(c, elected, state) for c in open_}
            keys = {c: key for c, key in keys.items() if key is not None}
            if not keys and state.get("phase") != "completing":
                state["phase"] = "completing"
                continue
            best = min(keys.values())
            tied = [c for c in keys if keys[c] == best]
            score = {"seqphragmen": best[0], "av": -best[0]}.get(rule)
            self._pay(rule, tied[0], best, state)
            picks.append((tied[0], score, tied))
        return picks

    def _av(self, family: str, _e: object, _s: object) -> tuple[Fraction, ...]:
        return (-self.support(family),)

    def _seqpav(
        self, family: str, elected: list[str], _s: object
    ) -> tuple[Fraction, ...]:
        return (
            -sum(
                (
                    weight / (1 + len(liked.intersection(elected)))
                    for liked, weight in self.voters
                    if family in liked
                ),
                F(0),
            ),
        )

    def _seqphragmen(
        self, family: str, _e: object, state: dict[str, Any]
    ) -> tuple[Fraction, ...]:
        load = state.setdefault("load", [F(0)] * len(self.voters))
        completing = state.get("phase") == "completing"
        price = F(1) if completing else self.price(family)
        carried = sum(
            (
                weight * mine
                for (liked, weight), mine in zip(self.voters, load, strict=True)
                if family in liked
            ),
            F(0),
        )
        support = self.support(family)
        return (price + carried) / support, -support / price

    def _equal_shares(
        self, family: str, elected: list[str], state: dict[str, Any]
    ) -> tuple[Fraction, ...] | None:
        if state.get("phase") == "completing":
            return self._seqphragmen(family, elected, state)
        purse = state.setdefault(
            "purse", [F(state["seats"]) / self.total] * len(self.voters)
        )
        payers = [
            (mine, weight)
            for (liked, weight), mine in zip(self.voters, purse, strict=True)
            if family in liked and weight
        ]
        # The rate r with sum of weight * min(purse, r) = 1, between two purses.
        if sum((mine * weight for mine, weight in payers), F(0)) < 1:
            return None
        for rate in sorted({mine for mine, _ in payers}):
            if sum((min(mine, rate) * weight for mine, weight in payers), F(0)) >= 1:
                poorer = [(mine, w) for mine, w in payers if mine < rate]
                rest = 1 - sum((mine * w for mine, w in poorer), F(0))
                return (rest / sum((w for mine, w in payers if mine >= rate), F(0)),)
        raise AssertionError

    def _pay(
        self, rule: str, elected: str, key: tuple[Fraction, ...], state: dict[str, Any]
    ) -> None:
        supporters = [n for n, (liked, _) in enumerate(self.voters) if elected in liked]
        if "purse" in state and state.get("phase") != "completing":
            for n in supporters:
                state["purse"][n] -= min(state["purse"][n], key[0])
            state["load"] = [-mine for mine in state["purse"]]
        elif rule in ("seqphragmen", "equal_shares"):
            for n in supporters:
                state["load"][n] = key[0]

    def outcome(
        self, rule: str, seats: int
    ) -> tuple[Tiers, list[str], list[str], dict[str, Fraction]]:
        """Tiers, winners, committee and scores, all in families."""
        runs = [self.elect(rule, seats, order) for order in self.both_orders]
        together = [tied for run in runs for _, _, tied in run]
        # Whoever was elected or only tied in either run has a line of its own.
        named = [[pick[0] for pick in run] for run in runs]
        extra = list(dict.fromkeys(c for ids in (*named, *together) for c in ids))
        first, second = (run + [c for c in extra if c not in run] for run in named)
        tiers = finest(first, second, together)
        left = [c for c in self.order if c not in first]
        if left:
            tiers.append(sorted(left))
        committee = named[0] + [c for c in self.order if c not in named[0]]
        winners = sorted(runs[0][0][2]) if runs[0] else tiers[0] if tiers else []
        scores = {c: score for c, score, _ in runs[0] if score is not None}
        if rule == "av":
            scores = {c: self.support(c) for c in self.order}
        return tiers, winners, committee[:seats], scores

    @property
    def both_orders(self) -> tuple[list[str], list[str]]:
        return self.order, self.order[::-1]


def optimal_pav(document: dict[str, Any], seats: int) -> list[str]:
    """The committees of most PAV score, each as one word; by trying all."""
    voters = Approvals(document).voters

    def score(committee: tuple[str, ...]) -> Fraction:
        return sum(
            (
                weight * F(1, place)
                for liked, weight in voters
                for place in range(1, 1 + len(liked.intersection(committee)))
            ),
            F(0),
        )

    found = {c: score(c) for c in combinations(sorted(document["candidates"]), seats)}
    most = max(found.values())
    return ["".join(committee) for committee, value in found.items() if value == most]
