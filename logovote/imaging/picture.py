"""What imaging says about a file, and the table of pictures it makes of it.

Knows no decoder, so that a web process can use it without loading one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from logovote.errors import LogovoteError

FORMATS: Final = ("PNG", "JPEG", "GIF", "WEBP", "SVG", "AVIF", "PDF")
GROUNDS: Final = ("light", "dark")

MAX_FILE_BYTES: Final = 25_000_000
MAX_SIDE_PX: Final = 30_000
MAX_PIXELS: Final = 60_000_000


class UnreadableImageError(LogovoteError):
    """This file is not a picture we can show, and the message says why."""


def check_file_size(size_bytes: int) -> None:
    """Refuse a file that is empty or larger than any we take."""
    if not size_bytes:
        raise UnreadableImageError("The file is empty: upload it again.")
    if size_bytes > MAX_FILE_BYTES:
        raise UnreadableImageError(
            f"The file has {size_bytes / 1e6:.1f} MB; at most"
            f" {MAX_FILE_BYTES / 1e6:.0f} MB are taken. Export it smaller."
        )


@dataclass(frozen=True)
class Spec:
    """How one kind of derivative is made.

    `optical_share` is the part of the canvas the trimmed mark's box covers, so that
    a square icon and a long wordmark look equally large; None lets the mark fill the
    canvas up to the margin. A raster is enlarged at most `enlargement` times, then its
    pixels would show. `trimmed` False keeps the whole design, as sent, and its shape:
    the canvas is then only the box it has to fit.
    """

    kind: str
    width_px: int
    height_px: int
    quality: int
    method: int
    enlargement: float
    trimmed: bool = True
    margin_px: int = 0
    optical_share: float | None = None


# Bytes and speed, measured on 211 designs: method 2 encodes twice as fast as the
# default 4 and costs 6 % more bytes; at 64 px only quality shows.
SPECS: Final = (
    Spec("thumb", 320, 240, 80, 2, 2.5, margin_px=16, optical_share=0.34),
    Spec("thumb2x", 640, 480, 80, 2, 5.0, margin_px=32, optical_share=0.34),
    Spec("preview", 1280, 1280, 80, 2, 1.0, trimmed=False),
    Spec("icon", 64, 64, 90, 4, 2.5, margin_px=3),
)
# Raise it whenever derivatives made before should be made again.
SPECS_VERSION: Final = "1"
DERIVATIVE_TYPE: Final = "image/webp"


@dataclass(frozen=True)
class Derivative:
    """One picture made by us: WebP without metadata."""

    kind: str
    data: bytes
    width_px: int
    height_px: int


@dataclass(frozen=True)
class Developed:
    """The facts of a design, upright, and its derivatives in the order of `SPECS`.

    `ground` is "light" or "dark": what to lay behind a design with transparency so
    that the mark shows; of an opaque design, what its own ground is.
    """

    format: str
    width_px: int
    height_px: int
    animated: bool
    ground: str
    derivatives: tuple[Derivative, ...]
