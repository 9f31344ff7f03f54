"""File formats: what real uploads come in, from plain to awkward, all valid."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BytesIO
from random import Random
from typing import Any, TypeAlias

import numpy as np
from PIL import Image

from logovote.demo.designs import Look
from logovote.demo.drawing import Drawing
from logovote.demo.layouts import Sheet
from logovote.demo.palettes import Colouring, black_and_white, light, tinted
from logovote.demo.raster import render
from logovote.demo.vector import to_svg

Encode: TypeAlias = Callable[[Sheet, str], bytes]
"""Turns a sheet and its title into the bytes of a file."""


@dataclass(frozen=True)
class Format:
    """One kind of file; `share` is how many of a hundred uploads are of this kind.

    `colouring` is set where the format can only hold greys, `clear` where it keeps no
    ground.
    """

    name: str
    suffix: str
    share: float
    encode: Encode
    colouring: Colouring | None = None
    clear: bool = False


def dealt(rng: Random, looks: Sequence[Look]) -> list[Format]:
    """Return a format for each upload: one of each, then by their shares.

    A transparent file goes to a look on a light ground: white on nothing is what people
    send once, not every time.
    """
    kinds = list(FORMATS[: len(looks)])
    shares = [kind.share for kind in FORMATS]
    kinds += rng.choices(FORMATS, shares, k=len(looks) - len(kinds))
    rng.shuffle(kinds)
    fair = [i for i, look in enumerate(looks) if look.colouring in (light, tinted)]
    rng.shuffle(fair)
    plain = [i for i in fair if not kinds[i].clear]
    odd = [i for i, kind in enumerate(kinds) if kind.clear and i not in fair]
    for here, there in zip(odd[1:], plain, strict=False):
        kinds[here], kinds[there] = kinds[there], kinds[here]
    return kinds


def _saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def _drawn(sheet: Sheet) -> Image.Image:
    return render(sheet.drawing, sheet.size, sheet.ground)


def _svg(sheet: Sheet, title: str) -> bytes:
    return to_svg(sheet.drawing, sheet.size, sheet.ground, title).encode()


def _svg_clear(sheet: Sheet, title: str) -> bytes:
    return to_svg(sheet.drawing, sheet.size, None, title).encode()


def _png(sheet: Sheet, _title: str) -> bytes:
    return _saved(_drawn(sheet), "PNG", compress_level=5)


def _png_clear(sheet: Sheet, _title: str) -> bytes:
    image = render(sheet.drawing, sheet.size, None)
    return _saved(image, "PNG", compress_level=5)


def _png_palette(sheet: Sheet, _title: str) -> bytes:
    return _saved(_drawn(sheet).quantize(48), "PNG", compress_level=5)


def _png_grey16(sheet: Sheet, _title: str) -> bytes:
    grey = np.asarray(_drawn(sheet).convert("L")).astype(np.uint16) * 257
    return _saved(Image.fromarray(grey), "PNG", compress_level=5)


def _jpeg(sheet: Sheet, _title: str) -> bytes:
    return _saved(_drawn(sheet), "JPEG", quality=88)


def _jpeg_poor(sheet: Sheet, _title: str) -> bytes:
    return _saved(_drawn(sheet), "JPEG", quality=42)


def _jpeg_progressive(sheet: Sheet, _title: str) -> bytes:
    return _saved(_drawn(sheet), "JPEG", quality=82, progressive=True)


def _jpeg_grey(sheet: Sheet, _title: str) -> bytes:
    return _saved(_drawn(sheet).convert("L"), "JPEG", quality=86)


def _jpeg_cmyk(sheet: Sheet, _title: str) -> bytes:
    return _saved(_drawn(sheet).convert("CMYK"), "JPEG", quality=88)


def _jpeg_rotated(sheet: Sheet, _title: str) -> bytes:
    """A photograph of the screen, as it were: stored lying, with a note to turn it."""
    exif = Image.Exif()
    exif[0x0112] = 6
    lying = _drawn(sheet).transpose(Image.Transpose.ROTATE_90)
    return _saved(lying, "JPEG", quality=86, exif=exif)


def _webp(sheet: Sheet, _title: str) -> bytes:
    return _saved(_drawn(sheet), "WEBP", quality=86, method=2)


def _gif(sheet: Sheet, _title: str) -> bytes:
    return _saved(_drawn(sheet).quantize(64), "GIF")


def _gif_animated(sheet: Sheet, _title: str) -> bytes:
    """The design, then how it is put together."""
    figures = sheet.drawing.figures
    counts = [len(figures) * step // 4 for step in (1, 2, 3)]
    parts = [sheet.drawing, *(Drawing(figures[:count]) for count in counts if count)]
    frames = [render(part, sheet.size, sheet.ground).quantize(48) for part in parts]
    return _saved(
        frames[0],
        "GIF",
        save_all=True,
        append_images=frames[1:],
        duration=[1600, 300, 300, 300][: len(frames)],
        loop=0,
    )


FORMATS = (
    Format("jpeg", ".jpg", 42, _jpeg),
    Format("png", ".png", 22, _png),
    Format("svg", ".svg", 5, _svg),
    Format("transparent png", ".png", 6, _png_clear, clear=True),
    Format("webp", ".webp", 4, _webp),
    Format("gif", ".gif", 1.5, _gif),
    Format("palette png", ".png", 3, _png_palette),
    Format("jpeg called png", ".png", 3, _jpeg),
    Format("cmyk jpeg", ".jpg", 1, _jpeg_cmyk),
    Format("rotated jpeg", ".JPG", 1, _jpeg_rotated),
    Format("16-bit png", ".png", 0.5, _png_grey16, black_and_white),
    Format("animated gif", ".gif", 0.3, _gif_animated),
    Format("jpeg, other ending", ".jpeg", 6, _jpeg),
    Format("poor jpeg", ".jpg", 3, _jpeg_poor),
    Format("progressive jpeg", ".jpg", 4, _jpeg_progressive),
    Format("grey jpeg", ".jpg", 0.5, _jpeg_grey, black_and_white),
    Format("transparent svg", ".svg", 2, _svg_clear, clear=True),
)
"""The likeliest first: a contest of a dozen designs has the first dozen of these."""
