"""A mark without its ground: in its own colours, or as the ink of one colour."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from logovote.imaging.picture import Colour

_Plane = NDArray[np.uint8]

# Levels of 255 up to which a pixel is ground, and up to which it can be nothing else:
# paper white and JPEG noise.
_GROUND: Final = 12
_NOISE: Final = 6
# Grey fainter than this is a shadow, and lets the ground shine through. A pale colour
# is more likely a fill, such as skin, and solid.
_FAINT: Final = 64
_FAINT_COLOUR: Final = 24
# How many pixels wide the soft edge between ink and ground can be, on either side.
_EDGE_PX: Final = 2
# In one ink, everything with this part of the strongest ink's contrast is solid.
_SOLID_INK: Final = 0.5
_STRONGEST: Final = 0.98


def knock_out(mark: Image.Image, ground: Colour) -> Image.Image:
    """Take a flat ground out of an RGB picture; returns RGBA.

    Every spot of the ground's colour becomes transparent, also where ink encloses it:
    the inside of an "o" is ground, and nothing in the pixels tells it from a white
    letter on a badge. Along the edges of the ink, where it mixes with the ground, how
    much of each there is follows from the colour of the ink beside it; the ground's
    part is then taken out of the colour, so that no rim of it shows elsewhere.
    """
    paper = np.array(ground, np.int16)
    apart = np.asarray(mark) - paper
    red, green, blue = apart[..., 0], apart[..., 1], apart[..., 2]
    highest = np.maximum(np.maximum(red, green), blue)
    lowest = np.minimum(np.minimum(red, green), blue)
    far = np.maximum(highest, -lowest).astype(np.uint8)
    tint = highest - lowest
    faint = np.where(tint >= _FAINT_COLOUR, np.uint8(_FAINT_COLOUR), np.uint8(_FAINT))
    strongest = np.maximum(_extreme(far, np.maximum), faint)
    part = np.minimum(far / strongest.astype(np.float32), 1)
    # Ink with no ground near is solid however pale: only edges are mixtures.
    part[(_extreme(far, np.minimum) > _GROUND) & (far >= faint)] = 1
    # What may be paper or noise goes, and not at one blow.
    alpha = part * np.clip((far - np.float32(_NOISE)) / (_GROUND - _NOISE), 0, 1)
    share = np.maximum(part, 1 / 255)[..., None]
    colours = np.clip(paper + apart / share, 0, 255)
    cut = np.dstack((colours, 255 * alpha))
    return Image.fromarray(np.rint(cut).astype(np.uint8), "RGBA")


def ink(mark: Image.Image, ground: Colour) -> Image.Image:
    """Return a mark in one ink: black, its alpha the more the farther from `ground`.

    `mark` is RGB on that ground, or RGBA to be laid on it. Pale and dark colours alike
    become solid ink, on white as on navy; only what is much fainter than the strongest
    ink stays a tint.
    """
    if mark.mode == "RGBA":
        paper = Image.new("RGBA", mark.size, (*ground, 255))
        mark = Image.alpha_composite(paper, mark).convert("RGB")
    far = _distance(np.asarray(mark), ground)
    counts = np.bincount(far.ravel(), minlength=256)
    counts[: _GROUND + 1] = 0
    inked = np.cumsum(counts)
    strongest = (
        int(np.searchsorted(inked, _STRONGEST * inked[-1])) if inked[-1] else 255
    )
    solid = max(_GROUND + 1, round(_SOLID_INK * strongest))
    steps = np.arange(256, dtype=np.float32)
    ramp = np.clip((steps - _GROUND) / (solid - _GROUND), 0, 1)
    alpha = Image.fromarray(np.rint(255 * ramp).astype(np.uint8)[far])
    drawn = Image.new("RGBA", mark.size)
    drawn.putalpha(alpha)
    return drawn


def _distance(pixels: _Plane, ground: Colour) -> _Plane:
    """Return, for each pixel, how far its farthest channel is from `ground`."""
    paper = np.array(ground, np.uint8)
    apart = np.maximum(pixels, paper) - np.minimum(pixels, paper)
    # Three times as fast as apart.max(axis=2).
    farthest: _Plane = np.maximum(
        np.maximum(apart[..., 0], apart[..., 1]), apart[..., 2]
    )
    return farthest


def _extreme(plane: _Plane, choose: np.ufunc) -> _Plane:
    """Return the largest or smallest value within `_EDGE_PX` of each pixel."""
    found = plane.copy()
    for _ in range(_EDGE_PX):
        for axis in (0, 1):
            before = found.copy()
            lines, old = (found, before) if axis == 0 else (found.T, before.T)
            choose(lines[1:], old[:-1], out=lines[1:])
            choose(lines[:-1], old[1:], out=lines[:-1])
    return found
