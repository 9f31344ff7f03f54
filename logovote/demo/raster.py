"""Drawings to pixels: Pillow's hard-edged polygons, drawn large and averaged down."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor
from typing import TypeAlias

import numpy as np
from PIL import Image, ImageDraw

from logovote.demo.drawing import Blend, Box, Drawing, Figure, Piece, Points

_LARGE_PX = 2700
"""About how wide a canvas is drawn before it is averaged down."""

_Pen: TypeAlias = ImageDraw.ImageDraw


@dataclass(frozen=True)
class Grid:
    """Where canvas coordinates fall on the enlarged tile."""

    left: int
    top: int
    scale: int

    def place(self, points: Points) -> Points:
        """Return points in pixels of the tile."""
        # Pillow's pixel 0 has its centre at 0, ours at one half.
        placed: Points = (points - np.array([self.left, self.top])) * self.scale - 0.5
        return placed


def render(drawing: Drawing, size: tuple[int, int], ground: str | None) -> Image.Image:
    """Draw a painted drawing on a canvas, in RGB, or in RGBA if it has no ground.

    Only the box that holds ink is drawn large: most logos are mostly margin.
    """
    mode = "RGBA" if ground is None else "RGB"
    canvas = Image.new(mode, size, ground or (0, 0, 0, 0))
    ink = drawing.box
    left, top = max(0, floor(ink.left)), max(0, floor(ink.top))
    right, bottom = min(size[0], ceil(ink.right)), min(size[1], ceil(ink.bottom))
    if right <= left or bottom <= top:
        return canvas
    scale = max(2, min(4, round(_LARGE_PX / size[0])))
    tile_size = ((right - left) * scale, (bottom - top) * scale)
    tile = Image.new(mode, tile_size, ground or (0, 0, 0, 0))
    for figure in drawing.figures:
        _paint(tile, figure, Grid(left, top, scale))
    canvas.paste(tile.reduce(scale), (left, top))
    return canvas


def _paint(tile: Image.Image, figure: Figure, grid: Grid) -> None:
    if isinstance(figure.paint, str) and figure.opacity == 1 and not figure.cuts:
        pen = ImageDraw.Draw(tile)
        for piece in figure.pieces:
            _draw(pen, piece, figure, grid, figure.paint)
        return
    # Anything else goes through a stencil of the figure's own box.
    corners = grid.place(np.array(figure.box).reshape(2, 2))
    bounds = Box(*corners.reshape(-1).tolist())
    x, y = max(0, floor(bounds.left)), max(0, floor(bounds.top))
    width = min(tile.width, ceil(bounds.right) + 2) - x
    height = min(tile.height, ceil(bounds.bottom) + 2) - y
    if width <= 0 or height <= 0:
        return
    stencil = Image.new("L", (width, height), 0)
    pen = ImageDraw.Draw(stencil)
    full = round(255 * figure.opacity)
    shift = np.array([x / grid.scale, y / grid.scale])
    for piece in figure.pieces:
        own = Piece(piece.points - shift, piece.width, piece.closed)
        _draw(pen, own, figure, grid, 0 if piece.cut else full)
    _fill(tile, stencil, figure, (x, y))


def _fill(
    tile: Image.Image, stencil: Image.Image, figure: Figure, at: tuple[int, int]
) -> None:
    if isinstance(figure.paint, Blend):
        colour = _blend(figure.paint, stencil.size)
    else:
        colour = Image.new("RGB", stencil.size, figure.paint)
    if tile.mode == "RGB":
        tile.paste(colour, at, stencil)
    else:
        # A plain paste would mix the colour with the black of "nothing here".
        colour.putalpha(stencil)
        tile.alpha_composite(colour, at)


def _blend(blend: Blend, size: tuple[int, int]) -> Image.Image:
    angle = np.radians(blend.degrees)
    axis = np.array([np.cos(angle), np.sin(angle)])
    steps = np.linspace(-0.5, 0.5, 48)
    run = steps[None, :] * axis[0] + steps[:, None] * axis[1]
    run = run / (np.abs(axis).sum() or 1) + 0.5
    mask = Image.fromarray((run * 255).astype(np.uint8))
    # Mixed while small, then enlarged: the same colours for a tenth of the time.
    mixed = Image.composite(
        Image.new("RGB", mask.size, blend.end),
        Image.new("RGB", mask.size, blend.start),
        mask,
    )
    return mixed.resize(size, Image.Resampling.BILINEAR)


def _draw(
    pen: _Pen, piece: Piece, figure: Figure, grid: Grid, colour: str | int
) -> None:
    placed = grid.place(piece.points)
    if piece.width == 0:
        pen.polygon(placed.ravel().tolist(), fill=colour)
        return
    half = piece.width * grid.scale / 2
    round_ends = figure.ends == "round"
    ribs, corners = ribbon(placed, half, closed=piece.closed, mitred=not round_ends)
    for rib in ribs.reshape(-1, 8).tolist():
        pen.polygon(rib, fill=colour)
    if round_ends:
        ends = placed[:0] if piece.closed else placed[[0, -1]]
        for x, y in np.concatenate([corners, ends]).tolist():
            pen.ellipse((x - half, y - half, x + half, y + half), fill=colour)


def ribbon(
    points: Points, half: float, *, closed: bool, mitred: bool
) -> tuple[Points, Points]:
    """Return the quadrilaterals that make up a line, and its sharp corners.

    Neighbouring quadrilaterals share their end where the line bends gently, or at every
    bend if `mitred`; open mitred lines reach half a width beyond their ends.

    Returns:
        Quadrilaterals, shape (segments, 4, 2), and the points of sharp bends, (n, 2).
    """
    path = np.concatenate([points, points[:1]]) if closed else points
    steps = np.diff(path, axis=0)
    lengths = np.hypot(steps[:, 0], steps[:, 1])
    keep = lengths > 1e-6
    if not keep.all():
        path = np.concatenate([path[:1], path[1:][keep]])
        steps, lengths = steps[keep], lengths[keep]
    if len(steps) == 0:
        return np.empty((0, 4, 2)), path[:1]
    along = steps / lengths[:, None]
    normal = np.stack([-along[:, 1], along[:, 0]], axis=1) * half
    start_offset, end_offset = normal.copy(), normal.copy()
    before = np.arange(len(along)) - 1 if closed else np.arange(len(along) - 1)
    after = np.arange(len(along)) if closed else before + 1
    cosine = (along[before] * along[after]).sum(axis=1)
    gentle = cosine > (-0.95 if mitred else 0.8)
    bisector = (normal[before] + normal[after]) / np.maximum(1 + cosine, 0.05)[:, None]
    end_offset[before[gentle]] = bisector[gentle]
    start_offset[after[gentle]] = bisector[gentle]
    starts, ends = path[:-1].copy(), path[1:].copy()
    if mitred and not closed:
        starts[0] -= along[0] * half
        ends[-1] += along[-1] * half
    ribs = np.stack(
        [
            starts + start_offset,
            ends + end_offset,
            ends - end_offset,
            starts - start_offset,
        ],
        axis=1,
    )
    return ribs, path[after[~gentle]]
