"""What is this file: by its content, never by its name, and within which limits."""

from __future__ import annotations

import io
import re
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Final

from PIL import Image, WebPImagePlugin, features

from logovote.imaging.picture import (
    MAX_PIXELS,
    MAX_SIDE_PX,
    UnreadableImageError,
    check_file_size,
)

MAX_SVG_BYTES: Final = 5_000_000
# AVIF is built into most Pillows, PDF an extra of ours.
_OPTIONAL: Final = {
    "AVIF": features.check("avif"),
    "PDF": find_spec("pypdfium2") is not None,
}
_HERE: Final = [name for name, is_here in _OPTIONAL.items() if is_here]
TAKEN: Final = f"{', '.join(['PNG, JPEG, GIF, WebP', *_HERE])} and SVG are taken"

_RASTERS: Final = {
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"GIF87a": "GIF",
    b"GIF89a": "GIF",
}
_OTHERS: Final = {
    b"BM": "a BMP picture",
    b"II*\0": "a TIFF picture",
    b"MM\0*": "a TIFF picture",
    b"8BPS": "a Photoshop file",
    b"%!": "a PostScript or EPS file",
    b"\xc5\xd0\xd3\xc6": "an EPS file",
    b"\0\0\1\0": "a Windows icon",
    b"\xff\x0a": "a JPEG XL picture",
    b"\0\0\0\x0cJXL ": "a JPEG XL picture",
    b"\0\0\0\x0cjP": "a JPEG 2000 picture",
    b"PK\3\4": "a zip archive or an office document",
    b"Rar!": "a RAR archive",
    b"7z\xbc\xaf": "a 7-zip archive",
    b"\x1f\x8b": "a gzip file, not of an SVG",
}
_BRANDS_WITHIN_BYTES: Final = 64
_BRANDS: Final = {
    b"avif": "an AVIF picture",
    b"avis": "an AVIF picture",
} | dict.fromkeys(
    (b"heic", b"heix", b"heif", b"hevc", b"mif1", b"msf1"), "a HEIC picture"
)
_PADDING: Final = b"\xef\xbb\xbf\0\t\n\f\r "
_PDF_WITHIN_BYTES: Final = 1024
_RARE_JPEG: Final = (
    "This JPEG is of a rare kind, with 12 bits a colour or without loss: save it as an"
    " ordinary JPEG or a PNG."
)
# Of the JPEG markers that begin a frame, the three that do not after all, and the
# frames without loss.
_NO_FRAMES: Final = (0xC4, 0xC8, 0xCC)
_LOSSLESS: Final = (0xC3, 0xC7, 0xCB, 0xCF)
# What Pillow's readers raise on a damaged file, beside OSError.
DAMAGE: Final = (
    OSError,
    EOFError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    AssertionError,
    RuntimeError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)


def sniff(original: bytes) -> str:
    """Name the format of a file, one of `FORMATS`.

    Raises:
        UnreadableImageError: empty, too large, or a format that is not taken.
    """
    check_file_size(len(original))
    if name := raster_format(original):
        return name
    if is_svg(original):
        return "SVG"
    if _is_avif(original) and _OPTIONAL["AVIF"]:
        return "AVIF"
    # Without its extra, too: whoever draws it says how to get that.
    if original[:_PDF_WITHIN_BYTES].lstrip(_PADDING).startswith(b"%PDF-"):
        return "PDF"
    raise UnreadableImageError(
        f"This seems to be {_guess(original)}. {TAKEN}: export it as one of these."
    )


def raster_format(original: bytes) -> str | None:
    """Name the raster format that the first bytes are of, if it is one we take."""
    for magic, name in _RASTERS.items():
        if original.startswith(magic):
            return name
    if original[:4] == b"RIFF" and original[8:12] == b"WEBP":
        return "WEBP"
    return None


def _is_avif(original: bytes) -> bool:
    """Whether any of the brands that a file says it conforms to is AVIF's."""
    if original[4:8] != b"ftyp":
        return False
    end = min(int.from_bytes(original[:4], "big"), _BRANDS_WITHIN_BYTES)
    brands = [original[at : at + 4] for at in range(8, end, 4)]
    return b"avif" in brands or b"avis" in brands


