"""Concepts that are type alone: the name with one idea in it.

Each returns a small companion mark for icons, and the name itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from logovote.demo.alphabet import FACES, write
from logovote.demo.drawing import Blend, Drawing, Piece, stack
from logovote.demo.shapes import area, line, points, rectangle


@dataclass(frozen=True)
class Wordmark:
    """One treatment of the name."""

    name: str
    draw: Callable[[str], tuple[Drawing, Drawing]]


def two_colours(name: str) -> tuple[Drawing, Drawing]:
    """The name in two colours, its halves pushed together."""
    half = len(name) // 2
    first = write(name[:half], FACES["geometric bold"], "main")
    second = write(name[half:].lower(), FACES["geometric bold"], "second")
    both = first + second.moved(first.box.right + 4 - second.box.left, 0)
    tile = stack([area("main", rectangle(-50, -50, 100, 100, 22))])
    initial = write(name[0], FACES["geometric bold"], "ground").scaled(0.8).centred()
    return tile + initial, both


def cursor(name: str) -> tuple[Drawing, Drawing]:
    """The name as just typed, the cursor behind it."""
    word = write(name, FACES["squarish bold"], "ink")
    right = word.box.right + 12
    block = area("second", rectangle(right, -62, 26, 68))
    icon = write(name[0], FACES["squarish bold"], "main")
    small = area("second", rectangle(icon.box.right + 9, -62, 26, 68))
    return stack([icon, small]), stack([word, block])


def tag(name: str) -> tuple[Drawing, Drawing]:
    """The name as an element that closes itself."""
    word = write(name, FACES["squarish"], "ink")
    box = word.box
    left = line(
        "second",
        10,
        f"M {box.left - 22} -46 L {box.left - 46} -24 L {box.left - 22} -2",
    )
    x = box.right
    right = line(
        "second",
        10,
        f"M {x + 44} -52 L {x + 22} 4 M {x + 62} -46 L {x + 86} -24 L {x + 62} -2",
    )
    icon = line(
        "main",
        15,
        "M -16 -34 L -48 0 L -16 34 M 14 -42 L -6 42 M 26 -34 L 54 0 L 26 34",
    )
    return stack([icon]), stack([left, word, right])


def plate(name: str) -> tuple[Drawing, Drawing]:
    """The name cut out of a plate."""
    word = write(name, FACES["wide heavy"]).figures[0]
    left, top, right, bottom = word.box
    plain = rectangle(left - 24, top - 20, right - left + 48, bottom - top + 40, 12)
    sign = area(Blend("main", "glow", 0), plain).minus(*word.pieces)
    initial = write(name[0], FACES["wide heavy"]).centred().figures[0]
    icon = area("main", rectangle(-64, -64, 128, 128, 16)).minus(*initial.pieces)
    return stack([icon]), stack([sign])


def underlined(name: str) -> tuple[Drawing, Drawing]:
    """The name with a stroke of the brush below."""
    word = write(name, FACES["broad pen bold"], "ink")
    left, _, right, _ = word.box
    low = 24.0
    swoosh = (
        f"M {left - 6} {low + 8} C {left + 80} {low - 6} {right - 90} {low - 8} "
        f"{right + 10} {low - 2} C {right - 80} {low} {left + 110} {low + 4} "
        f"{left - 6} {low + 8}"
    )
    initial = write(name[0], FACES["broad pen bold"], "main")
    dash = line("second", 7, points((initial.box.left, 20), (initial.box.right, 16)))
    return stack([initial, dash]), stack([area("second", swoosh), word])


def sliced(name: str) -> tuple[Drawing, Drawing]:
    """Heavy capitals with one cut through all of them."""
    face = FACES["wide heavy"]

    def cut(text: str, paint: str) -> Drawing:
        word = write(text, face, paint).figures[0]
        left, top, right, bottom = word.box
        blade = points((left - 9, bottom - 16), (right + 9, top + 16))
        return stack([word.minus(Piece(blade, 5.5, closed=False))])

    return cut(name[0], "main"), cut(name, "main")


def spaced(name: str) -> tuple[Drawing, Drawing]:
    """Fine capitals with much air, one letter in colour."""
    face = FACES["wide capitals"]
    word = write(name, face)
    ahead = write(name[:2], face).box.right
    letter = [p for p in word.figures[0].pieces if p.points[:, 0].max() <= ahead + 1]
    rest = [p for p in word.figures[0].pieces if p.points[:, 0].max() > ahead + 1]
    first = write(name[:1], face).box.right
    keep = [p for p in letter if p.points[:, 0].max() <= first + 1]
    lit = [p for p in letter if p.points[:, 0].max() > first + 1]
    figure = word.figures[0]
    drawn = [
        type(figure)(tuple(pieces), paint, ends=figure.ends)
        for pieces, paint in ((keep + rest, "ink"), (lit, "second"))
        if pieces
    ]
    ring = line("main", 5, rectangle(-50, -50, 100, 100), closed=True, ends="square")
    initial = write(name[0], face, "main").scaled(0.7).centred()
    return stack([ring, initial]), stack(drawn)


WORDMARKS = tuple(
    Wordmark(draw.__name__, draw)
    for draw in (two_colours, cursor, tag, plate, underlined, sliced, spaced)
)
