"""Faces: wordmarks drawn from one skeleton alphabet in many hands."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from random import Random
from typing import Literal

import numpy as np

from logovote.demo.drawing import Drawing, Ends, Figure, Piece, Points
from logovote.demo.glyphs import DOTS, SQUARES, STROKES
from logovote.demo.shapes import circle, path, points, rectangle

_BANDS = np.arange(-26, 84, 5)
"""Heights, in font units, at which neighbouring letters are told how near they come."""


@dataclass(frozen=True)
class Face:
    """How the skeleton is dressed; lengths in font units, capitals being 70 high.

    `nib` draws with a broad pen of that width, height and slant in degrees instead of
    an even line; `power` squares the round letters off; `wobble` is a shaky hand.
    """

    weight: float
    ends: Ends = "round"
    case: Literal["as is", "lower", "upper"] = "as is"
    aspect: float = 1
    power: float = 2
    slant: float = 0
    tracking: float = 0
    nib: tuple[float, float, float] | None = None
    slab: float = 0
    stencil: float = 0
    wobble: float = 0
    squares: bool = False


FACES = {
    "round": Face(11, case="lower"),
    "round bold": Face(19, case="lower"),
    "round light": Face(5.5, case="lower", tracking=5),
    "geometric": Face(10, "square"),
    "geometric bold": Face(17, "square", aspect=1.06),
    "geometric black": Face(23, "square", "lower", aspect=1.12),
    "wide capitals": Face(5, "square", "upper", aspect=1.12, tracking=26),
    "wide heavy": Face(17, "square", "upper", aspect=1.3, power=2.6, tracking=6),
    "condensed": Face(13, "square", "upper", aspect=0.58, power=3.2, tracking=2),
    "condensed lower": Face(12, "square", "lower", aspect=0.66, power=3),
    "squarish": Face(10, "round", "lower", power=4.2),
    "squarish bold": Face(16, "square", "lower", aspect=1.1, power=4.5),
    "slab": Face(9.5, "square", slab=20, aspect=1.04, tracking=5),
    "slab bold": Face(15, "square", slab=27, aspect=1.16, tracking=4),
    "contrast": Face(17, nib=(16, 2.6, 0), slab=24, aspect=1.02, tracking=6),
    "contrast capitals": Face(
        12, "round", "upper", nib=(13, 2.2, 0), slab=20, tracking=20
    ),
    "broad pen": Face(13, nib=(15, 4.5, -32), tracking=3),
    "broad pen bold": Face(17, case="lower", nib=(20, 8, -28), tracking=3),
    "leaning": Face(15, "square", "lower", aspect=1.08, slant=0.2),
    "leaning capitals": Face(13, "square", "upper", 1.1, 2.6, 0.24, 4),
    "stencil": Face(17, "square", "upper", power=2.4, stencil=5, tracking=13),
    "squares": Face(10, case="upper", squares=True),
    "hand": Face(7, wobble=2.2, tracking=2),
    "hand bold": Face(12, case="lower", wobble=2.6, aspect=0.9, slant=0.08),
}


def write(text: str, face: Face, paint: str = "ink") -> Drawing:
    """Set one line: baseline at y = 0, starting at x = 0, in font units."""
    text = {"as is": text, "lower": text.lower(), "upper": text.upper()}[face.case]
    pieces: list[Piece] = []
    glyph: tuple[Piece, ...] = ()
    x, before = 0.0, ""
    for index, letter in enumerate(text):
        if letter == " ":
            ends = max((float(p.points[:, 0].max()) for p in glyph), default=0)
            x, before = x + ends + 28 * face.aspect + face.tracking * 1.6, ""
            continue
        # A shaky hand draws no letter twice alike; all others share one drawing.
        glyph = _glyph(letter, face, index if face.wobble else 0)
        if before:
            x += _advance(before, letter, face)
        left = min(float(p.points[:, 0].min()) for p in glyph) if not before else 0
        x -= left
        offset = np.array([x, 0.0])
        pieces += [Piece(p.points + offset, p.width, p.closed, p.cut) for p in glyph]
        before = letter
    drawing = Drawing((Figure(tuple(pieces), paint, ends=face.ends),))
    return drawing.slanted(face.slant) if face.slant else drawing


def glyph_figure(letter: str, face: Face, paint: str) -> Figure:
    """Return one letter as a figure around the origin, for use inside a mark."""
    figure = Figure(_glyph(letter, face, 0), paint, ends=face.ends)
    return Drawing((figure,)).centred().figures[0]


@lru_cache(maxsize=2000)
def _glyph(letter: str, face: Face, take: int) -> tuple[Piece, ...]:
    if face.squares and letter in SQUARES:
        return _squares(letter)
    rng = Random(f"{letter}{take}")  # noqa: S311 - a shaky hand, no secret
    pieces: list[Piece] = []
    for skeleton, closed in path(STROKES.get(letter, ""), face.power):
        upright = skeleton * np.array([face.aspect, -1])
        bone = _shaken(upright, rng, face.wobble) if face.wobble else upright
        pieces += _stroke(bone, face, closed=closed)
        if face.slab and not closed:
            pieces += _slabs(bone, face)
    if letter in DOTS:
        pieces += _dot(letter, face)
    if face.stencil and not letter.islower():
        pieces += _bridge(pieces, face)
    return tuple(pieces)


def _squares(letter: str) -> tuple[Piece, ...]:
    side = 70 / 6
    return tuple(
        # A hair of overlap keeps the squares from showing seams.
        Piece(rectangle(x * side, (y - 6) * side, side + 0.2, side + 0.2))
        for y, row in enumerate(SQUARES[letter].split())
        for x, bit in enumerate(row)
        if bit == "1"
    )


def _shaken(bone: Points, rng: Random, wobble: float) -> Points:
    """Return a stroke drifting off its way and back, tilted and lifted a little."""
    tilt, lift = rng.uniform(-0.04, 0.04), rng.uniform(-wobble, wobble)
    way = np.linspace(0, 2 * np.pi, len(bone))
    drift = [
        sum(
            rng.uniform(-0.6, 0.6) * wobble * np.sin(beat * way + rng.uniform(0, 6))
            for beat in (1, 2, 3)
        )
        for _ in range(2)
    ]
    tilted = bone @ np.array([[1, tilt], [-tilt, 1]])
    shaken: Points = tilted + np.stack(drift, axis=1) + np.array([0, lift])
    return shaken


def _stroke(bone: Points, face: Face, *, closed: bool) -> list[Piece]:
    if face.nib is None:
        return [Piece(bone, face.weight, closed)]
    # A broad pen leaves the hull of its edge at both ends of every step.
    width, height, degrees = face.nib
    nib = rectangle(-width / 2, -height / 2, width, height)
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    nib = nib @ np.array([[cos, sin], [-sin, cos]])
    ends = np.roll(bone, -1, axis=0) if closed else bone[1:]
    return [
        Piece(_hull(np.concatenate([nib + start, nib + end])))
        for start, end in zip(bone, ends, strict=False)
    ]


def _hull(points: Points) -> Points:
    """Return the convex hull (Andrew's monotone chain)."""
    ordered = sorted(map(tuple, points.tolist()))

    def chain(line: list[tuple[float, ...]]) -> list[tuple[float, ...]]:
        kept: list[tuple[float, ...]] = []
        for x, y in line:
            while len(kept) > 1:
                (ax, ay), (bx, by) = kept[-2], kept[-1]
                if (bx - ax) * (y - ay) - (by - ay) * (x - ax) > 0:
                    break
                kept.pop()
            kept.append((x, y))
        return kept[:-1]

    return np.array(chain(ordered) + chain(ordered[::-1]))


def _slabs(bone: Points, face: Face) -> list[Piece]:
    """Return the feet and caps where a stroke ends at a line of the font."""
    pen = face.nib or (face.weight, face.weight, 0)
    thick = pen[1] if face.nib else face.weight * 0.7
    found = []
    for (x, y), (from_x, from_y) in ((bone[0], bone[1]), (bone[-1], bone[-2])):
        height, run, rise = round(-y), abs(x - from_x), abs(y - from_y)
        if height not in (0, 50, 70, 74, -22):
            continue
        upwards = y < from_y or (rise == 0 and height == 0)
        if rise == 0 and face.nib:
            # A hairline arm ends in a tick, down from the top or up from the foot.
            tip = x + pen[0] / 2 - 3 if x > from_x else x - pen[0] / 2
            found.append(rectangle(tip, y - (14 if upwards else 0), 3, 14))
        # An even line that leans looks better without a foot.
        if run > (0.5 if face.nib else 0.05) * rise:
            continue
        reach = face.slab / 2
        # Lower-case stems carry a flag to the left only, as in book faces.
        right = reach if height in (0, 70, -22) else pen[0] / 2
        # Flush with what the pen itself reaches beyond the skeleton.
        top = y - pen[1] / 2 if upwards else y + pen[1] / 2 - thick
        found.append(rectangle(x - reach, top, reach + right, thick))
    return [Piece(outline) for outline in found]


def _dot(letter: str, face: Face) -> list[Piece]:
    x, y = DOTS[letter]
    radius = max(face.nib[0] if face.nib else face.weight, 6) * 0.56
    height = max(float(y), radius * 0.6)
    centre = (x * face.aspect, -height - (face.weight / 4 if y else 0))
    if face.ends == "square" and face.nib is None:
        return [
            Piece(
                rectangle(
                    centre[0] - radius, centre[1] - radius, 2 * radius, 2 * radius
                )
            )
        ]
    return [Piece(circle(*centre, radius))]


def _bridge(pieces: list[Piece], face: Face) -> list[Piece]:
    """Return the slanting bridge that holds a stencil letter together."""
    xs = np.concatenate([piece.points[:, 0] for piece in pieces])
    ends = points(
        (float(xs.min()) - face.weight / 2, -28),
        (float(xs.max()) + face.weight / 2, -42),
    )
    return [Piece(ends, face.stencil, closed=False, cut=True)]


@lru_cache(maxsize=4000)
def _advance(left: str, right: str, face: Face) -> float:
    """Return how far the origins of two neighbours stand apart.

    Every pair gets the same air: the mean distance over all heights, where a gap wider
    than a third of an em counts no further. This is kerning by eye, done by rule.
    """
    reach = _profile(left, face)[1] - _profile(right, face)[0]
    gaps = reach.max() - reach
    air = (12 if face.squares else 15) + face.tracking - face.weight * 0.35
    if face.slab:
        air -= 4
    usual = np.minimum(gaps, 24).mean()
    step = float(reach.max() - usual * 0.75 + air)
    nearest = 3.5 + face.tracking * 0.6
    return max(step, float(reach.max()) + nearest)


@lru_cache(maxsize=2000)
def _profile(letter: str, face: Face) -> tuple[Points, Points]:
    """Return the leftmost and rightmost ink of a letter at every height."""
    left = np.full(len(_BANDS), 1e3)
    right = np.full(len(_BANDS), -1e3)
    for piece in _glyph(letter, face, 0):
        if piece.cut:
            continue
        corners = piece.points
        if piece.closed:
            corners = np.concatenate([corners, corners[:1]])
        steps = np.linspace(0, 1, 9)[:, None, None]
        dense = (corners[:-1] * (1 - steps) + corners[1:] * steps).reshape(-1, 2)
        dense = corners if len(dense) == 0 else dense
        half = piece.width / 2
        near = np.abs(-_BANDS[:, None] - dense[:, 1]) <= half + 4
        left = np.minimum(left, np.where(near, dense[:, 0] - half, 1e3).min(axis=1))
        right = np.maximum(right, np.where(near, dense[:, 0] + half, -1e3).max(axis=1))
    return left, right
