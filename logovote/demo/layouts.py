"""How a design is laid on its canvas: lockups, icons, sheets, mock-ups."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from logovote.demo.drawing import Blend, Box, Drawing, stack
from logovote.demo.palettes import Palette, Scheme, contrast, dark, mix, one_colour
from logovote.demo.shapes import area, circle, line, rectangle, shifted


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


def app_icon(parts: Parts, size: tuple[int, int]) -> Drawing:
    """The mark on a rounded tile, as a telephone shows it."""
    side = min(size) * 0.62
    x, y = (size[0] - side) / 2, (size[1] - side) / 2
    inner = dark(parts.palette)
    tile = rectangle(x, y, side, side, side * 0.23)
    low = mix(inner["ground"], "#000000", 0.25)
    lift = [
        area("#000000", shifted(tile, 0, side * drop), opacity=0.05)
        for drop in (0.012, 0.024, 0.036)
    ]
    top = mix(inner["ground"], parts.palette.main, 0.35)
    mark = parts.icon.fitted(Box(x, y, x + side, y + side).inset(side * 0.2))
    return stack([*lift, area(Blend(top, low), tile)]) + mark.painted(
        inner | {"ground": mix(top, low, 0.5)}
    )


def avatar(parts: Parts, size: tuple[int, int]) -> Drawing:
    """The mark in a disc of its own tint."""
    radius = min(size) * 0.36
    x, y = size[0] / 2, size[1] / 2
    disc = mix(parts.scheme["ground"], parts.scheme["main"], 0.14)
    mark = parts.icon.fitted(Box(x, y, x, y).inset(-radius * 0.58))
    painted = mark.painted(parts.scheme | {"ground": disc})
    return stack([area(disc, circle(x, y, radius))]) + painted


def sticker(parts: Parts, size: tuple[int, int]) -> Drawing:
    """A die-cut sticker: the lockup on a pill with a white rim."""
    width, height = size
    frame = Box(0, 0, width, height).inset(min(size) * 0.14)
    pill = rectangle(frame.left, frame.top, frame.width, frame.height, frame.height / 3)
    rim = min(size) * 0.025
    lift = [
        area("#000000", shifted(pill, 0, rim * k), opacity=0.06)
        for k in (0.6, 1.2, 1.8)
    ]
    inner = frame.inset(rim)
    face = rectangle(
        inner.left, inner.top, inner.width, inner.height, inner.height / 3 - rim / 2
    )
    own = dark(parts.palette)
    lockup = side_by_side(parts.mark, parts.name)
    lockup = lockup.fitted(_share(inner, 0.7, 0.5)).painted(own)
    return stack([*lift, area("#ffffff", pill), area(own["ground"], face)]) + lockup


def board(parts: Parts, size: tuple[int, int]) -> Drawing:
    """A presentation sheet: the lockup large, three small treatments below."""
    width, height = size
    split = round(height * 0.64)
    third = width / 3
    lockup = side_by_side(parts.mark, parts.name)
    main = lockup.fitted(_share(Box(0, 0, width, split), 0.62, 0.42))
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
        small = what.fitted(_share(cell, 0.62, 0.5)).painted(scheme)
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
        lockup.fitted(_share(left, 0.6, 0.5)).painted(parts.scheme)
        + stack([panel])
        + lockup.fitted(_share(right, 0.6, 0.5)).painted(night)
    )


def sizes(parts: Parts, size: tuple[int, int]) -> Drawing:
    """The mark large, and a row of it getting smaller."""
    width, height = size
    drawn = parts.icon.fitted(_share(Box(0, 0, width, height * 0.68), 0.5, 0.62))
    x = width * 0.5 - height * 0.29
    for side in (0.17, 0.12, 0.08, 0.05, 0.03):
        high = side * height
        base = height * 0.87
        drawn += parts.icon.fitted(Box(x, base - high, x + high, base))
        x += high + height * 0.035
    return drawn.painted(parts.scheme)


def business_card(parts: Parts, size: tuple[int, int]) -> Drawing:
    """Two cards lying on a table."""
    width, height = size
    night = dark(parts.palette)
    card_width = width * 0.52
    card_height = card_width * 0.58

    def card(
        x: float, y: float, scheme: Scheme, what: Drawing, share: float
    ) -> Drawing:
        outline = rectangle(0, 0, card_width, card_height, 4)
        cast = [
            area("#000000", shifted(outline, 0, 3.0 * k), opacity=0.05)
            for k in (1, 2, 3)
        ]
        inner = _share(Box(0, 0, card_width, card_height), share, share * 0.62)
        face = stack([*cast, area(scheme["ground"], outline)])
        return (face + what.fitted(inner).painted(scheme)).moved(x, y)

    lockup = side_by_side(parts.mark, parts.name)
    back = card(width * 0.1, height * 0.12, night, parts.icon, 0.6)
    light = parts.scheme | {"ground": "#ffffff"}
    front = card(width * 0.38, height * 0.42, light, lockup, 0.64)
    return (back + front).turned(-6).centred(width / 2, height / 2)


def browser(parts: Parts, size: tuple[int, int]) -> Drawing:
    """A browser window with the logo at the head of a page."""
    width, height = size
    left, top = width * 0.1, height * 0.14
    wide, high = width * 0.8, height * 0.9
    bar = max(24.0, height * 0.07)
    faint = mix(parts.scheme["ink"], "#ffffff", 0.86)
    window = rectangle(left, top, wide, high, 10)
    tab = rectangle(left + bar * 2.6, top + bar * 0.2, wide * 0.22, bar, 6)
    lights = [
        area(colour, circle(left + bar * (0.6 + i * 0.55), top + bar / 2, bar * 0.15))
        for i, colour in enumerate(("#e2685f", "#e8bd54", "#76bd6b"))
    ]
    page = Box(left, top + bar, left + wide, top + high)
    favicon = parts.icon.fitted(Box(0, 0, bar * 0.55, bar * 0.55).inset(0)).moved(
        left + bar * 2.9, top + bar * 0.34
    )
    lockup = side_by_side(parts.mark, parts.name)
    hero = lockup.fitted(
        _share(Box(page.left, page.top, page.right, page.top + high * 0.5), 0.5, 0.46)
    )
    text = [
        rectangle(
            width / 2 - wide * w / 2, page.top + high * y, wide * w, high * 0.022, 9
        )
        for y, w in ((0.52, 0.46), (0.58, 0.38))
    ]
    button = rectangle(
        width / 2 - wide * 0.09, page.top + high * 0.66, wide * 0.18, high * 0.09, 8
    )
    sheet = parts.scheme | {"ground": "#ffffff"}
    return stack(
        [
            area("#000000", shifted(window, 0, 5), opacity=0.06),
            area(faint, window),
            area("#ffffff", rectangle(page.left, page.top, wide, high), tab),
            *lights,
            area(faint, *text),
            area(_strong(parts.scheme), button),
            favicon.painted(sheet),
            hero.painted(sheet),
        ]
    )


def corner(parts: Parts, size: tuple[int, int]) -> Drawing:
    """An unsure hand: the lockup too large, off the middle, with a shadow."""
    width, height = size
    lockup = side_by_side(parts.mark, parts.name)
    lockup = lockup.fitted(_share(Box(0, 0, width, height * 0.92), 0.86, 0.6))
    shadow = lockup.moved(width * 0.008, width * 0.008)
    grey = mix(parts.scheme["ground"], "#000000", 0.28)
    flat = dict.fromkeys(("ink", "main", "second", "third"), grey)
    return shadow.painted(flat | {"ground": grey}) + lockup.painted(parts.scheme)


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
    frame = _share(Box(0, 0, *size), share, min(share, 0.62))
    return lockup.fitted(frame).painted(parts.scheme)


def _share(box: Box, wide: float, high: float) -> Box:
    """Return the middle part of a box."""
    x, y = box.middle
    half_width, half_height = box.width * wide / 2, box.height * high / 2
    return Box(x - half_width, y - half_height, x + half_width, y + half_height)


def _strong(scheme: Scheme) -> str:
    """Return the colour a button on white would have."""
    return max(
        (scheme[role] for role in ("main", "second")),
        key=lambda colour: contrast(colour, "#ffffff") > 2,
    )
