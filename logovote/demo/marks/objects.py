"""Marks of things: tools, signs, seals."""

from __future__ import annotations

from random import Random

import numpy as np

from logovote.demo.alphabet import Face
from logovote.demo.drawing import Blend, Drawing, Piece, stack
from logovote.demo.marks.letters import letter
from logovote.demo.marks.register import mark
from logovote.demo.shapes import (
    area,
    circle,
    line,
    points,
    rectangle,
    regular,
    star,
    turned,
    wedge,
)


@mark(turns=True)
def compass(rng: Random, _initial: str) -> Drawing:
    """A needle in a ring."""
    ring = line("main", 7.5, circle(0, 0, 45), closed=True)
    lean = rng.choice([30, 45])
    north = area("second", points((0, -31), (10, 0), (-10, 0)))
    south = area("third", points((0, 31), (10, 0), (-10, 0)))
    return stack(
        [ring, stack([north, south, area("ground", circle(0, 0, 3.6))]).turned(lean)]
    )


@mark(turns=True)
def key(rng: Random, _initial: str) -> Drawing:
    """A key whose bow is a ring, or a hexagon."""
    bow = circle(-24, 0, 19) if rng.random() < 0.5 else regular(6, 21, 0, x=-24)
    head = line("main", 11, bow, closed=True)
    shaft = line("main", 11, "M -4 0 L 48 0")
    bit = line("second", 10, "M 28 2 L 28 20 M 45 2 L 45 16")
    return stack([bit, head, shaft]).turned(-35)


@mark(reads=True)
def shield(rng: Random, initial: str) -> Drawing:
    """A shield, halved, or bearing the initial."""
    outline = (
        "M 0 -50 L 40 -36 L 40 0 C 40 26 20 42 0 50 C -20 42 -40 26 -40 0 L -40 -36 Z"
    )
    if rng.random() < 0.5:
        half = "M 0 -50 L 40 -36 L 40 0 C 40 26 20 42 0 50 Z"
        tick = Piece(points((-17, 0), (-4, 14), (19, -13)), 9, closed=False)
        return stack(
            [area("main", outline).minus(tick), area("second", half).minus(tick)]
        )
    face = letter(initial, Face(16, "square"), "", 46)
    return stack([area(Blend("main", "glow", 90), outline).minus(*face.pieces)])


@mark()
def flag(rng: Random, _initial: str) -> Drawing:
    """A pennant on its pole."""
    pole = line("ink", 6, "M -34 -46 L -34 48")
    if rng.random() < 0.5:
        cloth = "M -31 -44 C -12 -54 10 -32 44 -42 L 44 2 C 10 12 -12 -10 -31 0 Z"
        return stack([area(Blend("main", "glow", 0), cloth), pole])
    upper = area("main", points((-31, -44), (48, -22), (-31, -22)))
    lower = area("second", points((-31, -22), (48, -22), (-31, 0)))
    return stack([upper, lower, pole])


@mark(reads=True)
def seal(rng: Random, initial: str) -> Drawing:
    """A badge with a scalloped rim."""
    tips = rng.choice([16, 24])
    rim = area("main", star(tips, 50, 43.5))
    ring = Piece(circle(0, 0, 36), 2.6)
    face = letter(initial, Face(12, nib=(15, 4, 0), slab=24), "", 38)
    return stack([rim.minus(ring, *face.pieces)])


@mark(reads=True)
def hand_stamp(rng: Random, initial: str) -> Drawing:
    """A rubber stamp: rough edge, worn in places."""
    angle = np.linspace(0, 2 * np.pi, 90, endpoint=False)
    rough = np.array([rng.gauss(0, 0.55) for _ in angle])
    unit = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    disc = area("main", unit * (49 + rough)[:, None])
    ring = Piece(unit * (41 + rough[::-1] * 0.6)[:, None], 3)
    face = letter(initial, Face(15, wobble=1.4), "", 44)
    worn = []
    for _ in range(46):
        where, far = rng.uniform(0, 360), rng.uniform(8, 50)
        worn.append(
            regular(
                5,
                rng.uniform(0.5, 1.5),
                where,
                x=far * np.cos(where),
                y=far * np.sin(where),
            )
        )
    return stack([disc.minus(ring, *face.pieces, *worn)]).turned(rng.choice([-9, -5]))


@mark()
def gear(rng: Random, _initial: str) -> Drawing:
    """A wheel with teeth and something alive inside."""
    teeth = rng.choice([8, 10])
    cogs = [
        turned(rectangle(-7.5, -50, 15, 20, 3), i * 360 / teeth) for i in range(teeth)
    ]
    wheel = area("main", circle(0, 0, 39), *cogs).minus(circle(0, 0, 24))
    sprout = area(
        "second",
        "M 0 14 C -16 10 -18 -6 -14 -14 C 0 -14 8 -4 0 14",
        "M 1 14 C 2 0 8 -6 16 -8 C 18 4 12 12 1 14",
    )
    return stack([wheel, sprout])


@mark()
def hammer(rng: Random, _initial: str) -> Drawing:
    """A mallet crossing a chisel, or a mallet alone."""
    handle = line("second", 9, "M 0 -8 L 0 48")
    head = area("main", rectangle(-32, -46, 64, 34, 6))
    mallet = stack([handle, head]).turned(-42)
    if rng.random() < 0.5:
        return mallet
    blade = area("third", points((-7, -50), (7, -50), (7, -12), (-7, -12)))
    grip = line("main", 11, "M 0 -4 L 0 46")
    return stack([blade, grip]).turned(42) + mallet


