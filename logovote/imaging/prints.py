"""Derivatives for documents that take no WebP: spreadsheets and PDF."""

from __future__ import annotations

import io

from PIL import Image

from logovote.imaging.picture import UnreadableImageError


def as_png(derivative: bytes) -> bytes:
    """Turn a derivative into a PNG of the same pixels.

    Only for pictures that we made: an original is decoded behind the fence.

    Raises:
        UnreadableImageError: it is damaged.
    """
    try:
        with Image.open(io.BytesIO(derivative), formats=["WEBP"]) as image:
            file = io.BytesIO()
            image.save(file, "PNG")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise UnreadableImageError("This derivative is damaged.") from error
    return file.getvalue()
