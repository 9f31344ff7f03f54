"""Where the mark is in a picture, on which ground it lies, and how large to show it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageChops, ImageFilter

from logovote.imaging.picture import Colour, Spec

Box = tuple[int, int, int, int]

# The box is searched on a copy about this large: ten times faster, and single
# specks of JPEG noise average out.
_SEARCH_PX: Final = 400
# Levels of 255 a channel must differ to count as ink.
_INK: Final = 10
_ALPHA_INK: Final = 12
# Levels up to which a ground may be painted anew without anybody seeing where.
_EVEN: Final = 3
# A flat ground is what most of the border and three corners show, and it is more
# than a frame: it covers a good part of the picture.
_BORDER_SHARE: Final = 0.6
_GROUND_SHARE: Final = 0.12
# A rim this thin, of the longer side, and this near to the colour within is no frame.
_RIM_SHARE: Final = 0.015
_PALE_RIM: Final = 64
# How much of the shorter side the corners of a screenshot may be rounded.
_CORNER_SHARE: Final = 0.15
_MIDDLE_GREY: Final = 128
# Levels of grey that get lost on white (contrast under 1.4), and on near black.
_PALE: Final = 218
_DEEP: Final = 56


@dataclass(frozen=True)
class Frame:
    """The part of a picture of this `size` that is the mark.

    `colour` is the flat ground around it, None for transparency and for pictures
    without a flat ground (photographs, boards); of these `whole` is true. `even` tells
    that nothing at all is to be seen outside the box.
    """

    size: tuple[int, int]
    box: Box
    colour: Colour | None
    ground: str
    whole: bool = False
    even: bool = False

    @property
    def cutout(self) -> str:
        """How the mark comes to be without its ground, one of `picture.CUTOUTS`."""
        if self.whole:
            return "none"
        return "simulated" if self.colour else "own"


def find(image: Image.Image) -> Frame:
    """Find the mark in an RGB or RGBA picture."""
    factor = max(1, max(image.size) // _SEARCH_PX)
    small = image.reduce(factor) if factor > 1 else image
    if image.mode == "RGBA":
        alpha = small.getchannel("A")
        box = alpha.point(_step(_ALPHA_INK)).getbbox()
        box = _grown(box, factor, image.size)
        return Frame(image.size, box, None, _ground_for(small, alpha), even=True)
    colour = _border_colour(small)
    if found := _on_flat_ground(small, colour):
        return _frame(image, factor, colour, found[0], even=found[1])
    # The edge of a screenshot or of the paper, if it is hardly seen, is no frame.
    rim = 1 + round(_RIM_SHARE * max(small.size))
    width, height = small.size
    inside = (rim, rim, width - rim, height - rim)
    if min(inside[2] - rim, inside[3] - rim) > rim:
        within = small.crop(inside)
        ground = _border_colour(within)
        seen = _difference(small, ground).point(_step(_PALE_RIM))
        seen.paste(0, inside)
        if not seen.getbbox() and (found := _on_flat_ground(within, ground)):
            return _frame(image, factor, ground, found[0], offset=rim)
    return Frame(image.size, (0, 0, *image.size), None, _tone(colour), whole=True)


def _frame(
    image: Image.Image,
    factor: int,
    colour: Colour,
    box: Box | None,
    *,
    even: bool = False,
    offset: int = 0,
) -> Frame:
    if box is not None:
        left, top, right, bottom = (side + offset for side in box)
        box = (left, top, right, bottom)
    box = _grown(box, factor, image.size)
    return Frame(image.size, box, colour, _tone(colour), even=even)


def _on_flat_ground(
    image: Image.Image, colour: Colour
) -> tuple[Box | None, bool] | None:
    """Return the box of the ink on a ground of this colour, and whether that is even.

    None if the ground is not flat, or too little of the picture to be one.
    """
    far = _difference(image, colour)
    ink = far.point(_step(_INK))
    ground_share = 1 - ink.histogram()[255] / (ink.width * ink.height)
    _drop_rounded_corners(ink)
    if not _flat_border(ink) or ground_share < _GROUND_SHARE:
        return None
    box = ink.getbbox()
    if box is not None:
        far.paste(0, box)
    return box, not far.point(_step(_EVEN + 1)).getbbox()


def _drop_rounded_corners(ink: Image.Image) -> None:
    """Take out of the ink what is only the outside of a rounded corner."""
    side = round(_CORNER_SHARE * min(ink.size))
    right, bottom = ink.width - side, ink.height - side
    for x, y, outer in (
        (0, 0, (0, 0)),
        (right, 0, (side - 1, 0)),
        (0, bottom, (0, side - 1)),
        (right, bottom, (side - 1, side - 1)),
    ):
        corner = ink.crop((x, y, x + side, y + side))
        if side < 2 or not corner.getpixel(outer):
            continue
        across = side - 1 - outer[0]
        down = side - 1 - outer[1]
        inner = (
            corner.crop((across, 0, across + 1, side)),
            corner.crop((0, down, side, down + 1)),
        )
        if not any(edge.getbbox() for edge in inner):
            ink.paste(0, (x, y, x + side, y + side))


def size_on(spec: Spec, frame: Frame) -> tuple[int, int]:
    """Return the size in pixels at which a picture is shown on the canvas of `spec`.

    Marks get equal areas rather than equal sides: fitted to one box, a square icon
    would look many times as heavy as a long wordmark.
    """
    left, top, right, bottom = frame.box
    width, height = right - left, bottom - top
    if spec.shows == "design":
        width, height = frame.size
    margin = 0 if frame.whole else spec.margin_px
    scale = min(
        spec.enlargement,
        (spec.width_px - 2 * margin) / width,
        (spec.height_px - 2 * margin) / height,
    )
    if spec.optical_share is not None and not frame.whole:
        area = spec.optical_share * spec.width_px * spec.height_px
        scale = min(scale, math.sqrt(area / (width * height)))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _grown(box: Box | None, factor: int, size: tuple[int, int]) -> Box:
    """Scale a box found on the reduced copy back, with a rim for what blurs out."""
    width, height = size
    if box is None:
        return (0, 0, width, height)
    rim = factor + 1
    return (
        max(0, box[0] * factor - rim),
        max(0, box[1] * factor - rim),
        min(width, box[2] * factor + rim),
        min(height, box[3] * factor + rim),
    )


def _border_colour(image: Image.Image) -> Colour:
    """Return the colour of the outermost pixels: the median of each channel."""
    border = _border(image)
    bands = [sorted(band.tobytes()) for band in border.split()]
    red, green, blue = (band[len(band) // 2] for band in bands)
    return red, green, blue


def _border(image: Image.Image) -> Image.Image:
    """Return the outermost pixels in one row."""
    width, height = image.size
    edges = (
        image.crop((0, 0, width, 1)),
        image.crop((0, height - 1, width, height)),
        image.crop((0, 0, 1, height)).transpose(Image.Transpose.ROTATE_90),
        image.crop((width - 1, 0, width, height)).transpose(Image.Transpose.ROTATE_90),
    )
    row = Image.new(image.mode, (2 * (width + height), 1))
    x = 0
    for edge in edges:
        row.paste(edge, (x, 0))
        x += edge.width
    return row


def _difference(image: Image.Image, colour: Colour) -> Image.Image:
    """Return, for each pixel, how far its farthest channel is from `colour`."""
    flat = Image.new("RGB", image.size, colour)
    red, green, blue = ImageChops.difference(image, flat).split()
    return ImageChops.lighter(ImageChops.lighter(red, green), blue)


def _flat_border(ink: Image.Image) -> bool:
    right, bottom = ink.width - 1, ink.height - 1
    corners = [(0, 0), (right, 0), (0, bottom), (right, bottom)]
    if sum(ink.getpixel(corner) == 0 for corner in corners) < 3:
        return False
    border = _border(ink)
    return border.histogram()[0] >= _BORDER_SHARE * border.width


def _step(threshold: int) -> list[int]:
    return [0] * threshold + [255] * (256 - threshold)


def _tone(colour: Colour) -> str:
    red, green, blue = colour
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    return "light" if luma >= _MIDDLE_GREY else "dark"


def _ground_for(image: Image.Image, alpha: Image.Image) -> str:
    """Choose the ground on which more of the mark's outline keeps a contrast.

    Only ink next to transparency is asked: white letters inside a blue badge are
    well on any ground.
    """
    # Hairlines, and what is faint everywhere, have no pixel that is solid.
    most = max(level for level, count in enumerate(alpha.histogram()) if count)
    solid = alpha.point(_step(min(128, most // 2 + 1)))
    outline = ImageChops.subtract(solid, solid.filter(ImageFilter.MinFilter(3)))
    levels = image.convert("L").histogram(outline)
    return "light" if sum(levels[_PALE:]) <= sum(levels[:_DEEP]) else "dark"
