"""The learnt part of the eye: which differences between two shapes matter.

`metric.npz` holds a linear map, learnt by bench/likeness.py from drawings of marks and
words in many dresses: directions in which one mark differs from itself when recoloured,
inverted, thickened, compressed count little, those that tell marks apart count much.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from logovote.imaging.likeness.features import CELLS, SHAPE_SIZE, SIDE, TURNS

Vectors = NDArray[np.float32]

_FILE: Final = Path(__file__).with_name("metric.npz")
_SILHOUETTE: Final = SIDE * SIDE
_ROWS: Final = 2048


def balanced(shapes: NDArray[np.uint8]) -> Vectors:
    """Give silhouettes and edges unit length each."""
    values = shapes.astype(np.float32)
    for block in (slice(0, _SILHOUETTE), slice(_SILHOUETTE, None)):
        length = np.linalg.norm(values[:, block], axis=1, keepdims=True)
        values[:, block] /= np.maximum(1, length)
    return values


def mirrored(shapes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Describe the same shapes seen in a mirror."""
    count = len(shapes)
    ink = shapes[:, :_SILHOUETTE].reshape(count, SIDE, SIDE)[:, :, ::-1]
    edges = shapes[:, _SILHOUETTE:].reshape(count, CELLS, CELLS, TURNS)[:, :, ::-1]
    # A direction t turns into -t: bin k into bin -k.
    edges = edges[..., [-turn % TURNS for turn in range(TURNS)]]
    return np.concatenate([ink.reshape(count, -1), edges.reshape(count, -1)], axis=1)


def embedded(shapes: NDArray[np.uint8]) -> Vectors:
    """Map shapes to unit vectors whose dot product tells how alike they are."""
    if not len(shapes):
        return np.zeros((0, _map()[1].shape[1]), dtype=np.float32)
    mean, map_ = _map()
    vectors = np.concatenate(
        [
            (balanced(shapes[at : at + _ROWS]) - mean) @ map_
            for at in range(0, len(shapes), _ROWS)
        ]
    )
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Vectors = (vectors / np.maximum(1e-6, length)).astype(np.float32)
    return unit


@functools.cache
def _map() -> tuple[Vectors, Vectors]:
    with np.load(_FILE, allow_pickle=False) as stored:
        mean = stored["mean"].astype(np.float32)
        map_ = stored["map"].astype(np.float32)
    if map_.shape[0] != SHAPE_SIZE:
        raise ValueError("metric.npz does not fit the features")
    return mean, map_
