"""The list of marks, filled as the modules of this package are read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import TypeAlias

from logovote.demo.drawing import Drawing

Draw: TypeAlias = Callable[[Random, str], Drawing]
"""Draws a mark, given chance and the initial of the project's name."""


@dataclass(frozen=True)
class Mark:
    """One construction.

    `turns`: it has no upright. `reads`: it holds a sign that must not be mirrored.
    """

    name: str
    draw: Draw
    turns: bool
    reads: bool


MARKS: list[Mark] = []


def mark(*, turns: bool = False, reads: bool = False) -> Callable[[Draw], Draw]:
    """Put a drawing function on the list."""

    def register(draw: Draw) -> Draw:
        MARKS.append(Mark(draw.__name__, draw, turns, reads))
        return draw

    return register