def is_svg(original: bytes) -> bool:
    """Whether a file's first element is svg, gzipped or not."""
    head = original[:65_536]
    if head.startswith(b"\x1f\x8b"):
        try:
            head = zlib.decompressobj(wbits=31).decompress(head, 65_536)
        except zlib.error:
            return False
    wide = head.startswith((b"\xff\xfe", b"\xfe\xff"))
    text = head.decode("utf-16" if wide else "utf-8-sig", "ignore").lstrip()
    root = re.search(
        r"<(?:[\w.-]+:)?(svg|html|!doctype\s+html)[\s/>]", text, re.IGNORECASE
    )
    return text.startswith("<") and root is not None and root[1].lower() == "svg"


def unpacked_svg(original: bytes) -> bytes:
    """Return the markup of an SVG, gunzipped (.svgz) within the size limit."""
    if original.startswith(b"\x1f\x8b"):
        try:
            original = zlib.decompressobj(wbits=31).decompress(
                original, MAX_SVG_BYTES + 1
            )
        except zlib.error as error:
            raise UnreadableImageError(
                "The compressed SVG is damaged: upload it again."
            ) from error
    if len(original) > MAX_SVG_BYTES:
        raise UnreadableImageError(
            f"The SVG is larger than {MAX_SVG_BYTES / 1e6:.0f} MB: simplify it, or"
            " send a PNG."
        )
    return original


class _WebP(WebPImagePlugin.WebPImageFile):
    """WebP of which only the first frame is wanted.

    The decoder holds two pictures of its own; it goes before Pillow makes another, so
    that three and not four of them are in memory at once.
    """

    def load_prepare(self) -> None:
        del self._decoder
        super().load_prepare()


_FRUGAL: Final = {"WEBP": "LOGOVOTE-WEBP"}
Image.register_open(_FRUGAL["WEBP"], _WebP)


@contextmanager
def opened(original: bytes, name: str) -> Iterator[Image.Image]:
    """Open a raster of the format `name`, its size checked before any decoding.

    Whatever Pillow raises inside the block becomes our one refusal.

    Raises:
        UnreadableImageError: damaged, cut off, or too many pixels.
    """
    try:
        with warnings.catch_warnings():
            # Pillow's own bomb warning speaks of other limits than ours.
            warnings.simplefilter("ignore")
            reader = _FRUGAL.get(name, name)
            with Image.open(io.BytesIO(original), formats=(reader,)) as image:
                check_size(*image.size)
                yield image
    except DAMAGE as error:
        if name == "JPEG" and _is_rare_jpeg(original):
            raise UnreadableImageError(_RARE_JPEG) from error
        raise UnreadableImageError(
            f"The {name} file is damaged or cut off: upload it again."
        ) from error


def check_size(width_px: int, height_px: int) -> None:
    """Refuse a picture by the size its header declares."""
    if width_px * height_px > MAX_PIXELS or max(width_px, height_px) > MAX_SIDE_PX:
        raise UnreadableImageError(
            f"The picture is {width_px} x {height_px} pixels. At most"
            f" {MAX_PIXELS // 10**6} megapixels and {MAX_SIDE_PX} pixels a side are"
            " taken: export it smaller."
        )


def _is_rare_jpeg(original: bytes) -> bool:
    """Whether a JPEG has 12 bits a colour, or is of one of the lossless kinds."""
    at = 2
    while original[at : at + 1] == b"\xff" and at + 5 <= len(original):
        kind = original[at + 1]
        if 0xC0 <= kind <= 0xCF and kind not in _NO_FRAMES:
            return kind in _LOSSLESS or original[at + 4] != 8
        at += 2 + int.from_bytes(original[at + 2 : at + 4], "big")
    return False


def _guess(original: bytes) -> str:
    for magic, name in _OTHERS.items():
        if original.startswith(magic):
            return name
    if original[4:8] == b"ftyp":
        return _BRANDS.get(original[8:12], "a video or a HEIC picture")
    head = original[:4096]
    if re.match(rb"\s*<(!doctype\s+html|html)", head, re.IGNORECASE):
        return "a web page"
    if b"\0" not in head and not re.search(rb"[\x01-\x08\x0e-\x1a]", head):
        return "a text file"
    return "a file of another kind"
