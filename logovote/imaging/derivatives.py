"""From one decode, every picture of a design that the pages show."""

from __future__ import annotations

import io

from PIL import Image

from logovote.imaging import framing
from logovote.imaging.decode import decode
from logovote.imaging.framing import Frame
from logovote.imaging.picture import SPECS, Derivative, Developed, Spec


def develop(original: bytes) -> Developed:
    """Decode a file and make its derivatives, in this very process.

    For anything that strangers sent, use `logovote.imaging.worker.Fence`.

    Raises:
        UnreadableImageError: not a picture we take, or damaged.
    """
    decoded = decode(original)
    mark = framing.find(decoded.image)
    whole = Frame((0, 0, *decoded.image.size), None, mark.ground, whole=True)
    # Premultiplied, so that colours hidden in transparent pixels do not bleed in.
    pixels = (
        decoded.image.convert("RGBa") if decoded.image.mode == "RGBA" else decoded.image
    )
    return Developed(
        decoded.format,
        decoded.width_px,
        decoded.height_px,
        decoded.animated,
        mark.ground,
        tuple(
            _derivative(pixels, mark if spec.trimmed else whole, spec) for spec in SPECS
        ),
    )


def _derivative(pixels: Image.Image, frame: Frame, spec: Spec) -> Derivative:
    shown = _resized(pixels, frame, framing.size_on(spec, frame))
    if spec.trimmed:
        shown = _on_canvas(shown, frame, spec)
    encoded = io.BytesIO()
    shown.save(encoded, "WEBP", quality=spec.quality, method=spec.method)
    return Derivative(spec.kind, encoded.getvalue(), *shown.size)


def _resized(pixels: Image.Image, frame: Frame, size: tuple[int, int]) -> Image.Image:
    if size != pixels.size or frame.box != (0, 0, *pixels.size):
        pixels = pixels.resize(
            size, Image.Resampling.LANCZOS, box=frame.box, reducing_gap=2.0
        )
    return pixels.convert("RGBA") if pixels.mode == "RGBa" else pixels


def _on_canvas(shown: Image.Image, frame: Frame, spec: Spec) -> Image.Image:
    """Centre a mark on its own ground; without one the rest stays transparent."""
    size = (spec.width_px, spec.height_px)
    if frame.colour is None:
        canvas = Image.new("RGBA", size)
    else:
        canvas = Image.new("RGB", size, frame.colour)
    canvas.paste(shown, ((size[0] - shown.width) // 2, (size[1] - shown.height) // 2))
    return canvas
