"""What imaging says about a file, and the table of pictures it makes of it.

Knows no decoder, so that a web process can use it without loading one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from logovote.errors import LogovoteError

FORMATS: Final = ("PNG", "JPEG", "GIF", "WEBP", "SVG", "AVIF", "PDF")
GROUNDS: Final = ("light", "dark")
# How a mark came to be without a ground: sent so; a flat ground taken out by us, which
# the pages call simulated; not at all (photographs, boards).
CUTOUTS: Final = ("own", "simulated", "none")

Colour = tuple[int, int, int]

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

    `shows` is what of it: the whole "design" in its own shape, the canvas then being
    only the box it has to fit; the trimmed "mark" on its own ground; the same as a
    "cutout", without its ground; or its "ink", black and of one colour. Where no ground
    can be found or removed, the last three show the whole design.

    `optical_share` is the part of the canvas the trimmed mark's box covers, so that
    a square icon and a long wordmark look equally large; None lets the mark fill the
    canvas up to the margin. A raster is enlarged at most `enlargement` times, then its
    pixels would show. `quality` None is lossless.
    """

    kind: str
    width_px: int
    height_px: int
    shows: Literal["design", "mark", "cutout", "ink"]
    quality: int | None
    enlargement: float
    margin_px: int = 0
    optical_share: float | None = None


def _icon(side_px: int) -> Spec:
    # Lossy WebP halves the resolution of colour, which at these sizes shows.
    return Spec(f"icon{side_px}", side_px, side_px, "cutout", None, side_px / 25)


SPECS: Final = (
    Spec("thumb", 320, 240, "mark", 80, 2.5, 16, 0.34),
    Spec("thumb2x", 640, 480, "mark", 80, 5.0, 32, 0.34),
    Spec("preview", 1024, 1024, "design", 80, 1.0),
    # For the logo lab: laid out like the thumbnails, so that one can lie on the other.
    Spec("mark", 480, 360, "cutout", 80, 3.75, 24, 0.34),
    Spec("mono", 480, 360, "ink", None, 3.75, 24, 0.34),
    *map(_icon, (16, 32, 48, 64, 96, 128)),
)
# Raise it whenever derivatives or descriptions made before should be made again.
SPECS_VERSION: Final = "4"
# A description of what a design looks like is shorter.
MAX_LIKENESS_BYTES: Final = 20_000
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
    that the mark shows; of an opaque design, what its own ground is. `colour` is that
    own ground where it is flat. `cutout` is one of `CUTOUTS`. `likeness` is for
    `imaging.likeness.parse`, which believes nothing: hostile files have a say in it.
    """

    format: str
    width_px: int
    height_px: int
    animated: bool
    ground: str
    colour: Colour | None
    cutout: str
    likeness: bytes
    derivatives: tuple[Derivative, ...]
