"""How probable it is that two designs are one concept, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from logovote.imaging.likeness.compare import MIRROR_COST, Parts, similarities
from logovote.imaging.likeness.metric import Vectors
from logovote.imaging.likeness.parts import WAYS

Features = NDArray[np.float64]

# Fitted by bench/likeness.py on contests whose families are known: a weight for each
# of `Match.measured`, and one that is always added.
FEATURES: Final = (
    *("alike", "level", "above", "lesser share", "larger share", "deep", "plain"),
    *("aspect", "wide", "colour", "covered", "covered least", "second", "lone"),
    *("all colours", "same designer", "same designer's mark", "designer's designs"),
    *("mark", "mark least", "exact"),
)
WEIGHTS: Final[dict[bool, tuple[float, ...]]] = {
    # Designers known.
    True: (
        *(2.11, 0.64, 3.97, 0.91, 1.2, -0.17, -3.0, -6.98, -1.17, 0.44),
        *(4.48, -2.71, 2.68, 1.25, 1.33, 6.46, 4.96, -0.19, 4.37, 3.49, 3.87, -12.85),
    ),
    # Pictures alone.
    False: (
        *(3.74, 3.6, 5.28, 0.33, 1.39, -0.69, -11.24, -10.81, -1.48, -0.29),
        *(1.99, -3.93, 4.56, 1.24, 2.38, 0.0, 0.0, 0.0, 6.24, 0.09, 4.9, -11.32),
    ),
}

_SOLID: Final = 235
_FEW_RUNS: Final = 10
_WIDE: Final = 155
# How far above its level a likeness is when it may be chance, and when it is certain.
_CHANCE: Final = 0.2
_CERTAIN: Final = 0.6


@dataclass(frozen=True, slots=True)
class Match:
    """The two parts that are most alike in two designs, and what was measured."""

    measured: tuple[float, ...]
    alike: float
    mirrored: bool
    same_colours: bool
    inner: bool
    other_layout: bool


def matched(
    parts: Parts, levels: Vectors, first: int, second: int, designs_of_designer: int
) -> Match:
    """Compare two designs closely.

    Args:
        parts: of all designs; both have some.
        levels: of all parts.
        first: one design.
        second: the other.
        designs_of_designer: how many designs the designer of both has sent in; 0 where
            they are of different people, or that is not known.
    """
    rows = slice(int(parts.starts[first]), int(parts.starts[first + 1]))
    columns = slice(int(parts.starts[second]), int(parts.starts[second + 1]))
    alike = similarities(parts, rows, columns)
    level = (levels[rows, None] + levels[None, columns]) / 2
    above = alike - level
    a, b = parts.facts[rows].astype(np.float64), parts.facts[columns].astype(np.float64)
    share_a, share_b = a[:, 3, None] / 255, b[None, :, 3] / 255
    lesser = np.log(np.minimum(share_a, share_b) + 0.01)
    larger = np.log(np.maximum(share_a, share_b) + 0.01)
    plain = _plain(a)[:, None] | _plain(b)[None, :]
    worth = above + 0.05 * np.maximum(lesser, -3) - plain
    p, q = divmod(int(worth.argmax()), worth.shape[1])
    colour = float(np.minimum(parts.colours[rows][p], parts.colours[columns][q]).sum())
    worth[p] = worth[:, q] = -np.inf
    runner_up = divmod(int(worth.argmax()), worth.shape[1])
    others = np.isfinite(worth[runner_up])
    telling = np.where(plain, -1, above)
    covered = sorted(
        (_covered(telling.max(axis=1), a), _covered(telling.max(axis=0), b))
    )
    marks = sorted(
        (
            float(_there(telling[_marks(a), :]).max(initial=0)),
            float(_there(telling[:, _marks(b)]).max(initial=0)),
        )
    )
    same = float(designs_of_designer > 0)
    measured = (
        float(alike[p, q]),
        float(level[p, q]),
        float(above[p, q]),
        float(lesser[p, q]),
        float(larger[p, q]),
        float(max(a[p, 1], b[q, 1]) >= 2),
        float(plain[p, q]),
        abs(a[p, 0] - b[q, 0]) / 16,
        float(min(a[p, 0], b[q, 0]) > _WIDE),
        colour,
        covered[1],
        covered[0],
        max(0.0, float(above[runner_up])) if others else 0.0,
        float(min(alike.shape) == 1),
        float(np.minimum(parts.colours[rows][0], parts.colours[columns][0]).sum()),
        same,
        same * marks[1],
        same * float(np.log(max(1, designs_of_designer))),
        marks[1],
        marks[0],
        5 * max(0.0, float(alike[p, q]) - 0.8) * covered[1],
    )
    straight = float(parts.vectors[rows][p] @ parts.vectors[columns][q])
    turned = float(parts.flipped[rows][p] @ parts.vectors[columns][q]) - MIRROR_COST
    return Match(
        measured,
        float(alike[p, q]),
        mirrored=turned > straight,
        # What stands in a shape may have the colour of the paper.
        same_colours=(measured[14] if a[p, 2] or b[q, 2] else colour) > 0.6,
        inner=bool(a[p, 2] != b[q, 2]),
        other_layout=bool((a[p, 1] > 0) != (b[q, 1] > 0)),
    )


def probabilities(matches: list[Match], *, named: bool) -> NDArray[np.float64]:
    """Return how probable it is that each pair is one concept."""
    *weights, constant = WEIGHTS[named]
    measured = np.array([match.measured for match in matches])
    odds = measured.reshape(-1, len(FEATURES)) @ np.array(weights) + constant
    result: NDArray[np.float64] = 1 / (1 + np.exp(-np.clip(odds, -30, 30)))
    return result


def _marks(facts: Features) -> NDArray[np.intp]:
    """Choose of each panel what is most likely its mark.

    That is the larger of two pieces, but not a long one, which is a word.
    """
    own = np.arange(len(facts))
    chosen = []
    for root in own[facts[:, 6] == own]:
        pieces = own[(facts[:, 6] == root) & (facts[:, 7] == 0) & (own != root)]
        pieces = pieces[facts[pieces, 0] <= _WIDE]
        chosen.append(pieces[facts[pieces, 3].argmax()] if len(pieces) else root)
    return np.array(chosen, dtype=np.intp)


def _plain(facts: Features) -> NDArray[np.bool_]:
    """Tell a bare bar or block, which is found in anything."""
    plain: NDArray[np.bool_] = (facts[:, 4] > _SOLID) & (facts[:, 5] < _FEW_RUNS)
    return plain


def _there(above: Vectors) -> Vectors:
    """Return from 0 to 1 how surely a part is there, by its likeness above level."""
    there: Vectors = np.clip((above - _CHANCE) / (_CERTAIN - _CHANCE), 0, 1)
    return there


def _covered(above: Vectors, facts: Features) -> float:
    """Return how much of a design, at best of one panel, the other design has too.

    A part is there as much as it has its like there, or as much as the parts are that
    make it up.
    """
    there = _there(above).tolist()
    parents, ways = facts[:, 6].astype(int).tolist(), facts[:, 7].astype(int).tolist()
    shares = facts[:, 3].tolist()
    best = 0.0
    made_of: dict[tuple[int, int], list[float]] = {}
    for part in range(len(there) - 1, -1, -1):
        for way in range(WAYS):
            pieces = made_of.pop((part, way), None)
            if pieces is not None:
                whole = max(shares[part], pieces[1])
                there[part] = max(there[part], pieces[0] / max(1.0, whole))
        if parents[part] == part:
            best = max(best, there[part])
        else:
            pieces = made_of.setdefault((parents[part], ways[part]), [0.0, 0.0])
            pieces[0] += there[part] * shares[part]
            pieces[1] += shares[part]
    return best
