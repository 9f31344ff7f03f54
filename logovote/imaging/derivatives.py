"""From one decode, every picture of a design that the pages show."""

from __future__ import annotations

import io
from collections.abc import Sequence

from PIL import Image

from logovote.imaging import framing
from logovote.imaging.decode import decode
from logovote.imaging.framing import Box, Frame
from logovote.imaging.picture import SPECS, Derivative, Developed, Spec


def develop(original: bytes) -> Developed:
    """Decode a file and make its derivatives, in this very process.

    For anything that strangers sent, use `logovote.imaging.worker.Fence`.

    Raises:
        UnreadableImageError: not a picture we take, or damaged.
    """
    decoded = decode(original)
    image = decoded.image
    mark = framing.find(image)
    whole = Frame((0, 0, *image.size), None, mark.ground, whole=True)
    # Premultiplied, so that colours hidden in transparent pixels do not bleed in.
    pixels = image.convert("RGBa") if image.mode == "RGBA" else image
    made = {
        **_derivatives(pixels, mark, [spec for spec in SPECS if spec.trimmed]),
        **_derivatives(pixels, whole, [spec for spec in SPECS if not spec.trimmed]),
    }
    return Developed(
        decoded.format,
        decoded.width_px,
        decoded.height_px,
        decoded.animated,
        mark.ground,
        tuple(made[spec.kind] for spec in SPECS),
    )


def _derivatives(
    pixels: Image.Image, frame: Frame, specs: Sequence[Spec]
) -> dict[str, Derivative]:
    """Make the derivatives that show the same frame.

    The large picture is read once, for the largest of them; the others are made of
    that one, which nobody sees and which halves the time.
    """
    sizes = {spec: framing.size_on(spec, frame) for spec in specs}
    largest = _resized(pixels, max(sizes.values()), frame.box)
    made = {}
    for spec, size in sizes.items():
        shown = _resized(largest, size, (0, 0, *largest.size))
        if shown.mode == "RGBa":
            shown = shown.convert("RGBA")
        if spec.trimmed:
            shown = _on_canvas(shown, frame, spec)
        encoded = io.BytesIO()
        shown.save(encoded, "WEBP", quality=spec.quality, method=spec.method)
        made[spec.kind] = Derivative(spec.kind, encoded.getvalue(), *shown.size)
    return made


def _resized(pixels: Image.Image, size: tuple[int, int], box: Box) -> Image.Image:
    if size == pixels.size and box == (0, 0, *size):
        return pixels
    return pixels.resize(size, Image.Resampling.LANCZOS, box=box, reducing_gap=2.0)


def _on_canvas(shown: Image.Image, frame: Frame, spec: Spec) -> Image.Image:
    """Centre a mark on its own ground; without one the rest stays transparent."""
    size = (spec.width_px, spec.height_px)
    if frame.colour is None:
        canvas = Image.new("RGBA", size)
    else:
        canvas = Image.new("RGB", size, frame.colour)
    canvas.paste(shown, ((size[0] - shown.width) // 2, (size[1] - shown.height) // 2))
    return canvas
