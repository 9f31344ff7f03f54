"""Marks of animals, from arcs and planes."""

from __future__ import annotations

from random import Random

import numpy as np

from logovote.demo.drawing import Drawing, Piece, stack
from logovote.demo.marks.register import mark
from logovote.demo.shapes import (
    arc,
    area,
    circle,
    line,
    points,
    rectangle,
    turned,
    wedge,
)


@mark()
def fox(rng: Random, _initial: str) -> Drawing:
    """A fox's face in planes."""
    wide = rng.choice([0, 5])
    ear = points((-46 - wide, -46), (-14, -22), (-44, 4))
    cheek = points((-44, 4), (-14, -22), (0, 44), (-20, 28))
    brow = points((-14, -22), (14, -22), (0, 44))
    side = stack(
        [
            area("main", ear),
            area("third", points((-40 - wide, -36), (-22, -21), (-40, -6))),
            area("second", cheek),
        ]
    )
    nose = area("ink", points((-8, 30), (8, 30), (0, 44)))
    eyes = area("ink", points((-24, 4), (-11, 10), (-15, 13)))
    face = stack([area("main", brow), nose])
    mirrored = (side + stack([eyes])).scaled(-1, 1)
    return side + face + stack([eyes]) + mirrored


@mark()
def owl(rng: Random, _initial: str) -> Drawing:
    """An owl: two eyes, one beak, awake all night."""
    body = area(
        "main",
        "M -40 -48 C -26 -40 26 -40 40 -48 C 46 -20 44 14 36 30 "
        "C 26 50 -26 50 -36 30 C -44 14 -46 -20 -40 -48",
    )
    belly = area("second", "M -22 26 C -20 8 20 8 22 26 C 16 44 -16 44 -22 26")
    rings = area("ground", circle(-18, -12, 17), circle(18, -12, 17))
    look = rng.choice([0, 3])
    pupils = area("ink", circle(-15 + look, -12, 8), circle(15 + look, -12, 8))
    beak = area("third", points((-6, -3), (6, -3), (0, 10)))
    return stack([body, belly, rings, pupils, beak])


@mark()
def whale(rng: Random, _initial: str) -> Drawing:
    """A whale, more round than real."""
    body = area(
        "main",
        "M -50 6 C -50 -22 -26 -34 -4 -30 C 16 -26 22 -2 36 -4 C 42 -6 42 -14 42 -20 "
        "C 36 -22 30 -26 28 -34 C 38 -36 44 -32 46 -28 C 48 -34 54 -38 62 -36 "
        "C 62 -28 56 -20 50 -18 C 52 6 40 34 0 36 C -34 36 -50 26 -50 6",
    )
    belly = area("third", "M -49 12 C -30 22 -2 22 12 34 C -14 40 -46 38 -49 12")
    eye = area("ground", circle(-28, -2, 3.6))
    spout = line(
        "second",
        5,
        "M -22 -40 C -22 -50 -30 -54 -36 -50 M -22 -40 C -22 -50 -14 -54 -8 -50",
    )
    drawn = stack([body, belly, eye])
    return (drawn + stack([spout]) if rng.random() < 0.6 else drawn).centred()


@mark()
def songbird(rng: Random, _initial: str) -> Drawing:
    """A bird of half discs."""
    body = area("main", wedge(0, 0, 34, 0, 180))
    head = area("main", circle(21, -9, 13))
    wing = area("second", wedge(-6, 0, 22, 0, 180))
    tail = area("third", points((-34, 0), (-52, -26), (-22, 0)))
    beak = area("third", points((32, -14), (50, -8), (33, -3)))
    eye = area("ground", circle(24, -11, 3))
    legs = line("ink", 3.6, "M -2 33 L -2 46 M 10 31 L 10 46")
    drawn = [tail, body, head, wing, beak, eye]
    return stack([*drawn, legs] if rng.random() < 0.5 else drawn).centred()


@mark()
def snail(rng: Random, _initial: str) -> Drawing:
    """A snail that carries a spiral: slow is smooth."""
    turns = np.linspace(0.25, 2.4, 70)
    angle = turns * 2 * np.pi + rng.choice([0.0, 0.6])
    radius = 12 * turns
    shell = np.stack([6 + radius * np.cos(angle), -8 + radius * np.sin(angle)], axis=1)
    foot = "M 44 32 L -22 32 C -44 32 -48 14 -38 -2"
    horns = "M -38 -2 L -46 -20 M -37 -2 L -30 -19"
    return stack(
        [line("main", 9, foot), line("main", 5, horns), line("second", 8.5, shell)]
    ).centred()


@mark()
def fish(rng: Random, _initial: str) -> Drawing:
    """A fish of two arcs."""
    body = "M -46 0 C -28 -36 14 -34 34 0 C 14 34 -28 36 -46 0"
    tail = area("second", points((28, 0), (52, -24), (46, 0), (52, 24)))
    scales = [
        Piece(arc(x, 0, 20, -58, 58), 4.5, closed=False)
        for x in ((-16, 0) if rng.random() < 0.5 else (-16,))
    ]
    eye = Piece(circle(-26, -5, 4.4))
    return stack([tail, area("main", body).minus(*scales, eye)]).scaled(1, 1.08)


@mark()
def cat(rng: Random, _initial: str) -> Drawing:
    """A cat seen from behind, tail curled."""
    body = area(
        "main",
        "M -26 50 C -34 20 -26 0 -20 -12 L -22 -44 L -6 -32 C -2 -33 2 -33 6 -32 "
        "L 22 -44 L 20 -12 C 26 0 34 20 26 50 Z",
    )
    curl = rng.choice([46, 40])
    tail = line("second", 9, f"M 20 45 C {curl} 46 52 30 44 12")
    return stack([tail, body]).centred()


@mark()
def bee(rng: Random, _initial: str) -> Drawing:
    """A busy bee, seen from above."""
    body = area("second", circle(0, 16, (23, 32)))
    rest = Piece(circle(0, 16, (23, 32)))
    bands = area("ink", rest.points).minus(
        *(rectangle(-40, y, 80, 10) for y in (-20, 2, 22)), rectangle(-40, 44, 80, 20)
    )
    head = area("ink", circle(0, -18, 14))
    leaf = "M 0 0 C -16 -16 -16 -44 0 -52 C 16 -44 16 -16 0 0"
    spread = rng.choice([62, 74])
    wings = [
        stack([area("third", leaf, opacity=0.9)]).turned(turn).moved(0, -2)
        for turn in (-spread, spread)
    ]
    feelers = "M -6 -28 C -8 -38 -12 -42 -18 -44 M 6 -28 C 8 -38 12 -42 18 -44"
    return stack([body, bands, head, *wings, line("ink", 4, feelers)])


@mark()
def turtle(rng: Random, _initial: str) -> Drawing:
    """A turtle from above, its shell a hexagon."""
    legs = [circle(x, y, 10) for x in (-27, 27) for y in (-24, 24)]
    head = circle(0, -45, 12)
    shell = area("main", circle(0, 0, (35, 39)))
    six = turned(_hexagon(), 30 if rng.random() < 0.5 else 0)
    spokes = [Piece(np.array([p, p * 3]), 4.5, closed=False) for p in six]
    rim = Piece(six, 4.5)
    return stack([area("second", head, *legs), shell.minus(rim, *spokes)]).scaled(0.95)


def _hexagon() -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    angles = np.radians(np.arange(6) * 60)
    return np.stack([17 * np.cos(angles), 19 * np.sin(angles)], axis=1)
