"""Compare all designs of a contest, part by part.

A part that also resembles parts of many other people's designs says little: the
contest's own name, a plain disc. So each part has a level, how much it resembles the
designs of others that resemble it most, and a resemblance counts by what it has above
the levels of both parts. Levels rise as designs come in, which makes it stricter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from logovote.imaging.likeness import metric
from logovote.imaging.likeness.features import Description
from logovote.imaging.likeness.metric import Vectors

Numbers = NDArray[np.intp]
Flags = NDArray[np.bool_]

# Rows of parts compared at a time: 256 x 40,000 numbers are 40 MB.
_ROWS: Final = 256
# How much longer one part may be than the other, in sixteenths of a doubling, and
# what each sixteenth above that costs.
_ASPECT_GATE: Final = 5
_ASPECT_COST: Final = 0.03
_COSTS: Final = _ASPECT_COST * np.maximum(
    0, np.abs(np.subtract.outer(np.arange(256), np.arange(256))) - _ASPECT_GATE
).astype(np.float32)
# A level is the mean of these ranks among other designers' likest, the likest left
# out (it may be a copy); where nobody is named, of these among other designs, since
# the likest are the design's own family.
_RANKS_NAMED: Final = (1, 6)
_RANKS_UNNAMED: Final = (6, 14)
# What the level is taken for where there are too few others to tell, and how many
# others that weighs.
_USUAL_LEVEL: Final = 0.45
_USUAL_WEIGHT: Final = 2.0
# How many designs to look at closely for each.
_CANDIDATES: Final = 24
# What a likeness seen in the mirror is worth less.
MIRROR_COST: Final = 0.05


@dataclass(frozen=True, eq=False)
class Parts:
    """The parts of all designs, in the order of the designs.

    `starts` has one number more than there are designs.
    """

    vectors: Vectors
    flipped: Vectors
    facts: NDArray[np.uint8]
    colours: NDArray[np.float32]
    starts: Numbers

    @property
    def designs(self) -> int:
        """How many designs there are."""
        return len(self.starts) - 1


def gathered(descriptions: Sequence[Description]) -> Parts:
    """Put the parts of all designs in one table."""
    counts = [len(description) for description in descriptions]
    shapes = np.concatenate([each.shapes for each in descriptions])
    facts = np.concatenate([each.facts for each in descriptions])
    colours = np.concatenate([each.colours for each in descriptions]).astype(np.float32)
    colours /= np.maximum(1, colours.sum(axis=1, keepdims=True))
    return Parts(
        metric.embedded(shapes),
        metric.embedded(metric.mirrored(shapes)),
        facts,
        colours,
        np.concatenate([[0], np.cumsum(counts)]).astype(np.intp),
    )


def similarities(parts: Parts, rows: slice, columns: slice | None = None) -> Vectors:
    """Return how alike each part of `rows` is to each of `columns`, mirrored or not."""
    columns = columns or slice(None)
    theirs = parts.vectors[columns].T
    alike = parts.vectors[rows] @ theirs
    # Of small pieces the mirror image tells nothing.
    large = np.flatnonzero(parts.facts[rows, 1] < 2)
    turned = parts.flipped[rows][large] @ theirs
    turned -= MIRROR_COST
    alike[large] = np.maximum(alike[large], turned)
    aspects = parts.facts[:, 0]
    alike -= _COSTS[aspects[rows]].take(aspects[columns], axis=1)
    return alike


def survey(
    parts: Parts, designers: Numbers | None
) -> tuple[Vectors, dict[int, set[int]]]:
    """Compare everything with everything.

    Args:
        parts: of all designs; those of one designer need not follow each other.
        designers: a number for the designer of each design, None where unknown.

    Returns:
        The level of each part, and for each design which later ones to look at.
    """
    owners = np.repeat(np.arange(parts.designs), np.diff(parts.starts))
    groups = np.arange(parts.designs) if designers is None else designers
    low, high = _RANKS_NAMED
    if designers is None:
        # In a small contest families are small, and others few.
        low = min(_RANKS_UNNAMED[0], 1 + parts.designs // 10)
        high = low + _RANKS_UNNAMED[1] - _RANKS_UNNAMED[0]
    order = np.argsort(groups, kind="stable")
    bounds = np.flatnonzero(np.diff(groups[order], prepend=-1))
    levels = np.empty(len(owners), dtype=np.float32)
    likest: list[tuple[Numbers, Numbers, Vectors]] = []
    held = np.flatnonzero(np.diff(parts.starts))
    for at in range(0, len(owners), _ROWS):
        rows = slice(at, min(at + _ROWS, len(owners)))
        best = np.full((rows.stop - at, parts.designs), -1, dtype=np.float32)
        best[:, held] = np.maximum.reduceat(
            similarities(parts, rows), parts.starts[held], axis=1
        )
        of_group = np.maximum.reduceat(best[:, order], bounds, axis=1)
        here = np.arange(rows.stop - at)
        of_group[
            here, np.searchsorted(groups[order][bounds], groups[owners[rows]])
        ] = -np.inf
        levels[rows] = _levels(of_group, low, high)
        best[here, owners[rows]] = -np.inf
        count = min(_CANDIDATES, parts.designs)
        # A copy: a view would keep the whole table.
        top = np.argpartition(-best, count - 1, axis=1)[:, :count].copy()
        likest.append((owners[rows], top, np.take_along_axis(best, top, 1)))
    return levels, _candidates(parts, levels, likest)


def _levels(of_group: Vectors, low: int, high: int) -> Vectors:
    high = min(high, of_group.shape[1])
    ranked = -np.partition(-of_group, max(0, high - 1), axis=1)[:, :high]
    ranked = -np.sort(-ranked, axis=1)[:, low:]
    known = np.isfinite(ranked)
    total = np.where(known, ranked, 0).sum(axis=1) + _USUAL_LEVEL * _USUAL_WEIGHT
    levels: Vectors = total / (known.sum(axis=1) + _USUAL_WEIGHT)
    return levels


def _candidates(
    parts: Parts,
    levels: Vectors,
    likest: list[tuple[Numbers, Numbers, Vectors]],
) -> dict[int, set[int]]:
    """Choose for each design the ones that stand out most above its parts' levels."""
    pairs: list[dict[int, float]] = [{} for _ in range(parts.designs)]
    at = 0
    for owners, top, values in likest:
        above = values - levels[at : at + len(owners), None]
        at += len(owners)
        for owner, others, scores in zip(
            owners.tolist(), top.tolist(), above.tolist(), strict=True
        ):
            known = pairs[owner]
            for other, score in zip(others, scores, strict=True):
                if score > known.get(other, 0):
                    known[other] = score
    chosen: dict[int, set[int]] = {}
    for design, known in enumerate(pairs):
        ranked = sorted(known, key=lambda other: (-known[other], other))
        for other in ranked[:_CANDIDATES]:
            chosen.setdefault(min(design, other), set()).add(max(design, other))
    return chosen
