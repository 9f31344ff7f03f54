"""Draw the first page of a PDF, or of an Illustrator file saved as one, with pdfium.

pdfium comes with the extra `pdf`; without it such files are refused, saying so.
"""

from __future__ import annotations

import math
from typing import Final

from PIL import Image

from logovote.imaging.picture import UnreadableImageError
from logovote.imaging.svg import DRAWN_PX, FACTS_PX, MAX_ASPECT

try:
    import pypdfium2
except ImportError:
    pypdfium2 = None

_PX_PER_POINT: Final = 96 / 72
_BARE: Final = (255, 255, 255, 0)
# What Illustrator writes on the page of a file saved without its PDF content.
_HOLLOW: Final = "saved without PDF Content"
_HOLLOW_WITHIN_CHARACTERS: Final = 400
_MISSING: Final = (
    "PDF and Illustrator files are not taken on this site. Whoever runs it can change"
    " that with pip install 'logovote[pdf]'; or send a PNG or SVG."
)
_DAMAGED: Final = "The PDF is damaged or cut off: save it again, or send a PNG."
_LOCKED: Final = "The PDF asks for a password: save it without one, or send a PNG."


def render(original: bytes, longer_px: int = DRAWN_PX) -> tuple[int, int, Image.Image]:
    """Draw page 1; return its size at 96 pixels an inch, and the drawing, RGBA.

    The drawing's longer side is `longer_px`. Where the page leaves its paper bare it is
    transparent, so that a white logo gets a dark ground. Comments are not drawn.

    Raises:
        UnreadableImageError: damaged, locked, empty, out of all proportion, or pdfium
            is not installed.
    """
    if pypdfium2 is None:
        raise UnreadableImageError(_MISSING)
    try:
        with pypdfium2.PdfDocument(original) as document:
            page = document[0]
            width, height = page.get_size()
            _check(width, height)
            _check_content(page)
            bitmap = page.render(
                scale=longer_px / max(width, height),
                fill_color=_BARE,
                may_draw_forms=False,
                draw_annots=False,
                rev_byteorder=True,
            )
            image = bitmap.to_pil().copy()
    except pypdfium2.PdfiumError as error:
        locked = error.err_code == pypdfium2.raw.FPDF_ERR_PASSWORD
        raise UnreadableImageError(_LOCKED if locked else _DAMAGED) from error
    scale = min(_PX_PER_POINT, FACTS_PX / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale)), image


def _check(width: float, height: float) -> None:
    """Refuse a page by its size, before anything is drawn."""
    shorter, longer = sorted((width, height))
    if not (shorter > 0 and math.isfinite(longer)):
        raise UnreadableImageError(_DAMAGED)
    if longer > MAX_ASPECT * shorter:
        raise UnreadableImageError(
            f"The page is more than {MAX_ASPECT} times as long as it is high or wide:"
            " crop it to the drawing."
        )


def _check_content(page: pypdfium2.PdfPage) -> None:
    text = page.get_textpage().get_text_range(0, _HOLLOW_WITHIN_CHARACTERS)
    if _HOLLOW in " ".join(text.split()):
        raise UnreadableImageError(
            "This Illustrator file was saved without its PDF content: save it again"
            " with “Create PDF Compatible File”, or send a PNG or SVG."
        )