@mark()
def lighthouse(rng: Random, _initial: str) -> Drawing:
    """A tower with its beam."""
    tower = area("main", points((-13, -18), (13, -18), (20, 50), (-20, 50)))
    bands = [Piece(points((-30, y), (30, y)), 9, closed=False) for y in (4, 30)]
    lamp = area("second", rectangle(-10, -34, 20, 13))
    roof = area("main", points((-14, -34), (0, -50), (14, -34)))
    beam = area("third", points((10, -31), (50, -44), (50, -12), (10, -25)))
    left = stack([beam]).scaled(-1, 1)
    drawn = stack([beam, tower.minus(*bands), lamp, roof])
    return left + drawn if rng.random() < 0.6 else drawn


@mark()
def mug(rng: Random, _initial: str) -> Drawing:
    """Coffee, without which nothing is built."""
    cup = area(
        "main",
        "M -40 -14 L 26 -14 L 26 18 C 26 36 12 46 -7 46 C -26 46 -40 36 -40 18 Z",
    )
    handle = line("main", 8, "M 26 -4 C 50 -8 50 28 22 24")
    steam = rng.choice(["M -20 -24 C -12 -32 -28 -38 -20 -48", "M -20 -24 L -20 -46"])
    more = stack([line("second", 6, steam)])
    return stack([handle, cup]) + more + more.moved(14, 0) + more.moved(28, 0)


@mark()
def balloon(rng: Random, _initial: str) -> Drawing:
    """A balloon in fine lines."""
    fill = rng.random() < 0.5
    half = "M 0 24 C -18 12 -36 -2 -36 -20 C -36 -40 -18 -50 0 -50"
    skin = f"{half} C 18 -50 36 -40 36 -20 C 36 -2 18 12 0 24"
    inner = "M 0 24 C -10 8 -16 -4 -16 -20 C -16 -38 -8 -50 0 -50"
    gore = f"{inner} C 8 -50 16 -38 16 -20 C 16 -4 10 8 0 24"
    basket = area("second", rectangle(-9, 34, 18, 16, 3))
    ropes = line("ink", 3, "M -7 24 L -7 35 M 7 24 L 7 35")
    if fill:
        return stack([area("main", skin), area("third", gore), ropes, basket])
    return stack([line("main", 5, skin, gore), ropes, basket])


@mark()
def kite(rng: Random, _initial: str) -> Drawing:
    """A kite of four panes on a string."""
    top, side, low = (0.0, -50.0), 27.0, (0.0, 22.0)
    panes = [
        ("main", (top, (-side, -18), (0, -18))),
        ("second", (top, (side, -18), (0, -18))),
        ("third", (low, (-side, -18), (0, -18))),
        ("main", (low, (side, -18), (0, -18))),
    ]
    string = (
        "M 0 22 C 8 34 -12 38 -4 50"
        if rng.random() < 0.5
        else "M 0 22 C -12 34 12 38 0 50"
    )
    drawn = [area(paint, points(*corners)) for paint, corners in panes]
    return stack([line("ink", 3.6, string), *drawn]).turned(18)


@mark(turns=True)
def arrow_in_negative(rng: Random, _initial: str) -> Drawing:
    """An arrow seen between two shapes."""
    ground = (
        regular(6, 50, 0) if rng.random() < 0.5 else rectangle(-46, -46, 92, 92, 20)
    )
    arrow = points((-24, 8), (4, 8), (4, 22), (34, 0), (4, -22), (4, -8), (-24, -8))
    return stack([area(Blend("main", "glow", 0), ground).minus(arrow)])


@mark()
def bridge(rng: Random, _initial: str) -> Drawing:
    """A bridge: of arches over water, or hung from towers."""
    if rng.random() < 0.5:
        arches = [area("", circle(x, 20, 19)).pieces[0] for x in (-24, 24)]
        wall = rectangle(-50, -18, 100, 40, 3)
        gaps = [Piece(rectangle(x - 19, 20, 38, 30)) for x in (-24, 24)]
        water = [
            line("second", 6, points((-w, y), (w, y))) for w, y in ((44, 33), (28, 45))
        ]
        rail = line("main", 6, "M -47 -30 L 47 -30")
        return stack([area("main", wall).minus(*arches, *gaps), rail, *water])
    towers = line("main", 8, "M -20 -40 L -20 34 M 20 -40 L 20 34")
    deck = line("second", 8, "M -46 16 L 46 16")
    cables = line(
        "main",
        4,
        "M -46 14 C -36 0 -28 -20 -20 -38 C -12 0 12 0 20 -38 C 28 -20 36 0 46 14",
    )
    return stack([cables, towers, deck])


@mark(turns=True)
def pie_of_time(rng: Random, _initial: str) -> Drawing:
    """A dial, part of it done."""
    done = rng.choice([240, 285])
    return stack(
        [
            area("third", circle(0, 0, 50)),
            area("main", wedge(0, 0, 50, -90, -90 + done)),
            area("ground", circle(0, 0, 27)),
            area("second", circle(0, 0, 15)),
        ]
    )
