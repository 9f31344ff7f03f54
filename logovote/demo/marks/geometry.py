"""Marks of pure form: solids, rings, knots, folds."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import numpy as np

from logovote.demo.drawing import Drawing, Figure, Piece, Points, stack
from logovote.demo.marks.register import mark
from logovote.demo.shapes import (
    arc,
    area,
    circle,
    line,
    points,
    rectangle,
    regular,
    shifted,
    turned,
    wedge,
)


def cube(x: float, y: float, side: float, paints: tuple[str, str, str]) -> Drawing:
    """Return an isometric cube: top, left and right face."""
    dx, dy = side * 0.866, side / 2
    top = points((x, y - side), (x + dx, y - dy), (x, y), (x - dx, y - dy))
    left = points((x - dx, y - dy), (x, y), (x, y + side), (x - dx, y + dy))
    right = points((x + dx, y - dy), (x, y), (x, y + side), (x + dx, y + dy))
    faces = zip(paints, (top, left, right), strict=True)
    return stack(area(paint, face) for paint, face in faces)


@mark()
def hollow_cube(rng: Random, _initial: str) -> Drawing:
    """A cube with a smaller one taken out of its near corner."""
    outer = cube(0, 0, 50, ("third", "main", "second"))
    if rng.random() < 0.5:
        return outer + cube(0, 0, 25, ("second", "third", "main")).turned(180)
    gaps = [Piece(points((0, 0), (x, y)), 5, closed=False) for x, y in _SPOKES]
    return outer.mapped(lambda face: face.minus(*gaps))


_SPOKES = ((0, 60), (-52, -30), (52, -30))


@mark()
def stacked_blocks(rng: Random, _initial: str) -> Drawing:
    """Cubes put together, one after the other, as a build does."""
    paints = ("third", "main", "second")
    loose = points((0, -22), (-19.9, 12.4), (19.9, 12.4))
    stairs = points((0, -12), (0, -36), (-20.3, 0), (20.3, 0), (0, 12))
    places = rng.choice([loose, stairs]).tolist()
    return stack(cube(x, y, 22, paints) for x, y in places)


@mark(turns=True)
def overlapping_discs(rng: Random, _initial: str) -> Drawing:
    """Translucent discs that share their middle."""
    count = rng.choice([3, 5])
    radius, reach = {3: (29, 19), 5: (22, 26)}[count]
    paints = ["main", "second", "third", "main", "second"]
    return stack(
        area(paint, circle(float(x), float(y), radius), opacity=0.78)
        for paint, (x, y) in zip(paints, regular(count, reach), strict=False)
    )


@mark(turns=True)
def petals(rng: Random, _initial: str) -> Drawing:
    """A flower of translucent leaves."""
    count = rng.choice([6, 8])
    leaf = "M 0 -4 C 22 -16 20 -40 0 -50 C -20 -40 -22 -16 0 -4"
    blade = stack([area("main", leaf, opacity=0.72)])
    other = stack([area("second", leaf, opacity=0.72)])
    return stack(
        (other if i % 2 else blade).turned(i * 360 / count) for i in range(count)
    )


@mark(turns=True)
def pinwheel(rng: Random, _initial: str) -> Drawing:
    """Folded paper, turning."""
    count = rng.choice([4, 6])
    out = 360 / count
    tip = regular(count, 50)[0]
    side = turned(points((0.0, -50.0)), out)[0]
    vane = points((0, 0), (float(tip[0]), float(tip[1])), tuple(side * 0.62))
    fold = points((0, 0), tuple(side * 0.62), tuple((tip + side * 0.62) / 2))
    arm = stack([area("main", vane), area("second", fold)])
    return stack(arm.turned(i * out) for i in range(count))


@mark(turns=True)
def knot(rng: Random, _initial: str) -> Drawing:
    """A line that winds twice around and passes over and under itself.

    Source: the torus knots (2, 3) and (2, 5), seen from above.
    """
    lobes, width = rng.choice([(3, 11.0), (5, 7.5)])
    t = np.linspace(0, 2 * np.pi, 301)
    radius = 32 + (15 if lobes == 3 else 11) * np.cos(lobes * t)
    curve = np.stack([radius * np.sin(2 * t), -radius * np.cos(2 * t)], axis=1)
    pieces = [Piece(curve[:-1], width)]
    above = np.sin(lobes * t) > 0
    for run in np.split(curve, np.flatnonzero(np.diff(above)) + 1)[1::2]:
        inner = run[len(run) // 4 : -len(run) // 4]
        pieces.append(Piece(inner, width * 1.7, closed=False, cut=True))
        pieces.append(Piece(run, width, closed=False))
    return stack([Figure(tuple(pieces), "main")])


@mark(turns=True)
def linked_frames(rng: Random, _initial: str) -> Drawing:
    """Two frames that hold on to each other."""
    radius = rng.choice([3, 15, 30])
    first = line("main", 11, rectangle(-46, -46, 60, 60, radius), closed=True)
    second = line("second", 11, rectangle(-14, -14, 60, 60, radius), closed=True)
    if radius == 3:
        first, second = replace(first, ends="square"), replace(second, ends="square")
    # Each passes above at one crossing and leaves a gap there in the other.
    reach = 15 if radius == 30 else 12
    return stack(
        [
            first.minus(_strand(-14, 14, reach)),
            second.minus(_strand(14, -14, reach)),
        ]
    )


def _strand(x: float, y: float, reach: float) -> Piece:
    return Piece(points((x, y - reach), (x, y + reach)), 18, closed=False)


@mark()
def layers(rng: Random, _initial: str) -> Drawing:
    """Sheets of paper, put down a little out of line."""
    order = rng.choice(
        [("third", "second", "third", "main"), ("third", "main", "second", "main")]
    )
    sheet = points((0, -22), (42, 0), (0, 22), (-42, 0))
    places = [(7, 28.5), (-7, 9.5), (7, -9.5), (-7, -28.5)]
    drawn: list[Figure] = []
    for i, ((x, y), paint) in enumerate(zip(places, order, strict=True)):
        figure = area(paint, shifted(sheet, x, y))
        above = [shifted(sheet, *place) for place in places[i + 1 : i + 2]]
        drawn.append(figure.minus(*above, *(Piece(edge, 6) for edge in above)))
    return stack(drawn)


@mark(turns=True)
def facets(rng: Random, _initial: str) -> Drawing:
    """A cut gem: a bright table, facets around it lit from one side."""
    corners = rng.choice([6, 8])
    rim, table = regular(corners, 50), regular(corners, 27)
    drawn = []
    for i in range(corners):
        after = (i + 1) % corners
        facet = np.array([rim[i], rim[after], table[after], table[i]])
        paint = ("third", "second", "main", "second")[i * 4 // corners]
        drawn.append(area(paint if i % 2 else "main", facet))
    edges = [Piece(np.array([a, b]), 2.6, closed=False) for a, b in _pairs(rim, table)]
    return stack(
        [*(facet.minus(*edges) for facet in drawn), area("third", table * 0.9)]
    )


def _pairs(outer: Points, inner: Points) -> list[tuple[Points, Points]]:
    return [(a * 1.05, b * 0.9) for a, b in zip(outer, inner, strict=True)]


@mark(turns=True)
def broken_rings(rng: Random, _initial: str) -> Drawing:
    """Arcs around one centre, each a part of the way."""
    start = rng.choice([-90, 0, 150])
    arcs = [(46, 300, "main"), (32, 220, "second"), (18, 260, "third")]
    return stack(
        line(paint, 9.5, arc(0, 0, radius, start + i * 60, start + i * 60 + length))
        for i, (radius, length, paint) in enumerate(arcs)
    )


@mark(turns=True)
def spiral(rng: Random, _initial: str) -> Drawing:
    """A line that winds in, or seeds of a sunflower."""
    if rng.random() < 0.5:
        turns = np.linspace(0.4, 2.6, 90)
        radius = 17.5 * turns
        angle = turns * 2 * np.pi
        curve = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
        return stack([line("main", 10, curve), area("second", circle(0, 0, 6.5))])
    golden = np.pi * (3 - 5**0.5)
    seeds = [
        (5.6 * n**0.5 * np.cos(n * golden), 5.6 * n**0.5 * np.sin(n * golden), n)
        for n in range(2, 74)
    ]
    paints = ("main", "second", "third")
    return stack(
        area(
            paint,
            *(
                circle(float(x), float(y), 2 + n / 21)
                for x, y, n in seeds
                if n * 3 // 74 == i
            ),
        )
        for i, paint in enumerate(reversed(paints))
    )


@mark()
def origami_boat(rng: Random, _initial: str) -> Drawing:
    """A paper boat, its folds showing."""
    sail = rng.choice([20, 26])
    boat = [
        area("main", points((0, -46), (0, 12), (-sail, 5))),
        area("glow", points((0, -46), (sail, 5), (0, 12))),
        area("main", points((-50, -4), (0, 12), (-28, 40))),
        area("glow", points((50, -4), (0, 12), (28, 40))),
        area("second", points((0, 12), (28, 40), (-28, 40))),
    ]
    return stack(boat)


@mark(turns=True)
def half_discs(rng: Random, _initial: str) -> Drawing:
    """Half discs sliding past each other."""
    shift = rng.choice([14, 22])
    return stack(
        [
            area("main", wedge(-shift / 2, -1.5, 36, 180, 360)),
            area("second", wedge(shift / 2, 1.5, 36, 0, 180)),
        ]
    ).turned(rng.choice([-45, -30, 90]))


@mark(turns=True)
def crescent_eye(rng: Random, _initial: str) -> Drawing:
    """Discs inside discs, all touching at one point."""
    radii = [50, 37, 25, 13]
    paints = ["main", "second", "ground", "third"]
    if rng.random() < 0.5:
        paints = ["third", "second", "main", "ground"]
    return stack(
        area(paint, circle(0, 50 - radius, radius))
        for paint, radius in zip(paints, radii, strict=True)
    )
