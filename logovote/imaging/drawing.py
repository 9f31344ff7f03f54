"""Draw a sanitised SVG with resvg."""

from __future__ import annotations

import functools
import io
from typing import Final

import resvg_py
from PIL import Image

from logovote.imaging import probe, svg
from logovote.imaging.picture import UnreadableImageError

# Without it resvg fails on every file measured in millimetres.
_DPI: Final = 96
# Tried in turn where the system names no font of its own for a generic family; text
# whose fonts are all missing would not be drawn at all.
_FALLBACKS: Final = (
    "DejaVu Sans",
    "Liberation Sans",
    "Noto Sans",
    "Arial",
    "Helvetica",
    "Segoe UI",
)
_SAMPLE: Final = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">'
    '<text y="9" font-family="{}">H</text></svg>'
)


def render(markup: bytes, longer_px: int = svg.DRAWN_PX) -> tuple[int, int, bytes]:
    """Draw an SVG; return its own width and height in pixels, and a PNG.

    The PNG's longer side is `longer_px`. A drawing that declares no size is drawn at
    the size of its content.

    Raises:
        UnreadableImageError: refused by the sanitiser, or not drawable.
    """
    clean = svg.sanitise(markup, longer_px)
    try:
        png = resvg_py.svg_to_bytes(
            svg_string=clean.markup,
            dpi=_DPI,
            serif_family=_family("serif"),
            sans_serif_family=_family("sans-serif"),
        )
    except ValueError as error:
        raise UnreadableImageError(
            f"The SVG cannot be drawn ({error}): export it again, or send a PNG."
        ) from error
    with probe.opened(png, "PNG") as opened:
        width_px, height_px = clean.size_px or opened.size
    return width_px, height_px, png


@functools.cache
def _family(generic: str) -> str | None:
    """Return the font for a generic family; None if resvg knows one, or none draws."""
    for family in (None, *_FALLBACKS):
        png = resvg_py.svg_to_bytes(
            svg_string=_SAMPLE.format(family or generic), dpi=_DPI
        )
        with Image.open(io.BytesIO(png), formats=("PNG",)) as sample:
            if sample.getbbox():
                return family
    return None
