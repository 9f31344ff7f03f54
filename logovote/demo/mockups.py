"""A design where it will live: on a telephone, a card, a sticker, a page."""

from __future__ import annotations

from logovote.demo.drawing import Blend, Box, Drawing, stack
from logovote.demo.layouts import Parts, share_of, side_by_side
from logovote.demo.palettes import Scheme, contrast, dark, mix
from logovote.demo.shapes import area, circle, rectangle, shifted


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
    lockup = lockup.fitted(share_of(inner, 0.7, 0.5)).painted(own)
    return stack([*lift, area("#ffffff", pill), area(own["ground"], face)]) + lockup


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
        inner = share_of(Box(0, 0, card_width, card_height), share, share * 0.62)
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
        share_of(Box(page.left, page.top, page.right, page.top + high * 0.5), 0.5, 0.46)
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


def _strong(scheme: Scheme) -> str:
    """Return the colour a button on white would have."""
    return max(
        (scheme[role] for role in ("main", "second")),
        key=lambda colour: contrast(colour, "#ffffff") > 2,
    )
