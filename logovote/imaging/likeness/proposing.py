"""Propose which designs of a contest are one family. Merges nothing by itself."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np

from logovote.imaging.likeness import clusters, compare, judging
from logovote.imaging.likeness.features import Description
from logovote.imaging.likeness.judging import Match

# The mean probability within a family at which it is proposed.
_LEAST: Final = 0.5
# From which probability on a pair's common neighbours are looked at together.
_STRONG: Final = 0.5
# Pairs less probable than this are forgotten.
_FAINT: Final = 0.002
# Where fewer designs have a known designer, there are fewer designers, or one of them
# made more of all, designers do not tell what is common: pictures alone are compared.
_ENOUGH_NAMED: Final = 0.5
_FEWEST_NAMES: Final = 4
_MOST_BY_ONE: Final = 0.5
_HINTS: Final = re.compile(
    r"\b(rev(ision)?|v(ersion)?|opt(ion)?|alt(ernative)?|update|copy of|final)\b"
    r"[ ._-]*\d*",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Design:
    """What is known of a design. `key` names it; proposals speak of keys.

    `replaces` is the key of the design that it is a revision of, if that was said.
    """

    key: int
    description: Description
    designer: str | None = None
    title: str | None = None
    replaces: int | None = None


@dataclass(frozen=True)
class Proposal:
    """Designs that look like one concept: at least two, lowest first.

    `confidence` is the mean probability that two of them belong together, 0 to 1.
    """

    entries: tuple[int, ...]
    confidence: float
    reasons: tuple[str, ...]

    def as_json(self) -> dict[str, object]:
        """Return it as JSON can hold it."""
        return {
            "entries": list(self.entries),
            "confidence": self.confidence,
            "reasons": list(self.reasons),
        }


class Likeness:
    """All likeness in a contest, from one comparison; the order given is irrelevant."""

    def __init__(self, designs: Sequence[Design]) -> None:
        self._designs = sorted(designs, key=lambda design: design.key)
        self._pairs: dict[tuple[int, int], float] = {}
        self._matches: dict[tuple[int, int], Match] = {}
        # Identical pictures are one for the comparison, which also keeps it fast.
        self._twins: dict[bytes, list[int]] = {}
        for at, design in enumerate(self._designs):
            if len(design.description):
                self._twins.setdefault(_identity(design.description), []).append(at)
        self._firsts = [twins[0] for twins in self._twins.values()]
        if len(self._firsts) > 1:
            self._compare()
        self._said = self._revisions()
        self._pairs |= dict.fromkeys(self._said, 1.0)

    def proposals(self) -> list[Proposal]:
        """Propose families of two or more designs, in the order of their keys."""
        groups = clusters.grouped(len(self._firsts), self._pairs, _LEAST, self._said)
        found = []
        twins = list(self._twins.values())
        for group in groups:
            members = sorted(at for first in group for at in twins[first])
            if len(members) > 1:
                found.append(self._proposal(group, members))
        return sorted(found, key=lambda proposal: proposal.entries)

    def nearest(self, key: int, count: int = 5) -> list[tuple[int, float]]:
        """Return the designs likest to one, as key and probability."""
        twins = list(self._twins.values())
        at = next(at for at, design in enumerate(self._designs) if design.key == key)
        found: list[tuple[float, int]] = []
        for number, group in enumerate(twins):
            if at in group:
                found += [(1.0, other) for other in group if other != at]
                for (a, b), probability in self._pairs.items():
                    if number in (a, b):
                        others = twins[b if number == a else a]
                        found += [(probability, other) for other in others]
        found.sort(key=lambda item: (-item[0], item[1]))
        return [
            (self._designs[other].key, round(probability, 2))
            for probability, other in found[:count]
        ]

    def measured(self) -> list[tuple[int, int, tuple[float, ...]]]:
        """Return the keys of every pair looked at, and what was measured: to learn."""
        keys = [self._designs[at].key for at in self._firsts]
        return [
            (keys[a], keys[b], match.measured)
            for (a, b), match in sorted(self._matches.items())
        ]

    def _revisions(self) -> list[tuple[int, int]]:
        """List the pairs of which one was said to replace the other."""
        number = {
            self._designs[at].key: number
            for number, twins in enumerate(self._twins.values())
            for at in twins
        }
        said = {
            (number[design.key], number[design.replaces])
            for design in self._designs
            if design.key in number and design.replaces in number
        }
        return sorted({(min(pair), max(pair)) for pair in said if pair[0] != pair[1]})

    def _compare(self) -> None:
        designs = [self._designs[at] for at in self._firsts]
        people = [
            {name for at in twins if (name := self._designs[at].designer)}
            for twins in self._twins.values()
        ]
        sent = Counter(name for each in people for name in each)
        self._named = (
            sum(map(bool, people)) >= _ENOUGH_NAMED * len(people)
            and len(sent) >= _FEWEST_NAMES
            and max(sent.values()) <= _MOST_BY_ONE * len(people)
        )
        numbers = {
            name: number
            for number, name in enumerate(sorted({min(p) for p in people if p}))
        }
        groups = np.array(
            [
                numbers[min(p)] if p else len(numbers) + at
                for at, p in enumerate(people)
            ],
            dtype=np.intp,
        )
        parts = compare.gathered([design.description for design in designs])
        levels, candidates = compare.survey(parts, groups if self._named else None)
        fresh = {(a, b) for a, others in candidates.items() for b in others}
        strong: dict[int, set[int]] = {}
        for _ in range(2):
            pairs = sorted(fresh)
            matches = [
                judging.matched(
                    parts,
                    levels,
                    a,
                    b,
                    min((sent[name] for name in people[a] & people[b]), default=0),
                )
                for a, b in pairs
            ]
            probable = judging.probabilities(matches, named=self._named)
            for pair, match, probability in zip(
                pairs, matches, probable.tolist(), strict=True
            ):
                self._matches[pair] = match
                if probability >= _FAINT:
                    self._pairs[pair] = probability
                if probability >= _STRONG:
                    strong.setdefault(pair[0], set()).add(pair[1])
                    strong.setdefault(pair[1], set()).add(pair[0])
            # What two designs have in common with a third, they may share.
            fresh = {
                pair
                for friends in strong.values()
                for pair in combinations(sorted(friends), 2)
                if pair not in self._matches
            }

    def _proposal(self, group: list[int], members: list[int]) -> Proposal:
        pairs = list(combinations(group, 2))
        known = [self._pairs.get(pair, 0.0) for pair in pairs]
        confidence = sum(known) / len(known) if known else 1.0
        designs = [self._designs[at] for at in members]
        return Proposal(
            tuple(design.key for design in designs),
            round(min(0.99, confidence), 2),
            tuple(self._reasons(pairs, designs, twins=len(members) > len(group))),
        )

    def _reasons(
        self, pairs: list[tuple[int, int]], designs: list[Design], *, twins: bool
    ) -> list[str]:
        matches = [
            self._matches[pair]
            for pair in pairs
            if pair in self._matches and self._pairs.get(pair, 0.0) >= _STRONG
        ]
        reasons = ["the same picture twice"] if twins else []
        if not set(self._said).isdisjoint(pairs):
            reasons.append("a revision, says the list")
        if matches:
            reasons.append("the same mark")
        if any(not match.same_colours for match in matches):
            reasons.append("in other colours")
        if any(match.other_layout for match in matches):
            reasons.append("in another layout")
        if any(match.inner for match in matches):
            reasons.append("inside a shape")
        if any(match.mirrored for match in matches):
            reasons.append("mirrored")
        names = {design.designer for design in designs}
        if len(names) == 1 and None not in names:
            reasons.append("same designer")
            for design in designs:
                hint = _HINTS.search(design.title or "")
                if hint:
                    reasons.append(f"a title says “{hint.group().strip()}”")
                    break
        elif None not in names:
            reasons.append("different designers")
        return reasons


def _identity(description: Description) -> bytes:
    return b"".join(
        table.tobytes()
        for table in (description.facts, description.colours, description.shapes)
    )
