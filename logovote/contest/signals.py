"""Signs that ballots may not be of as many people: found, explained, never judged.

Everything here knows ballots as numbers, and what they say only as alike or not:
whoever renames the designs gets the same signs. What is estimated is how often chance
alone would give them; no ballot counts more or less for it.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from operator import itemgetter
from typing import Protocol

NONE = "none"
RARE = 1 / 1000
"""What chance gives more often than in one of a thousand votes is no sign."""

FEWEST = 3
FEWEST_IN_A_BURST = 5
LONG = 5
"""From so many designs on, ballots that differ in one are near-identical."""

WINDOWS = (timedelta(minutes=10), timedelta(hours=1))
YOUNG = timedelta(days=1)

# What a ballot says: families, or places with what shares them.
Said = frozenset[str] | tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Cast:
    """A ballot in the box: when it first came, from where, from whom, and what it says.

    Attributes:
        id: its number.
        saved_at: when its voter first saved.
        added_at: when its voter was put on the roll, if known.
        network: some bits of a keyed hash of where it came from, if known.
        said: what it says, for comparing only.
    """

    id: int
    saved_at: datetime
    added_at: datetime | None
    network: str | None
    said: Said


@dataclass(frozen=True)
class Sign:
    """Some ballots that have something in common.

    Attributes:
        kind: "burst", "network", "late", "alike" or "single".
        ballots: their numbers.
        text: what they have in common.
        chance: how often that happens by chance, in words.
        named: whether it may be shown whose they are: not if it is of what they say.
    """

    kind: str
    ballots: tuple[int, ...]
    text: str
    chance: str
    named: bool


def signs(
    casts: Sequence[Cast], opened_at: datetime, closed_at: datetime
) -> list[Sign]:
    """Find all signs among the ballots of a round, the largest of a kind first."""
    found = [
        *bursts(casts, opened_at, closed_at),
        *networks(casts),
        *late(casts, opened_at),
        *alike(casts),
        *single(casts),
    ]
    kinds = list(dict.fromkeys(sign.kind for sign in found))
    return sorted(
        found,
        key=lambda s: (kinds.index(s.kind), -len(s.ballots), s.ballots),
    )


# ── when and where they came from ─────────────────────────────────────────────────────


def bursts(
    casts: Sequence[Cast], opened_at: datetime, closed_at: datetime
) -> list[Sign]:
    """Find times at which more people first saved than would come together evenly."""
    found: list[Sign] = []
    for window in WINDOWS:
        known = {id_ for sign in found for id_ in sign.ballots}
        # At least the window itself, or a round of five minutes would be all burst.
        length = max(closed_at - opened_at, window)
        expected = len(casts) * (window / length)
        left = sorted(casts, key=lambda cast: (cast.saved_at, cast.id))
        while group := _fullest(left, window):
            chance = len(casts) * poisson_tail(len(group) - 1, expected)
            if len(group) < FEWEST_IN_A_BURST or chance >= RARE:
                break
            ids = {cast.id for cast in group}
            left = [cast for cast in left if cast.id not in ids]
            if len(ids & known) * 2 < len(ids):
                found.append(_burst(group, window, chance))
    return found


def _burst(group: Sequence[Cast], window: timedelta, chance: float) -> Sign:
    first = group[0].saved_at
    return Sign(
        kind="burst",
        ballots=tuple(sorted(cast.id for cast in group)),
        text=f"{len(group)} people first saved within {_span(window)}, from "
        f"{first:%d %B %Y, %H:%M} UTC on.",
        chance=f"If people came evenly over the whole round, {odds(chance)}. After a "
        "mail to everybody, or at a meeting, such a wave is ordinary.",
        named=True,
    )


def _fullest(casts: Sequence[Cast], window: timedelta) -> Sequence[Cast]:
    """Return those that fall into the fullest window; `casts` are in order of time."""
    best = (0, 0)
    end = 0
    for start, cast in enumerate(casts):
        while end < len(casts) and casts[end].saved_at - cast.saved_at <= window:
            end += 1
        if end - start > best[1] - best[0]:
            best = start, end
    return casts[slice(*best)]


def _span(window: timedelta) -> str:
    return (
        "an hour" if window == timedelta(hours=1) else f"{window.seconds // 60} minutes"
    )


def networks(casts: Sequence[Cast]) -> list[Sign]:
    """Find networks from which several people first saved."""
    of: dict[str, list[int]] = defaultdict(list)
    for cast in casts:
        if cast.network is not None:
            of[cast.network].append(cast.id)
    return [
        Sign(
            kind="network",
            ballots=tuple(sorted(ids)),
            text=f"{len(ids)} people first saved from the same network.",
            chance="Two networks are taken for one in less than one of ten million "
            "pairs. But a household, an office, a university or a phone company is one "
            "network.",
            named=True,
        )
        for ids in of.values()
        if len(ids) >= FEWEST
    ]


def late(casts: Sequence[Cast], opened_at: datetime) -> list[Sign]:
    """Find people put on the roll during the vote who voted at once."""
    arrived = [c for c in casts if c.added_at is not None and c.added_at > opened_at]
    quick = [
        cast.id
        for cast in arrived
        if cast.added_at and timedelta(0) <= cast.saved_at - cast.added_at <= YOUNG
    ]
    if not quick:
        return []
    were = "person was" if len(quick) == 1 else "people were"
    return [
        Sign(
            kind="late",
            ballots=tuple(sorted(quick)),
            text=f"{len(quick)} {were} put on the roll after the opening and voted "
            "within a day of it.",
            chance="Chance has no part in it: whoever is invited late votes late. Of "
            f"all {len(casts)} ballots {len(arrived)} are of people who were added "
            "after the opening. Ask who added them, and why then.",
            named=True,
        )
    ]


# ── what they say, as alike or not ────────────────────────────────────────────────────


def alike(casts: Sequence[Cast]) -> list[Sign]:
    """Find ballots that say the same, or nearly, more often than chance lets them.

    Chance is: every voter chooses each design as often as it is chosen in all, or puts
    it at each place as often as it stands there, without looking at the rest.
    """
    model = _model(casts)
    sky = _Sky(casts)
    found: list[Sign] = []
    for said in sky.stars():
        around, same = sky.around(said), sky.exact[said]
        if len(around) < FEWEST:
            continue
        # Whichever is rarer: only those that are equal, or all that are near.
        likely = {near: math.exp(model(said, near=near)) for near in (False, True)}
        chance, ids = min(
            (
                (
                    len(casts)
                    * poisson_tail(len(ids) - 1, (len(casts) - 1) * likely[near]),
                    ids,
                )
                for ids, near in ((same, False), (around, True))
            ),
            key=itemgetter(0),
        )
        if chance < RARE and len(ids) >= FEWEST:
            found.append(_alike(ids, said, chance, same=len(ids) == len(same)))
            sky.take_out(ids)
    return found


def _alike(ids: Collection[int], said: Said, chance: float, *, same: bool) -> Sign:
    what = "with the same choices"
    if not same:
        what = (
            "that differ in one choice at most"
            if isinstance(said, frozenset)
            else f"with the same first {LONG} places"
        )
    return Sign(
        kind="alike",
        ballots=tuple(sorted(ids)),
        text=f"{len(ids)} ballots {what}.",
        chance=f"If everybody chose alone, and as people chose in all, {odds(chance)}. "
        "People of one taste agree more often than that, and so do people who have "
        "talked.",
        named=False,
    )


class _Sky:
    """Ballots and what lies around each: those equal, or one choice away.

    Each is held once for every choice that it can do without, however many lie around
    it: of many ballots that are near each other every one would else hold all.
    """

    def __init__(self, casts: Sequence[Cast]) -> None:
        self._said_by = {cast.id: cast.said for cast in casts if _size(cast.said) > 1}
        self.exact: dict[Said, set[int]] = defaultdict(set)
        self._shared: dict[object, set[int]] = defaultdict(set)
        for id_, said in self._said_by.items():
            self.exact[said].add(id_)
            for key in _kinship(said):
                self._shared[key].add(id_)

    def stars(self) -> list[Said]:
        """Return what the ballots say that are not alone, the fullest first."""
        first = {key: min(ids) for key, ids in self._shared.items()}
        # Equal ones in the order of their ballots, for nothing may hang on what they
        # say.
        orders = {
            said: (
                -len(self.around(said)),
                min((first[key] for key in _kinship(said)), default=min(same)),
                min(same),
            )
            for said, same in self.exact.items()
        }
        full = [said for said, order in orders.items() if -order[0] >= FEWEST]
        return sorted(full, key=lambda said: orders[said])

    def around(self, said: Said) -> set[int]:
        """Return the ballots around one that says this; not to be changed."""
        keys = _kinship(said)
        if not keys:
            return self.exact[said]
        # A ballot shares with itself all that others share with it.
        if len(keys) == 1:
            return self._shared[keys[0]]
        return set[int]().union(*(self._shared[key] for key in keys))

    def take_out(self, ids: Collection[int]) -> None:
        """Let ballots lie around no other any more."""
        for id_ in list(ids):
            said = self._said_by[id_]
            self.exact[said].discard(id_)
            for key in _kinship(said):
                self._shared[key].discard(id_)


def _kinship(said: Said) -> list[object]:
    """Return keys; two ballots that differ in one choice at most share one of them."""
    if isinstance(said, frozenset):
        # A choice more, one less, or another one: less one they are the same.
        if len(said) < LONG:
            return []
        return [said, *(said - {id_} for id_ in said)]
    return [said[:LONG]] if len(said) >= LONG else []


def single(casts: Sequence[Cast]) -> list[Sign]:
    """Find ballots that name one design and no other."""
    model = _model(casts)
    by_said: dict[Said, list[int]] = defaultdict(list)
    for cast in casts:
        if _size(cast.said) == 1:
            by_said[cast.said].append(cast.id)
    everyone = tuple(sorted(id_ for ids in by_said.values() for id_ in ids))
    if len(everyone) < FEWEST:
        return []
    found = [
        Sign(
            kind="single",
            ballots=everyone,
            text=f"{len(everyone)} of {len(casts)} ballots name one design and no "
            "other, not all of them the same one.",
            chance=f"{len(everyone) / len(casts):.0%} of the ballots. To have one "
            "favourite is an honest answer; the number alone is no sign.",
            named=False,
        )
    ]
    for said, ids in by_said.items():
        chance = len(casts) * poisson_tail(
            len(ids) - 1, (len(casts) - 1) * math.exp(model(said, near=False))
        )
        if len(ids) == len(everyone):
            found = []
        if len(ids) >= FEWEST and (chance < RARE or not found):
            found.append(
                Sign(
                    kind="single",
                    ballots=tuple(sorted(ids)),
                    text=f"{len(ids)} ballots name one design and no other, and all "
                    "the same one.",
                    chance=f"If everybody chose alone, and as people chose in all, "
                    f"{odds(chance)}. A design with fans of its own gets such ballots "
                    "honestly, too.",
                    named=False,
                )
            )
    return found


class _Likely(Protocol):
    """Says how likely a ballot says just this, or nearly: as a logarithm."""

    def __call__(self, said: Said, *, near: bool) -> float: ...


def _size(said: Said) -> int:
    """Return how many designs a ballot names; "none of these" names none."""
    if isinstance(said, frozenset):
        return len(said - {NONE})
    return sum(id_ != NONE for tier in said for id_ in tier)


def _model(casts: Sequence[Cast]) -> _Likely:
    """Return how likely ballots are, as people chose in all."""
    if any(isinstance(cast.said, frozenset) for cast in casts):
        return _model_of_approvals(casts)
    return _model_of_rankings(casts)


def _model_of_approvals(casts: Sequence[Cast]) -> _Likely:
    counts = Counter(id_ for cast in casts for id_ in cast.said if isinstance(id_, str))
    # Half a voter for and against, so that nothing is impossible or certain.
    share = {id_: (n + 0.5) / (len(casts) + 1) for id_, n in counts.items()}
    nobody = math.fsum(math.log1p(-p) for p in share.values())

    def likely(said: Said, *, near: bool) -> float:
        ids = [id_ for id_ in said if isinstance(id_, str)]
        odds_of = {id_: p / (1 - p) for id_, p in share.items()}
        log = nobody + math.fsum(math.log(odds_of[id_]) for id_ in ids)
        if near:
            # One less, one more, or one for another.
            less = math.fsum(1 / odds_of[id_] for id_ in ids)
            more = math.fsum(o for id_, o in odds_of.items() if id_ not in said)
            log += math.log(1 + less + more + less * more)
        return min(log, 0.0)

    return likely


def _model_of_rankings(casts: Sequence[Cast]) -> _Likely:
    places: dict[int, Counter[object]] = defaultdict(Counter)
    lengths = Counter(len(cast.said) for cast in casts)
    for cast in casts:
        for place, tier in enumerate(cast.said):
            places[place][tier] += 1

    totals = {place: tiers.total() for place, tiers in places.items()}

    def likely(said: Said, *, near: bool) -> float:
        tiers = list(said)[: LONG if near else None]
        logs = [
            math.log(places[place][tier] / totals[place])
            for place, tier in enumerate(tiers)
        ]
        if not near:
            logs.append(math.log(lengths[len(said)] / len(casts)))
        return math.fsum(logs)

    return likely


# ── chance ────────────────────────────────────────────────────────────────────────────


# Of many ballots that are near each other all ask for the same.
@lru_cache(maxsize=16)
def poisson_tail(least: int, expected: float) -> float:
    """Return how likely `least` or more come where so many are expected."""
    if least <= 0:
        return 1.0
    if expected <= 0:
        return 0.0
    # From the first term on each is smaller by a factor, once past what is expected.
    term = math.exp(least * math.log(expected) - expected - math.lgamma(least + 1))
    if expected >= least:
        return min(1.0, 1.0 - _below(least, expected))
    total, n = 0.0, least
    while term > total * 1e-12:
        total += term
        n += 1
        term *= expected / n
    return min(1.0, total)


def _below(least: int, expected: float) -> float:
    return math.fsum(
        math.exp(n * math.log(expected) - expected - math.lgamma(n + 1))
        for n in range(least)
    )


def odds(chance: float) -> str:
    """Say how seldom something happens, in round numbers that give nothing away."""
    if chance >= RARE:
        return "that happens often enough"
    power = 6 if chance <= 0 else min(6, math.floor(-math.log10(chance)))
    return f"that happens less than once in {10**power:,} such votes"
