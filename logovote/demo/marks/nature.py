"""Marks from outdoors: hills, leaves, waves, stars."""

from __future__ import annotations

from random import Random

import numpy as np

from logovote.demo.drawing import Blend, Drawing, Figure, Piece, stack
from logovote.demo.marks.register import mark
from logovote.demo.shapes import (
    arc,
    area,
    circle,
    line,
    points,
    rectangle,
    star,
    turned,
    wedge,
)


def within(disc: float, figure: Figure) -> Figure:
    """Return a figure kept to what lies inside a disc around the origin."""
    frame = np.concatenate(
        [arc(0, 0, disc, 90, 450), points((0, 200), (-200, 200), (-200, -200))]
    )
    rest = points((-200, -200), (200, -200), (200, 200), (0, 200), (0, disc))
    return figure.minus(np.concatenate([frame, rest]))


@mark()
def hills_and_sun(rng: Random, _initial: str) -> Drawing:
    """Peaks before a low sun."""
    if rng.random() < 0.5:
        sky = area(Blend("third", "glow", 90), circle(0, 0, 50))
        back = area("second", points((-60, 60), (-14, -14), (40, 60)))
        front = area("main", points((-30, 60), (18, 2), (70, 60)))
        sun = area("ground", circle(16, -20, 9))
        return stack([sky, sun, within(50, back), within(50, front)])
    left = points((-52, 38), (-14, -30), (24, 38))
    right = points((0, 38), (24, -4), (52, 38))
    snow = points(
        (-14, -45),
        (6, -20),
        (-1, -7),
        (-9, -1),
        (-15, -8),
        (-21, -1),
        (-27, -7),
        (-34, -20),
    )
    peak = area("main", left).minus(snow)
    hill = area("second", right).minus(Piece(left), Piece(left, 5))
    return stack([area("third", circle(28, -28, 11)), hill, peak])


@mark()
def rising_sun(rng: Random, _initial: str) -> Drawing:
    """Half a sun over lines of water."""
    rays = rng.choice([7, 9])
    disc = area("main", wedge(0, 4, 26, 180, 360))
    beams = [
        turned(points((0, -32.0), (0, -44.0)), -90 + 180 * (i + 0.5) / rays, 0, 4)
        for i in range(rays)
    ]
    water = [
        line("second", 6, points((-w, y), (w, y)))
        for w, y in ((46, 14), (32, 27), (18, 40))
    ]
    return stack([disc, line("third", 5.5, *beams), *water])


@mark()
def leaf(rng: Random, _initial: str) -> Drawing:
    """A leaf: two halves along a rib, or a sprout of two."""
    if rng.random() < 0.5:
        half = "M 0 50 C -40 30 -42 -18 0 -50"
        lit, shade = area("main", half), stack([area("second", half)]).scaled(-1, 1)
        rib = Piece(points((0, 60), (0, -18)), 4.5, closed=False)
        return stack([lit.minus(rib), *(f.minus(rib) for f in shade.figures)]).turned(
            32
        )
    blade = area("main", "M 0 6 C -6 -30 -30 -38 -48 -38 C -48 -6 -30 8 0 6")
    other = area("second", "M 3 -8 C 4 -34 24 -46 46 -46 C 48 -18 28 -4 3 -8")
    return stack([line("main", 7, "M 0 46 C 0 30 0 20 0 2"), blade, other])


@mark(turns=True)
def spark(rng: Random, _initial: str) -> Drawing:
    """A four-pointed spark with hollow sides, and its small companion."""
    tip = (
        "M 0 -50 C 4 -14 14 -4 50 0 C 14 4 4 14 0 50 C -4 14 -14 4 -50 0 "
        "C -14 -4 -4 -14 0 -50"
    )
    big = stack([area(Blend("main", "glow", 60), tip)])
    small = stack([area("second", tip)]).scaled(0.36)
    if rng.random() < 0.5:
        return big.scaled(0.9) + small.moved(34, -34)
    return big + stack([area("third", tip)]).scaled(0.55).turned(45)


