"""From the bytes of a file to one upright picture in sRGB, 8 bits a channel."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Final

from PIL import AvifImagePlugin, Image, ImageCms

from logovote.imaging import drawing, pdf, probe
from logovote.imaging.picture import SPECS

# The largest derivative: what a decoder may shrink to, which it does well and fast.
ENOUGH_PX: Final = max(max(spec.width_px, spec.height_px) for spec in SPECS)
_OPAQUE_ALPHA: Final = 230
_ORIENTATION: Final = 0x0112
_TURNS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_LYING: Final = (5, 6, 7, 8)
_SRGB: Final = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
# Inside the fence, no process may start a thread.
AvifImagePlugin.DEFAULT_MAX_THREADS = 1
_PROFILE_MODES: Final = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}


@dataclass(frozen=True)
class Decoded:
    """The facts of a file, and its pixels: mode RGB, or RGBA if any show through.

    `image` may be smaller than the facts say, but not below what was enough.
    """

    format: str
    width_px: int
    height_px: int
    animated: bool
    image: Image.Image


def decode(original: bytes, enough_px: int = ENOUGH_PX) -> Decoded:
    """Decode the first frame; its longer side may be shrunk down to `enough_px`.

    What is drawn from lines is drawn as large as that.

    Raises:
        UnreadableImageError: not a picture we take, or damaged.
    """
    name = probe.sniff(original)
    if name == "SVG":
        markup = probe.unpacked_svg(original)
        width_px, height_px, png = drawing.render(markup, enough_px)
        image = _raster(png, "PNG", enough_px).image
        return Decoded(name, width_px, height_px, animated=False, image=image)
    if name == "PDF":
        width_px, height_px, image = pdf.render(original, enough_px)
        return Decoded(name, width_px, height_px, animated=False, image=image)
    return _raster(original, name, enough_px)


def _raster(original: bytes, name: str, enough_px: int) -> Decoded:
    with probe.opened(original, name) as opened:
        width_px, height_px = opened.size
        shrunk = enough_px / max(opened.size)
        least = (max(1, int(width_px * shrunk)), max(1, int(height_px * shrunk)))
        opened.draft(opened.mode, least)
        opened.load()
        turn = _orientation(opened)
        profile = opened.info.get("icc_profile")
        image = _eight_bit(opened)
        # Twice as much as enough, so that what comes after stays sharp.
        factor = max(image.size) // (2 * enough_px)
        image = _srgb(image.reduce(factor) if factor > 1 else image, profile)
        # Asked last: a GIF looks for its second frame to answer.
        animated = name != "JPEG" and bool(getattr(opened, "is_animated", False))
    if turn in _TURNS:
        image = image.transpose(_TURNS[turn])
    if turn in _LYING:
        width_px, height_px = height_px, width_px
    if image.mode == "RGBA" and _opaque(image):
        image = image.convert("RGB")
    # Pillow's encoders write what they find here; nothing of it shall travel on.
    image.info.clear()
    return Decoded(name, width_px, height_px, animated, image)


def _opaque(image: Image.Image) -> bool:
    """Whether no pixel lets anything worth seeing through: exports leave alpha 254."""
    lowest, _ = image.getchannel("A").getextrema()
    return isinstance(lowest, int | float) and lowest >= _OPAQUE_ALPHA


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except probe.DAMAGE:
        return 1  # A broken note about the picture does not make it a broken picture.


def _eight_bit(image: Image.Image) -> Image.Image:
    """Return mode L, RGB, RGBA or CMYK, whatever the file's own mode is."""
    if image.mode.startswith("I"):
        return _from_sixteen_bits(image)
    if image.has_transparency_data and image.mode != "RGBA":
        return image.convert("RGBA")
    if image.mode in ("L", "CMYK", "RGB", "RGBA"):
        return image
    return image.convert("L" if image.mode == "1" else "RGB")


def _from_sixteen_bits(image: Image.Image) -> Image.Image:
    # convert("L") would clip every value over 255 to white.
    wide = image.convert("I")
    grey = wide.point([value >> 8 for value in range(65_536)], "L")
    hidden = image.info.get("transparency")
    if not isinstance(hidden, int):
        return grey
    visible = [255] * 65_536
    visible[hidden & 0xFFFF] = 0
    rgba = grey.convert("RGBA")
    rgba.putalpha(wide.point(visible, "L"))
    return rgba


def _srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Return RGB or RGBA in sRGB, by the file's colour profile if that is sound."""
    if not profile:
        return image if image.mode in ("RGB", "RGBA") else image.convert("RGB")
    if image.mode != "RGBA":
        return _by_profile(image, profile).convert("RGB")
    colours = _by_profile(image.convert("RGB"), profile)
    colours.putalpha(image.getchannel("A"))
    return colours


def _by_profile(image: Image.Image, profile: bytes) -> Image.Image:
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        mode = _PROFILE_MODES[source.profile.xcolor_space.strip()]
        if "srgb" in ImageCms.getProfileDescription(source).lower():
            return image
        if mode == "L" and image.mode == "RGB":
            image = image.convert("L")
        elif mode == "RGB" and image.mode == "L":
            image = image.convert("RGB")
        converted = ImageCms.profileToProfile(image, source, _SRGB, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, KeyError, ValueError, TypeError):
        return (
            image  # A broken or foreign profile: the plain values are the best guess.
        )
    return converted or image
