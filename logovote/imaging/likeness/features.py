"""From a design to a few thousand bytes that tell what it looks like."""

from __future__ import annotations

import math
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
COLOUR_PX: Final = 24
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
    if not parts:
        return _HEAD.pack(_MAGIC, VERSION, 0)
    # Row by row NumPy and Pillow would mostly call each other: one tall picture of all.
    large = Image.new("RGB", (EDGE_PX, EDGE_PX * len(parts)))
    small = Image.new("RGB", (COLOUR_PX, COLOUR_PX * len(parts)))
    masks = [Image.fromarray(part.ink.astype(np.uint8) * 255) for part in parts]
    for place, part in enumerate(parts):
        picture = _boxed(Image.fromarray(part.pixels), EDGE_PX)
        large.paste(picture, (0, EDGE_PX * place))
        small.paste(_boxed(picture, COLOUR_PX), (0, COLOUR_PX * place))
    rows = [
        facts + colours.tobytes() + _boxed(mask, SIDE).tobytes() + edges.tobytes()
        for facts, colours, mask, edges in zip(
            map(_facts, parts),
            _colours(small, masks),
            masks,
            _edges(np.asarray(large).reshape(-1, EDGE_PX, EDGE_PX, 3)),
            strict=True,
        )
    ]
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


def _facts(part: Part) -> bytes:
    height, width = part.ink.shape
    starts = part.ink[:, 1:] & ~part.ink[:, :-1]
    facts = (
        min(255.0, max(0.0, 128 + 16 * math.log2(width / height))),
        part.depth,
        part.inner,
        255 * part.share,
        255 * np.count_nonzero(part.ink) / part.ink.size,
        min(255, 8 * np.count_nonzero(starts) / height),
        part.parent,
        part.way,
    )
    return bytes(map(round, facts))


def _boxed(image: Image.Image, side_px: int) -> Image.Image:
    return image.resize((side_px, side_px), Image.Resampling.BOX)


def _edges(pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return how much edge of which direction is in each cell, whatever its colours."""
    # Planes first: channel by channel is several times as fast as pixel by pixel.
    planes = np.ascontiguousarray(np.moveaxis(pictures, 3, 0), dtype=np.float32)
    wide = np.concatenate([planes[..., :1], planes, planes[..., -1:]], axis=3)
    high = np.concatenate([planes[:, :, :1], planes, planes[:, :, -1:]], axis=2)
    across = wide[..., 2:] - wide[..., :-2]
    down = high[:, :, 2:] - high[:, :, :-2]
    power = across**2 + down**2
    # Of each pixel, the channel with the strongest edge.
    for channel in (1, 2):
        more = power[channel] > power[0]
        for plane in (power, across, down):
            np.copyto(plane[0], plane[channel], where=more)
    strength = np.sqrt(power[0])
    # Weak edges count nearly as much as strong ones: contrast is a matter of colour.
    strength = strength / (strength + 60) * (strength > 12)
    turn = (np.arctan2(down[0], across[0]) / np.pi % 1.0) * TURNS
    low = np.floor(turn).astype(np.intp)
    part = (turn - low).astype(np.float32)
    bins = np.zeros((len(pictures), EDGE_PX, EDGE_PX, TURNS), dtype=np.float32)
    spots = np.arange(part.size) * TURNS
    flat = bins.ravel()
    flat[spots + (low % TURNS).ravel()] = (strength * (1 - part)).ravel()
    flat[spots + ((low + 1) % TURNS).ravel()] = (strength * part).ravel()
    cell = EDGE_PX // CELLS
    cells = bins.reshape(-1, CELLS, cell, CELLS, cell, TURNS).mean(axis=(2, 4))
    levels: NDArray[np.uint8] = np.round(
        255 * np.sqrt(np.minimum(1, cells * 1.5))
    ).astype(np.uint8)
    return levels.reshape(len(pictures), -1)


def _colours(sheet: Image.Image, masks: list[Image.Image]) -> NDArray[np.uint8]:
    """Return, of each picture of the sheet, which colours its ink has."""
    pixels = np.asarray(sheet.convert("HSV")).reshape(len(masks), -1, 3)
    counts = np.zeros((len(masks), COLOURS))
    for place, (mask, hsv) in enumerate(zip(masks, pixels, strict=True)):
        inked = np.asarray(_boxed(mask, COLOUR_PX)) > 140
        hue, saturation, value = hsv[inked.ravel()].T.astype(np.int64)
        if len(hue):
            grey = saturation * value // 255 < 40
            counts[place, :12] = np.bincount(hue[~grey] * 12 // 256, minlength=12)
            counts[place, 12:] = np.bincount(value[grey] * 3 // 256, minlength=3)
            counts[place] *= 255 / counts[place].sum()
    return np.round(counts).astype(np.uint8)
