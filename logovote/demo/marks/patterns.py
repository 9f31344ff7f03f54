"""Marks of many small parts: grids, bars, graphs, tiles."""

from __future__ import annotations

from random import Random

import numpy as np

from logovote.demo.drawing import Blend, Drawing, Figure, Piece, stack
from logovote.demo.marks.register import mark
from logovote.demo.shapes import (
    area,
    circle,
    line,
    points,
    rectangle,
    regular,
    turned,
    wedge,
)

_TILES = (
    ("disc", "main"),
    ("quarter", "second"),
    ("square", "third"),
    ("quarter", "main"),
    ("half", "main"),
    ("disc", "second"),
    ("quarter", "third"),
    ("half", "second"),
    ("quarter", "main"),
)


@mark(turns=True)
def bauhaus_tiles(rng: Random, _initial: str) -> Drawing:
    """Quarter discs, discs and squares on a grid, as tiles of a floor."""
    side = rng.choice([2, 3])
    tiles = rng.sample(_TILES, side * side)
    size = 100 / side
    drawn: list[Figure] = []
    for i, (kind, paint) in enumerate(tiles):
        x, y = (i % side + 0.5) * size - 50, (i // side + 0.5) * size - 50
        half, turn = size / 2, 90 * rng.randrange(4)
        outline = {
            "disc": circle(x, y, half),
            "square": rectangle(x - half, y - half, size, size),
            "quarter": wedge(x - half, y - half, size, 0, 90),
            "half": wedge(x, y - half, half, 0, 180),
        }[kind]
        drawn.append(area(paint, turned(outline, turn, x, y)))
    return stack(drawn)


@mark(turns=True)
def growing_dots(rng: Random, _initial: str) -> Drawing:
    """A grid of dots that swell along the diagonal."""
    count = rng.choice([5, 6])
    step = 92 / (count - 1)
    dots: dict[str, list[tuple[float, float, float]]] = {"main": [], "second": []}
    for i in range(count):
        for j in range(count):
            share = (i + (count - 1 - j)) / (2 * (count - 1))
            paint = "second" if i + j == count - 1 else "main"
            size = step * (0.1 + 0.36 * share)
            dots[paint].append((i * step - 46, j * step - 46, size))
    return stack(
        area(paint, *(circle(x, y, r) for x, y, r in found))
        for paint, found in dots.items()
    )


@mark()
def waveform(rng: Random, _initial: str) -> Drawing:
    """Bars of a steady pulse."""
    heights = rng.choice([(22, 52, 92, 64, 100, 44, 26), (30, 66, 42, 96, 58, 78, 34)])
    accent = rng.choice([2, 4])
    return stack(
        line(
            "second" if i == accent else "main",
            8.5,
            points((i * 15 - 45, -high / 2), (i * 15 - 45, high / 2)),
        )
        for i, high in enumerate(heights)
    )


@mark()
def build_graph(rng: Random, _initial: str) -> Drawing:
    """What depends on what: nodes and edges, flowing into one."""
    layouts = [
        (
            [(-38, -34), (-38, 34), (2, 0), (42, -34), (42, 34)],
            [(0, 2), (1, 2), (2, 3), (2, 4)],
        ),
        (
            [(0, -42), (-36, 0), (36, 0), (0, 0), (0, 42)],
            [(0, 1), (0, 2), (0, 3), (1, 4), (2, 4), (3, 4)],
        ),
    ]
    nodes, edges = rng.choice(layouts)
    lines = [points(nodes[a], nodes[b]) for a, b in edges]
    big = 2 if len(edges) == 4 else 4
    discs = [
        area("second" if i == big else "main", circle(x, y, 14 if i == big else 10.5))
        for i, (x, y) in enumerate(nodes)
    ]
    return stack([line("third", 6.5, *lines), *discs])


_CREATURES = {
    "robot": (
        "0010000100 0001001000 0111111110 1111111111 1133113311 1133113311 "
        "1111111111 0110000110 0111111110 0001111000 0111111110 0110110110"
    ),
    "cat": (
        "110000000011 111000000111 111111111111 111111111111 113311113311 "
        "113311113311 111111111111 011112211110 001111111100 000111111000"
    ),
    "mushroom": (
        "000011110000 001111221100 011111221110 012211111110 112211122111 "
        "111111122111 111111111111 001333333100 000303303000 000333333000 "
        "000333333000"
    ),
}
"""Rows of cells: 1 is the main colour, 2 the ground, 3 the second colour."""


@mark()
def pixel_creature(rng: Random, _initial: str) -> Drawing:
    """A small being of sixty-odd squares."""
    rows = _CREATURES[rng.choice(sorted(_CREATURES))].split()
    paints = {"1": "main", "2": "ground", "3": "second"}
    side = 100 / max(len(rows), 10)
    found: dict[str, list[Piece]] = {bit: [] for bit in paints}
    for y, row in enumerate(rows):
        for x, bit in enumerate(row):
            if bit in found:
                cell = rectangle(x * side, y * side, side + 0.2, side + 0.2)
                found[bit].append(Piece(cell))
    return stack(
        Figure(tuple(cells), paints[bit]) for bit, cells in found.items() if cells
    ).centred()


@mark(turns=True)
def puzzle(rng: Random, _initial: str) -> Drawing:
    """Two pieces of a jigsaw that fit."""
    knob, gap = 13, 3.5
    left = area("main", rectangle(-50, -36, 48, 72, 8), circle(4, -2, knob))
    socket = (Piece(circle(4, -2, knob + gap)), Piece(circle(26, 36, knob)))
    right = area("second", rectangle(-2 + gap, -36, 48, 72, 8)).minus(*socket)
    if rng.random() < 0.5:
        return stack([left.minus(circle(-26, -36, knob)), right])
    return stack([left.plus(Piece(circle(-26, -40, knob))), right])


@mark()
def brick_wall(rng: Random, _initial: str) -> Drawing:
    """Courses of bricks, the last one being laid."""
    lift = rng.choice([0, 9])
    rows = [(30, (-50, -16, 18)), (10, (-33, 1)), (-10, (-50, -16, 18)), (-30, (-33,))]
    bricks = [
        rectangle(x, y - 8.5, 31, 17, 2.5) for y, xs in rows for x in xs if y < 40
    ]
    last = turned(rectangle(1, -38.5 - lift, 31, 17, 2.5), lift, 16, -30)
    return stack([area("main", *bricks), area("second", last)])


@mark(turns=True)
def basket(rng: Random, _initial: str) -> Drawing:
    """Three ribbons over and under three others."""
    places, width = (-30.0, 0.0, 30.0), 18.0
    first = rng.randrange(2)

    def ribbon(at: float, place: int, *, down: bool) -> Figure:
        strip = np.array([[-46.0, at], [46.0, at]])
        cuts = [
            np.array([[other, at - 3], [other, at + 3]])
            for i, other in enumerate(places)
            if (i + place + first) % 2 == down
        ]
        if down:
            strip, cuts = strip[:, ::-1], [cut[:, ::-1] for cut in cuts]
        paint = "second" if down else "main"
        band = line(paint, width, strip, ends="square")
        return band.minus(*(Piece(cut, width + 7, closed=False) for cut in cuts))

    return stack(
        ribbon(at, place, down=down)
        for down in (False, True)
        for place, at in enumerate(places)
    ).turned(45)


@mark(turns=True)
def maze(rng: Random, _initial: str) -> Drawing:
    """A way in, drawn as a single angular line."""
    way = "M 0 0 L 14 0 L 14 -14 L -14 -14 L -14 14 L 28 14 L 28 -28 L -28 -28 L -28 28"
    width = rng.choice([7, 8.5])
    walls = line("main", width, way + " L 43 28 L 43 -43 L -43 -43 L -43 43 L 43 43")
    return stack([walls, area("second", rectangle(-6, -6, 12, 12))])


@mark(turns=True)
def soft_blob(rng: Random, _initial: str) -> Drawing:
    """A drop of two colours running into each other."""
    angle = np.linspace(0, 2 * np.pi, 96, endpoint=False)
    a, b = rng.uniform(0, 6), rng.uniform(0, 6)
    radius = 42 + 6 * np.sin(2 * angle + a) + 3.2 * np.sin(3 * angle + b)
    blob = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    inner = blob * 0.42 + np.array([9, -9])
    return stack([area(Blend("main", "glow", 35), blob).minus(inner)])


@mark(turns=True)
def tessellation(rng: Random, _initial: str) -> Drawing:
    """Hexagons of a honeycomb, one of them bright."""
    bright = rng.randrange(7)
    around = regular(6, 33, 0)
    cells = [(0.0, 0.0), *map(tuple, around.tolist())]
    paints = ["third", "main", "main", "third", "main", "main", "main"]
    return stack(
        area("second" if i == bright else paints[i], regular(6, 17.4, x=x, y=y))
        for i, (x, y) in enumerate(cells)
    )
