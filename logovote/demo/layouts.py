"""How a design is laid on its canvas: lockups, and sheets of several."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from logovote.demo.drawing import Box, Drawing, stack
from logovote.demo.palettes import Palette, Scheme, dark, mix, one_colour
from logovote.demo.shapes import area, line, rectangle


@dataclass(frozen=True, eq=False)
class Parts:
    """What a designer has in hand: a mark, an icon, the name and a line below it."""

    mark: Drawing
    icon: Drawing
    name: Drawing
    tagline: Drawing
    palette: Palette
    scheme: Scheme


@dataclass(frozen=True, eq=False)
class Sheet:
    """A painted drawing for a canvas of some size; no ground means transparent."""

    drawing: Drawing
    size: tuple[int, int]
    ground: str | None


Arrange: TypeAlias = Callable[[Parts, tuple[int, int]], Drawing]
"""Lays parts out on a canvas of that size and paints them."""


def beside(parts: Parts, size: tuple[int, int]) -> Drawing:
    """The name to the right of the mark."""
    return _placed(side_by_side(parts.mark, parts.name), parts, size)


def beside_with_tagline(parts: Parts, size: tuple[int, int]) -> Drawing:
    """The name and its tagline to the right of the mark."""
    words = _words(parts, centred=False)
    return _placed(side_by_side(parts.mark, words), parts, size)


def below(parts: Parts, size: tuple[int, int]) -> Drawing:
    """The name under the mark."""
    return _placed(one_above(parts.mark, parts.name), parts, size)


def below_with_tagline(parts: Parts, size: tuple[int, int]) -> Drawing:
    """The name and its tagline under the mark."""
    return _placed(one_above(parts.mark, _words(parts, centred=True)), parts, size)


def mark_alone(parts: Parts, size: tuple[int, int]) -> Drawing:
    """The mark and nothing else."""
    return _placed(parts.icon, parts, size, share=0.56)


def name_alone(parts: Parts, size: tuple[int, int]) -> Drawing:
    """The name and nothing else."""
    return _placed(parts.name, parts, size)


def board(parts: Parts, size: tuple[int, int]) -> Drawing:
    """A presentation sheet: the lockup large, three small treatments below."""
    width, height = size
    split = round(height * 0.64)
    third = width / 3
    lockup = side_by_side(parts.mark, parts.name)
    main = lockup.fitted(share_of(Box(0, 0, width, split), 0.62, 0.42))
    drawn = main.painted(parts.scheme)
    night, ink = dark(parts.palette), one_colour(parts.palette)
    brand = parts.scheme | {"ground": parts.palette.tint}
    for i, (scheme, what) in enumerate(
        ((night, parts.icon), (brand, parts.icon), (ink, lockup))
    ):
        cell = Box(i * third, split, (i + 1) * third, height)
        panel = area(
            scheme["ground"], rectangle(cell.left, split, third, height - split)
        )
        small = what.fitted(share_of(cell, 0.62, 0.5)).painted(scheme)
        drawn = drawn + stack([panel]) + small
    rule = line(
        mix(parts.scheme["ink"], "#ffffff", 0.8), 1.5, f"M 0 {split} L {width} {split}"
    )
    return drawn + stack([rule])


def halves(parts: Parts, size: tuple[int, int]) -> Drawing:
    """Light and dark next to each other."""
    width, height = size
    night = dark(parts.palette)
    lockup = one_above(parts.mark, parts.name)
    left = Box(0, 0, width / 2, height)
    right = Box(width / 2, 0, width, height)
    panel = area(night["ground"], rectangle(width / 2, 0, width / 2, height))
    return (
        lockup.fitted(share_of(left, 0.6, 0.5)).painted(parts.scheme)
        + stack([panel])
        + lockup.fitted(share_of(right, 0.6, 0.5)).painted(night)
    )


def sizes(parts: Parts, size: tuple[int, int]) -> Drawing:
    """The mark large, and a row of it getting smaller."""
    width, height = size
    drawn = parts.icon.fitted(share_of(Box(0, 0, width, height * 0.68), 0.5, 0.62))
    x = width * 0.5 - height * 0.29
    for side in (0.17, 0.12, 0.08, 0.05, 0.03):
        high = side * height
        base = height * 0.87
        drawn += parts.icon.fitted(Box(x, base - high, x + high, base))
        x += high + height * 0.035
    return drawn.painted(parts.scheme)


def corner(parts: Parts, size: tuple[int, int]) -> Drawing:
    """An unsure hand: the lockup too large, off the middle, with a shadow."""
    width, height = size
    lockup = side_by_side(parts.mark, parts.name)
    lockup = lockup.fitted(share_of(Box(0, 0, width, height * 0.92), 0.86, 0.6))
    shadow = lockup.moved(width * 0.008, width * 0.008)
    grey = mix(parts.scheme["ground"], "#000000", 0.28)
    flat = dict.fromkeys(parts.scheme, grey)
    return shadow.painted(flat) + lockup.painted(parts.scheme)


def side_by_side(mark: Drawing, words: Drawing) -> Drawing:
    """Return a mark with words to its right, at the height of the capitals."""
    if not mark.figures:
        return words
    own = mark.fitted(Box(-90, -66, 90, 66))
    own = own.moved(-own.box.right, -34)
    return own + words.moved(30 - words.box.left, 0)


def one_above(mark: Drawing, words: Drawing) -> Drawing:
    """Return a mark with words centred below it."""
    if not mark.figures:
        return words
    reach = max(130.0, words.box.width * 0.5)
    own = mark.fitted(Box(-reach / 2, -reach, reach / 2, 0))
    own = own.moved(0, -own.box.bottom)
    low = words.centred()
    return own + low.moved(0, 34 - low.box.top)


def _words(parts: Parts, *, centred: bool) -> Drawing:
    name, tagline = parts.name, parts.tagline
    scale = min(0.34, name.box.width / tagline.box.width)
    small = tagline.scaled(scale)
    x = name.box.left - small.box.left
    if centred:
        x = name.box.middle[0] - small.box.middle[0]
    y = name.box.bottom + 16 - small.box.top
    shift = 0 if centred else -16
    return (name + small.moved(x, y)).moved(0, shift)


def _placed(
    lockup: Drawing, parts: Parts, size: tuple[int, int], share: float = 0.7
) -> Drawing:
    frame = share_of(Box(0, 0, *size), share, min(share, 0.62))
    return lockup.fitted(frame).painted(parts.scheme)


def share_of(box: Box, wide: float, high: float) -> Box:
    """Return the middle part of a box."""
    x, y = box.middle
    half_width, half_height = box.width * wide / 2, box.height * high / 2
    return Box(x - half_width, y - half_height, x + half_width, y + half_height)