@mark()
def wave(rng: Random, _initial: str) -> Drawing:
    """Swell in a disc, each crest a shade deeper."""
    paints = ["third", "second", "main"]
    x = np.linspace(-60, 60, 61)
    high = rng.choice([7, 10])
    swells = []
    for i, paint in enumerate(paints):
        y = -18 + i * 21 + high * np.sin(x / 15 + i * 2.2)
        crest = np.stack([x, y], axis=1)
        swells.append(
            within(
                50, area(paint, np.concatenate([crest, points((60, 60), (-60, 60))]))
            )
        )
    return stack([*swells, area("second", circle(14, -33, 8))])


@mark()
def flame(rng: Random, _initial: str) -> Drawing:
    """A flame with a calm heart: the kiln is lit."""
    outer = (
        "M 2 -52 C 8 -30 36 -18 36 14 C 36 38 20 50 0 50 C -20 50 -36 37 -36 16 "
        "C -36 2 -28 -6 -22 -18 C -18 -8 -14 -4 -8 -2 C -12 -22 -8 -40 2 -52"
    )
    inner = (
        "M 2 4 C 6 14 17 18 17 32 C 17 42 10 50 0 50 "
        "C -11 50 -17 43 -17 33 C -17 20 -4 18 2 4"
    )
    heart = "second" if rng.random() < 0.7 else "ground"
    return stack([area(Blend("glow", "main", 90), outer), area(heart, inner)])


@mark()
def tree(rng: Random, _initial: str) -> Drawing:
    """A tree: round crowns, or a fir of folded planes."""
    if rng.random() < 0.5:
        crowns = [
            area("third", circle(-20, -4, 22)),
            area("second", circle(21, -6, 21)),
            area("main", circle(0, -24, 25)),
        ]
        trunk = line("ink", 6.5, "M 0 50 L 0 -14 M 0 24 L -17 6 M 0 14 L 16 0")
        return stack([*crowns, trunk])
    tiers = [(-50, -18, 24), (-30, 10, 33), (-6, 38, 42)]
    left = [points((0, t), (0, b), (-w, b)) for t, b, w in tiers]
    right = [points((0, t), (0, b), (w, b)) for t, b, w in tiers]
    trunk = area("third", rectangle(-5, 38, 10, 12))
    return stack([trunk, area("main", *left), area("second", *right)])


@mark()
def planet(rng: Random, _initial: str) -> Drawing:
    """A planet with its ring, or a moon on its way round."""
    if rng.random() < 0.5:
        ball = area(Blend("main", "glow", 60), circle(0, 0, 30))
        ring = stack([line("third", 6.5, circle(0, 0, (50, 15)), closed=True)])
        behind = ring.figures[0].minus(points((-31, -30), (31, -30), (31, 0), (-31, 0)))
        gap = Piece(arc(0, 0, (50, 15), 0, 180), 12, closed=False)
        return stack([ball.minus(gap), behind]).turned(-24)
    orbits = [line("third", 4, circle(0, 0, r), closed=True) for r in (30, 47)]
    moons = [
        area("main", circle(0, 0, 15)),
        area("second", circle(21.2, -21.2, 8)),
        area("main", circle(-44.2, 16, 6)),
    ]
    return stack([*orbits, *moons])


@mark()
def night_sky(rng: Random, _initial: str) -> Drawing:
    """A crescent that holds a star."""
    lean = rng.choice([-20, 0])
    moon = area("main", circle(0, 0, 48)).minus(circle(19, -11, 38))
    spot = stack([area("second", star(4, 19, 6))]).turned(lean).moved(20, -10)
    return stack([moon, spot])


@mark()
def plant_pot(rng: Random, _initial: str) -> Drawing:
    """Something that grows on a desk."""
    pot = area("second", points((-25, 18), (25, 18), (18, 50), (-18, 50)))
    rim = area("second", rectangle(-30, 10, 60, 11, 3))
    leaf_ = "M 0 10 C -16 -6 -14 -34 0 -50 C 14 -34 16 -6 0 10"
    angles = rng.choice([(-48, 0, 48), (-62, -24, 24, 62)])
    blades = [
        stack([area("main" if i % 2 == 0 else "third", leaf_)]).moved(0, -10).turned(a)
        for i, a in enumerate(angles)
    ]
    return stack([*(blade.moved(0, 10) for blade in blades), pot, rim])
