"""Colours: palettes of five, and the schemes a designer makes of one."""

from __future__ import annotations

import colorsys
from collections.abc import Callable
from typing import NamedTuple, TypeAlias

Scheme: TypeAlias = dict[str, str]
"""Role to #rrggbb: main, second, third, ink, glow (what main runs into), ground."""


class Palette(NamedTuple):
    """What one concept is coloured with; `tint` is a light ground, `ink` a dark one."""

    ink: str
    main: str
    second: str
    third: str
    tint: str


PALETTES = tuple(
    Palette(*colours.split())
    for colours in (
        "#1b2430 #1f4e79 #e07a3f #9cc3d5 #f3f6f8",
        "#20302a #2d6a4f #e9b44c #95d5b2 #f4f7f2",
        "#2b2233 #5b3f8c #f28f79 #c9b6e4 #f7f4fa",
        "#14213d #14213d #fca311 #a9b4c8 #f5f5f2",
        "#222222 #c8553d #f28f3b #f3c9a5 #fbf5ef",
        "#0b2b33 #0f7173 #f05d5e #a5d8d0 #eef7f6",
        "#33272a #9a3b4f #e8b4a0 #d98e8e #fbf3f1",
        "#1d1d2b #3d5af1 #22d1ee #b3c0ff #f2f5ff",
        "#2a2a2a #2a2a2a #e4572e #b8b8b8 #f6f4f1",
        "#26311f #5a7d2a #c9a227 #c3d69b #f7f8ee",
        "#1a2e40 #2a7ab0 #7fc8a9 #bfe0ee #f0f7f9",
        "#3a2418 #8a4b2a #d9a05b #e6cfae #f9f3ea",
        "#2d1e2f #a4243b #d8973c #e8c7a0 #faf4ea",
        "#182628 #3b945e #65ccb8 #b9e3cf #f2f8f4",
        "#242038 #9067c6 #f7b267 #cac4e9 #f7f5fb",
        "#112d4e #3f72af #f9a26c #c5d7ea #f4f8fc",
        "#2f2504 #594e36 #c2a83e #cdc392 #f8f6ea",
        "#1f1f24 #1f7a8c #e0607e #a9d3da #f3f8f9",
        "#101820 #006b6b #f2aa4c #9ccaca #f3f6f4",
        "#2c2f33 #4a5a6a #e8735a #b6c2cc #f4f5f6",
        "#331832 #694d75 #f1a66a #c9b1cf #f8f3f7",
        "#0d3b3e #12664f #ef8354 #9bd1b5 #f1f7f3",
        "#1c2541 #3a506b #5bc0be #b7cfd8 #f1f6f7",
        "#2b1a12 #d1495b #edae49 #f2cfa4 #fdf7ee",
    )
)

LOUD = tuple(
    Palette(*colours.split())
    for colours in (
        "#0a0a5c #1a1aff #ff2a00 #ffd800 #fffbe0",
        "#003b00 #00a32e #ff7a00 #b6ff00 #f4ffe8",
        "#2a004a #7a00e6 #00b4d8 #ffd166 #f8f0ff",
        "#222222 #d40000 #0057d9 #ffb300 #f2f2f2",
    )
)
"""What is chosen when somebody has just discovered colour."""

WHITE = "#ffffff"


def mix(first: str, second: str, share: float) -> str:
    """Return `first` with a `share` (0 to 1) of `second` stirred in."""
    pairs = zip(_channels(first), _channels(second), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def glow(colour: str) -> str:
    """Return what a colour runs into without turning to mud: its lighter neighbour."""
    red, green, blue = (channel / 255 for channel in _channels(colour))
    hue, light, strong = colorsys.rgb_to_hls(red, green, blue)
    # Blues lean to cyan, greens to lime, reds to amber, as daylight does.
    step = -0.09 if 0.25 < hue < 0.85 else 0.08
    high = light + (1 - light) * 0.34
    parts = colorsys.hls_to_rgb((hue + step) % 1, high, min(1, strong * 1.1))
    return "#" + "".join(f"{round(part * 255):02x}" for part in parts)


def contrast(first: str, second: str) -> float:
    """Return the contrast ratio of two colours, 1 to 21.

    Source: WCAG 2.2, "contrast ratio" and "relative luminance".
    """
    high, low = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(colour: str) -> float:
    parts = (c / 255 for c in _channels(colour))
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _scheme(palette: Palette, ground: str) -> Scheme:
    return {
        "ink": palette.ink,
        "main": palette.main,
        "second": palette.second,
        "third": palette.third,
        "glow": glow(palette.main),
        "ground": ground,
    }


def light(palette: Palette) -> Scheme:
    """On white."""
    return _scheme(palette, WHITE)


def tinted(palette: Palette) -> Scheme:
    """On the palette's own off-white."""
    return _scheme(palette, palette.tint)


def dark(palette: Palette) -> Scheme:
    """On a dark ground, each colour lightened until it stands out."""
    ground = mix(palette.ink, "#000000", 0.15)
    scheme = {"ground": ground, "ink": palette.tint}
    for role, floor in (("main", 4.0), ("second", 3.0), ("third", 2.0)):
        colour = getattr(palette, role)
        while contrast(colour, ground) < floor:
            colour = mix(colour, WHITE, 0.12)
        scheme[role] = colour
    return scheme | {"glow": glow(scheme["main"])}


def branded(palette: Palette) -> Scheme:
    """White and tints on the main colour."""
    ground = palette.main
    # A pale brand colour cannot carry white.
    while contrast(ground, WHITE) < 3.2:
        ground = mix(ground, "#000000", 0.1)
    second = palette.second
    while contrast(second, ground) < 1.9:
        second = mix(second, WHITE, 0.15)
    return {
        "ground": ground,
        "ink": WHITE,
        "main": WHITE,
        "second": second,
        "third": mix(ground, WHITE, 0.5),
        "glow": mix(ground, WHITE, 0.72),
    }


def one_colour(palette: Palette) -> Scheme:
    """The ink and its tints on white."""
    return _tones(palette.ink, WHITE)


def black_and_white(_palette: Palette) -> Scheme:
    """Greys only, as for a newspaper."""
    return _tones("#161616", WHITE)


def reversed_out(palette: Palette) -> Scheme:
    """White and greys on near-black."""
    return _tones(WHITE, mix(palette.ink, "#0c0c0c", 0.7))


def _tones(ink: str, ground: str) -> Scheme:
    return {
        "ground": ground,
        "ink": ink,
        "main": ink,
        "second": mix(ink, ground, 0.38),
        "third": mix(ink, ground, 0.66),
        "glow": mix(ink, ground, 0.3),
    }


Colouring: TypeAlias = Callable[[Palette], Scheme]
