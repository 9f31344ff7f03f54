"""One description of a picture, from which both pixels and SVG are made.

A Drawing is a stack of Figures; a Figure is a stencil of Pieces, painted in one go.
Coordinates grow to the right and down. Curves are flattened when they are described,
so that moving, turning and fitting are one matrix product.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Points: TypeAlias = NDArray[np.float64]
"""Corners of an outline, shape (n, 2)."""

Ends: TypeAlias = Literal["round", "square"]


class Box(NamedTuple):
    """An upright rectangle."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        """How wide it is."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """How high it is."""
        return self.bottom - self.top

    @property
    def middle(self) -> tuple[float, float]:
        """Its centre."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    def inset(self, by: float) -> Box:
        """Return the box with `by` taken off at every side."""
        return Box(self.left + by, self.top + by, self.right - by, self.bottom - by)


class Blend(NamedTuple):
    """A straight run from one colour to another, across the figure's own box."""

    start: str
    end: str
    degrees: float = 90


Paint: TypeAlias = str | Blend
"""A colour as #rrggbb, a role that a scheme turns into one, or a blend of two."""


@dataclass(frozen=True, eq=False)
class Piece:
    """An area, or a line of some width; one that cuts takes away what lies below."""

    points: Points
    width: float = 0
    closed: bool = True
    cut: bool = False


@dataclass(frozen=True, eq=False)
class Figure:
    """Pieces laid on each other in order, painted as one stencil."""

    pieces: tuple[Piece, ...]
    paint: Paint
    opacity: float = 1
    ends: Ends = "round"

    def minus(self, *cuts: Points | Piece) -> Figure:
        """Return the figure with areas or lines taken away."""
        pieces = (c if isinstance(c, Piece) else Piece(c) for c in cuts)
        return replace(
            self, pieces=self.pieces + tuple(replace(p, cut=True) for p in pieces)
        )

    def plus(self, *pieces: Piece) -> Figure:
        """Return the figure with pieces laid on top, inside the same stencil."""
        return replace(self, pieces=self.pieces + pieces)

    @property
    def cuts(self) -> bool:
        """Whether a piece takes something away."""
        return any(piece.cut for piece in self.pieces)

    @cached_property
    def box(self) -> Box:
        """The smallest box around what the figure may paint."""
        shown = [piece for piece in self.pieces if not piece.cut]
        corners = np.concatenate([piece.points for piece in shown])
        counts = [len(piece.points) for piece in shown]
        reach = np.repeat([piece.width / 2 for piece in shown], counts)[:, None]
        low, high = (corners - reach).min(axis=0), (corners + reach).max(axis=0)
        return Box(*low.tolist(), *high.tolist())


@dataclass(frozen=True, eq=False)
class Drawing:
    """Figures, the later above the earlier."""

    figures: tuple[Figure, ...] = ()

    def __add__(self, other: Drawing) -> Drawing:
        return Drawing(self.figures + other.figures)

    @cached_property
    def box(self) -> Box:
        """The smallest box around the drawing; an empty one at the origin if blank."""
        if not self.figures:
            return Box(0, 0, 0, 0)
        boxes = np.array([figure.box for figure in self.figures])
        low, high = boxes.min(axis=0), boxes.max(axis=0)
        return Box(*low[:2].tolist(), *high[2:].tolist())

    def transformed(self, matrix: Points, shift: tuple[float, float]) -> Drawing:
        """Return the drawing under an affine map; lines keep an even width."""
        scale = float(abs(np.linalg.det(matrix))) ** 0.5
        offset = np.array(shift)

        def moved(figure: Figure) -> Figure:
            # One product for all corners: a line of type has hundreds of pieces.
            ends = np.cumsum([len(piece.points) for piece in figure.pieces])
            corners = np.concatenate([piece.points for piece in figure.pieces])
            parts = np.split(corners @ matrix.T + offset, ends[:-1])
            pieces = tuple(
                Piece(points, piece.width * scale, piece.closed, piece.cut)
                for points, piece in zip(parts, figure.pieces, strict=True)
            )
            return replace(figure, pieces=pieces)

        return self.mapped(moved)

    def moved(self, x: float, y: float) -> Drawing:
        """Return the drawing shifted."""
        return self.transformed(np.eye(2), (x, y))

    def scaled(self, x: float, y: float | None = None) -> Drawing:
        """Return the drawing scaled about the origin, evenly or not."""
        return self.transformed(np.diag([x, x if y is None else y]), (0, 0))

    def turned(self, degrees: float) -> Drawing:
        """Return the drawing turned clockwise about the origin."""
        cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
        return self.transformed(np.array([[cos, -sin], [sin, cos]]), (0, 0))

    def slanted(self, slope: float) -> Drawing:
        """Return the drawing leaning to the right by `slope` per unit of height."""
        return self.transformed(np.array([[1, -slope], [0, 1]]), (0, 0))

    def centred(self, x: float = 0, y: float = 0) -> Drawing:
        """Return the drawing with the middle of its box at a point."""
        middle_x, middle_y = self.box.middle
        return self.moved(x - middle_x, y - middle_y)

    def fitted(self, box: Box) -> Drawing:
        """Return the drawing as large as it goes into a box, in the middle of it."""
        own = self.box
        scale = min(box.width / (own.width or 1), box.height / (own.height or 1))
        return self.scaled(scale).centred(*box.middle)

    def mapped(self, change: Callable[[Figure], Figure]) -> Drawing:
        """Return the drawing with every figure changed."""
        return Drawing(tuple(map(change, self.figures)))

    def painted(self, colours: dict[str, str]) -> Drawing:
        """Return the drawing with its roles turned into colours."""

        def paint(figure: Figure) -> Figure:
            if isinstance(figure.paint, Blend):
                start, end, degrees = figure.paint
                blend = Blend(colours.get(start, start), colours.get(end, end), degrees)
                return replace(figure, paint=blend)
            return replace(figure, paint=colours.get(figure.paint, figure.paint))

        return self.mapped(paint)


def stack(drawings: Iterable[Drawing | Figure]) -> Drawing:
    """Return one drawing of several, the later above the earlier."""
    figures: list[Figure] = []
    for part in drawings:
        figures.extend([part] if isinstance(part, Figure) else part.figures)
    return Drawing(tuple(figures))
