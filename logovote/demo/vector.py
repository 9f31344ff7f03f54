"""Drawings to SVG: one path for each figure, a mask where something is cut away."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

import numpy as np

from logovote.demo.drawing import Blend, Box, Drawing, Figure, Piece, Points


def to_svg(
    drawing: Drawing, size: tuple[int, int], ground: str | None, title: str
) -> str:
    """Return a painted drawing as an SVG document of `size` user units."""
    width, height = size
    definitions: list[str] = []
    body: list[str] = []
    if ground is not None:
        body.append(f'<rect width="{width}" height="{height}" fill="{ground}"/>')
    for number, figure in enumerate(drawing.figures):
        body.append(_figure(figure, number, definitions))
    defs = f"<defs>{''.join(definitions)}</defs>" if definitions else ""
    frame = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    return "\n".join(
        [
            '<?xml version="1.0" encoding="UTF-8"?>',
            f'<svg xmlns="http://www.w3.org/2000/svg" {frame}>',
            f"<title>{_escaped(title)}</title>",
            *([defs] if defs else []),
            *body,
            "</svg>\n",
        ]
    )


def _figure(figure: Figure, number: int, definitions: list[str]) -> str:
    paint = figure.paint
    if isinstance(paint, Blend):
        definitions.append(_gradient(paint, figure.box, f"g{number}"))
        paint = f"url(#g{number})"
    opacity = f' opacity="{figure.opacity:.3g}"' if figure.opacity < 1 else ""
    if not figure.cuts:
        return f"<g{opacity}>{_pieces(figure.pieces, figure, paint)}</g>"
    left, top, right, bottom = figure.box.inset(-1)
    frame = (
        f'x="{left:.1f}" y="{top:.1f}" width="{right - left:.1f}" '
        f'height="{bottom - top:.1f}"'
    )
    layers = "".join(
        _pieces(pieces, figure, "#000" if cut else "#fff")
        for cut, pieces in groupby(figure.pieces, key=lambda piece: piece.cut)
    )
    definitions.append(
        f'<mask id="m{number}" maskUnits="userSpaceOnUse" {frame}>{layers}</mask>'
    )
    return f'<rect {frame} fill="{paint}" mask="url(#m{number})"{opacity}/>'


def _pieces(pieces: Iterable[Piece], figure: Figure, paint: str) -> str:
    """Return runs of pieces of one width as one path each, in order."""
    parts = []
    for width, run in groupby(pieces, key=lambda piece: piece.width):
        data = "".join(_data(piece) for piece in run)
        if width == 0:
            parts.append(f'<path d="{data}" fill="{paint}"/>')
            continue
        join = "round" if figure.ends == "round" else "miter"
        parts.append(
            f'<path d="{data}" fill="none" stroke="{paint}" stroke-width="{width:.2f}" '
            f'stroke-linecap="{figure.ends}" stroke-linejoin="{join}" '
            'stroke-miterlimit="6"/>'
        )
    return "".join(parts)


def _data(piece: Piece) -> str:
    corners = piece.points
    if piece.width == 0 and _turns_left(corners):
        # All areas turn alike, so that overlapping ones add up and cancel nowhere.
        corners = corners[::-1]
    steps = "L".join(f"{x:.1f} {y:.1f}" for x, y in corners.tolist())
    return f"M{steps}{'Z' if piece.closed or piece.width == 0 else ''}"


def _turns_left(corners: Points) -> bool:
    x, y = corners[:, 0], corners[:, 1]
    return float((x * np.roll(y, -1) - y * np.roll(x, -1)).sum()) < 0


def _gradient(blend: Blend, box: Box, name: str) -> str:
    angle = np.radians(blend.degrees)
    cos, sin = float(np.cos(angle)), float(np.sin(angle))
    # In the box's own units the run spans from corner to corner, as on pixels.
    span = (abs(cos) + abs(sin)) / 2
    ends = (0.5 - cos * span, 0.5 - sin * span, 0.5 + cos * span, 0.5 + sin * span)
    x1, y1, x2, y2 = (
        start + part * length
        for part, start, length in zip(
            ends,
            (box.left, box.top) * 2,
            (box.width, box.height) * 2,
            strict=True,
        )
    )
    return (
        f'<linearGradient id="{name}" gradientUnits="userSpaceOnUse" x1="{x1:.1f}" '
        f'y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"><stop stop-color="{blend.start}"/>'
        f'<stop offset="1" stop-color="{blend.end}"/></linearGradient>'
    )


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
