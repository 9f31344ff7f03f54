"""From a design to a few thousand bytes that tell what it looks like."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from logovote.imaging.likeness.parts import (
    DEEPEST,
    MAX_PARTS,
    WAYS,
    Part,
    flattened,
    parts_of,
)

VERSION: Final = 1
_HEAD: Final = struct.Struct(">4sBB")
_MAGIC: Final = b"like"

SIDE: Final = 16
EDGE_PX: Final = 48
CELLS: Final = 8
TURNS: Final = 6
COLOURS: Final = 15
SHAPE_SIZE: Final = SIDE * SIDE + CELLS * CELLS * TURNS
FACTS: Final = 8
_PART_BYTES: Final = FACTS + COLOURS + SHAPE_SIZE
MAX_BYTES: Final = _HEAD.size + MAX_PARTS * _PART_BYTES


class MalformedDescriptionError(ValueError):
    """Bytes that `describe` does not write."""


@dataclass(frozen=True, eq=False)
class Description:
    """The parts of a design, one row each.

    `facts`: log2 aspect x 16 + 128, depth, inner, share x 255, fill x 255, ink runs in
    a row x 8, parent, way (as in `Part`).
    `shapes`: silhouette and edges. `colours`: shares of 12 hues and 3 greys.
    """

    facts: NDArray[np.uint8]
    colours: NDArray[np.uint8]
    shapes: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.facts)


def describe(image: Image.Image) -> bytes:
    """Describe a decoded design, RGB or RGBA. The same pixels give the same bytes."""
    parts = parts_of(flattened(image))
    rows = [_row(part) for part in parts]
    return _HEAD.pack(_MAGIC, VERSION, len(rows)) + b"".join(rows)


def parse(blob: bytes) -> Description:
    """Read a description, believing nothing.

    Raises:
        MalformedDescriptionError: not what this version of `describe` writes.
    """
    if len(blob) < _HEAD.size:
        raise MalformedDescriptionError("too short")
    magic, version, count = _HEAD.unpack_from(blob)
    if magic != _MAGIC or version != VERSION:
        raise MalformedDescriptionError("not a description of this version")
    if count > MAX_PARTS or len(blob) != _HEAD.size + count * _PART_BYTES:
        raise MalformedDescriptionError("bytes missing or left over")
    table = np.frombuffer(blob, np.uint8, offset=_HEAD.size).reshape(count, _PART_BYTES)
    facts, colours, shapes = np.split(table, [FACTS, FACTS + COLOURS], axis=1)
    if (
        (facts[:, 1] > DEEPEST).any()
        or (facts[:, 2] > 1).any()
        or (facts[:, 6] > np.arange(count)).any()
        or (facts[:, 7] >= WAYS).any()
    ):
        raise MalformedDescriptionError("impossible facts")
    return Description(facts, colours, shapes)


def _row(part: Part) -> bytes:
    height, width = part.ink.shape
    mask = Image.fromarray(part.ink.astype(np.uint8) * 255)
    silhouette = np.asarray(mask.resize((SIDE, SIDE), Image.Resampling.BOX))
    picture = Image.fromarray(part.pixels).resize(
        (EDGE_PX, EDGE_PX), Image.Resampling.BOX
    )
    runs = np.count_nonzero(np.diff(part.ink.astype(np.int8), axis=1) == 1) / height
    facts = np.array(
        [
            np.clip(128 + 16 * np.log2(width / height), 0, 255),
            part.depth,
            part.inner,
            255 * part.share,
            255 * part.ink.mean(),
            min(255, 8 * runs),
            part.parent,
            part.way,
        ]
    )
    return b"".join(
        [
            np.round(facts).astype(np.uint8).tobytes(),
            _colours(picture, mask).tobytes(),
            silhouette.tobytes(),
            _edges(np.asarray(picture)).tobytes(),
        ]
    )


def _edges(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return how much edge of which direction is in each cell, whatever its colours."""
    wide = np.pad(pixels.astype(np.float32), ((1, 1), (1, 1), (0, 0)), mode="edge")
    across = wide[1:-1, 2:] - wide[1:-1, :-2]
    down = wide[2:, 1:-1] - wide[:-2, 1:-1]
    power = across**2 + down**2
    channel = power.argmax(axis=2)[..., None]
    across = np.take_along_axis(across, channel, 2)[..., 0]
    down = np.take_along_axis(down, channel, 2)[..., 0]
    strength = np.sqrt(np.take_along_axis(power, channel, 2)[..., 0])
    # Weak edges count nearly as much as strong ones: contrast is a matter of colour.
    strength = strength / (strength + 60) * (strength > 12)
    turn = (np.arctan2(down, across) / np.pi % 1.0) * TURNS
    low = np.floor(turn).astype(np.intp)
    part = (turn - low).astype(np.float32)
    bins = np.zeros((EDGE_PX, EDGE_PX, TURNS), dtype=np.float32)
    grid = np.arange(EDGE_PX)
    bins[grid[:, None], grid[None, :], low % TURNS] = strength * (1 - part)
    bins[grid[:, None], grid[None, :], (low + 1) % TURNS] += strength * part
    cell = EDGE_PX // CELLS
    cells = bins.reshape(CELLS, cell, CELLS, cell, TURNS).mean(axis=(1, 3))
    levels: NDArray[np.uint8] = np.round(
        255 * np.sqrt(np.minimum(1, cells * 1.5))
    ).astype(np.uint8)
    return levels.ravel()


def _colours(picture: Image.Image, mask: Image.Image) -> NDArray[np.uint8]:
    small = picture.resize((24, 24), Image.Resampling.BOX)
    inked = np.asarray(mask.resize((24, 24), Image.Resampling.BOX)) > 140
    hsv = np.asarray(small.convert("HSV")).reshape(-1, 3)[inked.ravel()]
    counts = np.zeros(COLOURS)
    if len(hsv):
        hue, saturation, value = (hsv[:, n].astype(np.int64) for n in range(3))
        chroma = saturation * value // 255
        grey = chroma < 40
        counts[:12] = np.bincount((hue[~grey] * 12 // 256), minlength=12)
        counts[12:] = np.bincount(value[grey] * 3 // 256, minlength=3)
        counts *= 255 / counts.sum()
    return np.round(counts).astype(np.uint8)
