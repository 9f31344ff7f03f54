"""Outlines: circles, polygons, arcs, and the small path language of letters and marks.

Angles are in degrees from three o'clock, turning towards growing y.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from logovote.demo.drawing import Ends, Figure, Paint, Piece, Points

_STEP = 7.5
"""Degrees between the corners of a flattened curve: 0.2 % of the radius off at most."""


def points(*corners: tuple[float, float]) -> Points:
    """Return an outline from its corners."""
    return np.array(corners, dtype=np.float64)


def arc(
    x: float,
    y: float,
    radius: float | tuple[float, float],
    start: float = 0,
    end: float = 360,
    *,
    power: float = 2,
) -> Points:
    """Return an arc of a circle or ellipse; `power` above 2 squares it off.

    Source: the superellipse of Gabriel Lamé, as Piet Hein used it.
    """
    radii = radius if isinstance(radius, tuple) else (radius, radius)
    count = max(2, round(abs(end - start) / _STEP) + 1)
    angles = np.radians(np.linspace(start, end, count))
    unit = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    if power != 2:
        unit = np.sign(unit) * np.abs(unit) ** (2 / power)
    curve: Points = unit * np.array(radii) + np.array([x, y])
    return curve


def circle(x: float, y: float, radius: float | tuple[float, float]) -> Points:
    """Return a full circle or ellipse as a closed outline."""
    return arc(x, y, radius)[:-1]


def regular(
    corners: int, radius: float, turn: float = -90, *, x: float = 0, y: float = 0
) -> Points:
    """Return a regular polygon with its first corner at the angle `turn`."""
    angles = np.radians(turn + np.arange(corners) * 360 / corners)
    return np.stack([x + radius * np.cos(angles), y + radius * np.sin(angles)], axis=1)


def star(tips: int, outer: float, inner: float, turn: float = -90) -> Points:
    """Return a star, its first tip at the angle `turn`."""
    out = regular(tips, outer, turn)
    into = regular(tips, inner, turn + 180 / tips)
    return np.stack([out, into], axis=1).reshape(-1, 2)


def rectangle(
    left: float, top: float, width: float, height: float, radius: float = 0
) -> Points:
    """Return a rectangle, its corners rounded if asked."""
    right, bottom = left + width, top + height
    if radius <= 0:
        return points((left, top), (right, top), (right, bottom), (left, bottom))
    r = min(radius, width / 2, height / 2)
    return np.concatenate(
        [
            arc(right - r, top + r, r, -90, 0),
            arc(right - r, bottom - r, r, 0, 90),
            arc(left + r, bottom - r, r, 90, 180),
            arc(left + r, top + r, r, 180, 270),
        ]
    )


def wedge(x: float, y: float, radius: float, start: float, end: float) -> Points:
    """Return a slice of a disc."""
    return np.concatenate([arc(x, y, radius, start, end), points((x, y))])


def shifted(outline: Points, x: float, y: float) -> Points:
    """Return an outline moved."""
    there: Points = outline + np.array([x, y])
    return there


def turned(outline: Points, degrees: float, x: float = 0, y: float = 0) -> Points:
    """Return an outline turned about a point."""
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    centre = np.array([x, y])
    spun: Points = (outline - centre) @ np.array([[cos, sin], [-sin, cos]]) + centre
    return spun


def path(text: str, power: float = 2) -> list[tuple[Points, bool]]:
    """Read a path: outlines, each with whether it is closed.

    `M x y` starts, `L x y ...` goes straight, `C x y x y x y ...` goes by cubic curves,
    `A x y rx ry from to` follows an arc (reaching it straight), `O x y rx ry` is an
    ellipse by itself, `Z` closes.
    """
    found: list[tuple[Points, bool]] = []
    pen: list[Points] = []

    def lift(*, closed: bool = False) -> None:
        if pen:
            found.append((np.concatenate(pen), closed))
            pen.clear()

    for command, numbers in _commands(text):
        match command:
            case "M":
                lift()
                pen.append(points((numbers[0], numbers[1])))
            case "L":
                pen.append(np.array(numbers).reshape(-1, 2))
            case "C":
                for at in range(0, len(numbers), 6):
                    pen.append(_cubic(pen[-1][-1], numbers[at : at + 6]))
            case "A":
                x, y, rx, ry, start, end = numbers
                pen.append(arc(x, y, (rx, ry), start, end, power=power))
            case "O":
                lift()
                x, y, rx, ry = numbers
                found.append((arc(x, y, (rx, ry), power=power)[:-1], True))
            case _:
                lift(closed=True)
    lift()
    return found


def _commands(text: str) -> list[tuple[str, list[float]]]:
    commands: list[tuple[str, list[float]]] = []
    for word in text.split():
        if word.isalpha():
            commands.append((word, []))
        else:
            commands[-1][1].append(float(word))
    return commands


def _cubic(start: Points, numbers: Sequence[float]) -> Points:
    first, second, end = np.array(numbers).reshape(3, 2)
    t = np.linspace(0, 1, 13)[1:, None]
    curve: Points = (
        (1 - t) ** 3 * start
        + 3 * (1 - t) ** 2 * t * first
        + 3 * (1 - t) * t**2 * second
        + t**3 * end
    )
    return curve


def area(paint: Paint, *outlines: Points | str, opacity: float = 1) -> Figure:
    """Return a figure that fills outlines, given as corners or as paths."""
    pieces: list[Piece] = []
    for outline in outlines:
        if isinstance(outline, str):
            pieces += [Piece(corners) for corners, _ in path(outline)]
        else:
            pieces.append(Piece(outline))
    return Figure(tuple(pieces), paint, opacity)


def line(
    paint: Paint,
    width: float,
    *outlines: Points | str,
    closed: bool = False,
    ends: Ends = "round",
    opacity: float = 1,
) -> Figure:
    """Return a figure that draws outlines as lines; a path closes where it says Z."""
    pieces: list[Piece] = []
    for outline in outlines:
        if isinstance(outline, str):
            pieces += [Piece(corners, width, end) for corners, end in path(outline)]
        else:
            pieces.append(Piece(outline, width, closed))
    return Figure(tuple(pieces), paint, opacity, ends)
