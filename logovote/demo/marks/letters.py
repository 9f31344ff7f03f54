"""Marks made of the initial, and of what a terminal shows."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import numpy as np

from logovote.demo.alphabet import Face, glyph_figure
from logovote.demo.drawing import Blend, Box, Drawing, Figure, Piece, stack
from logovote.demo.marks.register import mark
from logovote.demo.shapes import area, circle, line, points, rectangle, regular

_BOLD = Face(17, "square")
_ROUND = Face(15)


def letter(initial: str, face: Face, paint: str, height: float = 100) -> Figure:
    """Return the initial as a figure of a given height, around the origin."""
    drawn = Drawing((glyph_figure(initial, face, paint),))
    return drawn.fitted(Box(-200, -height / 2, 200, height / 2)).figures[0]


@mark(reads=True)
def letter_cut_from_shape(rng: Random, initial: str) -> Drawing:
    """The initial left out of a plain shape."""
    shape = rng.choice(
        [circle(0, 0, 50), regular(6, 52), rectangle(-46, -46, 92, 92, 24)]
    )
    face = rng.choice([_BOLD, _ROUND])
    ground = area(Blend("main", "glow", rng.choice([45, 90])), shape)
    return stack([ground.minus(*letter(initial, face, "ground", 52).pieces)])


@mark(reads=True)
def inline_letter(rng: Random, initial: str) -> Drawing:
    """A broad initial with lines running inside it."""
    heavy = letter(initial, Face(26, power=2.4), "main").pieces
    width = heavy[0].width
    rings = [(1.0, False), (0.62, True), (0.3, False)]
    if rng.random() < 0.5:
        rings = [(1.0, False), (0.16, True)]
    pieces = [
        replace(piece, width=width * share, cut=cut)
        for share, cut in rings
        for piece in heavy
    ]
    return stack([Figure(tuple(pieces), "main")])


@mark(reads=True)
def sliced_letter(rng: Random, initial: str) -> Drawing:
    """A heavy initial cut by slanting blades."""
    heavy = letter(initial, Face(24, "square", aspect=1.1), "main")
    slope = rng.choice([-0.5, 0.6])
    blades = [
        Piece(points((-80, y - 80 * slope), (80, y + 80 * slope)), 5.5, closed=False)
        for y in (-18, 2, 22)[: rng.choice([2, 3])]
    ]
    return stack([heavy.minus(*blades)])


@mark(reads=True)
def two_tone_letter(rng: Random, initial: str) -> Drawing:
    """The initial folded along a diagonal, one side in the shade."""
    face = Face(23, "square", aspect=1.05)
    lit = letter(initial, face, "main")
    shade = replace(lit, paint="second")
    lean = rng.choice([-30, 24])
    right = points((lean, -90), (120, -90), (120, 90), (-lean, 90))
    left = points((lean, -90), (-120, -90), (-120, 90), (-lean, 90))
    return stack([lit.minus(right), shade.minus(left)])


@mark(reads=True)
def halftone_letter(rng: Random, initial: str) -> Drawing:
    """The initial seen in a field of dots."""
    bones = letter(initial, Face(13), "main", 78).pieces
    spine = np.concatenate(
        [
            (a * (1 - t) + b * t)[None, :]
            for bone in bones
            for a, b in zip(bone.points, bone.points[1:], strict=False)
            for t in np.linspace(0, 1, 8)
        ]
    )
    big, small = [], []
    step = rng.choice([11, 12.5])
    for x in np.arange(-4, 5) * step:
        for y in np.arange(-4, 5) * step:
            near = np.hypot(*(spine - [x, y]).T).min()
            if near < 7.5:
                big.append(circle(x, y, 5.2))
            elif np.hypot(x, y) < 54:
                small.append(circle(x, y, 2))
    return stack([area("third", *small), area("main", *big)])


@mark(reads=True)
def terminal_prompt(rng: Random, _initial: str) -> Drawing:
    """A prompt in a window, waiting."""
    if rng.random() < 0.5:
        window = area("main", rectangle(-50, -42, 100, 84, 18))
        prompt = Piece(points((-24, -16), (-4, 2), (-24, 20)), 10, closed=False)
        cursor = Piece(points((4, 21), (26, 21)), 10, closed=False)
        return stack([window.minus(prompt), area("second").plus(cursor)])
    return stack(
        [
            line("main", 9, rectangle(-46, -40, 92, 80, 14), closed=True),
            area("main", rectangle(-46, -40, 92, 20, 9)),
            line("second", 9, "M -22 -4 L -6 9 L -22 22"),
            line("main", 9, "M 4 22 L 22 22"),
        ]
    )


@mark(reads=True)
def brackets(rng: Random, _initial: str) -> Drawing:
    """Code brackets around something small and precious."""
    if rng.random() < 0.5:
        left = (
            "M -20 -46 C -36 -46 -34 -34 -34 -22 C -34 -8 -38 -2 -48 0 "
            "C -38 2 -34 8 -34 22 C -34 34 -36 46 -20 46"
        )
        inner = area("second", regular(4, 17))
    else:
        left = "M -22 -36 L -48 0 L -22 36"
        inner = line("second", 12, "M 8 -38 L -8 38")
    side = line("main", 12, left)
    return stack([side, stack([side]).scaled(-1, 1), inner])


@mark(reads=True)
def speech_bubble(rng: Random, initial: str) -> Drawing:
    """A remark: the initial, or a smile of brackets, in a bubble."""
    tail = points((-26, 22), (-34, 50), (-2, 30))
    bubble = area("main", rectangle(-50, -44, 100, 78, 26), tail)
    if rng.random() < 0.5:
        inner = Drawing((letter(initial, _ROUND, "", 42),)).moved(0, -5)
        return stack([bubble.minus(*inner.figures[0].pieces)])
    dots = [circle(x, -5, 7) for x in (-24, 0, 24)]
    return stack([bubble.minus(dots[0], dots[2]), area("second", dots[1])])


@mark(reads=True)
def initial_in_ring(rng: Random, initial: str) -> Drawing:
    """A fine initial inside an open ring."""
    start = rng.choice([-60, 30])
    ring = [("main", 9, start, start + 285), ("second", 9, start + 300, start + 345)]
    arcs = [
        line(paint, width, f"A 0 0 45 45 {begin} {end}")
        for paint, width, begin, end in ring
    ]
    return stack([*arcs, letter(initial, Face(15), "main", 46)])


@mark(reads=True)
def letter_on_halves(rng: Random, initial: str) -> Drawing:
    """The initial on a tile cut in two, its own halves cut out."""
    tile = rectangle(-48, -48, 96, 96, rng.choice([10, 26]))
    face = letter(initial, rng.choice([_BOLD, Face(18, power=3)]), "", 52).pieces
    upper = points((-80, -76), (80, -80), (80, 77), (-80, -83))
    lower = upper * -1
    return stack(
        [
            area("main", tile).minus(*face, upper),
            area("second", tile).minus(*face, lower),
        ]
    )
