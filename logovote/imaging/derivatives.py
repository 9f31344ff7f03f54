"""From one decode, every picture of a design that the pages show."""

from __future__ import annotations

import io
import time
from collections.abc import Sequence
from typing import Final

from PIL import Image

from logovote.imaging import cutout, framing, likeness
from logovote.imaging.decode import ENOUGH_PX, Decoded, decode
from logovote.imaging.framing import Frame
from logovote.imaging.picture import SPECS, Colour, Derivative, Developed, Spec

_LARGEST_MARK: Final = max(
    (spec for spec in SPECS if spec.shows == "mark"), key=lambda spec: spec.width_px
)
# How many times larger a small mark may be had, by decoding once more.
_CLOSER: Final = {"JPEG": 2, "SVG": 3, "PDF": 3}
# What that may take of the seconds there are for all.
_CLOSER_SECONDS: Final = 3
_PAPER: Final[dict[str, Colour]] = {"light": (255, 255, 255), "dark": (0, 0, 0)}

# Bytes and speed, measured on 211 designs: method 2 encodes twice as fast as the
# default 4 and costs 6 % more bytes.
_METHOD: Final = 2
_LOSSLESS: Final = {"lossless": True, "quality": 20, "method": 1}


def develop(
    original: bytes, specs: Sequence[Spec] = SPECS, *, describe: bool = True
) -> Developed:
    """Decode a file and make its derivatives in this very process: those of `specs`.

    Says what it looks like if `describe`.

    For anything that strangers sent, use `logovote.imaging.worker.Fence`.

    Raises:
        UnreadableImageError: not a picture we take, or damaged.
    """
    began = time.process_time()
    decoded = decode(original)
    took = time.process_time() - began
    frame = framing.find(decoded.image)
    closer = _closer(decoded, frame)
    if closer > 1 and took * closer**2 < _CLOSER_SECONDS:
        decoded = decode(original, closer * ENOUGH_PX)
        frame = framing.find(decoded.image)
    return Developed(
        decoded.format,
        decoded.width_px,
        decoded.height_px,
        decoded.animated,
        frame.ground,
        frame.colour,
        frame.cutout,
        likeness.describe(decoded.image) if describe else b"",
        _derivatives(decoded.image, frame, specs),
    )


def _closer(decoded: Decoded, frame: Frame) -> int:
    """Return how many times larger to decode a small mark on a large ground."""
    is_whole = max(decoded.image.size) >= max(decoded.width_px, decoded.height_px)
    if decoded.format not in _CLOSER or (decoded.format == "JPEG" and is_whole):
        return 1
    wanted = framing.size_on(_LARGEST_MARK, frame)[0]
    return min(_CLOSER[decoded.format], -(-wanted // (frame.box[2] - frame.box[0])))


def _derivatives(
    image: Image.Image, frame: Frame, specs: Sequence[Spec]
) -> tuple[Derivative, ...]:
    """Make pictures of a design, each of a larger one that was made before.

    The original is read once, for the largest; that nobody sees in the small ones, and
    it takes a third of the time.
    """
    sizes = {spec: framing.size_on(spec, frame) for spec in SPECS}
    # Premultiplied, so that colours hidden in transparent pixels do not bleed in.
    pixels = image.convert("RGBa") if image.mode == "RGBA" else image
    shown = {spec.shows for spec in specs}
    design, box = _design(pixels, frame, _largest(sizes, "design"))
    size = _largest(sizes, "mark")
    if box[2] - box[0] >= size[0]:
        mark = _resized(design, size, box)
    else:
        mark = _resized(pixels, size, frame.box)
    sources = {"design": design, "mark": mark}
    if shown & {"cutout", "ink"}:
        sources["cutout"] = bare = _resized(mark, _largest(sizes, "ink"))
        if "cutout" in shown and frame.colour is not None:
            sources["cutout"] = cutout.knock_out(bare, frame.colour).convert("RGBa")
        if "ink" in shown:
            paper = frame.colour or _PAPER[frame.ground]
            sources["ink"] = cutout.ink(_straight(bare), paper)
    made = []
    for spec in specs:
        picture = _straight(_resized(sources[spec.shows], sizes[spec]))
        if spec.shows != "design":
            picture = _on_canvas(picture, spec, frame.colour)
        made.append(Derivative(spec.kind, _encoded(picture, spec), *picture.size))
    return tuple(made)


def _largest(sizes: dict[Spec, tuple[int, int]], shows: str) -> tuple[int, int]:
    return max(size for spec, size in sizes.items() if spec.shows == shows)


def _design(
    pixels: Image.Image, frame: Frame, size: tuple[int, int]
) -> tuple[Image.Image, tuple[float, float, float, float]]:
    """Return the whole design at this size, and where on it the frame's box is."""
    across, down = size[0] / pixels.width, size[1] / pixels.height
    left, top, right, bottom = frame.box
    box = (left * across, top * down, right * across, bottom * down)
    if not frame.even or size == pixels.size:
        return _shrunk(pixels, size, (0, 0, *pixels.size)), box
    # Only what is not ground is worth the work.
    inside = (int(box[0]), int(box[1]), -int(-box[2] // 1), -int(-box[3] // 1))
    wide, high = (
        min(inside[2], size[0]) - inside[0],
        min(inside[3], size[1]) - inside[1],
    )
    drawn = _shrunk(
        pixels,
        (wide, high),
        (
            inside[0] / across,
            inside[1] / down,
            min((inside[0] + wide) / across, pixels.width),
            min((inside[1] + high) / down, pixels.height),
        ),
    )
    canvas = Image.new(pixels.mode, size, frame.colour or 0)
    canvas.paste(drawn, inside[:2])
    return canvas, box


def _shrunk(
    pixels: Image.Image, size: tuple[int, int], box: tuple[float, float, float, float]
) -> Image.Image:
    """Resize the large picture, which is most of the work.

    BICUBIC after whole steps of BOX takes half the time of LANCZOS; on 211 designs it
    is 54 dB from it, and what WebP then does to it 46 dB.
    """
    if size == pixels.size:
        return pixels
    return pixels.resize(size, Image.Resampling.BICUBIC, box=box, reducing_gap=1.1)


def _resized(
    pixels: Image.Image,
    size: tuple[int, int],
    box: tuple[float, float, float, float] | None = None,
) -> Image.Image:
    whole = (0, 0, *pixels.size)
    if size == pixels.size and (box or whole) == whole:
        return pixels
    return pixels.resize(size, Image.Resampling.LANCZOS, box=box, reducing_gap=3.0)


def _straight(pixels: Image.Image) -> Image.Image:
    return pixels.convert("RGBA") if pixels.mode == "RGBa" else pixels


def _on_canvas(shown: Image.Image, spec: Spec, colour: Colour | None) -> Image.Image:
    """Centre a mark on its own ground; without one the rest stays transparent."""
    size = (spec.width_px, spec.height_px)
    if spec.shows != "mark" or colour is None:
        canvas = Image.new("RGBA", size)
    else:
        canvas = Image.new("RGB", size, colour)
    canvas.paste(shown, ((size[0] - shown.width) // 2, (size[1] - shown.height) // 2))
    return canvas


def _encoded(shown: Image.Image, spec: Spec) -> bytes:
    file = io.BytesIO()
    if spec.quality is None:
        shown.save(file, "WEBP", **_LOSSLESS)
    else:
        shown.save(file, "WEBP", quality=spec.quality, method=_METHOD)
    return file.getvalue()
